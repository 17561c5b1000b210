"""What is kept at hand for the estimated wait is what it would be if it were worked out anew."""

from __future__ import annotations

from engine.core.estimate.crews import crew_of, neighbours_of
from engine.core.estimate.handling import HOUSE_TALKS, work_out
from engine.core.matching.conditions import qualified
from engine.core.model.agent import at_work
from engine.core.model.line import Line
from engine.core.model.state import State


def check_forecast(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken. Looks at everything."""
    talks = [line.pace.talks for line in state.lines.values()]
    assert state.house.count == sum(each.count for each in talks), "the house miscounts talks"
    assert state.house.total_ms == sum(each.total_ms for each in talks), "the house misjudges talks"
    for line in state.lines.values():
        rung = []
        for entry in line.waiting:
            visit = state.calls[entry[-1]].visit
            if visit is not None and visit.offers:
                rung.append(entry)
        assert line.rung == rung, "a line is wrong about for whom phones ring"
        # Asked for here, they are kept at hand from now on, whether or not anything is announced.
        _check_crew(state, line)
        shared = {each for agent in line.members for each in state.agents[agent].memberships}
        assert set(neighbours_of(state, line)) == shared - {line.queue_id}, "a queue is no island"
        if line.costs is not None:
            _check_costs(state, line)


def _check_crew(state: State, line: Line) -> None:
    crew = crew_of(state, line)
    found = at_work(state.agents, line.members, line.queue_id)
    assert [(id(a), id(m)) for a, m in crew.people] == [(id(a), id(m)) for a, m in found], (
        "a line is wrong about who is at work"
    )
    assert sorted(crew.ids) == sorted(agent.agent_id for agent, _ in found), "a crew is miscounted"
    for terms, able in crew.able.items():
        suited = [each for each in found if qualified(state, terms, *each)] or found
        assert [id(a) for a, _ in able.people] == [id(a) for a, _ in suited], "an old crew"


def _check_costs(state: State, line: Line) -> None:
    assert line.costs is not None
    (lessons, hour, wrapup_ms, *house), costs = line.costs
    young = line.pace.talks.count < HOUSE_TALKS
    current = lessons == line.pace.lessons and wrapup_ms == line.policy.wrapup_ms
    if current and house == ([state.house.count, state.house.total_ms] if young else []):
        assert costs == work_out(line, state.house, hour), "old costs are taken for new ones"
