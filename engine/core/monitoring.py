"""Supervisors on agents' talks: listen, whisper, barge (S-02)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.call import Call, ToMonitor
from engine.core.commands import JoinTalk, LeaveTalk, StartMonitor, StopMonitor
from engine.core.ids import CallId, LegId, MonitorId, NodeId
from engine.core.inputs import SeenChannel
from engine.core.leg import Leg
from engine.core.policy import MonitorMode
from engine.core.state import State


@dataclass(slots=True, eq=False)
class Monitor:
    """One spell of a supervisor (the caller of `supervisor_call_id`) on the talk of `leg_id`."""

    monitor_id: MonitorId
    supervisor_call_id: CallId
    leg_id: LegId
    mode: MonitorMode


def start_monitoring(state: State, call: Call, wanted: ToMonitor) -> None:
    """Lets a supervisor's call listen, whisper or barge; or says why not, and ends it."""
    raise NotImplementedError


def digit_pressed(state: State, channel_id: str, digit: str) -> str | None:
    """Changes the mode of a monitoring. Returns why the digit means nothing, or None."""
    return "nothing is done by keys here"


def talk_ended(state: State, leg: Leg) -> None:
    """Ends all monitoring of a talk that is over, the supervisors' calls with it."""


def supervisor_left(state: State, call: Call) -> None:
    """Ends the monitoring of a supervisor whose call ends."""


def spy_ended(state: State, monitor_id: MonitorId) -> str | None:
    """Takes notice that a spy channel is gone. Returns why that means nothing, or None."""
    return "unknown monitoring"


def command_failed(
    state: State, command: StartMonitor | StopMonitor | JoinTalk | LeaveTalk, status: int
) -> None:
    """Deals with a failed command: nobody must hear more than is known."""


def compare(state: State, node: NodeId, channels: dict[str, SeenChannel]) -> None:
    """Brings belief and Asterisk together after a reconnection."""
