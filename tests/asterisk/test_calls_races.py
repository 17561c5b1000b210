"""Two things at the same instant: exactly one of them wins, and nobody is left hanging."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from scripts.lab.phones.call import reasons_of
from scripts.lab.waiting import look_until
from tests.support.draft import MUSIC_HZ, PROMPT_HZ, Draft, Queue
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import TOLERANCE_MS, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
ROUNDS = 4


async def is_free(floor: Floor, queue: Queue, agent: Phone) -> None:
    """Proves that an agent is free, by a call that reaches the phone and is answered."""
    call, there = await floor.talking(queue, agent)
    there.hang_up()
    await call.ended
    assert (await floor.settled(call)).outcome == ("answered", "connected")


def any_ended(calls: list[IncomingCall]) -> bool:
    """Tells whether one of these has ended."""
    return any(call.ended for call in calls)


def told_elsewhere(there: IncomingCall) -> bool:
    """Tells whether a phone was told that another took the call, by the CANCEL or by the BYE.

    A CANCEL that crosses the phone's 200 is followed by a BYE, and only one of them has the reason.
    """
    return any(
        captured.method in {"CANCEL", "BYE"}
        and captured.message is not None
        and 26 in [reason.cause for reason in reasons_of(captured.message)]
        for captured in there.endpoint.capture
        if captured.call_id == there.call_id and not captured.sent and not captured.status
    )


DOUBLE = DRAFT.queue(2, strategy="ring_all")


@pytest.mark.row("R-01", "Q-06")
async def test_two_phones_are_picked_up_at_the_same_instant(floor: Floor) -> None:
    """asterisk#176: one of them talks; the other one is let go and rung for the next caller."""
    ann, bob = await floor.phones(DOUBLE)
    ann.media, bob.media = "tone:700", "tone:800"
    for _ in range(ROUNDS):
        call = await floor.call(DOUBLE, media="tone:440")
        picked_up = [await ann.incoming(), await bob.incoming()]
        for there in picked_up:
            there.answer()
        await look_until(partial(any_ended, picked_up), "one of them to be let go", 40)
        (loser,) = [there for there in picked_up if there.ended]
        (winner,) = [there for there in picked_up if there is not loser]
        assert loser.ended.value.by == "there"
        assert told_elsewhere(loser)
        tone = 700 if winner.owner is ann else 800
        await asyncio.gather(
            hears_only(call, tone, MUSIC_HZ, 1500 - tone), winner.wait_until_hears(440)
        )

        next_call = await floor.call(DOUBLE)
        next_there = await loser.owner.incoming()  # type: ignore[attr-defined]
        assert next_there.caller_number == next_call.number
        next_call.hang_up()
        await next_there.cancelled
        await floor.settled(next_call)
        call.hang_up()
        record = await floor.settled(call)
        assert sorted(record.offered()) == sorted(
            [(winner.owner.user, "answered"), (loser.owner.user, "answered_elsewhere")]
        )


CROSSED = DRAFT.queue(2, strategy="ring_all")


@pytest.mark.row("R-01")
async def test_a_phone_is_picked_up_while_its_cancel_is_on_the_way(floor: Floor) -> None:
    """The 200 crosses the CANCEL: the second phone is answered, and let go at once."""
    ann, bob = await floor.phones(CROSSED, media="tone:700")
    bob.ring_only(answer_on_cancel=True)
    call = await floor.call(CROSSED, media="tone:440")
    there, crossing = await ann.incoming(), await bob.incoming()
    there.answer()
    assert (await crossing.ended).how == "bye"
    assert crossing.answered
    assert told_elsewhere(crossing)
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    call.hang_up()
    record = await floor.settled(call)
    assert sorted(record.offered()) == [
        (ann.user, "answered"),
        (bob.user, "answered_elsewhere"),
    ]
    bob.ring_only()


UNPROMPTED = DRAFT.queue(2, strategy="ring_all")


@pytest.mark.row("R-01")
async def test_picked_up_and_hung_up_in_one_breath(floor: Floor) -> None:
    """asterisk#1557 without a prompt: the answer counts, the call ends, and all are free again."""
    ann, bob = await floor.phones(UNPROMPTED)
    call = await floor.call(UNPROMPTED)
    there, other = await ann.incoming(), await bob.incoming()
    there.answer()
    there.hang_up()
    await asyncio.gather(other.ended, call.ended)
    record = await floor.settled(call)
    assert record.visit["agent_id"] == ann.user
    assert within(TOLERANCE_MS, record.talk["talk_ms"])
    assert (record.call["ended_by"], record.talk["ended_by"]) == ("agent", "agent")
    following = await floor.call(UNPROMPTED)
    rings = [await phone.incoming() for phone in (ann, bob)]
    assert {each.caller_number for each in rings} == {following.number}


LONG_PROMPT = DRAFT.tone(PROMPT_HZ, 2.5)
"""So that there is time to hang up during it."""
PROMPTED = DRAFT.queue(2, strategy="ring_all", agent_prompt=LONG_PROMPT)
PROMPTED_ONE = DRAFT.queue(1, agent_prompt=LONG_PROMPT)
PROMPTED_ALL = DRAFT.queue(1, strategy="ring_all", agent_prompt=LONG_PROMPT)


@pytest.mark.row("Q-06", "P-08")
async def test_hung_up_during_the_agent_prompt(floor: Floor) -> None:
    """asterisk#1557 with one: the caller keeps the music and the place, and the other is rung."""
    ann, bob = await floor.phones(PROMPTED, media="tone:700")
    call = await floor.call(PROMPTED, media="tone:440")
    there, other = await ann.incoming(), await bob.incoming()
    there.answer()
    await there.wait_until_hears(PROMPT_HZ)
    await other.ended
    there.hang_up()
    again = await bob.incoming()
    await hear_packets(call, 10)
    await call.wait_until_hears(MUSIC_HZ)
    again.answer()
    await asyncio.gather(hears_only(call, 700, MUSIC_HZ), again.wait_until_hears(440))
    call.hang_up()

    record = await floor.settled(call)
    assert record.outcome == ("answered", "connected")
    answered_then_left, elsewhere, *_ = sorted(reason for _, reason in record.offered()[:2])
    assert (answered_then_left, elsewhere) == ("answered_elsewhere", "answered_then_left")
    assert (bob.user, "answered") in record.offered()


@pytest.mark.row("Q-06", "P-08")
@pytest.mark.parametrize("queue", [PROMPTED_ONE, PROMPTED_ALL], ids=["least_recent", "ring_all"])
async def test_the_only_agent_hangs_up_during_the_prompt(floor: Floor, queue: Queue) -> None:
    """That agent is rung again after the pause for phones that failed; the caller is not forgotten."""
    ann = await floor.phone(queue)
    call = await floor.call(queue)
    there = await ann.incoming()
    await floor.pick_up(there)
    there.hang_up()
    again = await ann.incoming()
    await floor.pick_up(again)
    await floor.rows("talk_segments", 1, queue_id=queue.number)
    call.hang_up()
    assert (await floor.settled(call)).offered() == [
        (ann.user, "answered_then_left"),
        (ann.user, "answered"),
    ]


ONE_AGENT = DRAFT.queue()
SAME_AGENT = DRAFT.queue(ONE_AGENT.agents)


@pytest.mark.row("W-01", "A-05")
async def test_two_queues_and_one_agent_at_the_same_instant(floor: Floor) -> None:
    """The phone rings once; the other caller is next, when the first one is done."""
    ann = await floor.phone(ONE_AGENT, media="tone:700")
    for _ in range(ROUNDS):
        before = len(ann.calls)
        calls = [floor.place(queue, media="silence") for queue in (ONE_AGENT, SAME_AGENT)]
        first = await ann.incoming()
        for call in calls:
            await call.answered
            await hear_packets(call, 5)
        assert len(ann.calls) == before + 1
        await floor.pick_up(first)
        for call in calls:
            await hear_packets(call, 3)
        assert len(ann.calls) == before + 1
        first.hang_up()
        second = await ann.incoming()
        assert {first.caller_number, second.caller_number} == {call.number for call in calls}
        await floor.pick_up(second)
        second.hang_up()
        for call in calls:
            record = await floor.settled(call)
            assert record.offered() == [(ann.user, "answered")]


AT_ANSWER = DRAFT.queue()


@pytest.mark.row("Q-01")
@pytest.mark.parametrize("first", ["caller", "agent"])
async def test_the_caller_hangs_up_at_the_instant_of_the_answer(floor: Floor, first: str) -> None:
    """freeswitch#2529: whichever comes first, one truth is recorded and no zombie rings anybody."""
    ann = await floor.phone(AT_ANSWER)
    for _ in range(ROUNDS):
        call = await floor.call(AT_ANSWER)
        await call.answered
        there = await ann.incoming()
        if first == "caller":
            call.hang_up()
            there.answer()
        else:
            there.answer()
            call.hang_up()
        await asyncio.gather(there.ended, call.ended)
        record = await floor.settled(call)
        if record.talks:
            assert record.outcome == ("answered", "connected")
            assert within(TOLERANCE_MS, record.talk["talk_ms"])
            assert record.talk["ended_by"] == "caller"
        else:
            assert record.outcome == ("abandoned", "caller_hung_up")
            assert record.offered() == [(ann.user, "caller_hung_up")]
        rung = len(ann.calls)
        await is_free(floor, AT_ANSWER, ann)
        assert len(ann.calls) == rung + 1, "rung for a caller who is gone"


BOTH_END = DRAFT.queue()


@pytest.mark.row("Q-01")
async def test_both_hang_up_at_the_same_instant(floor: Floor) -> None:
    ann = await floor.phone(BOTH_END)
    for _ in range(ROUNDS):
        call, there = await floor.talking(BOTH_END, ann)
        call.hang_up()
        there.hang_up()
        await asyncio.gather(there.ended, call.ended)
        record = await floor.settled(call)
        assert record.talk["ended_by"] == record.call["ended_by"]


CANCELLED, PROBE = DRAFT.queue(), DRAFT.queue(0)


async def came(floor: Floor, call: OutgoingCall, begin: int) -> bool:
    """Tells whether the engine has heard of a call that is over.

    Asterisk may have it off the line before it has told anybody of it; another call's news come behind.
    """
    await floor.until_quiet()
    (await floor.call(PROBE)).hang_up()
    arrivals = [each for each in floor.live.journal.inputs()[begin:] if each["t"] == "CallArrived"]
    return any(each["caller_number"] == call.number for each in arrivals)


@pytest.mark.row("Q-01")
async def test_a_caller_cancels_before_the_answer(floor: Floor) -> None:
    """The CANCEL goes out with the first sign of life, or crosses the 200."""
    ann = await floor.phone(CANCELLED)
    for crossing in [False, True] * ROUNDS:
        begin = len(floor.live.journal.inputs())
        call = floor.place(CANCELLED, cancel_at_answer=crossing)
        if not crossing:
            call.cancel()
        await call.ended
        if not crossing and not await came(floor, call, begin):
            continue
        record = await floor.record(call)
        assert record.outcome == ("abandoned", "caller_hung_up")
    for _ in range(len(ann.calls)):
        await (await ann.incoming()).ended
    await is_free(floor, CANCELLED, ann)


RING_END = DRAFT.queue(1, ring_timeout_s=1, retry_interval_s=0.1)
NEAR_END = DRAFT.queue(1, ring_timeout_s=0.3, retry_interval_s=0.1)


@pytest.mark.row("Q-06")
async def test_picked_up_at_the_instant_of_the_ring_timeout(floor: Floor) -> None:
    """The 200 crosses the CANCEL of the timeout: that phone is let go, and rung again."""
    ann = await floor.phone(RING_END)
    ann.ring_only(answer_on_cancel=True)
    call = await floor.call(RING_END)
    first = await ann.incoming()
    assert (await first.ended).how == "bye"
    ann.ring_only()
    second = await ann.incoming()
    await floor.pick_up(second)
    call.hang_up()
    record = await floor.settled(call)
    assert record.offered() == [(ann.user, "no_answer"), (ann.user, "answered")]


@pytest.mark.row("Q-06")
@pytest.mark.parametrize("delay_ms", [285, 290, 293, 296, 300, 310])
async def test_picked_up_near_the_ring_timeout(floor: Floor, delay_ms: int) -> None:
    """Whatever the order, the call is answered by this phone once and by nobody twice."""
    ann = await floor.phone(NEAR_END)
    ann.auto_answer(after_ms=delay_ms)
    call = await floor.call(NEAR_END)
    await ann.incoming()
    ann.auto_answer()
    await floor.rows("talk_segments", 1, queue_id=NEAR_END.number, ended_at_ms=None)
    await look_until(lambda: len(ann.live) == 1, "the phone to have one call", 40)
    call.hang_up()
    record = await floor.settled(call)
    *missed, last = [reason for _, reason in record.offered()]
    # On a busy machine even a phone that picks up at once may be too late more than once.
    assert (set(missed), last) in ((set(), "answered"), ({"no_answer"}, "answered"))
