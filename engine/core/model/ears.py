"""Ears on a talk: a supervisor's (`monitoring` has the verbs) and a recorder's (`recording`)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import CallId, LegId, MonitorId, NodeId, RecordingId
from engine.core.inputs import BY_SYSTEM
from engine.core.policy import MonitorMode


@dataclass(slots=True, eq=False)
class Monitor:
    """One spell of a supervisor (the caller of `supervisor_call_id`) on the talk of `leg_id`."""

    monitor_id: MonitorId
    supervisor_call_id: CallId
    leg_id: LegId
    mode: MonitorMode
    call_id: CallId
    """The call that is monitored."""
    has_bridge: bool = False
    """The supervisor's own bridge was made, in this spell or an earlier one."""


@dataclass(slots=True, eq=False)
class Recording:
    """One recording, from the command that starts it until Asterisk says that its file is closed."""

    recording_id: RecordingId
    call_id: CallId
    leg_id: LegId
    node: NodeId
    name: str
    """The file, in the recordings' folder, without suffix."""
    stereo: bool
    """What the leg hears (the caller) and what it says are kept apart: left and right."""
    paused: bool = False
    was_paused: bool = False
    stops: int = 0
    """How often it was told to stop; 0 while it runs."""
    stopped_by: str = BY_SYSTEM
