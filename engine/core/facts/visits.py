"""Visits: a call's stay in one queue, from entry to the one way in which it ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import AgentId, CallId, QueueId, VisitId


class VisitOutcome(StrEnum):
    """A visit ends exactly once, as one of these (reports.md)."""

    ANSWERED = "answered"
    MISSED = "missed"
    ABANDONED = "abandoned"


class VisitReason(StrEnum):
    """Why a visit ended as it did."""

    CONNECTED = "connected"
    CALLER_HUNG_UP = "caller_hung_up"
    QUEUE_FULL = "queue_full"
    MAX_WAIT = "max_wait"
    QUEUE_REMOVED = "queue_removed"
    REDIRECTED = "redirected"
    """Moved elsewhere by a manager, or by who transferred a consultation with the queue."""
    HUNG_UP_BY_MANAGER = "hung_up_by_manager"
    """Ended by somebody with the right to do so (S-03): left unanswered, so missed."""
    LOST = "lost"
    JOIN_EMPTY = "join_empty"
    """Not joined: nobody was there to serve it (Q-08)."""
    LEFT_EMPTY = "left_empty"
    """Left: nobody was there any more (Q-08)."""
    CLOSED = "closed"
    """The queue's hours ended, and it sends away who waits then (Q-04)."""
    KEY_EVENT = "key_event"
    """The caller pressed a key that leads elsewhere (P-11)."""
    CALLBACK = "callback"
    """The caller is called back (C-02); how that ends is the callback's own outcome."""


@dataclass(frozen=True, slots=True)
class VisitStarted:
    """A call entered a queue. `at_ms` is the moment from which its wait counts.

    `position` is its place in line at entry, 1 the first. A call refused because the queue is full
    has a visit too (missed, queue_full).
    """

    seq: int
    at_ms: int
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    position: int


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """A visit ended. `wait_ms` runs from entry to connection or leaving.

    `ring_ms` is the part of it in which at least one phone rang. `position` is the place in line at
    the end (0 where it had none). `agent_id` is who was connected, for answered visits.
    """

    seq: int
    at_ms: int
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    outcome: VisitOutcome
    reason: VisitReason
    agent_id: AgentId | None
    wait_ms: int
    ring_ms: int
    position: int
