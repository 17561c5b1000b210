"""Typed rows of monitoring and recordings. As in `rows`: milliseconds, None."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId, CallId, MonitorId, QueueId, RecordingId, TalkId
from engine.reports.rows import Status


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """One spell of a supervisor `by` in one mode, on the call of an agent."""

    monitor_id: MonitorId
    supervisor_call_id: CallId | None
    call_id: CallId
    started_at_ms: int | None
    ended_at_ms: int | None
    caller_number: str | None
    caller_name: str | None
    by: str | None
    agent_id: AgentId | None
    queue_id: QueueId | None
    mode: str | None
    status: Status
    duration_ms: int | None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One file. `paused_ms` is what was left out, `duration_ms` what is in it.

    `ok` false: not to be relied upon, `why` says why. Both durations are known when it has ended.
    """

    recording_id: RecordingId
    call_id: CallId
    talk_id: TalkId | None
    started_at_ms: int | None
    ended_at_ms: int | None
    caller_number: str | None
    caller_name: str | None
    queue_id: QueueId | None
    agent_id: AgentId | None
    name: str | None
    stereo: bool | None
    status: Status
    ok: bool | None
    why: str | None
    pauses: int
    paused_ms: int | None
    duration_ms: int | None
    start_by: str | None
    stop_by: str | None
    source: str | None = None
