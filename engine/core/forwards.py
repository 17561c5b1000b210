"""Phones that say "ring that number instead" (SIP 302), for queues' offers and for direct calls.

A forward is followed once: the phone to which it leads cannot forward again. It leads to an extension
of the house, or to where that extension itself could dial outside. In the record the offer that was
forwarded is cancelled as `FORWARDED`, `CallTransferred` says where to, and a new offer to the same
agent rings there; its deadline is that of the first.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.call import Call, CallState
from engine.core.commands import RingPhone
from engine.core.facts import CallTransferred, OfferMade, OfferOutcome, OfferReason, TransferKind
from engine.core.ids import AgentId, EndpointName, leg_id_of
from engine.core.leg import Leg
from engine.core.offers import RING_MARGIN_MS, drop_leg, end_offer, set_step
from engine.core.policy import ExtensionPolicy, Strategy
from engine.core.state import State
from engine.core.timers import TimerKind


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a forward leads; the fields are those of `RingPhone` and `Leg`."""

    endpoint: EndpointName
    party: str
    number: str | None = None
    caller_number: str | None = None
    phone_of: AgentId | None = None


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
    tried = dict(visit.tried)
    end_offer(state, leg, OfferOutcome.CANCELLED, OfferReason.FORWARDED, cause=cause, gone=True)
    state.note(CallTransferred, call.call_id, leg.agent_id, TransferKind.FORWARD, wanted, None)
    visit.tried = tried
    if visit.ringing_since_ms is None:
        visit.ringing_since_ms = state.now_ms
        state.timers.set(TimerKind.RING, call.call_id, deadline_ms)
    if line.policy.strategy is Strategy.PROGRESSIVE:
        set_step(state, call, visit, line)
    visit.attempts += 1
    new = _new_leg(state, call, leg, target)
    visit.offers[new.leg_id] = None
    agent = state.agents[leg.agent_id]
    agent.legs[new.leg_id] = None
    agent.offers += 1
    state.refresh(agent)
    _ring(state, call, new, target, deadline_ms, line.policy.alert_info)
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
    target = _resolve(state, call, leg, own, wanted)
    if target is None:
        return False
    drop_leg(state, leg)
    state.note(CallTransferred, call.call_id, own.number, TransferKind.FORWARD, wanted, None)
    new = _new_leg(state, call, leg, target)
    new.agent_id = target.phone_of
    call.leg_id = new.leg_id
    _ring(state, call, new, target, _deadline_ms(state, call), None)
    return True


def _resolve(
    state: State, call: Call, leg: Leg, own: ExtensionPolicy, wanted: str
) -> _Target | None:
    """Returns where a forward of the extension `own` leads, or None if it is not to be followed.

    Not to the caller's own phone, nor to one that rings for another offer: nobody is rung for two.
    """
    if leg.chance_ms is not None or wanted == own.number or not state.node_up(call.node):
        return None
    if wanted in state.extensions:
        agent = state.agents.get(AgentId(wanted))
        if wanted == call.endpoint or (agent is not None and agent.offers > 0):
            return None
        phone_of = None if agent is None else agent.agent_id
        return _Target(EndpointName(wanted), wanted, phone_of=phone_of)
    route = state.outbound_route(own, wanted)
    if route is None:
        return None
    return _Target(route.trunk, wanted, route.prepend + wanted[route.strip :], route.caller_number)


def _deadline_ms(state: State, call: Call) -> int:
    """Returns until when the phones of this call may ring."""
    return state.timers.due_ms(TimerKind.RING, call.call_id) or state.now_ms


def _new_leg(state: State, call: Call, leg: Leg, target: _Target) -> Leg:
    call.legs += 1
    new = Leg(
        leg_id=leg_id_of(call.call_id, call.legs),
        call_id=call.call_id,
        node=call.node,
        endpoint=target.endpoint,
        party=target.party,
        started_ms=state.now_ms,
        agent_id=leg.agent_id,
        queue_id=leg.queue_id,
        visit_id=leg.visit_id,
        level=leg.level,
        chance_ms=leg.started_ms,
        phone_of=target.phone_of,
    )
    state.legs[new.leg_id] = new
    if target.phone_of is not None:
        phone = state.agents[target.phone_of]
        phone.legs[new.leg_id] = None
        state.refresh(phone)
    return new


def _ring(
    state: State, call: Call, leg: Leg, target: _Target, deadline_ms: int, alert_info: str | None
) -> None:
    state.tell(
        RingPhone(
            node=call.node,
            leg_id=leg.leg_id,
            call_id=call.call_id,
            endpoint=target.endpoint,
            number=target.number,
            timeout_ms=max(0, deadline_ms - state.now_ms) + RING_MARGIN_MS,
            caller_number=target.caller_number or call.caller_number,
            caller_name=call.caller_name,
            alert_info=alert_info,
        )
    )
