"""Typed rows of the record, one class per grain.

Times are epoch milliseconds UTC, durations milliseconds. None stands for "does not apply" or "not yet" or "never told"; the status says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import AgentId, CallId, LegId, QueueId, VisitId


class Status(StrEnum):
    """What became of a call, a visit, an offer, a callback, or of what people did with a call."""

    ANSWERED = "answered"
    MISSED = "missed"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    """Offers only: not the agent's doing."""
    UNANSWERED = "unanswered"
    """Calls only: never in a queue, and nobody talked."""
    ENDED = "ended"
    """What people do with calls: is over."""
    SUCCEEDED = "succeeded"
    """Callbacks only: customer and agent talked."""
    FAILED = "failed"
    """Callbacks only: ended without."""
    OPEN = "open"
    """Has not ended."""
    UNKNOWN = "unknown"
    """Must have ended, but its end was never told: state or files of the engine were lost."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One caller's stay in the system; its figures are sums over its visits and talks.

    `queues` are those it visited, in order, each visit counting; `parties` those who talked with
    the caller, in order. `parent_id` is the call of which it is the rest, its caller having left by
    a transfer, or whose caller is called back; `by` is who asked Usher to place it. A callback's
    `queues` is the one in which it waited, without a visit. `routes` are the ways it took.
    """

    call_id: CallId
    started_at_ms: int | None
    ended_at_ms: int | None
    source: str | None
    endpoint: str | None
    caller_number: str | None
    caller_name: str | None
    dialled: str | None
    status: Status
    queues: tuple[QueueId, ...]
    parties: tuple[str, ...]
    wait_ms: int | None
    ring_ms: int | None
    talk_ms: int | None
    hold_ms: int | None
    ended_by: str | None
    cause: int | None
    parent_id: CallId | None = None
    by: str | None = None
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One stay of one call in one queue. `talk_ms` and `hold_ms` are known when the talk is over."""

    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    started_at_ms: int | None
    ended_at_ms: int | None
    caller_number: str | None
    caller_name: str | None
    status: Status
    reason: str | None
    agent_id: AgentId | None
    offers: int
    wait_ms: int | None
    ring_ms: int | None
    talk_ms: int | None
    hold_ms: int | None
    talk_ended_by: str | None
    entry_position: int | None
    exit_position: int | None


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One attempt to ring one agent. `visit_status` is what became of the visit in the end.

    For a callback `visit_id` is the callback's, and `visit_status` answered if it succeeded, missed
    if it failed. `source` is the call's.
    """

    offer_id: LegId
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    started_at_ms: int | None
    ended_at_ms: int | None
    caller_number: str | None
    caller_name: str | None
    attempt: int | None
    status: Status
    reason: str | None
    ring_ms: int | None
    cause: int | None
    visit_status: Status
    source: str | None = None


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
