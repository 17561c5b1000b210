"""What phones do: they ring, are picked up, and their channels end, in whatever state we are."""

from __future__ import annotations

from engine.core.callers.groups import answered, not_picked_up
from engine.core.callers.parking import forget_rounds
from engine.core.causes import NO_ANSWER, UNREACHABLE
from engine.core.facts import CallEnd, OfferOutcome, OfferReason
from engine.core.ids import AgentId, LegId
from engine.core.model.agent import Agent
from engine.core.model.call import Call, CallState
from engine.core.model.leg import Leg, LegEvent, LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.queueing.attempts import agent_is_ready, agent_left, stop_ringing
from engine.core.queueing.forwards import forward_dialling, forward_offer
from engine.core.queueing.offers import (
    answer_offer,
    drop_leg,
    end_offer,
    hang_up_leg,
    live_offer,
    reason_for_cause,
)
from engine.core.queueing.visits import offer_lost
from engine.core.talking.talks import connect, connect_offer, party_left

VANISHED_MS = 500
"""A phone whose registration is gone while it rings has so long to be back: phones register anew
within milliseconds. Then its SIP has failed, and the caller need not wait for the ring timeout."""


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
        forget_rounds(call)
        state.timers.cancel(TimerKind.RING, call.call_id)
        answered(state, call, leg)
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
        callback = state.calls[leg.call_id].callback
        if callback is not None and callback.present:
            agent_left(state, state.calls[leg.call_id], leg, cause=cause, lost=lost)
        elif forward_to is None or not leg.rings or lost:
            _offer_ended_by_phone(state, leg, cause, lost=lost)
        elif not forward_offer(state, leg, forward_to, cause):
            offer_lost(state, state.calls[leg.call_id])
    elif forward_to is not None and forward_dialling(state, leg, forward_to):
        return None
    else:
        drop_leg(state, leg)
        call = state.calls[leg.call_id]
        assert call.state is CallState.DIALLING
        not_picked_up(state, call, leg, cause)
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
    if call.callback is not None:
        return agent_is_ready(state, call, leg)
    connect_offer(state, call, leg)
    return None


def customer_answered(state: State, call: Call) -> None:
    """The customer of a callback picked up: talks to the agent who is there."""
    visit = call.visit
    assert visit is not None
    assert visit.chosen is not None
    leg = state.legs[visit.chosen]
    state.timers.cancel(TimerKind.RING, call.call_id)
    call.answered = True
    stop_ringing(state, leg)
    connect_offer(state, call, leg)


def phone_is_gone(state: State, agent: Agent) -> None:
    """A phone is registered nowhere any more: looks at its ringing again in a moment."""
    for leg_id in agent.legs:
        leg = state.legs[leg_id]
        if leg.rings and AgentId(leg.endpoint) == agent.agent_id:
            state.timers.set(TimerKind.VANISHED, leg_id, state.now_ms + VANISHED_MS)


def phone_vanished(state: State, leg_id: LegId) -> None:
    """Gives up on a phone that rang, lost its registration and did not get it back.

    For a queue's caller the next agent is rung, as if the phone had not been reached; a direct call
    fails. Nothing happens if the phone is back or rings no more.
    """
    leg = state.legs.get(leg_id)
    if leg is None or not leg.rings:
        return
    agent = state.agents.get(AgentId(leg.endpoint))
    if agent is None or agent.reachable_at:
        return
    call = state.calls[leg.call_id]
    if live_offer(state, leg_id) is not None:
        end_offer(state, leg, OfferOutcome.MISSED, OfferReason.UNREACHABLE, cause=UNREACHABLE)
        offer_lost(state, call)
    elif call.state is CallState.DIALLING:
        not_picked_up(state, call, leg, UNREACHABLE)


def dial_timed_out(state: State, leg_id: LegId) -> None:
    """A phone dialled directly rang in vain."""
    leg = state.legs[leg_id]
    not_picked_up(state, state.calls[leg.call_id], leg, NO_ANSWER)
