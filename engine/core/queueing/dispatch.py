"""Who is offered to whom: the joint rule of lines and agents, run to a fixed point after each input.

Law: nobody waits while an agent who may take the call is free. Only lines marked dirty in this
step are looked at: where a caller began to want an agent, or an agent became available.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.matching.conditions import permitted
from engine.core.matching.strategies import Candidate, choose
from engine.core.model.call import Call
from engine.core.model.line import Entry, Line, effective_weight
from engine.core.model.state import State
from engine.core.model.visit import Visit
from engine.core.policy import Strategy
from engine.core.queueing.offers import make_offer

Servable = tuple[Call, Visit, list[Candidate]]


def dispatch(state: State) -> None:
    """Makes all offers that can be made, the highest effective weight first (W-01, W-02).

    Of each line the first caller who can be served stands for it: its priority is among callers of
    one line (R-08) and counts for nothing between queues.
    """
    dirty = state.dirty
    while dirty:
        best: tuple[int, int, int] | None = None
        chosen: tuple[Line, Call, list[Candidate]] | None = None
        for queue_id in list(dirty):
            line = state.lines.get(queue_id)
            found = None if line is None else first_servable(state, line)
            if line is None or found is None:
                del dirty[queue_id]
                continue
            call, visit, candidates = found
            weight = effective_weight(line.policy, state.now_ms - visit.entered_ms)
            rank = (-weight, visit.entered_ms, visit.order)
            if best is None or rank < best:
                best, chosen = rank, (line, call, candidates)
        if chosen is not None:
            _offer(state, *chosen)


def _offer(state: State, line: Line, call: Call, candidates: list[Candidate]) -> None:
    visit = call.visit
    assert visit is not None
    if line.policy.strategy is not Strategy.RING_ALL:
        line.rest(visit)
    if candidates[0][0].agent_id in visit.tried:
        visit.tried.clear()
        for leg_id in visit.offers:  # Progressive: who rings has the chance now.
            agent_id = state.legs[leg_id].agent_id
            assert agent_id is not None
            visit.tried[agent_id] = None
    for agent, membership in choose(line, candidates, state.rng, state.agents):
        make_offer(state, call, line, agent, membership)


def first_servable(state: State, line: Line) -> Servable | None:
    """Returns the first in line for whom there is an agent, with the agents in question.

    Two calls can be passed over: a ring-all call whose remaining agents have refused it already, and
    one that the only free agent makes, whose own phone is not rung for it. Calls whose terms no free
    agent meets are passed over all together.
    """
    if not line.available:
        return None
    found = None
    if line.wanting:
        queue_id = line.policy.queue_id
        agents = state.agents
        free = [
            (agents[agent_id], agents[agent_id].memberships[queue_id])
            for agent_id in line.available
        ]
        found = _first(state, line, line.wanting, free)
    if not line.pools:
        return found
    for terms, entries in line.pools.items():
        free = permitted(state, line, terms)
        if free:
            other = _first(state, line, entries, free)
            if other is not None and (found is None or other[1].place < found[1].place):
                found = other
    return found


def _first(
    state: State, line: Line, entries: Iterable[Entry], free: list[Candidate]
) -> Servable | None:
    for entry in entries:
        call = state.calls[entry[3]]
        visit = call.visit
        assert visit is not None
        candidates = _candidates(state, line, call, visit, free)
        if candidates:
            return call, visit, candidates
    return None


def _candidates(
    state: State, line: Line, call: Call, visit: Visit, free: list[Candidate]
) -> list[Candidate]:
    able = free
    if call.agent_id is not None:  # With ring-in-use: not for the agent's own call.
        able = [each for each in free if each[0].agent_id != call.agent_id]
        if not able:
            return []
    ring_all = line.policy.strategy is Strategy.RING_ALL
    if line.policy.skill_based:
        # Better or equally skilled agents join a ringing of all; the next level waits its turn.
        ringing = [state.legs[leg_id].level for leg_id in visit.offers] if ring_all else []
        level = min(ringing or [membership.level for _, membership in able])
        able = [each for each in able if each[1].level <= level]
    fresh = [each for each in able if each[0].agent_id not in visit.tried]
    # If everyone free had a chance a new round begins; not within one ringing of all.
    return fresh if fresh or ring_all else able
