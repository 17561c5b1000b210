"""Phones that transfer oddly, things that happen at the same instant, and an engine that dies."""

from __future__ import annotations

import asyncio
import os
from typing import Literal

import pytest

from scripts.lab.phones import Call, SipRefused
from scripts.lab.waiting import look_until
from tests.support.draft import MUSIC_HZ, Draft
from tests.support.floor import Floor, hear_packets
from tests.support.passing import pick_up, talk, transfers, who_talked

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("A-07"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()

DANGEROUS = pytest.mark.skipif(
    "USHER_ASTERISK_FAULTS" not in os.environ,
    reason="Asterisk before 22.11 corrupts its memory by such transfers now and then, and may die of "
    "it, or of the next one (ADR 0004): USHER_ASTERISK_FAULTS=1 runs it all the same",
)

Headers = tuple[tuple[str, str], ...]
Leaves = Literal["accepted", "never"]
# Not "attended" and "accepted": a phone that hangs up before it was told how its attended transfer went
# corrupts the memory of Asterisk 22.10 in 2 of 100 cases (ADR 0004).
WAYS = (("blind", "accepted"), ("blind", "never"), ("attended", "never"))
HOUSES = {way: (DRAFT.queue(1), DRAFT.extension()) for way in WAYS}


@pytest.mark.parametrize(("how", "leave"), HOUSES)
async def test_phones_that_leave_at_once_or_never(floor: Floor, how: str, leave: Leaves) -> None:
    """Some send BYE right behind the 202, some wait to be hung up: the caller notices nothing."""
    queue, number = HOUSES[how, leave]
    ann, bob = await floor.phones(queue.agent, number, media="silence")
    both = await talk(floor, queue, ann)
    if how == "blind":
        await both.there.refer(number, leave=leave)
        await pick_up(at_bob := await bob.incoming())
    else:
        second = await floor.call(number, by=ann, media="silence")
        await pick_up(at_bob := await bob.incoming())
        await second.answered
        await both.there.refer(second, leave=leave)
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    ending = await both.there.ended
    assert leave == "accepted" or ending.by == "there", "it waited in vain for Usher's BYE"
    both.call.hang_up()
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "transferred"), (bob.user, "caller")]
    await transfers(floor, 1, call_id=record.call["call_id"])


TWICE = DRAFT.queue(1)
ONE, OTHER = DRAFT.extension(), DRAFT.extension()


@DANGEROUS
async def test_two_transfers_in_one_breath(floor: Floor) -> None:
    """The first counts: the caller is passed on once, and nobody rings in vain."""
    ann, bob, carl = await floor.phones(TWICE.agent, ONE, OTHER, media="silence")
    both = await talk(floor, TWICE, ann)
    await asyncio.gather(
        both.there.refer(ONE, leave="never"),
        both.there.refer(OTHER, leave="never"),
        return_exceptions=True,  # The second may find that the call is over.
    )
    await pick_up(at_bob := await bob.incoming())
    both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    await both.there.ended
    assert not carl.calls
    at_bob.hang_up()
    await both.call.ended
    record = await floor.settled(both.call)
    await transfers(floor, 1, call_id=record.call["call_id"])


CROSSING = {
    (how, first): (DRAFT.queue(1), DRAFT.extension())
    for how in ("blind", "attended")
    for first in ("transfer", "hang-up")
}


async def _refer(call: Call, target: str | Call) -> None:
    try:
        await call.refer(target)
    except SipRefused:
        assert call.ended or call.requests, "refused although the call goes on"


async def _hang_up(call: Call) -> None:
    call.hang_up()


@DANGEROUS
@pytest.mark.parametrize(("how", "first"), CROSSING)
async def test_the_caller_hangs_up_at_the_same_instant(floor: Floor, how: str, first: str) -> None:
    """Whoever was first: nobody is left ringing or talking to nobody, and the agent is free again."""
    queue, number = CROSSING[how, first]
    ann, bob = await floor.phones(queue.agent, number, media="silence")
    both = await talk(floor, queue, ann)
    target: str | Call = number
    if how == "attended":
        target = await floor.call(number, by=ann, media="silence")
        await pick_up(await bob.incoming())
        await target.answered
    refer, hang_up = _refer(both.there, target), _hang_up(both.call)
    await asyncio.gather(*((refer, hang_up) if first == "transfer" else (hang_up, refer)))
    record = await floor.settled(both.call)
    assert record.call["ended_by"] == "caller"
    for call in list(ann.live):
        call.hang_up()
    await look_until(lambda: not bob.live and not ann.live, "the colleague to be free", 40)
    again, _ = await floor.talking(queue, ann)
    again.hang_up()
    await floor.settled(again)


MAY_NOT = DRAFT.queue([DRAFT.extension(transfers=False)])
NOT_RUNG = DRAFT.extension()


@pytest.mark.parametrize("extra", [(), pytest.param((("refer-sub", "false"),), marks=DANGEROUS)])
async def test_a_phone_that_may_not_transfer(floor: Floor, extra: Headers) -> None:
    """Asterisk refuses by itself: it even survives what 22.10 dies of, and the talk goes on."""
    ann, bob = await floor.phones(MAY_NOT.agent, NOT_RUNG, media="silence")
    both = await talk(floor, MAY_NOT, ann)
    target = f"<{ann.server_uri(NOT_RUNG)}>"
    with pytest.raises(SipRefused) as refused:
        await both.there.send("REFER", headers=(("refer-to", target), *extra))
    assert refused.value.response.status == 603
    await hear_packets(both.call, 10)
    await both.only_these_talk("caller", "agent")
    assert not bob.calls
    assert not referred(floor)
    both.call.hang_up()
    record = await floor.settled(both.call)
    assert who_talked(record) == [(ann.user, "caller")]


HANGS_UP = DRAFT.queue(1)
FICKLE = DRAFT.extension()


@DANGEROUS
async def test_the_colleague_hangs_up_at_the_instant_of_the_transfer(floor: Floor) -> None:
    """Either the transfer is refused and the caller is still held, or it was done and is over."""
    ann, bob = await floor.phones(HANGS_UP.agent, FICKLE, media="silence")
    both = await talk(floor, HANGS_UP, ann)
    await both.there.hold()
    second = await floor.call(FICKLE, by=ann, media="silence")
    await pick_up(at_bob := await bob.incoming())
    await second.answered
    await asyncio.gather(_refer(both.there, second), _hang_up(at_bob))
    transfer = both.there.transfer
    assert transfer is not None
    if await transfer.finished == 200:
        await both.call.ended
    else:
        await both.there.resume()
        await both.only_these_talk("caller", "agent")
        both.there.hang_up()
    await floor.settled(both.call)
    await floor.record(second)


def referred(floor: Floor) -> bool:
    """Tells whether the engine has heard of a REFER in this test."""
    inputs = floor.live.journal.inputs()[floor.journal_begin :]
    return any(happened["t"] == "TransferRequested" for happened in inputs)


KILLED = {stage: (DRAFT.queue(1), DRAFT.extension()) for stage in ("ringing", "talking")}


@pytest.mark.parametrize("stage", KILLED)
async def test_the_engine_dies_after_a_blind_transfer(floor: Floor, stage: str) -> None:
    """kill -9 while the colleague rings, or when they talk already: nobody is dropped."""
    queue, number = KILLED[stage]
    ann, bob = await floor.phones(queue.agent, number, media="silence")
    both = await talk(floor, queue, ann)
    transfer = await both.there.refer(number)
    assert await transfer.finished == 200
    at_bob = await bob.incoming()
    await both.there.ended
    if stage == "talking":
        await pick_up(at_bob)
        both.room.add("bob", at_bob)
        await both.only_these_talk("caller", "bob")
    await floor.live.kill_engine()
    await hear_packets(both.call, 10)
    await floor.live.start_engine()
    assert not both.call.ended
    if stage == "ringing":
        assert at_bob.pending
        await pick_up(at_bob)
        both.room.add("bob", at_bob)
    await both.only_these_talk("caller", "bob")
    both.call.hang_up()
    await at_bob.ended
    record = await floor.record(both.call)
    assert record.outcome == ("answered", "connected")
    assert who_talked(record) == [(ann.user, "transferred"), (bob.user, "caller")]
    await transfers(floor, 1, call_id=record.call["call_id"])
    assert not ann.live


ATTENDED = {stage: (DRAFT.queue(1), DRAFT.extension()) for stage in ("after", "during")}


@DANGEROUS
@pytest.mark.parametrize("stage", ATTENDED)
async def test_the_engine_dies_around_an_attended_transfer(floor: Floor, stage: str) -> None:
    """After it, those two talk on. With the REFER on its way: nobody is dropped, done or not."""
    queue, number = ATTENDED[stage]
    ann, bob = await floor.phones(queue.agent, number, media="silence")
    both = await talk(floor, queue, ann)
    await both.there.hold()
    await both.call.wait_until_hears(MUSIC_HZ)
    second = await floor.call(number, by=ann, media="silence")
    await pick_up(at_bob := await bob.incoming())
    await second.answered
    both.room.add("bob", at_bob)
    both.room.add("second", second)
    await both.only_these_talk("second", "bob")
    transfer = await both.there.refer(second)
    if stage == "after":
        assert await transfer.finished == 200
        await both.only_these_talk("caller", "bob")
    await floor.live.kill_engine()
    if stage == "after":
        await hear_packets(both.call, 10)
    await floor.live.start_engine()
    if not referred(floor):  # Lost with the connection; the phone waits for its NOTIFY.
        await both.there.resume()
        await both.room.until(
            {"caller": ["agent"], "agent": ["caller"], "second": ["bob"], "bob": ["second"]}
        )
    else:
        await both.only_these_talk("caller", "bob")
        await both.there.ended
        await second.ended
    both.call.hang_up()
    record = await floor.record(both.call)  # Its leg may have ended unseen.
    await both.there.ended
    assert record.outcome == ("answered", "connected")
    assert record.talks[-1]["ended_by"] == "caller"
    moved = floor.count("transfers", call_id=record.call["call_id"])
    assert len(record.talks) == 1 + moved
