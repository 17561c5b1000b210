"""Blind transfers (REFER) from the agent's phone and from a caller's: who talks to whom, and the record."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.draft import MUSIC_HZ, OTHER_MUSIC_HZ, Draft
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import about, ms_between
from tests.support.passing import pick_up, rest_of, talk, transfers, who_talked

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("A-07"),
]

SLOT, FREE_SLOT = "701", "702"
DRAFT = Draft(
    parking={"first": SLOT, "last": FREE_SLOT, "timeout_s": 60, "music": "other"},
)
OUTSIDE = DRAFT.outbound_route("0X.", strip=1, prepend="+49", ring_timeout_s=20)

WRAPUP_S = 1
SALES = DRAFT.queue(1, wrapup_s=WRAPUP_S)
BOB = DRAFT.extension()


async def test_to_a_colleague(floor: Floor) -> None:
    """The caller hears it ring, then the colleague; the agent is out, and in wrap-up from that moment."""
    ann, bob = await floor.phones(SALES.agent, BOB, media="silence")
    both = await talk(floor, SALES, ann)
    call, there = both.call, both.there
    await there.hold()
    await call.wait_until_hears(MUSIC_HZ)
    transfer = await there.refer(BOB)
    at_bob = await bob.incoming()
    assert await transfer.finished == 200
    assert at_bob.caller_number == call.number
    await hears_only(call, "anything", MUSIC_HZ)

    waiting = await floor.call(SALES)
    await pick_up(at_bob)
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    await there.ended

    next_offer = await ann.incoming()
    assert next_offer.caller_number == waiting.number
    assert not call.ended, "the wrap-up ran while the transferred call went on"
    waiting.hang_up()
    at_bob.hang_up()
    await call.ended
    record = await floor.record(call)
    assert record.outcome == ("answered", "connected")
    assert who_talked(record) == [(ann.user, "transferred"), (bob.user, "agent")]
    assert [each["queue_id"] for each in record.talks] == [SALES.number, None]
    assert record.call["ended_by"] == "agent"
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    assert (moved["kind"], moved["by"], moved["target"]) == ("blind", ann.user, bob.user)
    (wrapup,) = await floor.rows("wrapups", 1, call_id=record.call["call_id"])
    (first, _) = record.talks
    assert wrapup["started_at_ms"] == first["ended_at_ms"] == moved["at_ms"]
    (hold,) = record.holds
    assert hold["talk_id"] == first["talk_id"]
    assert hold["ended_at_ms"] == first["ended_at_ms"]
    assert wrapup["ended_at_ms"] - wrapup["started_at_ms"] >= WRAPUP_S * 1000
    waited = await floor.record(waiting)
    free_ms = max(wrapup["ended_at_ms"], waited.visit["started_at_ms"])
    assert about(free_ms, waited.offer["started_at_ms"])
    await check_reports(floor, record.call["call_id"], ann.user, bob.user)


async def check_reports(floor: Floor, call_id: str, ann: str, bob: str) -> None:
    """What a manager sees of it."""
    both = await asyncio.gather(floor.live.report("transfers"), floor.live.report("calls"))
    transfer, row = (next(each for each in rows if each["call_id"] == call_id) for rows in both)
    assert (transfer["kind"], transfer["by"], transfer["target"]) == ("blind", ann, bob)
    assert row["status"] == "answered"
    assert row["queues"] == [SALES.number]
    assert row["parties"] == [ann, bob]


FRONT = DRAFT.queue(1)
BACK = DRAFT.queue(1, waiting_sound={"music": "other"})


async def test_to_another_queue(floor: Floor) -> None:
    """A new visit with a wait of its own, the other queue's music, and the agent of that queue."""
    ann = await floor.phone(FRONT, media="silence")
    both = await talk(floor, FRONT, ann)
    call = both.call
    transfer = await both.there.refer(BACK.number)
    assert await transfer.finished == 200
    await hears_only(call, OTHER_MUSIC_HZ, MUSIC_HZ)
    bob = await floor.phone(BACK, media="silence")
    at_bob = await bob.incoming()
    await pick_up(at_bob)
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    call.hang_up()
    record = await floor.settled(call)
    assert who_talked(record) == [(ann.user, "transferred"), (bob.user, "caller")]
    first, second = record.visits
    assert [first["agent_id"], second["agent_id"]] == [ann.user, bob.user]
    assert [first["outcome"], second["outcome"]] == ["answered", "answered"]
    assert second["started_at_ms"] == record.talks[0]["ended_at_ms"]
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    assert (moved["kind"], moved["target"]) == ("blind", BACK.number)


DIALLER = DRAFT.extension(outbound_routes=[OUTSIDE])
TO_WORLD = DRAFT.queue([DIALLER])


async def test_to_a_number_outside(floor: Floor) -> None:
    """By the route that the transferring phone may use, with its rules."""
    ann = await floor.phone(DIALLER, media="silence")
    world = floor.live.carrier(media="silence")
    both = await talk(floor, TO_WORLD, ann)
    transfer = await both.there.refer("030123456")
    there = await world.incoming()
    assert there.dialled == "+4930123456"
    assert await transfer.finished == 200
    await pick_up(there)
    both.room.add("world", there)
    await both.only_these_talk("caller", "world")
    there.hang_up()
    await both.call.ended
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), ("030123456", "agent")]


STRICT = DRAFT.queue(1)
AT_LAST = DRAFT.extension()
WRONG = [
    ("8888", "a number that cannot be reached from there"),
    ("030123456", "a number that cannot be reached from there"),
    (f"*07{STRICT.number}", "a number that cannot be reached from there"),
    (f"*90{AT_LAST}", "a number that cannot be reached from there"),
    ("12%2334%00", "a number that cannot be reached from there"),
    (STRICT.agent, "a transfer to oneself"),
]


async def test_what_cannot_be_reached_is_refused_and_the_talk_goes_on(floor: Floor) -> None:
    """Unknown numbers, codes, the outside without the right, oneself: 603, and nothing has changed."""
    ann, last = await floor.phones(STRICT.agent, AT_LAST, media="silence")
    both = await talk(floor, STRICT, ann)
    await both.there.hold()
    for target, why in WRONG:
        before = floor.count("action_refusals", agent_id=ann.user, why=why)
        transfer = await both.there.refer(target)
        assert await transfer.finished == 603, target
        await floor.rows("action_refusals", before + 1, agent_id=ann.user, why=why)
    await hears_only(both.call, MUSIC_HZ)
    await both.there.resume()
    await both.only_these_talk("caller", "agent")
    assert await floor.rows("pauses", 0, agent_id=ann.user) == []
    transfer = await both.there.refer(AT_LAST)
    assert await transfer.finished == 200
    await pick_up(at_last := await last.incoming())
    both.room.add("last", at_last)
    await both.only_these_talk("caller", "last")
    both.call.hang_up()
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), (last.user, "caller")]
    await transfers(floor, 1, call_id=record.call["call_id"])


DEAF = DRAFT.extension(ring_timeout_s=1)
PATIENT = {why: DRAFT.queue(1, wrapup_s=30) for why in ("silent", "busy", "unregistered")}


@pytest.mark.parametrize("why", PATIENT)
async def test_a_colleague_who_does_not_answer(floor: Floor, why: str) -> None:
    """The caller rings at the transferring phone again, wrap-up or not, and both talk on."""
    ann = await floor.phone(PATIENT[why], media="silence")
    deaf = await floor.phone(DEAF)
    await deaf.register()
    deaf.ring_only()
    if why == "busy":
        deaf.reject(486)
    elif why == "unregistered":
        await deaf.unregister()
    both = await talk(floor, PATIENT[why], ann)
    transfer = await both.there.refer(DEAF)
    assert await transfer.finished == 200
    back = await ann.incoming()
    if why == "silent":
        assert about(1000, ms_between(deaf.calls[-1].at_ns, back.at_ns))
    await hear_packets(both.call, 10)
    await both.call.wait_until_hears("anything")
    await pick_up(back)
    both.room.add("again", back)
    await both.only_these_talk("caller", "again")
    back.hang_up()
    await both.call.ended
    record = await floor.record(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), (ann.user, "agent")]


GIVEN_UP = DRAFT.queue(1)
NOWHERE = DRAFT.extension()


async def test_nobody_wants_the_caller(floor: Floor) -> None:
    """Neither the colleague nor who transferred: the call ends, told as failed."""
    ann, bob = await floor.phones(GIVEN_UP.agent, NOWHERE, media="silence")
    bob.reject(486)
    both = await talk(floor, GIVEN_UP, ann)
    ann.reject(486)
    transfer = await both.there.refer(NOWHERE)
    assert await transfer.finished == 200
    await both.call.ended
    record = await floor.record(both.call)
    assert record.call["ended_by"] == "failed"
    assert who_talked(record) == [(ann.user, "transferred")]
    assert record.outcome == ("answered", "connected")


LEAVING = DRAFT.queue(1)
LISTENER = DRAFT.extension()


async def test_the_caller_hangs_up_while_the_colleague_rings(floor: Floor) -> None:
    ann, bob = await floor.phones(LEAVING.agent, LISTENER, media="silence")
    both = await talk(floor, LEAVING, ann)
    transfer = await both.there.refer(LISTENER)
    at_bob = await bob.incoming()
    assert await transfer.finished == 200
    both.call.hang_up()
    assert (await at_bob.cancelled).how == "cancel"
    record = await floor.record(both.call)
    assert record.call["ended_by"] == "caller"
    assert who_talked(record) == [(ann.user, "transferred")]
    assert not ann.live


TWICE = DRAFT.queue(1)
SECOND, THIRD = DRAFT.extension(), DRAFT.extension()


async def test_passed_on_twice(floor: Floor) -> None:
    """The colleague passes the caller on as well: three talks, each with its party."""
    ann, bob, carl = await floor.phones(TWICE.agent, SECOND, THIRD, media="silence")
    both = await talk(floor, TWICE, ann)
    await both.there.refer(SECOND)
    await pick_up(at_bob := await bob.incoming())
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    transfer = await at_bob.refer(THIRD)
    await pick_up(at_carl := await carl.incoming())
    assert await transfer.finished == 200
    both.room.add("carl", at_carl)
    await both.only_these_talk("caller", "carl")
    both.call.hang_up()
    record = await floor.settled(both.call)
    assert who_talked(record) == [
        (ann.user, "transferred"),
        (bob.user, "transferred"),
        (carl.user, "caller"),
    ]
    moved = await transfers(floor, 2, call_id=record.call["call_id"])
    assert [(row["by"], row["target"]) for row in moved] == [
        (ann.user, bob.user),
        (bob.user, carl.user),
    ]


HOUSE = DRAFT.queue(1, wrapup_s=0.5)
CALLER, EXPERT = DRAFT.extension(), DRAFT.extension()


async def test_by_the_caller(floor: Floor) -> None:
    """A caller of the house passes the agent on: the agent's rest of the call is a call of its own."""
    ann, carl, dora = await floor.phones(HOUSE.agent, CALLER, EXPERT, media="silence")
    both = await talk(floor, HOUSE, ann, by=carl)
    transfer = await both.call.refer(EXPERT)
    at_dora = await dora.incoming()
    assert await transfer.finished == 200
    await both.there.wait_until_hears("anything")
    await both.call.ended
    await pick_up(at_dora)
    both.room.add("dora", at_dora)
    await both.only_these_talk("agent", "dora")
    at_dora.hang_up()
    await both.there.ended
    record = await floor.record(both.call)
    assert record.call["ended_by"] == "transferred"
    assert record.outcome == ("answered", "connected")
    assert who_talked(record) == [(ann.user, "transferred")]
    rest = await rest_of(floor, record)
    assert (rest.call["endpoint"], rest.call["dialled"]) == (ann.user, dora.user)
    assert who_talked(rest) == [(dora.user, "agent")]
    (moved,) = await transfers(floor, 1, call_id=rest.call["call_id"])
    assert (moved["by"], moved["target"]) == (carl.user, dora.user)


PARKED = DRAFT.queue(2, strategy="linear")
FETCHES = DRAFT.extension()


async def test_to_a_parking_slot(floor: Floor) -> None:
    """The caller is parked there, with the slots' music; a slot that is taken is refused."""
    ann, bob, carl = await floor.phones(PARKED, FETCHES, media="silence")
    both = await talk(floor, PARKED, ann)
    transfer = await both.there.refer(SLOT)
    assert await transfer.finished == 200
    await hears_only(both.call, OTHER_MUSIC_HZ)
    await both.there.ended

    ann.reject(486)
    other = await talk(floor, PARKED, bob)
    refused = await other.there.refer(SLOT)
    assert await refused.finished == 603
    await other.only_these_talk("caller", "agent")
    ann.ring_only()
    other.call.hang_up()
    await floor.settled(other.call)

    fetched = await floor.call(SLOT, by=carl, media="silence")
    await fetched.answered
    both.room.add("carl", fetched)
    await both.only_these_talk("caller", "carl")
    both.call.hang_up()
    await fetched.ended
    record = await floor.record(both.call)
    (parking,) = await floor.rows("parkings", 1, slot=SLOT, ended_why="retrieved")
    assert (parking["call_id"], parking["park_by"]) == (record.call["call_id"], ann.user)
    assert parking["unpark_by"] == carl.user
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"], by=ann.user)
    assert (moved["kind"], moved["target"]) == ("blind", SLOT)
