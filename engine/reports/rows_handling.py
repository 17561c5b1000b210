"""Typed rows of what people do with calls, and of themselves. As in `rows`: milliseconds, None."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId, CallId, MonitorId, QueueId, RecordingId, TalkId
from engine.reports.rows import Status


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One caller passed on, by `by` to `target`. `other_call_id`: the consultation that took over."""

    at_ms: int
    call_id: CallId
    caller_number: str | None
    caller_name: str | None
    kind: str
    by: str
    target: str
    other_call_id: CallId | None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ParkingRow:
    """One caller's stay in a slot. `unpark_by` is who took it out, None if nobody did."""

    park_id: str
    call_id: CallId
    started_at_ms: int | None
    ended_at_ms: int | None
    caller_number: str | None
    caller_name: str | None
    slot: str
    park_by: str | None
    status: Status
    reason: str | None
    unpark_by: str | None
    duration_ms: int | None
    source: str | None = None


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


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """One change of what an extension says of itself."""

    at_ms: int
    agent_id: AgentId
    presence: str
    how: str
    by: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One wish of a person, `done` or `refused` (`outcome`): who, what, on which object.

    `detail` says more of one that was done, `why` of one that was refused.
    """

    at_ms: int
    outcome: str
    action: str
    by: str
    agent_id: str | None
    queue_id: str | None
    call_id: str | None
    detail: str | None
    why: str | None
    request_id: str | None
