"""Who serves a queue's callers now, and how long each of them is still busy (for P-10).

At work is who is logged in, not paused and reachable (`engine.core.model.agent.is_there`); who talks or
wraps up is at work, and counts with what is left of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core.estimate.handling import Costs, costs_of
from engine.core.ids import QueueId
from engine.core.matching.conditions import keeper_of, qualified
from engine.core.model.agent import Agent, Membership, is_there
from engine.core.model.leg import Leg, LegState
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.terms import Terms

Crew = list[tuple[Agent, Membership]]


@dataclass(slots=True)
class Hands:
    """How much longer each of some agents is busy with what they do now, in no order."""

    late_ms: list[float] = field(default_factory=list)
    """As is to be expected, less what is left of that kind of work at an average moment, ..."""
    soonest_ms: list[float] = field(default_factory=list)
    """... at the least, ..."""
    sure_ms: list[float] = field(default_factory=list)
    """... and of those alone for whom it is certain: free, or in wrap-up."""


def at_work(state: State, line: Line) -> Crew:
    """Returns who is at work in a queue, in configured order."""
    agents, queue_id = state.agents, line.queue_id
    members = [
        (agents[agent_id], agents[agent_id].memberships[queue_id]) for agent_id in line.members
    ]
    return [each for each in members if is_there(*each)]


def crew_for(state: State, line: Line, terms: Terms | None) -> Crew:
    """Returns who is at work and may serve callers with these terms.

    If nobody may (yet), everybody at work: terms give way with waiting time.
    """
    everybody = at_work(state, line)
    if terms is None:
        return everybody
    keeper = keeper_of(state, line, terms)
    if keeper is not None:
        return [keeper]
    return [each for each in everybody if qualified(state, terms, *each)] or everybody


def loyal_of(state: State, line: Line, crew: Crew) -> Crew:
    """Returns those whom no other queue wants that has callers."""
    return [
        (agent, membership)
        for agent, membership in crew
        if not any(
            queue_id != line.queue_id and state.lines[queue_id].waiting and is_there(agent, each)
            for queue_id, each in agent.memberships.items()
        )
    ]


class Watch:
    """Looks at agents at one moment, for one queue; what calls of each queue cost is worked out once."""

    __slots__ = ("_costs", "_line", "_state")

    def __init__(self, state: State, line: Line, costs: Costs) -> None:
        """`costs` are those of this queue."""
        self._state = state
        self._line = line
        self._costs: dict[QueueId | None, Costs] = {line.queue_id: costs, None: costs}

    def costs(self, queue_id: QueueId | None) -> Costs:
        """Returns what calls of a queue cost; one that is no more counts as this one."""
        known = self._costs.get(queue_id)
        if known is None:
            line = None if queue_id is None else self._state.lines.get(queue_id)
            known = None if line is None else costs_of(self._state, line)
            known = self._costs[queue_id] = known or self._costs[None]
        return known

    def hands(self, crew: Crew) -> Hands:
        """Looks at all of these agents."""
        hands = Hands()
        for agent, _ in crew:
            self._look(agent, hands)
        return hands

    def _look(self, agent: Agent, hands: Hands) -> None:
        now_ms, here = self._state.now_ms, self._costs[None]
        for leg_id in agent.legs:
            leg = self._state.legs.get(leg_id)
            if leg is not None and leg.state is not LegState.ENDING:
                self._is_on(leg, hands)
                return
        until_ms = max([each.wrapup_until_ms for each in agent.memberships.values()], default=0)
        if until_ms > now_ms:
            sure_ms = float(until_ms - now_ms)
        elif agent.in_use or agent.backing_off:  # On a call of the agent's own, most likely.
            hands.late_ms.append(0.0)
            hands.soonest_ms.append(0.0)
            return
        else:
            sure_ms = 0.0
        hands.late_ms.append(sure_ms - here.steady_ms)
        hands.soonest_ms.append(sure_ms)
        hands.sure_ms.append(sure_ms)

    def _is_on(self, leg: Leg, hands: Hands) -> None:
        costs = self.costs(leg.queue_id)
        if leg.state is LegState.TALKING and leg.talk_ms is not None:
            left_ms = costs.talk_left_ms(self._state.now_ms - leg.talk_ms) + costs.wrapup_ms
            hands.late_ms.append(left_ms - costs.steady_ms)
            hands.soonest_ms.append(costs.wrapup_ms)
            return
        call = self._state.calls.get(leg.call_id)
        phones = 1 if call is None or call.visit is None else max(1, len(call.visit.offers))
        # Of several phones that ring for one call, one will talk.
        left_ms = costs.start_ms / 2 + (costs.talk_ms + costs.wrapup_ms) / phones
        hands.late_ms.append(left_ms - costs.steady_ms)
        hands.soonest_ms.append(costs.wrapup_ms if phones == 1 else 0.0)
