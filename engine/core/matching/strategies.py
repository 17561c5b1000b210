"""Whom to ring: rows R-01 to R-08, the same rules for a whole queue and inside one skill level.

`candidates` are the agents who may be rung for the queue at this moment. The choice is made in
three steps: the best skill level of all, who of it has not yet had a chance at this call in this
round, the strategy among those. A round ends when everybody free had a chance: so a phone that
nobody answers is not rung for ever.

The progressive strategy chooses like the linear one; that phones which ring, ring on while others
join them is the business of `engine.core.queueing.dispatch` and `engine.core.queueing.visits`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.core.ids import AgentId
from engine.core.matching import shares
from engine.core.model.agent import Agent, Membership
from engine.core.model.line import Line
from engine.core.model.rng import Rng
from engine.core.policy import MemberKind, Strategy

Candidate = tuple[Agent, Membership]


def choose(
    line: Line, candidates: Sequence[Candidate], rng: Rng, agents: Mapping[AgentId, Agent]
) -> list[Candidate]:
    """Returns whom to ring: one, or with ring-all everybody. `candidates` must not be empty.

    `agents` are all agents: the weighted strategy looks at those who are not free, too.
    """
    if line.policy.skill_based:
        best = min(membership.level for _, membership in candidates)
        candidates = [each for each in candidates if each[1].level == best]
    if line.policy.strategy is Strategy.RING_ALL:
        return sorted(candidates, key=_by_position)
    if len(candidates) == 1:
        return list(candidates)
    if line.policy.strategy is Strategy.WEIGHTED:
        return [shares.pick(agents, line, candidates)]
    return [_PICK[line.policy.strategy](line, candidates, rng)]


def remember(
    line: Line, agent: Agent, membership: Membership, agents: Mapping[AgentId, Agent]
) -> None:
    """Notes who was rung, for the strategies with a memory."""
    if membership.kind is MemberKind.STATIC:
        line.last_static = membership.position
        line.last_static_agent = agent.agent_id
    else:
        line.last_dynamic = membership.login_order
    if line.policy.strategy is Strategy.WEIGHTED:
        shares.charge(agents, line, membership)


def _by_position(candidate: Candidate) -> int:
    return candidate[1].position


def _least_recent(_line: Line, candidates: Sequence[Candidate], _rng: Rng) -> Candidate:
    """R-02: the longest since the last offer of any queue; never offered comes first."""
    return min(candidates, key=lambda each: (each[0].last_offer, each[1].position))


def _fewest_answered(_line: Line, candidates: Sequence[Candidate], _rng: Rng) -> Candidate:
    """R-03: fewest answered calls of this queue; equals by least recent."""
    return min(
        candidates, key=lambda each: (each[1].answered, each[0].last_offer, each[1].position)
    )


def _random(_line: Line, candidates: Sequence[Candidate], rng: Rng) -> Candidate:
    """R-04. Sorted first: the draw must not depend on the order in which agents became free."""
    return sorted(candidates, key=_by_position)[rng.below(len(candidates))]


def _round_robin(line: Line, candidates: Sequence[Candidate], _rng: Rng) -> Candidate:
    """R-05: next static agent after the last rung; without one, next dynamic by log-in."""
    static = [each for each in candidates if each[1].kind is MemberKind.STATIC]
    if static:
        return min(
            static, key=lambda each: (each[1].position <= line.last_static, each[1].position)
        )
    return min(
        candidates,
        key=lambda each: (each[1].login_order <= line.last_dynamic, each[1].login_order),
    )


def _linear(line: Line, candidates: Sequence[Candidate], _rng: Rng) -> Candidate:
    """R-06: the first free one; in list order if all members are static, else by log-in."""
    if line.static_only:
        return min(candidates, key=_by_position)
    return min(candidates, key=lambda each: each[1].login_order)


def _least_talk(_line: Line, candidates: Sequence[Candidate], _rng: Rng) -> Candidate:
    """R-08: least talk time in this queue since the log-in; equals by least recent.

    Counted at the end of each talk (who still talks is not free), holds included, wrap-up not. Who
    logs in later starts at nothing, so the next calls are theirs until they have caught up.
    """
    return min(candidates, key=lambda each: (each[1].talk_ms, each[0].last_offer, each[1].position))


_PICK: dict[Strategy, Callable[[Line, Sequence[Candidate], Rng], Candidate]] = {
    Strategy.LEAST_RECENT: _least_recent,
    Strategy.FEWEST_ANSWERED: _fewest_answered,
    Strategy.RANDOM: _random,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.LINEAR: _linear,
    Strategy.LEAST_TALK: _least_talk,
    Strategy.PROGRESSIVE: _linear,
}
