"""What must be true of phones that ring or talk."""

from __future__ import annotations

from engine.core.model.leg import LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind


def check_legs(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    for leg in state.legs.values():
        call = state.calls.get(leg.call_id)
        if leg.state is LegState.ENDING:
            assert state.timers.is_set(TimerKind.HANG_UP, leg.leg_id), "a hang-up without an end"
        else:
            assert call is not None, "a phone rings or talks for a call that is gone"
        if leg.state is LegState.TALKING:
            assert call is not None
            assert call.leg_id == leg.leg_id, "two phones talk to one caller"
        if leg.agent_id is not None:
            assert leg.leg_id in state.agents[leg.agent_id].legs, "an agent's phone is forgotten"
