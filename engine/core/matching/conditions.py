"""The terms of waiting calls, kept true: set at entry, relaxed by a timer, judged at dispatch.

One timer per call, set to the next moment at which its terms change: nothing is done in between.
"""

from __future__ import annotations

from engine.core.matching.strategies import Candidate
from engine.core.model.agent import Agent, Membership, is_there
from engine.core.model.call import Call
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.terms import Terms, terms_at
from engine.core.model.timers import TimerKind


def agree_terms(state: State, call: Call, line: Line) -> None:
    """Gives a waiting call the terms of this moment, and a timer for when they change."""
    visit = call.visit
    assert visit is not None
    terms, change_ms = terms_at(
        line.policy, call.required_skills, visit.kept_for, state.now_ms - visit.entered_ms
    )
    if terms != visit.terms:
        wanting = visit.wanting
        line.rest(visit)
        visit.terms = terms
        if wanting:
            line.want(call.call_id, visit)
            state.dirty[line.queue_id] = None
    if change_ms is not None:
        visit.more_timers = True
        state.timers.set(TimerKind.RELAX, call.call_id, visit.entered_ms + change_ms)
    elif visit.more_timers:
        state.timers.cancel(TimerKind.RELAX, call.call_id)


def keep_no_longer(state: State, call: Call, agent: Agent) -> None:
    """Lets anybody be rung for a caller kept for this agent, who did not take the chance."""
    visit = call.visit
    assert visit is not None
    if visit.kept_for == agent.agent_id:
        visit.kept_for = None
        agree_terms(state, call, state.lines[visit.queue_id])


def agree_terms_anew(state: State, line: Line) -> None:
    """Brings a changed configuration to the callers who wait already."""
    for *_, call_id in list(line.waiting):
        call = state.calls[call_id]
        visit = call.visit
        assert visit is not None
        if line.selective or call.required_skills or visit.more_timers or visit.terms is not None:
            agree_terms(state, call, line)


def permitted(state: State, line: Line, terms: Terms) -> list[Candidate]:
    """Returns who of a line's available agents may be rung for calls with these terms."""
    keeper = keeper_of(state, line, terms)
    if keeper is not None:
        return [keeper] if keeper[0].agent_id in line.available else []
    queue_id = line.queue_id
    return [
        (agent, agent.memberships[queue_id])
        for agent in (state.agents[agent_id] for agent_id in line.available)
        if qualified(state, terms, agent, agent.memberships[queue_id])
    ]


def keeper_of(state: State, line: Line, terms: Terms) -> Candidate | None:
    """Returns the agent for whom calls with these terms are kept, while that agent is there.

    An agent who lacks what the terms ask for is no one to wait for.
    """
    if terms.kept_for is None:
        return None
    agent = state.agents.get(terms.kept_for)
    membership = None if agent is None else agent.memberships.get(line.queue_id)
    if agent is None or membership is None or not is_there(agent, membership):
        return None
    return (agent, membership) if qualified(state, terms, agent, membership) else None


def qualified(state: State, terms: Terms, agent: Agent, membership: Membership) -> bool:
    """Tells whether level and skills of an agent are what the terms ask for."""
    if terms.level_max is not None and membership.level > terms.level_max:
        return False
    if not terms.required:
        return True
    return state.skills.get(agent.agent_id, frozenset()).issuperset(terms.required)
