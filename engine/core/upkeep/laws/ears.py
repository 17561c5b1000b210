"""What must be true of who listens to a talk: supervisors and recordings."""

from __future__ import annotations

from engine.core.model.call import CallState
from engine.core.model.leg import LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.supervision.monitoring import monitor_of


def check_monitors(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    for call in state.calls.values():
        monitors = monitor_of(state, call) is not None
        assert monitors == (call.state is CallState.MONITORING), "a supervisor hears nothing known"
    for monitor in state.monitors.values():
        supervisor = state.calls.get(monitor.supervisor_call_id)
        assert supervisor is not None, "a supervisor is gone and monitors"
        assert monitor is monitor_of(state, supervisor), "a supervisor monitors in two ways"
        leg = state.legs.get(monitor.leg_id)
        assert leg is not None, "a phone is monitored that is gone"
        assert leg.state is LegState.TALKING, "a phone is monitored that does not talk"
        assert leg.call_id == monitor.call_id, "another talk is monitored than was allowed"
        assert leg.queue_id is not None, "a talk is monitored that is no queue's"
        assert leg.node == supervisor.node, "a talk is monitored on another node"
        parties = (leg.endpoint, state.calls[leg.call_id].endpoint)
        assert supervisor.endpoint not in parties, "somebody monitors their own talk"


def check_recordings(state: State) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    for recording in state.recordings.values():
        stops = state.timers.is_set(TimerKind.RECORDING, recording.recording_id)
        assert stops == (recording.stops > 0), "a recording stops without an end"
        leg = state.legs.get(recording.leg_id)
        runs = leg is not None and leg.recording_id == recording.recording_id
        assert runs != stops, "a recording belongs to no talk"
    for leg in state.legs.values():
        if leg.recording_id is None:
            continue
        assert leg.recording_id in state.recordings, "a talk is recorded by nothing"
        assert leg.state is LegState.TALKING, "a phone is recorded that does not talk"
        recorded = state.recordings[leg.recording_id].call_id
        assert recorded == leg.call_id, "a recording went on into another talk"
