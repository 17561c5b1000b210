"""Callers passed on: to another party, or into a slot where they are parked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import CallId


class TransferKind(StrEnum):
    """How a caller was passed on."""

    BLIND = "blind"
    ATTENDED = "attended"
    SERVICE = "service"
    FORWARD = "forward"
    """By an agent's phone that forwards (SIP 302) an offer."""


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The caller of `call_id` was passed on by `by` (an extension or external number) to `to`.

    `other_call_id` is the consultation whose party took over (attended transfers). Where the one
    who transferred was the caller, `call_id` is the call that goes on with the other party.
    """

    seq: int
    at_ms: int
    call_id: CallId
    by: str
    kind: TransferKind
    to: str
    other_call_id: CallId | None


class ParkEnd(StrEnum):
    """Why a call is parked no more."""

    RETRIEVED = "retrieved"
    TIMED_OUT = "timed_out"
    REDIRECTED = "redirected"
    """Sent elsewhere by somebody with the right to do so (S-03)."""
    HUNG_UP_BY_MANAGER = "hung_up_by_manager"
    """Ended by somebody with the right to do so, or by service for its own caller (S-03)."""
    CALLER_HUNG_UP = "caller_hung_up"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CallParked:
    """A caller was parked in a slot."""

    seq: int
    at_ms: int
    park_id: str
    call_id: CallId
    slot: str
    by: str


@dataclass(frozen=True, slots=True)
class CallUnparked:
    """That ended. `by` is who took, redirected or hung up the call, "" if nobody did."""

    seq: int
    at_ms: int
    park_id: str
    call_id: CallId
    slot: str
    why: ParkEnd
    by: str
