"""Attended transfers (REFER with Replaces): a consultation, then the two others talk to each other."""

from __future__ import annotations

import pytest

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone, SoundMatrix
from tests.support.draft import MUSIC_HZ, OTHER_MUSIC_HZ, Draft, Queue
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.passing import Talk, pick_up, rest_of, talk, transfers, who_talked

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("A-07"),
]

DRAFT = Draft()


async def consult(
    floor: Floor, both: Talk, agent: Phone, colleague: Phone, number: str | None = None
) -> tuple[OutgoingCall, IncomingCall]:
    """The agent puts the caller on hold, dials, and talks to a colleague: "second" and "bob"."""
    await both.there.hold()
    second = await floor.call(number or colleague.user, by=agent, media="silence")
    at_bob = await colleague.incoming()
    await pick_up(at_bob)
    await second.answered
    both.room.add("second", second)
    both.room.add("bob", at_bob)
    await both.only_these_talk("second", "bob")
    return second, at_bob


@pytest.mark.parametrize(
    ("referred", "queue", "bob"),
    [
        ("the caller's", DRAFT.queue(1, wrapup_s=5), DRAFT.extension()),
        ("the consultation", DRAFT.queue(1, wrapup_s=5), DRAFT.extension()),
    ],
)
async def test_into_a_consultation(floor: Floor, referred: str, queue: Queue, bob: str) -> None:
    """Music for the caller meanwhile; then those two talk, whichever call the phone refers."""
    ann, other = await floor.phones(queue.agent, bob, media="silence")
    both = await talk(floor, queue, ann)
    call, there, room = both.call, both.there, both.room
    second, at_bob = await consult(floor, both, ann, other)
    async with room.never({"caller": ["bob", "second"], "bob": ["caller"], "agent": ["caller"]}):
        await hear_packets(call, 25)
        await call.wait_until_hears(MUSIC_HZ)
    if referred == "the caller's":
        transfer = await there.refer(second)
    else:
        transfer = await second.refer(there)
    assert await transfer.finished == 200
    await both.only_these_talk("caller", "bob")
    await there.ended
    await second.ended
    (wrapup,) = await floor.rows("wrapups", 1, agent_id=ann.user)
    assert wrapup["ended_at_ms"] is None, "while the caller talks on"
    assert at_bob.identity.uri.user == call.number, "the display shows the caller"
    call.hang_up()
    await at_bob.ended

    record = await floor.settled(call)
    assert record.outcome == ("answered", "connected")
    assert who_talked(record) == [(ann.user, "transferred"), (other.user, "caller")]
    consulted = await floor.record(second)
    assert consulted.call["ended_by"] == "transferred"
    assert who_talked(consulted) == [(other.user, "transferred")]
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    assert (moved["kind"], moved["by"], moved["target"]) == ("attended", ann.user, other.user)
    assert moved["other_call_id"] == consulted.call["call_id"]
    first, later = record.talks
    assert later["talk_id"] == f"{consulted.talk['talk_id']}-t2"
    assert first["ended_at_ms"] == wrapup["started_at_ms"] == moved["at_ms"]
    assert later["started_at_ms"] == consulted.talk["ended_at_ms"] == moved["at_ms"]
    (hold,) = record.holds
    assert (hold["talk_id"], hold["by_caller"]) == (first["talk_id"], 0)
    assert hold["ended_at_ms"] == first["ended_at_ms"]


@pytest.mark.parametrize(
    ("early", "queue", "bob"),
    [
        ("replaces", DRAFT.queue(1), DRAFT.extension()),
        ("cancel", DRAFT.queue(1), DRAFT.extension()),
    ],
)
async def test_while_the_second_call_still_rings(
    floor: Floor, early: str, queue: Queue, bob: str
) -> None:
    """The colleague's phone rings for the caller, who hears it ring; whoever then answers, talks."""
    ann, other = await floor.phones(queue.agent, bob, media="silence")
    both = await talk(floor, queue, ann)
    await both.there.hold()
    await both.call.wait_until_hears(MUSIC_HZ)
    second = await floor.call(bob, by=ann, media="silence")
    at_bob = await other.incoming()
    await second.ringing
    if early == "replaces":
        transfer = await both.there.refer(second)
    else:
        transfer = await both.there.refer(second, early="cancel")
        at_bob = await other.incoming()
    assert await transfer.finished == 200
    assert at_bob.pending
    await hears_only(both.call, "anything", MUSIC_HZ)
    await both.there.ended
    await second.ended
    await pick_up(at_bob)
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    at_bob.hang_up()
    await both.call.ended
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), (other.user, "agent")]
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    consulted = await floor.record(second)
    assert consulted.talks == ()
    if early == "replaces":
        assert moved["kind"] == "attended"
        assert moved["other_call_id"] == consulted.call["call_id"]
        assert consulted.call["ended_by"] == "transferred"
    else:
        assert moved["kind"] == "blind"


SEMI = DRAFT.queue(1)
REJECTS = DRAFT.extension()


async def test_a_colleague_who_rejects_what_was_passed_on_ringing(floor: Floor) -> None:
    """The caller comes back to the agent, as after a blind transfer."""
    ann, bob = await floor.phones(SEMI.agent, REJECTS, media="silence")
    both = await talk(floor, SEMI, ann)
    second = await floor.call(REJECTS, by=ann, media="silence")
    at_bob = await bob.incoming()
    await second.ringing
    transfer = await both.there.refer(second)
    assert await transfer.finished == 200
    at_bob.reject(486)
    await pick_up(back := await ann.incoming())
    both.room.add("again", back)
    await both.only_these_talk("caller", "again")
    both.call.hang_up()
    record = await floor.record(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), (ann.user, "caller")]


ASKING = DRAFT.queue(1)
ASKED = DRAFT.queue(1, waiting_sound={"music": "other"})


async def test_while_the_second_call_waits_in_a_queue(floor: Floor) -> None:
    """The caller enters that queue instead, with a visit and a wait of their own."""
    ann = await floor.phone(ASKING, media="silence")
    both = await talk(floor, ASKING, ann)
    second = await floor.call(ASKED, by=ann, media="silence")
    await second.wait_until_hears(OTHER_MUSIC_HZ)
    transfer = await both.there.refer(second)
    assert await transfer.finished == 200
    await both.call.wait_until_hears(OTHER_MUSIC_HZ)
    await second.ended
    bob = await floor.phone(ASKED, media="silence")
    at_bob = await bob.incoming()
    assert at_bob.caller_number == both.call.number
    await pick_up(at_bob)
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    at_bob.hang_up()
    await both.call.ended
    record = await floor.settled(both.call)
    assert [visit["queue_id"] for visit in record.visits] == [ASKING.number, ASKED.number]
    assert [visit["outcome"] for visit in record.visits] == ["answered", "answered"]
    consulted = await floor.record(second)
    assert consulted.outcome == ("missed", "redirected")
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    assert moved["other_call_id"] == consulted.call["call_id"]


FIRST_LEVEL = DRAFT.queue(1, wrapup_s=5)
SECOND_LEVEL = DRAFT.queue(1, wrapup_s=5)


async def test_into_a_talk_with_another_queues_agent(floor: Floor) -> None:
    """The consultation was a queue's call: its agent's wrap-up comes after the caller's talk."""
    ann, bob = await floor.phones(FIRST_LEVEL, SECOND_LEVEL, media="silence")
    both = await talk(floor, FIRST_LEVEL, ann)
    second, at_bob = await consult(floor, both, ann, bob, SECOND_LEVEL.number)
    transfer = await both.there.refer(second)
    assert await transfer.finished == 200
    await both.only_these_talk("caller", "bob")
    assert floor.count("wrapups", agent_id=bob.user) == 0
    at_bob.hang_up()
    await both.call.ended
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), (bob.user, "agent")]
    assert [each["queue_id"] for each in record.talks] == [FIRST_LEVEL.number, SECOND_LEVEL.number]
    consulted = await floor.record(second)
    assert consulted.outcome == ("answered", "connected")
    (wrapup,) = await floor.rows("wrapups", 1, agent_id=bob.user)
    assert wrapup["started_at_ms"] == record.talks[1]["ended_at_ms"]
    assert wrapup["call_id"] == record.call["call_id"]


BETWEEN, LEFT, RIGHT = (DRAFT.extension() for _ in range(3))


async def test_both_calls_placed_by_the_phone(floor: Floor) -> None:
    """The two who were called talk to each other; who called them both is out."""
    ann, bob, carl = await floor.phones(BETWEEN, LEFT, RIGHT, media="silence")
    first = await floor.call(LEFT, by=ann, media="silence")
    await pick_up(at_bob := await bob.incoming())
    await first.answered
    await first.hold()
    second = await floor.call(RIGHT, by=ann, media="silence")
    await pick_up(at_carl := await carl.incoming())
    await second.answered
    room = SoundMatrix({"first": first, "second": second, "bob": at_bob, "carl": at_carl})
    await room.until({"second": ["carl"], "carl": ["second"]})
    transfer = await first.refer(second)
    assert await transfer.finished == 200
    await room.until({"bob": ["carl"], "carl": ["bob"]})
    await first.ended
    await second.ended
    at_carl.hang_up()
    await at_bob.ended
    record, consulted = await floor.record(first), await floor.record(second)
    assert record.call["ended_by"] == consulted.call["ended_by"] == "transferred"
    rest = await rest_of(floor, record)
    assert rest.call["endpoint"] == bob.user
    assert who_talked(rest) == [(carl.user, "agent")]
    (moved,) = await transfers(floor, 1, call_id=rest.call["call_id"])
    assert moved["other_call_id"] == consulted.call["call_id"]


TWO_LINES = DRAFT.queue(1, ring_in_use=True, wrapup_s=5)


async def test_two_callers_of_a_queue_are_joined(floor: Floor) -> None:
    """Both were served by the same agent, who leaves: they talk to each other, and both are on record."""
    ann = await floor.phone(TWO_LINES, media="silence")
    both = await talk(floor, TWO_LINES, ann)
    await both.there.hold()
    other = await floor.call(TWO_LINES, media="silence")
    await pick_up(second := await ann.incoming())
    await other.answered
    both.room.add("other", other)
    both.room.add("second", second)
    await both.only_these_talk("other", "second")
    transfer = await both.there.refer(second)
    assert await transfer.finished == 200
    await both.only_these_talk("caller", "other")
    await both.there.ended
    await second.ended
    other.hang_up()
    await both.call.ended
    record, joined = await floor.settled(both.call), await floor.settled(other)
    assert record.outcome == joined.outcome == ("answered", "connected")
    assert who_talked(record) == [(ann.user, "transferred"), (other.number, "agent")]
    assert who_talked(joined) == [(ann.user, "transferred")]
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    assert moved["other_call_id"] == joined.call["call_id"]
    await floor.rows("wrapups", 2, agent_id=ann.user)


INSIDE = DRAFT.queue(1)
INQUIRER, EXPERT = DRAFT.extension(), DRAFT.extension()


@pytest.mark.parametrize("referred", ["the queue's", "the consultation"])
async def test_by_the_caller(floor: Floor, referred: str) -> None:
    """A caller of the house consults somebody and joins the agent with them (peers' row 1)."""
    ann, carl, dora = await floor.phones(INSIDE.agent, INQUIRER, EXPERT, media="silence")
    both = await talk(floor, INSIDE, ann, by=carl)
    call = both.call
    await call.hold()
    second = await floor.call(EXPERT, by=carl, media="silence")
    await pick_up(at_dora := await dora.incoming())
    await second.answered
    both.room.add("second", second)
    both.room.add("dora", at_dora)
    await both.only_these_talk("second", "dora")
    transfer = await (call.refer(second) if referred == "the queue's" else second.refer(call))
    assert await transfer.finished == 200
    await both.only_these_talk("agent", "dora")
    await call.ended
    await second.ended
    both.there.hang_up()
    await at_dora.ended
    record, consulted = await floor.record(call), await floor.record(second)
    assert record.call["ended_by"] == consulted.call["ended_by"] == "transferred"
    assert record.outcome == ("answered", "connected")
    assert record.talks[0]["ended_by"] == "transferred"
    rest = await rest_of(floor, record if referred == "the queue's" else consulted)
    (last,) = rest.talks
    assert {rest.call["endpoint"], last["party"]} == {ann.user, dora.user}
    await transfers(floor, 1, call_id=rest.call["call_id"])


STRAY = DRAFT.queue(1)
FRIEND = DRAFT.extension()


async def test_the_consultation_is_over_before_the_transfer(floor: Floor) -> None:
    """The colleague hangs up first: refused, and the caller is still there to be taken back."""
    ann, bob = await floor.phones(STRAY.agent, FRIEND, media="silence")
    both = await talk(floor, STRAY, ann)
    second, at_bob = await consult(floor, both, ann, bob)
    at_bob.hang_up()
    await second.ended
    transfer = await both.there.refer(second)
    assert await transfer.finished == 603
    await hears_only(both.call, MUSIC_HZ)
    both.room.remove("second")
    both.room.remove("bob")
    await both.there.resume()
    await both.only_these_talk("caller", "agent")
    both.there.hang_up()
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "agent")]
    await transfers(floor, 0, call_id=record.call["call_id"])


LEFT_ALONE = DRAFT.queue(1, wrapup_s=5)
CONFIDANT = DRAFT.extension()


async def test_the_held_caller_hangs_up_during_the_consultation(floor: Floor) -> None:
    """The consultation goes on; the wrap-up begins with the end of the caller's talk."""
    ann, bob = await floor.phones(LEFT_ALONE.agent, CONFIDANT, media="silence")
    both = await talk(floor, LEFT_ALONE, ann)
    second, _ = await consult(floor, both, ann, bob)
    both.call.hang_up()
    await both.there.ended
    await both.only_these_talk("second", "bob")
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "caller")]
    (hold,) = record.holds
    assert hold["ended_at_ms"] == record.talk["ended_at_ms"]
    (wrapup,) = await floor.rows("wrapups", 1, agent_id=ann.user)
    assert wrapup["started_at_ms"] == record.talk["ended_at_ms"]
    second.hang_up()
    await floor.record(second)
