"""Actions on callers who wait, in line or in a slot: pick up, redirect."""

from __future__ import annotations

from engine.core.callers.parking import forget_rounds, unpark
from engine.core.facts import OfferOutcome, OfferReason, ParkEnd, VisitOutcome, VisitReason
from engine.core.model.call import CallState
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.places import Destination
from engine.core.policy import Right
from engine.core.queueing.offers import end_offer, make_offer
from engine.core.queueing.visits import leave_queue
from engine.core.refusals import NO_PHONE, OWN_CALL, Refusal
from engine.core.routing.destinations import check_destination
from engine.core.talking.actions.asked import Asked, send
from engine.core.talking.summons import free_phone


def pick_up(asked: Asked) -> str:
    """Rings the phone of who asked, as an offer of this call alone; returns the offer's id.

    Raises:
        Refusal: the call does not wait, the phone cannot be rung, or who asked may not do that; nothing changed.
    """
    state, call = asked.state, asked.call
    visit = _waiting(asked)
    asked.demand(Right.PICK_UP)
    if asked.by == call.agent_id:
        raise Refusal(OWN_CALL)
    if any(state.legs[leg_id].agent_id == asked.by for leg_id in visit.offers):
        raise Refusal("your phone rings for it already")
    if asked.by not in state.extensions:
        raise Refusal(NO_PHONE)
    agent, _ = free_phone(state, asked.by, call.node)
    line = state.lines[visit.queue_id]
    for leg_id in list(visit.offers):
        end_offer(
            state,
            state.legs[leg_id],
            OfferOutcome.CANCELLED,
            OfferReason.PICKED_UP,
            answered_elsewhere=line.policy.answered_elsewhere,
        )
    line.rest(visit)
    visit.resting = False
    state.timers.cancel(TimerKind.RETRY, call.call_id)
    if call.callback is not None:
        state.timers.cancel(TimerKind.ATTEMPT, call.call_id)
    membership = agent.memberships.get(line.queue_id)
    visit.directed = make_offer(state, call, line, agent, membership)
    call.version = state.fact_seq  # Who saw it before must not take it away from this one.
    return visit.directed


def redirect(asked: Asked, destination: Destination) -> str:
    """Sends a caller who waits somewhere else; returns where, for the record.

    Raises:
        Refusal: nobody waits, or who asked may not do that; nothing changed.
    """
    state, call = asked.state, asked.call
    if call.state is not CallState.PARKED:
        _waiting(asked)
    asked.demand(Right.DISTRIBUTE)
    if call.callback is not None:
        raise Refusal("a callback stays in its queue")
    check_destination(state, asked.by, destination)
    if call.state is CallState.PARKED:
        unpark(state, call, ParkEnd.REDIRECTED, asked.by)
        forget_rounds(call)
    else:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.REDIRECTED)
    return send(state, call, destination)


def _waiting(asked: Asked) -> Visit:
    visit = asked.call.visit
    if visit is None:
        raise Refusal(f"the call is {asked.call.state.value}, not waiting")
    if visit.chosen is not None:
        raise Refusal("an agent has just picked it up")
    return visit
