"""Who serves a queue's callers now, and how long each of them is still busy (for P-10).

At work is who is logged in, not paused and reachable (`engine.core.model.agent.is_there`); who talks or
wraps up is at work, and counts with what is left of that.

Of many agents some are looked at, evenly spread over the configured order, and each counts for as
many as were passed over: `LOOKED_AT` of those on calls, as many of the others, as many of all who
serve other queues only. So a question takes no longer in a house of a thousand agents; with up to
so many all are looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple, TypeVar

from engine.core.estimate.handling import costs_of
from engine.core.ids import AgentId, QueueId
from engine.core.matching.conditions import keeper_of, qualified
from engine.core.model.agent import Agent, at_work
from engine.core.model.costs import Costs
from engine.core.model.leg import Leg, LegState
from engine.core.model.line import Line
from engine.core.model.roster import Crew
from engine.core.model.state import State
from engine.core.model.terms import NO_TERMS, Terms

LOOKED_AT = 50

T = TypeVar("T")


class Hand(NamedTuple):
    """How much longer an agent is busy with what is done now, in milliseconds."""

    late_ms: float
    """As is to be expected, less what is left of that kind of work at an average moment."""
    soonest_ms: float
    """At the least."""
    sure: bool
    """It is certain to be no more than that: free, or in wrap-up."""
    weight: float
    """For so many agents this one stands."""
    agent_id: AgentId


def crew_of(state: State, line: Line) -> Crew:
    """Returns who is at work in a queue. O(1) but after a change of the configuration."""
    if line.crew is None:
        line.crew = Crew(at_work(state.agents, line.members, line.queue_id))
    return line.crew


def crew_for(state: State, line: Line, terms: Terms | None) -> Crew:
    """Returns who is at work and may serve callers with these terms.

    If nobody may (yet), everybody at work: terms give way with waiting time.
    """
    everybody = crew_of(state, line)
    if terms is None:
        return everybody
    keeper = keeper_of(state, line, terms)
    if keeper is not None:
        return Crew([keeper])
    terms = replace(terms, kept_for=None)
    if terms == NO_TERMS:
        return everybody
    able = everybody.able.get(terms)
    if able is None:
        able = Crew([each for each in everybody.people if qualified(state, terms, *each)])
        everybody.able[terms] = able = able if able.people else everybody
    return able


def neighbours_of(state: State, line: Line) -> list[QueueId]:
    """Returns the other queues in which members of this one are members too."""
    if line.neighbours is None:
        found: dict[QueueId, object] = {}
        for agent_id in line.members:
            found.update(state.agents[agent_id].memberships)
        found.pop(line.queue_id, None)
        line.neighbours = [queue_id for queue_id in state.lines if queue_id in found]
    return line.neighbours


def loyal_of(state: State, line: Line, hands: list[Hand]) -> list[Hand]:
    """Returns those whom no other queue wants that has callers."""
    hungry = [
        crew_of(state, state.lines[queue_id]).ids
        for queue_id in neighbours_of(state, line)
        if state.lines[queue_id].waiting
    ]
    return [hand for hand in hands if not _among(hand.agent_id, hungry)]


def _among(agent_id: AgentId, crews: list[dict[AgentId, None]]) -> bool:
    for ids in crews:  # noqa: SIM110 - Most often already the first: no generator for that.
        if agent_id in ids:
            return True
    return False


class Watch:
    """Looks at agents at one moment, for one queue."""

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

    def hands(self, crew: Crew) -> list[Hand]:
        """Looks at these agents."""
        hands: list[Hand] = []
        on_calls = [agent for agent, _ in crew.people if agent.legs]
        others = [agent for agent, _ in crew.people if not agent.legs]
        for agents in (on_calls, others):
            some = spread(agents)
            weight = len(agents) / max(1, len(some))
            hands += [self._look(agent, weight) for agent in some]
        return hands

    def more_hands(self, crew: Crew, rivals: Collection[QueueId]) -> list[Hand]:
        """Looks at those who serve other queues and are not of this crew.

        Who serves several of these queues may be met in each, and counts for a part in each.
        """
        lines = self._state.lines
        crews = [crew_of(self._state, lines[queue_id]) for queue_id in rivals]
        each_max = max(1, LOOKED_AT // max(1, len(crews)))
        hands: list[Hand] = []
        for theirs in crews:
            some = spread(theirs.people, each_max)
            weight = len(theirs) / max(1, len(some))
            for agent, _ in some:
                if agent.agent_id not in crew.ids:
                    met = sum([agent.agent_id in each.ids for each in crews])
                    hands.append(self._look(agent, weight / met))
        return hands

    def _look(self, agent: Agent, weight: float) -> Hand:
        agent_id, now_ms, steady_ms = (
            agent.agent_id,
            self._state.now_ms,
            self._costs[None].steady_ms,
        )
        for leg_id in agent.legs:
            leg = self._state.legs.get(leg_id)
            if leg is not None and leg.state is not LegState.ENDING:
                return self._is_on(leg, agent_id, weight)
        if agent.wrapups:
            until_ms = max([each.wrapup_until_ms for each in agent.memberships.values()])
            if until_ms > now_ms:
                sure_ms = float(until_ms - now_ms)
                return Hand(
                    sure_ms - steady_ms, sure_ms, sure=True, weight=weight, agent_id=agent_id
                )
        if agent.in_use or agent.backing_off:  # On a call of the agent's own, most likely.
            return Hand(0.0, 0.0, sure=False, weight=weight, agent_id=agent_id)
        return Hand(-steady_ms, 0.0, sure=True, weight=weight, agent_id=agent_id)

    def _is_on(self, leg: Leg, agent_id: AgentId, weight: float) -> Hand:
        costs = self.costs(leg.queue_id)
        if leg.state is LegState.TALKING and leg.talk_ms is not None:
            left_ms = costs.talk_left_ms(self._state.now_ms - leg.talk_ms) + costs.wrapup_ms
            return Hand(
                left_ms - costs.steady_ms,
                costs.wrapup_ms,
                sure=False,
                weight=weight,
                agent_id=agent_id,
            )
        call = self._state.calls.get(leg.call_id)
        phones = 1 if call is None or call.visit is None else max(1, len(call.visit.offers))
        # Of several phones that ring for one call, one will talk.
        left_ms = costs.start_ms / 2 + (costs.talk_ms + costs.wrapup_ms) / phones
        soonest_ms = costs.wrapup_ms if phones == 1 else 0.0
        return Hand(
            left_ms - costs.steady_ms, soonest_ms, sure=False, weight=weight, agent_id=agent_id
        )


def spread(among: list[T], most: int = LOOKED_AT) -> list[T]:
    """Returns all, or if they are more than that so many of them, evenly spread."""
    count = len(among)
    if count <= most:
        return among
    return [among[index * count // most] for index in range(most)]
