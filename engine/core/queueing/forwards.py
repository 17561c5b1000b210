"""Phones that say "ring that number instead" (SIP 302), for queues' offers and for direct calls.

A forward is followed once: the phone to which it leads cannot forward again. It leads to an extension
of the house, or to where that extension itself could dial outside. In the record the offer that was
forwarded is cancelled as `FORWARDED`, `CallTransferred` says where to, and a new offer to the same
agent rings there; its deadline is that of the first.
"""

from __future__ import annotations

from engine.core.facts import CallTransferred, OfferMade, OfferOutcome, OfferReason, TransferKind
from engine.core.ids import AgentId
from engine.core.model.call import Call, CallState
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.policy import ExtensionPolicy, Strategy
from engine.core.queueing.offers import drop_leg, end_offer, set_step
from engine.core.queueing.ringing import Offered, Phone, house_phone, outside_phone, ring


def forward_offer(state: State, leg: Leg, wanted: str, cause: int) -> bool:
    """Ends an offer whose phone forwards it, and follows if that is allowed and leads anywhere.

    Returns False if it is not followed: then the agent has missed the offer.
    """
    call = state.calls[leg.call_id]
    visit = call.visit
    assert visit is not None
    assert leg.agent_id is not None
    line = state.lines[visit.queue_id]
    own = state.extensions.get(leg.agent_id)
    target = None
    if line.policy.follow_forward and own is not None:
        target = _resolve(state, call, leg, own, wanted)
    if target is None:
        end_offer(state, leg, OfferOutcome.MISSED, OfferReason.FORWARDED, cause=cause, gone=True)
        return False
    deadline_ms = _deadline_ms(state, call)
    tried, directed = dict(visit.tried), visit.directed == leg.leg_id
    end_offer(state, leg, OfferOutcome.CANCELLED, OfferReason.FORWARDED, cause=cause, gone=True)
    state.note(CallTransferred, call.call_id, leg.agent_id, TransferKind.FORWARD, wanted, None)
    visit.tried = tried
    if visit.ringing_since_ms is None:
        visit.ringing_since_ms = state.now_ms
        state.timers.set(TimerKind.RING, call.call_id, deadline_ms)
    if line.policy.strategy is Strategy.PROGRESSIVE:
        set_step(state, call, visit, line)
    visit.attempts += 1
    state.agents[leg.agent_id].offers += 1
    alert_info = line.policy.alert_info
    offered = Offered(leg.agent_id, line.queue_id, visit.visit_id, leg.level, alert_info)
    left_ms = max(0, deadline_ms - state.now_ms)
    new = ring(state, call, target, left_ms, offered=offered, chance_ms=leg.started_ms)
    line.add_offer(call, visit, new.leg_id)
    if directed:
        visit.directed = new.leg_id
    state.note(
        OfferMade,
        new.leg_id,
        visit.visit_id,
        call.call_id,
        line.queue_id,
        leg.agent_id,
        visit.attempts,
    )
    return True


def forward_dialling(state: State, leg: Leg, wanted: str) -> bool:
    """Follows a phone that was dialled directly and forwards; its channel is gone.

    Returns False, with nothing done, if it is not followed: then the call fails.
    """
    call = state.calls[leg.call_id]
    own = state.extensions.get(leg.endpoint)
    if call.state is not CallState.DIALLING or not leg.rings or own is None:
        return False
    if call.ringing_group is not None:
        return False
    target = _resolve(state, call, leg, own, wanted)
    if target is None:
        return False
    drop_leg(state, leg)
    state.note(CallTransferred, call.call_id, own.number, TransferKind.FORWARD, wanted, None)
    left_ms = max(0, _deadline_ms(state, call) - state.now_ms)
    call.leg_id = ring(state, call, target, left_ms, chance_ms=leg.started_ms).leg_id
    return True


def _resolve(state: State, call: Call, leg: Leg, own: ExtensionPolicy, wanted: str) -> Phone | None:
    """Returns where a forward of the extension `own` leads, or None if it is not to be followed.

    Not to the caller's own phone, nor to one that rings for another offer: nobody is rung for two.
    """
    if leg.chance_ms is not None or wanted == own.number or not state.node_up(call.node):
        return None
    if wanted in state.extensions:
        agent = state.agents.get(AgentId(wanted))
        if wanted == call.endpoint or (agent is not None and agent.offers > 0):
            return None
        return house_phone(wanted)
    route = state.outbound_route(own, wanted)
    return None if route is None else outside_phone(route, wanted)


def _deadline_ms(state: State, call: Call) -> int:
    """Returns until when the phones of this call may ring."""
    return state.timers.due_ms(TimerKind.RING, call.call_id) or state.now_ms
