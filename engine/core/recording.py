"""Recordings of talks (S-04)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.call import Call
from engine.core.commands import ChangeRecording, StartRecording
from engine.core.ids import CallId, NodeId, RecordingId
from engine.core.inputs import RecordingAction, SeenChannel
from engine.core.leg import Leg
from engine.core.refusals import Refusal
from engine.core.state import State


@dataclass(slots=True, eq=False)
class Recording:
    """One running recording."""

    recording_id: RecordingId
    call_id: CallId
    node: NodeId
    name: str
    stereo: bool
    paused: bool = False


def talk_started(state: State, call: Call, leg: Leg) -> None:
    """Starts the recording of a talk, if its queue wants that."""


def talk_ended(state: State, leg: Leg) -> None:
    """Ends the recording of a talk."""


def toggle(state: State, leg: Leg, by: str) -> RecordingAction:
    """Starts or stops the recording of a talk; returns which. Raises `Refusal` where it cannot."""
    raise Refusal("recording is not possible")


def toggle_pause(state: State, leg: Leg, by: str) -> RecordingAction:
    """Pauses or resumes the recording of a talk; returns which. Raises `Refusal` if there is none."""
    raise Refusal("recording is not possible")


def recording_finished(
    state: State, recording_id: RecordingId, *, ok: bool, why: str
) -> str | None:
    """Takes notice of a recording's end. Returns why that means nothing, or None."""
    return "unknown recording"


def command_failed(state: State, command: StartRecording | ChangeRecording, status: int) -> None:
    """Deals with a failed command: an alarm, and the talk goes on."""


def compare(state: State, node: NodeId, channels: dict[str, SeenChannel]) -> None:
    """Brings belief and Asterisk together after a reconnection."""


def change(state: State, leg: Leg, action: RecordingAction, by: str) -> str | None:
    """Starts, pauses, resumes or stops the recording of a talk. Returns why not, or None."""
    return "not yet"
