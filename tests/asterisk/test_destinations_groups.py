"""Ring groups with real phones: who rings, who wins, what the others show, where it goes in vain."""

from __future__ import annotations

import asyncio

import pytest

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from scripts.lab.waiting import look_until
from tests.support.draft import CLOSING, CLOSING_HZ, MUSIC_HZ
from tests.support.floor import Floor
from tests.support.furnished import Furnished
from tests.support.machine import about, at_least, ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-03"),
]

DRAFT = Furnished()
SORRY = {"play": [CLOSING]}

ALL = [DRAFT.extension() for _ in range(3)]
ALL_DID = DRAFT.did("5701", DRAFT.group(*ALL, failure=SORRY, ring_timeout_s=5))


async def ringing(call: OutgoingCall, *phones: Phone) -> list[IncomingCall]:
    """Waits until these phones ring for that call; what rang for others is passed over."""
    found = []
    for phone in phones:
        there = await phone.incoming()
        while there.caller_number != call.number:
            there = await phone.incoming()
        found.append(there)
    return found


async def test_the_first_answer_wins(floor: Floor) -> None:
    """The others stop at once and show no missed call: somebody else has it."""
    ann, bob, cid = await floor.phones(*ALL, media="tone:700")
    call = await floor.call(ALL_DID, media="tone:440")
    theirs = await ringing(call, ann, bob, cid)
    await floor.pick_up(theirs[1])
    await asyncio.gather(call.wait_until_hears(700), theirs[1].wait_until_hears(440))
    for other in (theirs[0], theirs[2]):
        ending = await other.cancelled
        assert ending.how == "cancel"
        assert 26 in {reason.cause for reason in ending.reasons}
    call.hang_up()
    await theirs[1].ended
    record = await floor.record(call)
    assert [talk["party"] for talk in record.talks] == [bob.user]
    assert record.visits == record.offers == ()


async def test_two_answers_at_once(floor: Floor) -> None:
    """One of them talks, the other one's call ends; nobody talks to both."""
    ann, bob, _ = await floor.phones(*ALL)
    call = await floor.call(ALL_DID)
    theirs = await ringing(call, ann, bob)
    for each in theirs:
        each.answer()
    await call.answered
    await look_until(lambda: any(their.ended for their in theirs), "the end of one", 40)
    await floor.rows("talk_segments", 1, ended_at_ms=None)
    assert sum(bool(their.ended) for their in theirs) == 1
    call.hang_up()
    record = await floor.record(call)
    assert len(record.talks) == 1


async def test_the_caller_gives_up(floor: Floor) -> None:
    """All stop, and show a missed call."""
    phones = await floor.phones(*ALL)
    call = await floor.call(ALL_DID)
    theirs = await ringing(call, *phones)
    call.hang_up()
    for each in theirs:
        assert not (await each.cancelled).elsewhere
    record = await floor.record(call)
    assert record.call["ended_by"] == "caller"
    assert record.routed() == []


async def test_a_phone_vanishes_while_it_rings(floor: Floor) -> None:
    """The others ring on, and one of them answers."""
    ann, bob, _ = await floor.phones(*ALL)
    call = await floor.call(ALL_DID)
    _, there = await ringing(call, ann, bob)
    ann.vanish()
    try:
        await floor.pick_up(there)
        await call.answered
        call.hang_up()
        await there.ended
    finally:
        ann.reappear()
    assert [talk["party"] for talk in (await floor.record(call)).talks] == [bob.user]


async def test_all_refuse(floor: Floor) -> None:
    """Then nobody rings any more, and it is the failure's turn at once."""
    phones = await floor.phones(*ALL)
    call = await floor.call(ALL_DID, media="silence")
    for there in await ringing(call, *phones):
        there.reject(486)
    await call.wait_until_hears(CLOSING_HZ)
    assert (await call.ended).by == "there"
    (way,) = (await floor.record(call)).routed()
    assert way[1:] == ("prompt", "nobody_answered", None)


SHORT = [DRAFT.extension() for _ in range(2)]
ORDERED = [DRAFT.extension() for _ in range(2)]
LAST_RESORT = DRAFT.queue(1)
SHORT_DID = DRAFT.did("5702", DRAFT.group(*SHORT, failure=SORRY, ring_timeout_s=1))
ORDERED_DID = DRAFT.did(
    "5703",
    DRAFT.group(
        *ORDERED, strategy="in_order", ring_timeout_s=1, failure={"queue": LAST_RESORT.number}
    ),
)


async def test_nobody_answers(floor: Floor) -> None:
    """After the time the phones stop, with a missed call, and the caller goes to the failure."""
    phones = await floor.phones(*SHORT)
    call = await floor.call(SHORT_DID, media="silence")
    for there in await ringing(call, *phones):
        assert not (await there.cancelled).elsewhere
        assert about(1_000, ms_between(there.at_ns, there.cancelled.at_ns))
    await call.wait_until_hears(CLOSING_HZ)
    await call.ended
    (way,) = (await floor.record(call)).routed()
    assert way[1:] == ("prompt", "nobody_answered", None)


async def test_one_after_the_other_and_then_a_queue(floor: Floor) -> None:
    """Each for its time, in order; the queue's visit begins when the group has failed."""
    ann, bob, agent = await floor.phones(*ORDERED, LAST_RESORT)
    call = await floor.call(ORDERED_DID, media="silence")
    (first,) = await ringing(call, ann)
    assert not bob.calls
    await first.cancelled
    (second,) = await ringing(call, bob)
    assert at_least(900, ms_between(first.at_ns, second.at_ns))
    await second.cancelled
    there = await agent.incoming()
    await floor.pick_up(there)
    call.hang_up()
    record = await floor.settled(call)
    assert record.outcome == ("answered", "connected")
    assert within(1_000, record.visit["wait_ms"]), "the group's ringing is not the queue's"


async def test_who_talks_is_not_rung(floor: Floor) -> None:
    """A member on a call is left out; with nobody left the failure comes without any ringing."""
    ann, bob = await floor.phones(*SHORT)
    talk = await floor.call(bob.user, by=ann, media="silence")
    (there,) = await ringing(talk, bob)
    there.answer()
    await talk.answered
    rung = [len(phone.calls) for phone in (ann, bob)]
    call = await floor.call(SHORT_DID, media="silence")
    await call.wait_until_hears(CLOSING_HZ)
    await call.ended
    assert [len(phone.calls) for phone in (ann, bob)] == rung
    talk.hang_up()
    await there.ended


FROM_QUEUE = DRAFT.queue(0, max_wait_s=1, failure=DRAFT.group(*ALL))


async def test_a_caller_from_a_queue_hears_its_music_while_a_group_rings(floor: Floor) -> None:
    ann, *_ = await floor.phones(*ALL)
    call = await floor.call(FROM_QUEUE, media="silence")
    (there,) = await ringing(call, ann)
    await call.wait_until_hears(MUSIC_HZ)
    await floor.pick_up(there)
    call.hang_up()
    await there.ended
    record = await floor.record(call)
    assert record.outcome == ("missed", "max_wait")
    assert record.talk["visit_id"] is None
