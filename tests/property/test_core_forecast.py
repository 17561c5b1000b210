"""The estimated wait obeys its laws in any state of a queue and after any past (P-10)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.estimate.forecast import said_minutes
from engine.core.estimate.handling import learn_talk
from engine.core.inputs import AgentAction
from engine.core.model.pace import Tally
from engine.core.policy import Strategy
from engine.core.router import RoutingCore
from tests.support.waits import AGENTS, comes_back, house, line_of, one_queue, wait_in

pytestmark = [pytest.mark.property, pytest.mark.row("P-10")]

TALKS = st.lists(st.integers(0, 3_600_000), min_size=5, max_size=60)
LEAVERS = st.builds(Tally, st.integers(0, 200), st.integers(0, 50_000_000))


@settings(max_examples=150, deadline=None)
@given(
    talks=TALKS,
    leavers=LEAVERS,
    agents=st.integers(1, 6),
    pauses=st.lists(st.integers(0, 900_000), min_size=1, max_size=6),
    callers=st.integers(1, 30),
    wrapup_ms=st.sampled_from([0, 20_000]),
    strategy=st.sampled_from([Strategy.LEAST_RECENT, Strategy.RING_ALL, Strategy.PROGRESSIVE]),
)
def test_further_back_is_not_sooner_and_one_more_agent_not_later(
    talks: list[int],
    leavers: Tally,
    agents: int,
    pauses: list[int],
    callers: int,
    wrapup_ms: int,
    strategy: Strategy,
) -> None:
    team = AGENTS[: agents + 1]
    one_more = team[-1]
    centre = house(one_queue(*team, wrapup_ms=wrapup_ms, strategy=strategy), talks=0)
    centre.act(one_more, "6400", AgentAction.PAUSE)
    for agent, pause_ms in zip(team, pauses, strict=False):  # Others stay free, or ring.
        if agent == one_more:
            break
        centre.call("6400")
        if agent in centre.ringing():
            centre.answer(agent)
        centre.wait(pause_ms)
    pace = line_of(centre).pace
    for lasted_ms in talks:
        learn_talk(centre.core.state, line_of(centre), lasted_ms)
    pace.leavers = leavers
    calls = [centre.call("6400") for _ in range(callers)]
    core = centre.core
    in_line = [entry[3] for entry in line_of(centre).waiting if entry[3] in calls]
    resting = [each for each in in_line if not core.state.calls[each].visit.offers]
    waits = [wait_in(core, each) for each in resting]
    assert all(wait is not None and wait >= 0 for wait in waits)
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert [said_minutes(wait) for wait in known] == sorted(map(said_minutes, known))

    again = RoutingCore.restore(json.loads(json.dumps(core.snapshot())))
    assert [wait_in(again, each) for each in resting] == waits
    comes_back(again, one_more)
    for before, each in zip(known, resting, strict=True):
        after = wait_in(again, each)
        assert after is not None
        assert after <= before
