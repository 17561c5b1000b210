"""The weighted strategy: offers by share, like a rota that is kept exactly (R-08).

Each offer of the queue is divided among the agents at work (logged in, not paused, reachable; in a
skill-based queue: of that level) by their shares, and charged to the agent who was rung. What an
agent is owed is `Membership.balance`, in units of one offer divided by the sum of the shares, so it
is an integer. Of the free agents who are owed something, the one is rung whose debt would first
reach a whole offer: earliest deadline first, which keeps every agent within one offer of the exact
share at all times as long as all are free (R. Tijdeman, "The chairman assignment problem", Discrete
Mathematics 32, 1980; G. Steiner and S. Yeomans, "Level schedules for mixed-model, just-in-time
processes", Management Science 39, 1993).

Who talks while others are rung is owed offers and gets them afterwards; so the shares hold over a
day in which most calls find one free agent only. Debts end at `OWED_MAX` offers either way: after a
long talk, or a long spell of being the only one, the rota does not stand on its head for an hour.
Who is not at work is owed nothing more, and a log-in starts with a clean sheet. Rings in vain are
offers too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.core.ids import AgentId
from engine.core.model.agent import Agent, Membership, at_work
from engine.core.model.line import Line

OWED_MAX = 3
"""Offers that an agent can be owed, or have had too many, at most."""

ANY_LEVEL = 0
"""Of a roster: not of one skill level."""


def pick(
    agents: Mapping[AgentId, Agent],
    line: Line,
    candidates: Sequence[tuple[Agent, Membership]],
) -> tuple[Agent, Membership]:
    """Returns whose turn it is. The candidates are of one level where the queue is skill-based."""
    total = sum([each.share for each in _at_work(agents, line, candidates[0][1])])
    return min(candidates, key=lambda each: _deadline(each[1], total))


def _deadline(membership: Membership, total: int) -> tuple[bool, int, int]:
    """Sorts by: is owed nothing; offers of the queue until a whole one is owed; position."""
    owed = membership.balance + membership.share
    return owed <= 0, -((owed - total) // membership.share), membership.position


def charge(agents: Mapping[AgentId, Agent], line: Line, chosen: Membership) -> None:
    """Divides one offer among those at work, and charges it to the one who is rung."""
    roster = _at_work(agents, line, chosen)
    total = sum([each.share for each in roster])
    owed_max = OWED_MAX * total
    for each in roster:
        if each.balance < owed_max:
            each.balance += each.share
    chosen.balance = max(chosen.balance - total, -owed_max)


def _at_work(agents: Mapping[AgentId, Agent], line: Line, like: Membership) -> list[Membership]:
    """Returns who shares the offers: worked out when it is first asked for after a change."""
    level = like.level if line.policy.skill_based else ANY_LEVEL
    roster = line.rosters.get(level)
    if roster is None:
        roster = line.rosters[level] = roster_of(agents, line, level)
    return roster


def roster_of(agents: Mapping[AgentId, Agent], line: Line, level: int) -> list[Membership]:
    """Works out who is at work in a queue, at one skill level or at any."""
    return [
        membership
        for _, membership in at_work(agents, line.members, line.queue_id)
        if level in (ANY_LEVEL, membership.level)
    ]
