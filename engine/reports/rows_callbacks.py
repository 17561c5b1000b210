"""Typed rows of callbacks. As in `rows`: milliseconds, None."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId, CallId, QueueId, VisitId
from engine.reports.rows import Status


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """One callback, from its registration to a talk or its failure.

    `entered_at_ms` is when the caller had joined the queue, and `wait_ms` runs from then to
    `ended_at_ms`: the customer's answer, or the failure. `caller_call_id` is the caller's own call,
    `call_id` the one that waited instead. `agent_id` is who talked, or was there at the last attempt.
    """

    callback_id: VisitId
    call_id: CallId | None
    caller_call_id: CallId | None
    queue_id: QueueId
    entered_at_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    caller_number: str | None
    caller_name: str | None
    number: str | None
    asked_how: str | None
    attempts: int
    attempted_at_ms: int | None
    agent_id: AgentId | None
    status: Status
    reason: str | None
    wait_ms: int | None


@dataclass(frozen=True, slots=True)
class CallbackSummaryRow:
    """The figures of one queue's callbacks; without `queue_id`, of all queues together.

    `total_calls` are the queue's visits in the same period, those that have not ended included.
    """

    queue_id: QueueId | None
    requests: int
    succeeded: int
    failed: int
    open: int
    unknown: int
    total_calls: int
