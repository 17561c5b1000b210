"""What must be true of a queue's line: who stands in it, who serves it, who need not wait."""

from __future__ import annotations

from engine.core.ids import AgentId
from engine.core.matching.conditions import keeper_of, qualified
from engine.core.matching.shares import roster_of
from engine.core.model.line import Entry, Line
from engine.core.model.state import State
from engine.core.policy import Strategy
from engine.core.queueing.dispatch import first_servable
from engine.core.queueing.leaving import must_leave


def check_lines(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    waiting = 0
    for line in state.lines.values():
        assert line.waiting == sorted(line.waiting), "a line is out of order"
        waiting += len(line.waiting)
        for *_, call_id in line.waiting:
            visit = state.calls[call_id].visit
            assert visit is not None, "somebody stands in line who does not wait"
            assert visit.queue_id == line.queue_id, "somebody stands in the wrong line"
        _check_wanting(state, line)
        _check_there(state, line)
        assert not must_leave(state, line), "a caller waits in a queue that is closed or empty"
        for level, roster in line.rosters.items():
            now = roster_of(state.agents, line, level)
            assert [id(each) for each in roster] == [id(each) for each in now], "an old rota"
        assert first_servable(state, line) is None, "a caller waits while an agent is free"
    assert waiting == sum(call.visit is not None for call in state.calls.values()), (
        "a caller waits outside of every line"
    )


def _check_there(state: State, line: Line) -> None:
    for rule, there in (
        (line.policy.join_empty, line.there_to_join),
        (line.policy.leave_empty, line.there_to_stay),
    ):
        found = [
            agent_id
            for agent_id in line.members
            if rule is not None and state.counts_as_there(state.agents[agent_id], line, rule)
        ]
        assert sorted(found) == sorted(there), "a line is wrong about who counts as there"


def _check_wanting(state: State, line: Line) -> None:
    for terms, entries in [(None, line.wanting), *line.pools.items()]:
        assert terms is None or entries, "a pool of nobody is kept"
        assert entries == sorted(entries), "a line is out of order"
        for entry in entries:
            visit = state.calls[entry[-1]].visit
            assert visit is not None, "somebody wants an agent who does not wait"
            assert visit.wanting, "a list of wanting callers is wrong"
            assert visit.terms == terms, "a caller wants an agent on other terms"
            for agent_id in line.available:
                assert _may_not(state, line, entry, agent_id), "a caller waits for a free agent"


def _may_not(state: State, line: Line, entry: Entry, agent_id: AgentId) -> bool:
    """Tells whether a free agent has a reason not to be rung for a caller who wants one.

    Said anew, agent by agent, and not in the way of `first_servable`.
    """
    call = state.calls[entry[-1]]
    visit = call.visit
    assert visit is not None
    agent = state.agents[agent_id]
    membership = agent.memberships[line.queue_id]
    if call.agent_id == agent_id:
        return True
    if visit.terms is not None:
        keeper = keeper_of(state, line, visit.terms)
        if keeper is not None and keeper[0] is not agent:
            return True
        if keeper is None and not qualified(state, visit.terms, agent, membership):
            return True
    if line.policy.strategy is not Strategy.RING_ALL:
        return False
    worse = line.policy.skill_based and any(
        state.legs[leg_id].level < membership.level for leg_id in visit.offers
    )
    return worse or agent_id in visit.tried
