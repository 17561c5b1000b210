"""Supervisors in agents' talks, and recordings of talks."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId, CallId, MonitorId, QueueId, RecordingId, TalkId
from engine.core.policy import MonitorMode


@dataclass(frozen=True, slots=True)
class MonitorStarted:
    """A supervisor began to listen, whisper or barge; a change of mode is an end and a start.

    `supervisor_call_id` is the supervisor's own call, the same for all modes of one session.
    """

    seq: int
    at_ms: int
    monitor_id: MonitorId
    supervisor_call_id: CallId
    by: str
    agent_id: AgentId
    call_id: CallId
    queue_id: QueueId | None
    mode: MonitorMode


@dataclass(frozen=True, slots=True)
class MonitorEnded:
    """That ended."""

    seq: int
    at_ms: int
    monitor_id: MonitorId
    call_id: CallId


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """A talk is being recorded into the file `name` (in the recordings' folder, without suffix)."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    talk_id: TalkId
    queue_id: QueueId | None
    agent_id: AgentId | None
    name: str
    stereo: bool
    by: str


@dataclass(frozen=True, slots=True)
class RecordingPaused:
    """What is said from now on is not in the file."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    by: str


@dataclass(frozen=True, slots=True)
class RecordingResumed:
    """It is again."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    by: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The file is finished; `ok` false: it is not to be relied upon (`why`)."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    ok: bool
    why: str
    by: str
