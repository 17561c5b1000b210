"""What must be true between any two inputs. A breach is our own fault, whatever the outside did."""

from __future__ import annotations

from engine.core.model.state import State
from engine.core.upkeep.laws.agents import check_agent
from engine.core.upkeep.laws.callbacks import check_callbacks
from engine.core.upkeep.laws.calls import check_call
from engine.core.upkeep.laws.ears import check_monitors, check_recordings
from engine.core.upkeep.laws.forecast import check_forecast
from engine.core.upkeep.laws.legs import check_legs
from engine.core.upkeep.laws.lines import check_lines
from engine.core.upkeep.laws.nodes import check_nodes


def check(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken. Looks at everything."""
    assert not state.dirty, "dispatch did not reach its fixed point"
    assert not state.following, "a call was left between two destinations"
    assert not state.leaving, "a line was left unlooked at"
    assert all(queue_id in state.lines for queue_id in state.overrides), "a removed queue is closed"
    for call in state.calls.values():
        check_call(state, call)
    for agent in state.agents.values():
        check_agent(state, agent)
    for slot, call_id in state.parked.items():
        parked = state.calls.get(call_id)
        assert parked is not None, "a slot is kept by a caller who is gone"
        assert parked.parked is not None, "a slot is kept by a caller who is elsewhere"
        assert parked.parked.slot == slot, "a slot is kept by a caller who is in another"
    check_callbacks(state)
    check_lines(state)
    check_forecast(state)
    check_legs(state)
    check_monitors(state)
    check_recordings(state)
    check_nodes(state)
