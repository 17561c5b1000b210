"""Each ring strategy once with real phones, and which call an agent of several queues gets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from scripts.lab.waiting import look_until
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor, hear_packets
from tests.support.machine import ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()


async def next_ring(phones: Sequence[Phone], number: str) -> IncomingCall:
    """Waits until one of these phones rings for this caller; returns that INVITE, not yet handed out.

    Which phone it is is the point of these tests, so the phones' own `incoming` would not do.
    """

    def ringing() -> list[IncomingCall]:
        calls = [call for phone in phones for call in phone.calls if call.pending]
        return [call for call in calls if call.caller_number == number]

    (there,) = await look_until(ringing, f"a phone to ring for {number}", 40)
    return there


async def served_by(floor: Floor, queue: Queue, phones: Sequence[Phone], times: int) -> list[str]:
    """Makes calls one after the other, each picked up and ended; returns who was rung for each."""
    rang = []
    for _ in range(times):
        call = await floor.call(queue)
        there = await next_ring(phones, call.number)
        await floor.pick_up(there)
        await floor.rows("talk_segments", 1, queue_id=queue.number, ended_at_ms=None)
        call.hang_up()
        record = await floor.settled(call)
        rang.append(there.owner.user)
        assert record.offered() == [(there.owner.user, "answered")]
    return rang


RING_ALL = DRAFT.queue(3, strategy="ring_all")


@pytest.mark.row("R-01")
async def test_ring_all(floor: Floor) -> None:
    """All phones ring within a blink; the first to answer has the call, the others stop."""
    phones = await floor.phones(RING_ALL)
    call = await floor.call(RING_ALL)
    rings = [await phone.incoming() for phone in phones]
    times = [there.at_ns for there in rings]
    assert within(200, ms_between(min(times), max(times)))
    rings[1].answer()
    await rings[1].acknowledged
    for other in (rings[0], rings[2]):
        assert (await other.cancelled).how == "cancel"
    call.hang_up()
    assert (await floor.record(call)).visit["agent_id"] == phones[1].user


LEAST_RECENT = DRAFT.queue(3, strategy="least_recent")


@pytest.mark.row("R-02")
async def test_least_recent(floor: Floor) -> None:
    """Each in turn; an offer that was missed counts as an offer too."""
    phones = await floor.phones(LEAST_RECENT)
    a, b, c = LEAST_RECENT.agents
    assert await served_by(floor, LEAST_RECENT, phones, 4) == [a, b, c, a]
    call = await floor.call(LEAST_RECENT)
    (await next_ring(phones, call.number)).reject(486)
    there = await next_ring(phones, call.number)
    assert there.owner.user == c
    call.hang_up()
    assert (await floor.settled(call)).offered() == [(b, "busy"), (c, "caller_hung_up")]
    await hear_packets_of_nobody(floor, phones)
    assert await served_by(floor, LEAST_RECENT, phones, 1) == [a]


async def hear_packets_of_nobody(floor: Floor, phones: Sequence[Phone]) -> None:
    """Waits until the pause for phones that refused is over (0.2 s here), measured by music."""
    listener = await floor.call(EMPTY, media="silence")
    await hear_packets(listener, 15)
    listener.hang_up()
    assert not any(call.pending for phone in phones for call in phone.calls)


EMPTY = DRAFT.queue(0)
FEWEST = DRAFT.queue(3, strategy="fewest_answered")


@pytest.mark.row("R-03")
async def test_fewest_answered(floor: Floor) -> None:
    """Who answered least is rung first, also if that phone was rung last."""
    phones = await floor.phones(FEWEST)
    a, b, c = FEWEST.agents
    assert await served_by(floor, FEWEST, phones, 1) == [a]
    call = await floor.call(FEWEST)
    (await next_ring(phones, call.number)).reject(486)
    there = await next_ring(phones, call.number)
    await floor.pick_up(there)
    await floor.rows("talk_segments", 1, queue_id=FEWEST.number, ended_at_ms=None)
    call.hang_up()
    assert (await floor.settled(call)).offered() == [(b, "busy"), (c, "answered")]
    await hear_packets_of_nobody(floor, phones)
    # B has answered none; then all have answered one, and least recent decides; then A has two.
    assert await served_by(floor, FEWEST, phones, 3) == [b, a, c]


RANDOM = DRAFT.queue(3, strategy="random")


@pytest.mark.row("R-04")
async def test_random(floor: Floor) -> None:
    """Everybody's turn comes, and not in a fixed rotation (wrong once in 100 000 runs)."""
    phones = await floor.phones(RANDOM)
    rang: list[str] = []
    for _ in range(30):
        call = await floor.call(RANDOM)
        there = await next_ring(phones, call.number)
        rang.append(there.owner.user)
        call.hang_up()
        await there.cancelled
        await floor.settled(call)
    assert set(rang) == set(RANDOM.agents)
    assert any(one == two for one, two in itertools.pairwise(rang))


MIXED = [
    {"agent": DRAFT.extension(), "kind": "dynamic"},
    {"agent": DRAFT.extension(), "kind": "static"},
    {"agent": DRAFT.extension(), "kind": "dynamic"},
    {"agent": DRAFT.extension(), "kind": "static"},
]
ROUND_ROBIN = DRAFT.queue(MIXED, strategy="round_robin")


@pytest.mark.row("R-05", "Q-05")
async def test_round_robin(floor: Floor) -> None:
    """Static agents in turn, by their order; dynamic ones, by log-in, while no static one is free."""
    phones = await floor.phones(ROUND_ROBIN)
    early, s1, late, s2 = ROUND_ROBIN.agents
    await floor.dial_code(phones[2], f"*7{ROUND_ROBIN.number}")
    await floor.dial_code(phones[0], f"*7{ROUND_ROBIN.number}")
    assert await served_by(floor, ROUND_ROBIN, phones, 3) == [s1, s2, s1]

    busy = [await floor.call(ROUND_ROBIN) for _ in range(2)]
    for call in busy:
        there = await next_ring(phones, call.number)
        assert there.owner.user in {s1, s2}
        await floor.pick_up(there)
    assert await served_alongside(floor, ROUND_ROBIN, phones, 3) == [late, early, late]


async def served_alongside(
    floor: Floor, queue: Queue, phones: Sequence[Phone], times: int
) -> list[str]:
    """As `served_by`, while other talks of the queue go on."""
    rang = []
    for _ in range(times):
        call = await floor.call(queue)
        there = await next_ring(phones, call.number)
        rang.append(there.owner.user)
        await floor.pick_up(there)
        await call.answered
        there.hang_up()
        await floor.settled(call)
    return rang


LINEAR = DRAFT.queue(3, strategy="linear")
LINEAR_MIXED = DRAFT.queue(
    [
        {"agent": DRAFT.extension(), "kind": "dynamic"},
        {"agent": DRAFT.extension(), "kind": "static"},
        {"agent": DRAFT.extension(), "kind": "dynamic"},
    ],
    strategy="linear",
)


@pytest.mark.row("R-06", "Q-05")
async def test_linear(floor: Floor) -> None:
    """Always the first free one: by list if all are static, by log-in otherwise."""
    phones = await floor.phones(LINEAR)
    a, b, _ = LINEAR.agents
    assert await served_by(floor, LINEAR, phones, 2) == [a, a]
    talk = await floor.call(LINEAR)
    there = await next_ring(phones, talk.number)
    await floor.pick_up(there)
    assert await served_alongside(floor, LINEAR, phones, 2) == [b, b]

    phones = await floor.phones(LINEAR_MIXED)
    early, fixed, late = LINEAR_MIXED.agents
    await floor.dial_code(phones[2], f"*7{LINEAR_MIXED.number}")
    await floor.dial_code(phones[0], f"*7{LINEAR_MIXED.number}")
    order = []
    for _ in range(3):
        call = await floor.call(LINEAR_MIXED)
        there = await next_ring(phones, call.number)
        await floor.pick_up(there)
        order.append(there.owner.user)
    assert order == [fixed, late, early]


SKILLED = DRAFT.queue(
    [
        {"agent": DRAFT.extension(), "skill_level": 2},
        {"agent": DRAFT.extension(), "skill_level": 1},
        {"agent": DRAFT.extension(), "skill_level": 1},
    ],
    strategy="round_robin",
    skill_based=True,
)


@pytest.mark.row("R-07")
async def test_skills(floor: Floor) -> None:
    """The experts in turn; the helper only while both are busy."""
    phones = await floor.phones(SKILLED)
    helper, one, two = SKILLED.agents
    assert await served_by(floor, SKILLED, phones, 3) == [one, two, one]
    order = []
    for _ in range(3):
        call = await floor.call(SKILLED)
        there = await next_ring(phones, call.number)
        await floor.pick_up(there)
        order.append(there.owner.user)
    assert order == [two, one, helper]


async def in_turn(
    floor: Floor, agent: Phone, first: IncomingCall, count: int
) -> tuple[list[str], list[IncomingCall]]:
    """Ends a talk and each that follows; returns the callers' numbers in the order of their offers."""
    numbers, there = [], first
    for _ in range(count):
        there.hang_up()
        there = await agent.incoming()
        await floor.pick_up(there)
        numbers.append(there.caller_number)
    return numbers, [there]


LIGHT = DRAFT.queue(1, weight=1)
HEAVY = DRAFT.queue(LIGHT.agents, weight=5)


@pytest.mark.row("W-01")
async def test_the_heavier_queue_first_then_by_time(floor: Floor) -> None:
    ann = await floor.phone(LIGHT)
    _, there = await floor.talking(LIGHT, ann)
    waiting: list[OutgoingCall] = []
    for queue in (LIGHT, LIGHT, HEAVY, HEAVY):
        call = await floor.call(queue)
        await call.answered
        waiting.append(call)
    order, _ = await in_turn(floor, ann, there, 4)
    light, lighter, heavy, heavier = (call.number for call in waiting)
    assert order == [heavy, heavier, light, lighter]


VIP = DRAFT.queue(1, weight=2)
SUPPORT = DRAFT.queue(VIP.agents, weight=2, accelerate_s=10)


@pytest.mark.row("W-02")
async def test_waiting_makes_a_call_heavier(floor: Floor) -> None:
    """After 5 s of waiting, half of 10 and rounded up, the later call weighs 3 and overtakes a 2."""
    ann = await floor.phone(VIP)
    _, there = await floor.talking(VIP, ann)
    vip = await floor.call(VIP, media="silence")
    await vip.answered
    support = await floor.call(SUPPORT, media="silence")
    await hear_packets(support, 255)
    order, _ = await in_turn(floor, ann, there, 2)
    assert order == [support.number, vip.number]


OTHERS = DRAFT.queue(1, weight=1)
STARVING = DRAFT.queue(OTHERS.agents, weight=9)


@pytest.mark.row("W-01")
async def test_a_heavy_queue_without_agents_starves_nobody(floor: Floor) -> None:
    """asterisk#1561: the agent is paused in the heavy queue; its caller holds nobody else up."""
    ann = await floor.phone(OTHERS)
    await floor.dial_code(ann, f"*07{STARVING.number}")
    heavy = await floor.call(STARVING, media="silence")
    await heavy.answered
    for _ in range(2):
        call, there = await floor.talking(OTHERS, ann)
        assert there.caller_number == call.number
        there.hang_up()
        await call.ended
    assert not heavy.ended
    await floor.dial_code(ann, f"*07{STARVING.number}")
    there = await ann.incoming()
    assert there.caller_number == heavy.number
