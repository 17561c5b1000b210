"""What phones do: they ring, are picked up, and their channels end, in whatever state we are."""

from __future__ import annotations

from engine.core.call import CallState
from engine.core.calls import dialling_failed
from engine.core.causes import NO_ANSWER
from engine.core.facts import CallEnd, OfferOutcome, OfferReason
from engine.core.ids import LegId
from engine.core.leg import Leg, LegEvent, LegState
from engine.core.offers import (
    answer_offer,
    drop_leg,
    end_offer,
    hang_up_leg,
    live_offer,
    reason_for_cause,
)
from engine.core.state import State
from engine.core.talks import connect, connect_offer, party_left
from engine.core.timers import TimerKind
from engine.core.visits import offer_lost


def leg_ringing(state: State, leg_id: LegId) -> str | None:
    """The phone rings. Returns why that means nothing, or None."""
    leg = state.legs.get(leg_id)
    if leg is None:
        return "unknown leg"
    return None if leg.advance(LegEvent.RANG) else f"leg is {leg.state}"


def leg_answered(state: State, leg_id: LegId) -> str | None:
    """The phone was picked up: the first answer wins. Returns why that means nothing, or None."""
    leg = state.legs.get(leg_id)
    if leg is None:
        return "unknown leg"
    if not leg.advance(LegEvent.PICKED_UP):
        # The usual case is ENDING: another agent was faster; this phone is being let go.
        return f"leg is {leg.state}"
    call = state.calls[leg.call_id]
    if leg.visit_id is None:
        leg.answered_ms = state.now_ms
        call.park_rounds = 0
        state.timers.cancel(TimerKind.RING, call.call_id)
        connect(state, call, leg)
    elif answer_offer(state, call, leg):
        connect_offer(state, call, leg)
    return None


def leg_ended(
    state: State,
    leg_id: LegId,
    cause: int,
    *,
    lost: bool = False,
    forward_to: str | None = None,
) -> str | None:
    """The phone's channel is gone. Returns why that means nothing, or None.

    `lost`: while nobody watched. `forward_to`: the phone wants that number to be rung instead.
    """
    leg = state.legs.get(leg_id)
    if leg is None:
        return "unknown leg"
    if leg.state is LegState.ENDING:
        drop_leg(state, leg)
    elif leg.state is LegState.TALKING:
        party_left(state, leg, CallEnd.LOST if lost else CallEnd.AGENT, cause)
    elif live_offer(state, leg_id) is not None:
        _offer_ended_by_phone(state, leg, cause, lost=lost)
    else:
        drop_leg(state, leg)
        call = state.calls[leg.call_id]
        assert call.state is CallState.DIALLING
        dialling_failed(state, call, cause)
    return None


def _offer_ended_by_phone(state: State, leg: Leg, cause: int, *, lost: bool) -> None:
    call = state.calls[leg.call_id]
    if lost:
        outcome, reason = OfferOutcome.CANCELLED, OfferReason.LOST
    elif leg.state is LegState.ANSWERED:
        outcome, reason = OfferOutcome.MISSED, OfferReason.ANSWERED_THEN_LEFT
    else:
        outcome, reason = OfferOutcome.MISSED, reason_for_cause(cause)
    end_offer(state, leg, outcome, reason, cause=cause, gone=True)
    offer_lost(state, call)


def agent_prompt_is_over(state: State, leg_id: LegId) -> str | None:
    """The agent has heard the prompt: connect. Returns why that means nothing, or None.

    Who is let go with a last word (`passing.go_elsewhere`) is hung up.
    """
    found = live_offer(state, leg_id)
    if found is None:
        leg = state.legs.get(leg_id)
        if leg is not None and leg.state is LegState.ENDING and leg.hang_ups == 0:
            hang_up_leg(state, leg)
            return None
        return "no such offer"
    call, leg = found
    if leg.state is not LegState.ANSWERED:
        return f"leg is {leg.state}"
    connect_offer(state, call, leg)
    return None


def dial_timed_out(state: State, leg_id: LegId) -> None:
    """A phone dialled directly rang in vain."""
    leg = state.legs[leg_id]
    dialling_failed(state, state.calls[leg.call_id], NO_ANSWER)
