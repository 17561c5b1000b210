"""Which reasons go with which outcome. Checked here, fact by fact, and not by the tables.

A vocabulary grows with every release. Were its words part of the tables' laws, each new one would
cost a copy of the largest tables (SQLite changes no CHECK in place), and an engine one word ahead
of its tables would lose facts. So the tables keep the laws that figures rest on (an outcome is one
of three, answered means connected), and the words come from the core's enums, through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from engine.core.facts import (
    CallbackOutcome,
    CallbackReason,
    OfferOutcome,
    OfferReason,
    VisitOutcome,
    VisitReason,
)

Outcome = TypeVar("Outcome", bound=StrEnum)
Reason = TypeVar("Reason", bound=StrEnum)

_NOT_MISSED: Final = (VisitReason.CONNECTED, VisitReason.CALLER_HUNG_UP)

VISIT_REASONS: Final[dict[VisitOutcome, tuple[VisitReason, ...]]] = {
    VisitOutcome.ANSWERED: (VisitReason.CONNECTED,),
    VisitOutcome.ABANDONED: (VisitReason.CALLER_HUNG_UP,),
    # The definition of missed: unanswered, for any other reason than the caller's giving up.
    VisitOutcome.MISSED: tuple(reason for reason in VisitReason if reason not in _NOT_MISSED),
}
"""Which reasons go with which outcome of a visit."""

OFFER_REASONS: Final[dict[OfferOutcome, tuple[OfferReason, ...]]] = {
    OfferOutcome.ANSWERED: (OfferReason.ANSWERED,),
    OfferOutcome.MISSED: (
        OfferReason.NO_ANSWER,
        OfferReason.BUSY,
        OfferReason.REJECTED,
        OfferReason.UNREACHABLE,
        OfferReason.FAILED,
        OfferReason.FORWARDED,
        OfferReason.ANSWERED_THEN_LEFT,
    ),
    OfferOutcome.CANCELLED: (
        OfferReason.FORWARDED,
        OfferReason.ANSWERED_ELSEWHERE,
        OfferReason.PICKED_UP,
        OfferReason.CALLER_HUNG_UP,
        OfferReason.VISIT_ENDED,
        OfferReason.RANG_SHORTLY,
        OfferReason.AGENT_LEFT,
        OfferReason.CUSTOMER_NOT_REACHED,
        OfferReason.LOST,
    ),
}
"""Which reasons go with which outcome of an offer: each with exactly one, but for a forward, which is
missed where the queue does not follow it and cancelled where it does."""


CALLBACK_REASONS: Final[dict[CallbackOutcome, tuple[CallbackReason, ...]]] = {
    CallbackOutcome.SUCCEEDED: (CallbackReason.TALKED,),
    CallbackOutcome.FAILED: tuple(
        reason for reason in CallbackReason if reason is not CallbackReason.TALKED
    ),
}
"""Which reasons go with which outcome of a callback."""


def fitting(
    reasons: Mapping[Outcome, tuple[Reason, ...]], outcome: Outcome, reason: Reason
) -> dict[str, str]:
    """Returns outcome and reason as columns.

    Raises:
        ValueError: they do not go together, so one of them is wrong.
    """
    if reason not in reasons[outcome]:
        raise ValueError(f"the outcome {outcome.value} has no reason {reason.value}")
    return {"outcome": outcome.value, "reason": reason.value}
