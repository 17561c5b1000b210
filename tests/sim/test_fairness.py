"""A callback waits as long as its caller would have on the line (C-02): the same days, twice.

In both the same people call at the same times and talk for as long. In the one all of them wait on
the line; in the other some ask to be called back soon after they came. Each one's turn, the first offer
to an agent, is compared. So that nothing but the line decides, nobody gives up, agents and customers
answer at once, and what is said to agents takes no time: an agent who waits for a customer's phone
is busy meanwhile, which in the second day alone would make everybody after that later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from engine.core.facts import CallbackRequested, CallStarted, OfferMade
from engine.core.ids import AgentId, EndpointName, LegId, QueueId
from engine.core.inputs import DigitPressed, LegAnswered
from engine.core.policy import Member, MemberKind, OutboundRoute, Policy, QueuePolicy
from engine.core.waiting import CallbackPolicy
from engine.sim.channels import Channel, Plan
from engine.sim.options import Traffic
from engine.sim.run import Simulation
from tests.sim.houses import house, house_of, textbook

pytestmark = [pytest.mark.sim, pytest.mark.row("C-02")]

ASKS_EVERY = 3
"""Every third caller wants to be called back, ..."""
KEY_AFTER_MS, CONFIRMS_AFTER_MS = 2_000, 4_000
"""... and says so, if still waiting then."""
CALLBACK = CallbackPolicy(key="2", outbound_routes=("out",), timeout_ms=8 * 3_600_000)
OUT = OutboundRoute("out", "0.", EndpointName("trunk"))


@dataclass
class Day:
    """When each caller's turn came, by the caller's number, and who was called back."""

    turns_ms: dict[str, int] = field(default_factory=dict)
    called_back: dict[str, int] = field(default_factory=dict)
    waits_ms: dict[str, int] = field(default_factory=dict)


def play(policy: Policy, seed: int, *, some_ask: bool) -> Day:
    """Plays a day and returns whose turn came when."""
    traffic = Traffic(load=0.95, talk_ms_mean=120_000, patience_ms_mean=None)
    policy = replace(policy, outbound_routes=(OUT,))
    simulation = Simulation(policy, textbook(seed, 6.0, traffic, journal=False))
    day, people = Day(), simulation.world.people
    plans: dict[str, Plan] = {}
    numbers: dict[str, str] = {}
    arrived_ms: dict[str, int] = {}

    def presses(key: tuple[Channel, str]) -> None:
        channel, digit = key
        if channel.alive and channel.bridge_id is None:
            channel.asterisk.emit(DigitPressed(channel.channel_id, digit))

    def waits(channel: Channel, _until_ms: int | None) -> None:
        assert channel.arrival is not None
        assert channel.plan is not None
        number = channel.arrival.caller_number
        plans[number] = channel.plan
        if some_ask and int(number) % ASKS_EVERY == 0:
            simulation.agenda.after(KEY_AFTER_MS, presses, (channel, "2"))
            simulation.agenda.after(CONFIRMS_AFTER_MS, presses, (channel, "1"))

    def answers_at_once(customer: Channel) -> None:
        call_id = customer.channel_id
        customer.plan = plans[numbers[call_id]]
        customer.up = True
        customer.asterisk.emit(LegAnswered(LegId(call_id)))

    def learn(_now_ms: int, _happened: Any, outputs: Any) -> None:
        for fact in outputs:
            if isinstance(fact, CallStarted):
                numbers[fact.call_id] = fact.caller_number
                arrived_ms.setdefault(fact.caller_number, fact.arrived_ms)
            elif isinstance(fact, OfferMade):
                number = numbers[fact.call_id]
                day.turns_ms.setdefault(number, fact.at_ms)
                day.waits_ms.setdefault(number, fact.at_ms - arrived_ms[number])
            elif isinstance(fact, CallbackRequested):
                day.called_back[fact.number] = fact.at_ms

    people.waits = waits  # type: ignore[method-assign]
    people._rings_outside = answers_at_once  # type: ignore[method-assign]
    simulation.world.process.observe(learn)
    simulation.run()
    return day


def one_queue() -> Policy:
    return house(4, callback=CALLBACK, wrapup_ms=10_000)


def two_queues() -> Policy:
    """One queue weighs more, and the wait in the other weighs more as it gets longer."""
    ids = [AgentId(str(1001 + index)) for index in range(5)]
    members = tuple(
        Member(agent, MemberKind.STATIC, 1 + index % 2) for index, agent in enumerate(ids)
    )
    slow = QueuePolicy(
        QueueId("6400"), "slow", members, accelerate_ms=60_000, callback=CALLBACK, wrapup_ms=5_000
    )
    fast = QueuePolicy(
        QueueId("6401"), "fast", members[1:], weight=3, skill_based=True, callback=CALLBACK
    )
    return house_of(ids, slow, fast)


@pytest.mark.parametrize("policy", [one_queue(), two_queues()], ids=["one queue", "two queues"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_callback_has_its_turn_when_it_would_have_had_it_on_the_line(seed, policy, monkeypatch):
    monkeypatch.setattr("engine.sim.media._MEDIUM_MS", 0)
    on_the_line = play(policy, seed, some_ask=False)
    called_back = play(policy, seed, some_ask=True)
    assert len(called_back.called_back) > 60
    assert not on_the_line.called_back
    assert on_the_line.turns_ms.keys() == called_back.turns_ms.keys()
    waited_ms = [on_the_line.waits_ms[number] for number in called_back.called_back]
    assert sum(waited_ms) / len(waited_ms) > 60_000, "there is a line to stand in"
    late_ms = {
        number: called_back.turns_ms[number] - turn_ms
        for number, turn_ms in on_the_line.turns_ms.items()
    }
    assert max(abs(late_ms[number]) for number in called_back.called_back) <= 1_000
    assert max(map(abs, late_ms.values())) <= 1_000, "nor is anybody else served sooner or later"
