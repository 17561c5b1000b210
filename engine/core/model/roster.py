"""Who is at work in a queue, in configured order, kept up to date as agents come and go.

Whatever asks does so without walking the members: the order is kept by position, and who belongs is
looked up. Nothing of it is saved: it is what `engine.core.model.agent.at_work` would find.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from engine.core.ids import AgentId
from engine.core.model.agent import Agent, Membership, is_there
from engine.core.model.terms import Terms

Candidate = tuple[Agent, Membership]


class Crew:
    """Some agents of one queue, with their memberships in it."""

    __slots__ = ("able", "ids", "people")

    def __init__(self, people: Iterable[Candidate]) -> None:
        """`people` are in configured order."""
        self.people = list(people)
        self.ids = {agent.agent_id: None for agent, _ in self.people}
        self.able: dict[Terms, Crew] = {}
        """Those who suit terms (that keep nobody for one agent), as far as asked for since a change."""

    def __contains__(self, agent_id: AgentId) -> bool:
        """Tells whether that agent is one of them."""
        return agent_id in self.ids

    def __len__(self) -> int:
        """Returns how many they are."""
        return len(self.people)

    def look_at(self, agent: Agent, membership: Membership) -> None:
        """Takes in or leaves out an agent who may have come to work or gone."""
        self.able.clear()
        there = is_there(agent, membership)
        if there == (agent.agent_id in self.ids):
            return
        index = bisect_left(self.people, membership.position, key=_position)
        if there:
            self.people.insert(index, (agent, membership))
            self.ids[agent.agent_id] = None
        else:
            del self.people[index]
            del self.ids[agent.agent_id]


def _position(candidate: Candidate) -> int:
    return candidate[1].position
