"""R-08 with real phones: each strategy and preference that peers have, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from scripts.lab.waiting import look_until
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor, hear_packets
from tests.support.machine import at_least, ms_between

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("R-08"),
]

DRAFT = Draft()


async def next_ring(phones: Sequence[Phone], call: OutgoingCall) -> IncomingCall:
    """Waits until one of these phones rings for this call; whichever it is, not yet handed out."""

    def ringing() -> list[IncomingCall]:
        calls = [there for phone in phones for there in phone.calls if there.pending]
        return [there for there in calls if there.caller_number == call.number]

    (there,) = await look_until(ringing, f"a phone to ring for {call.number}", 40)
    return there


async def served(floor: Floor, queue: Queue, phones: Sequence[Phone], *, packets: int = 0) -> str:
    """Makes one call that is picked up, talked for a while, and ended; returns by whom."""
    call = await floor.call(queue, media="silence" if packets else "none")
    there = await next_ring(phones, call)
    await floor.pick_up(there)
    if packets:
        await hear_packets(call, packets)
    there.hang_up()
    await floor.settled(call)
    return there.owner.user


SHARES = [DRAFT.extension() for _ in range(2)]
WEIGHTED = DRAFT.queue(
    [{"agent": SHARES[0], "share": 3}, {"agent": SHARES[1], "share": 1}], strategy="weighted"
)


async def test_weighted(floor: Floor) -> None:
    """Of eight calls three quarters, not in one go."""
    phones = await floor.phones(WEIGHTED)
    rang = [await served(floor, WEIGHTED, phones) for _ in range(8)]
    assert Counter(rang) == {SHARES[0]: 6, SHARES[1]: 2}
    assert Counter(rang[:4]) == {SHARES[0]: 3, SHARES[1]: 1}


LEAST_TALK = DRAFT.queue(2, strategy="least_talk")


async def test_least_talk(floor: Floor) -> None:
    """One long talk weighs more than two short ones."""
    phones = await floor.phones(LEAST_TALK, media="silence")
    a, b = LEAST_TALK.agents
    first = await served(floor, LEAST_TALK, phones, packets=120)
    assert first == a
    rang = [await served(floor, LEAST_TALK, phones) for _ in range(2)]
    assert rang == [b, b]


PROGRESSIVE = DRAFT.queue(3, strategy="progressive", progressive_step_s=0.5)


async def test_progressive(floor: Floor) -> None:
    """The second joins after the step and the first rings on; then the third; who picks up gets it,
    and the others do not show a missed call.
    """
    ann, bob, cleo = phones = await floor.phones(PROGRESSIVE)
    call = await floor.call(PROGRESSIVE)
    rings = [await phone.incoming() for phone in phones]
    for earlier, later in ((rings[0], rings[1]), (rings[1], rings[2])):
        assert at_least(490, ms_between(earlier.at_ns, later.at_ns))
    assert all(there.pending for there in rings)
    await floor.pick_up(rings[1])
    for there in (rings[0], rings[2]):
        ending = await there.cancelled
        assert (ending.how, ending.elsewhere) == ("cancel", True)
    rings[1].hang_up()
    record = await floor.settled(call)
    assert sorted(record.offered()) == [
        (ann.user, "answered_elsewhere"),
        (bob.user, "answered"),
        (cleo.user, "answered_elsewhere"),
    ]


LEVELS = [DRAFT.extension() for _ in range(2)]
SKILLED = DRAFT.queue(
    [{"agent": LEVELS[0], "skill_level": 1}, {"agent": LEVELS[1], "skill_level": 2}],
    strategy="linear",
    skill_based=True,
    skill_steps=[{"after_s": 0, "max_level": 1}, {"after_s": 1, "max_level": 2}],
)


async def test_skill_is_asked_less_of_with_waiting_time(floor: Floor) -> None:
    """The expert is on a call: the beginner rings when the call has waited a second."""
    expert, beginner = await floor.phones(*LEVELS)
    first, _ = await floor.talking(SKILLED, expert)
    call = await floor.call(SKILLED)
    there = await beginner.incoming()
    assert there.caller_number == call.number
    call.hang_up()
    record = await floor.settled(call)
    assert record.offer["started_at_ms"] - record.visit["started_at_ms"] >= 1_000
    first.hang_up()


SPEAKERS = [DRAFT.extension() for _ in range(2)]
DRAFT.agents[SPEAKERS[1]] = {"skills": ["french"]}
LANGUAGES = DRAFT.queue(SPEAKERS, strategy="linear", required_skills_s=1)
FRENCH = DRAFT.did("7100", {"queue": LANGUAGES.number}, required_skills=["french"])
RELAXED = DRAFT.did("7101", {"queue": LANGUAGES.number}, required_skills=["french"])


async def test_skills_required_by_the_route(floor: Floor) -> None:
    """By the plain number the first rings, by the other who has the skill; when that one is busy the
    queue gives up asking for it after a second.
    """
    first, french = phones = await floor.phones(*SPEAKERS)
    assert await served(floor, LANGUAGES, phones) == first.user
    call = await floor.call(FRENCH)
    there = await french.incoming()
    assert not any(each.pending for each in first.calls)
    await floor.pick_up(there)
    other = await floor.call(RELAXED)
    await next_ring([first], other)
    other.hang_up()
    record = await floor.settled(other)
    assert record.offer["agent_id"] == first.user
    assert record.offer["started_at_ms"] - record.visit["started_at_ms"] >= 1_000
    call.hang_up()


STICKY = DRAFT.queue(2, strategy="round_robin", sticky={"memory_s": 3600, "hold_out_s": 30})


async def test_sticky(floor: Floor) -> None:
    """The same caller comes back to the same agent, waits while that one is busy, and does not wait
    while that one is paused; another caller gets whose turn it is.
    """
    ann, bob = phones = await floor.phones(STICKY)
    one = floor.live.caller.place(STICKY.number, from_number="0409990001")
    there = await next_ring(phones, one)
    assert there is await ann.incoming()
    there.answer()
    await there.acknowledged
    there.hang_up()
    await floor.live.heard("LegEnded", since=floor.journal_begin)

    busy = await floor.call(STICKY)
    (await bob.incoming()).reject(486)
    await floor.pick_up(await ann.incoming())
    again = floor.live.caller.place(STICKY.number, from_number="0409990001", media="silence")
    await again.answered
    await hear_packets(again, 30)
    assert not any(each.pending for each in bob.calls), "bob is free, but not who served them"
    await floor.dial_code(bob, f"*07{STICKY.number}")
    busy.hang_up()
    back = await ann.incoming()
    assert back.caller_number == again.number
    back.answer()
    await back.acknowledged
    back.hang_up()
    await again.ended

    await floor.dial_code(bob, f"*07{STICKY.number}")
    await floor.dial_code(ann, f"*07{STICKY.number}")
    third = floor.live.caller.place(STICKY.number, from_number="0409990001")
    elsewhere = await next_ring([bob], third)
    elsewhere.reject(486)
    third.hang_up()


BUSY = DRAFT.queue(1)
URGENT = DRAFT.did("7200", {"queue": BUSY.number}, priority=5)


async def test_priority_of_the_route(floor: Floor) -> None:
    """Who comes last by the urgent number stands before all others."""
    ann = await floor.phone(BUSY)
    talk, _ = await floor.talking(BUSY, ann)
    calls = [await floor.call(number) for number in (BUSY, BUSY, URGENT)]
    for call in calls:
        await call.answered
    talk.hang_up()
    order = []
    for _ in calls:
        there = await ann.incoming()
        order.append(there.caller_number)
        await floor.pick_up(there)
        there.hang_up()
    plain, second, urgent = (call.number for call in calls)
    assert order == [urgent, plain, second]
