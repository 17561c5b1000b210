"""Callbacks: asked for, attempted, ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.core.ids import AgentId, CallId, QueueId, VisitId

CALLBACK_MARK: Final = "(QCB)"
"""By which a callback is known wherever people see calls (C-06): before the number, name or state."""


class CallbackTrigger(StrEnum):
    """How a caller came to ask for a callback (C-01)."""

    KEY = "key"
    OFFERED = "offered"


class CallbackOutcome(StrEnum):
    """How a callback ended (C-05)."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class CallbackReason(StrEnum):
    """Why it ended so (C-05)."""

    TALKED = "talked"
    CUSTOMER_NO_ANSWER = "customer_no_answer"
    """Or busy, or not reached, at the last attempt."""
    NO_AGENT = "no_agent"
    """None became free in time, the queue is empty, closed or removed."""
    AGENT_HUNG_UP = "agent_hung_up"
    """While the customer's phone rang, at the last attempt."""
    INVALID_NUMBER = "invalid_number"
    """The network knows no such number."""
    NOT_PERMITTED = "not_permitted"
    """No outbound route of the queue's takes the number."""
    CANCELLED = "cancelled"
    """By somebody with the right to do so (S-03)."""


@dataclass(frozen=True, slots=True)
class CallbackRequested:
    """A caller will be called back at `number` and keeps the place in line.

    `visit_id` and `call_id` are the caller's, who leaves now; `waiting_call_id` is the call that waits
    instead. `entered_ms` is when the visit began, from which the place counts.
    """

    seq: int
    at_ms: int
    callback_id: VisitId
    visit_id: VisitId
    call_id: CallId
    waiting_call_id: CallId
    queue_id: QueueId
    number: str
    trigger: CallbackTrigger
    entered_ms: int


@dataclass(frozen=True, slots=True)
class CallbackAttempted:
    """An agent is there and the customer's phone is called, as `call_id`; the first `attempt` is 1."""

    seq: int
    at_ms: int
    callback_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    attempt: int


@dataclass(frozen=True, slots=True)
class CallbackEnded:
    """A callback ended. `wait_ms` runs from the visit's entry to the talk or the end.

    `agent_id` is who talked, or who was there at the last attempt.
    """

    seq: int
    at_ms: int
    callback_id: VisitId
    call_id: CallId
    queue_id: QueueId
    outcome: CallbackOutcome
    reason: CallbackReason
    agent_id: AgentId | None
    attempts: int
    wait_ms: int
