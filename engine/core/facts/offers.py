"""Offers: one agent's phone is asked to ring for one call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import AgentId, CallId, LegId, QueueId, VisitId


class OfferOutcome(StrEnum):
    """How one attempt to ring one agent ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    CANCELLED = "cancelled"
    """Not the agent's doing: caller gone, answered by another, queue removed."""


class OfferReason(StrEnum):
    """Why an offer ended as it did."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    FORWARDED = "forwarded"
    """The phone wanted another number to be rung (SIP 302): missed where that is not followed (the queue
    does not allow it, or it leads nowhere), cancelled where it is."""
    ANSWERED_THEN_LEFT = "answered_then_left"
    """Picked up, and hung up before the caller was connected."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    PICKED_UP = "picked_up"
    """Somebody took the call to their own phone."""
    CALLER_HUNG_UP = "caller_hung_up"
    VISIT_ENDED = "visit_ended"
    """Max wait, queue removed and the like."""
    RANG_SHORTLY = "rang_shortly"
    """Joined a ringing of all shortly before it ended in vain."""
    AGENT_LEFT = "agent_left"
    """Logged out or paused while ringing."""
    CUSTOMER_NOT_REACHED = "customer_not_reached"
    """Picked up, and the customer of the callback was not reached then."""
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class OfferMade:
    """An agent's phone was asked to ring for a call. `attempt` counts this visit's offers from 1."""

    seq: int
    at_ms: int
    offer_id: LegId
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    attempt: int


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """An offer ended. `ring_ms` runs from the offer to the answer or the end of ringing."""

    seq: int
    at_ms: int
    offer_id: LegId
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    outcome: OfferOutcome
    reason: OfferReason
    ring_ms: int
    cause: int
