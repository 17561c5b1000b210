"""A queue's line: who waits in it, who wants an agent now, and which agents could take one now."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.ids import AgentId, CallId, LegId, QueueId
from engine.core.model.agent import Membership
from engine.core.model.call import Call
from engine.core.model.costs import Costs
from engine.core.model.pace import Pace
from engine.core.model.roster import Crew
from engine.core.model.terms import Terms
from engine.core.model.visit import Visit
from engine.core.policy import MemberKind, QueuePolicy

Place = tuple[int, int, int]
Entry = tuple[int, int, int, CallId]
"""A caller's place in line (`Visit.place`) and name."""


class Service(NamedTuple):
    """When a caller was served (epoch milliseconds), by whom, and the caller's number as spelled then."""

    at_ms: int
    agent_id: AgentId
    number: str


@dataclass(slots=True, eq=False)
class Line:
    """One queue at work.

    `waiting` has every caller of the queue who is not connected, in line order; `wanting` those of
    them for whom an agent should be rung now, and `pools` those of them who want one on certain
    terms, by terms: if nobody suits the terms, no caller of that pool need be looked at. `available`
    has the agents who may be rung for this queue now, in no order that matters. The lists are kept
    sorted by insertion, so that taking the first, or one out of the middle, does not grow with the
    length of the line.
    """

    policy: QueuePolicy
    waiting: list[Entry] = field(default_factory=list)
    wanting: list[Entry] = field(default_factory=list)
    pools: dict[Terms, list[Entry]] = field(default_factory=dict)
    """None of them is empty."""
    rung: list[Entry] = field(default_factory=list)
    """Those of `waiting` for whom phones ring or were picked up, in the same order."""
    served: dict[str, Service] = field(default_factory=dict)
    """How callers were served last, by what they are known by (`engine.core.matching.sticky`); longest
    ago first."""
    rosters: dict[int, list[Membership]] = field(default_factory=dict)
    """Who is at work, by skill level, as `engine.core.matching.shares` worked it out; empty after a change."""
    crew: Crew | None = None
    """Who is at work, in configured order; None until asked for after a change of the configuration."""
    neighbours: list[QueueId] | None = None
    """The other queues of its members; None as with `crew`."""
    selective: bool = False
    """Whether this queue sets its callers terms."""
    available: dict[AgentId, None] = field(default_factory=dict)
    members: dict[AgentId, None] = field(default_factory=dict)
    """In configured order."""
    there_to_join: dict[AgentId, None] = field(default_factory=dict)
    """Members who count as there by the rule for joining (`engine.core.queueing.empties`), in no order; ..."""
    there_to_stay: dict[AgentId, None] = field(default_factory=dict)
    """... and by the rule for staying. Empty where there is no rule."""
    static_only: bool = False
    pace: Pace = field(default_factory=Pace)
    """What it has learnt for the estimated wait (P-10)."""
    costs: tuple[tuple[int, ...], Costs] | None = None
    """What `engine.core.estimate.handling` last made of that, and from which state of it."""
    last_static: int = -1
    """Round robin's memory: the configured position of the static agent rung last, ..."""
    last_static_agent: AgentId | None = None
    """... and who that was, so that the memory follows the agent through a changed list."""
    last_dynamic: int = 0
    """Round robin's memory: the log-in order of the dynamic agent rung last."""

    @property
    def queue_id(self) -> QueueId:
        """The queue's number."""
        return self.policy.queue_id

    def use(self, policy: QueuePolicy) -> None:
        """Takes a new configuration of the same queue."""
        self.policy = policy
        self.look_anew()
        self.members = {member.agent_id: None for member in policy.members}
        order = list(self.members)
        if self.last_static_agent in self.members:
            self.last_static = order.index(self.last_static_agent)
        self.static_only = all(member.kind is MemberKind.STATIC for member in policy.members)
        self.selective = bool(policy.skill_steps) or policy.sticky is not None
        self.there_to_join.clear()  # `State.refresh` of all agents is to follow.
        self.there_to_stay.clear()
        if policy.sticky is None:
            self.served.clear()

    def look_anew(self) -> None:
        """Forgets who is at work, to be worked out anew: memberships or positions have changed."""
        self.rosters.clear()
        self.crew = self.neighbours = None

    def add(self, call: Call, visit: Visit) -> int:
        """Puts a caller in line by priority and time of entry; returns the place, 1 the first."""
        insort(self.waiting, (-visit.priority, visit.entered_ms, visit.order, call.call_id))
        if visit.offers:
            insort(self.rung, (-visit.priority, visit.entered_ms, visit.order, call.call_id))
        return self.position(visit)

    def remove(self, visit: Visit) -> None:
        """Takes a caller out of line, who must be in it."""
        del self.waiting[self._index(self.waiting, visit.place)]
        if visit.offers:
            del self.rung[self._index(self.rung, visit.place)]
        self.rest(visit)

    def add_offer(self, call: Call, visit: Visit, leg_id: LegId) -> None:
        """Notes a live offer for a caller in line."""
        if not visit.offers:
            insort(self.rung, (-visit.priority, visit.entered_ms, visit.order, call.call_id))
        visit.offers[leg_id] = None

    def drop_offer(self, visit: Visit, leg_id: LegId) -> None:
        """Forgets a live offer of a caller in line."""
        del visit.offers[leg_id]
        if not visit.offers:
            del self.rung[self._index(self.rung, visit.place)]

    def position(self, visit: Visit) -> int:
        """Returns a waiting caller's place in line, 1 the first."""
        return self._index(self.waiting, visit.place) + 1

    def want(self, call_id: CallId, visit: Visit) -> None:
        """Lists a caller among those for whom an agent should be rung; twice is no error."""
        if not visit.wanting:
            visit.wanting = True
            wanting = self.wanting if visit.terms is None else self._pool(visit.terms)
            insort(wanting, (-visit.priority, visit.entered_ms, visit.order, call_id))

    def rest(self, visit: Visit) -> None:
        """Takes a caller from that list; one who is not in it is no error."""
        if visit.wanting:
            visit.wanting = False
            wanting = self.wanting if visit.terms is None else self.pools[visit.terms]
            del wanting[self._index(wanting, visit.place)]
            if visit.terms is not None and not wanting:
                del self.pools[visit.terms]

    def _pool(self, terms: Terms) -> list[Entry]:
        pool = self.pools.get(terms)
        if pool is None:
            pool = self.pools[terms] = []
        return pool

    @staticmethod
    def _index(entries: list[Entry], place: Place) -> int:
        index = bisect_left(entries, place)
        assert entries[index][:3] == place, "a caller is not where the line says"
        return index


def effective_weight(policy: QueuePolicy, waited_ms: int) -> int:
    """Returns W-02's weight: weight + round_half_up(waited / accelerate)."""
    if policy.accelerate_ms is None:
        return policy.weight
    return policy.weight + (2 * waited_ms + policy.accelerate_ms) // (2 * policy.accelerate_ms)
