"""Service actions on calls (S-03): each with rights checked, against the version that was seen.

An action is done whole or refused with nothing changed; either is a fact that names who asked. What
may be asked of a call depends on its state:

* waiting: pick up, redirect, hang up; parked: redirect, hang up;
* waiting to be called back: pick up, hang up, which cancels the callback;
* talking: transfer, park, monitor, record, hang up; in any other state: hang up.

Rights are those in the queue in which the call waits, talks, or from which it was parked. Who is in
a talk may transfer and park its caller and hang up without more, as by phone.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.agents.rights import may
from engine.core.callers.calls import end_call
from engine.core.callers.parking import forget_rounds, free_slot, park, unpark
from engine.core.callers.surveys import go_to_survey, survey_after
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import PlayPrompt
from engine.core.directions import ToMonitor
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallbackReason,
    CallEnd,
    CallTransferred,
    OfferOutcome,
    OfferReason,
    ParkEnd,
    SourceKind,
    TransferKind,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import AgentId, NodeId, QueueId, playback_id_of
from engine.core.inputs import (
    BY_SYSTEM,
    CallAction,
    CallActionRequested,
    CallAgentRequested,
    HangUpNow,
    Monitor,
    Park,
    PickUp,
    Record,
    Redirect,
    Transfer,
)
from engine.core.model.call import Call, CallState
from engine.core.model.leg import Leg, LegState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.model.whereabouts import WayBack
from engine.core.places import Destination, ToExtension
from engine.core.policy import Right
from engine.core.queueing.offers import agent_language, end_offer, hang_up_leg, make_offer
from engine.core.queueing.visits import leave_queue
from engine.core.refusals import NO_PHONE, NODE_DOWN, NOT_ALLOWED, OWN_CALL, UNKNOWN_AGENT, Refusal
from engine.core.routing.destinations import check_destination, words_of
from engine.core.routing.sending import follow
from engine.core.supervision import recording
from engine.core.supervision.monitoring import monitored_leg
from engine.core.talking.passing import adopt_leg, go_elsewhere
from engine.core.talking.summons import failed_to_come, free_phone, summon
from engine.core.talking.talks import end_talk

CALL_AGENT = "call_agent"

_NAMES: dict[type[CallAction], str] = {
    PickUp: "pick_up",
    Redirect: "redirect",
    Transfer: "transfer",
    Park: "park",
    HangUpNow: "hang_up",
    Monitor: "monitor",
    Record: "record",
}

SLOT_PROMPT = 2
"""Ordinal of the prompt that tells a leg its caller's slot; the agent prompt is the first."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, with what it is about."""

    state: State
    call: Call
    by: str

    def demand(self, right: Right) -> None:
        """Raises `Refusal` unless `by` has this right where the call is."""
        queue_id = queue_of(self.state, self.call)
        if not may(self.state, self.by, queue_id, right):
            raise Refusal(NOT_ALLOWED)


def call_action(state: State, asked: CallActionRequested) -> None:
    """Acts on a request; a refusal is a fact."""
    name = _NAMES[type(asked.action)]
    call = state.calls.get(asked.call_id)
    agent_id, queue_id = _whom(state, call)
    try:
        call = _checked(state, call, asked)
        detail = _act(_Asked(state, call, asked.by), asked.action)
    except Refusal as refusal:
        state.note(
            ActionRefused,
            agent_id=agent_id,
            queue_id=queue_id,
            action=name,
            why=str(refusal),
            by=asked.by,
            request_id=asked.request_id,
            call_id=asked.call_id,
        )
    else:
        state.note(
            ActionDone,
            request_id=asked.request_id,
            action=name,
            by=asked.by,
            call_id=asked.call_id,
            agent_id=agent_id,
            detail=detail,
        )


def call_agent(state: State, asked: CallAgentRequested) -> None:
    """Rings who asked, then the agent."""
    target = asked.agent_id
    try:
        call = _call_agent(state, asked.by, target)
    except Refusal as refusal:
        state.note(
            ActionRefused,
            agent_id=target,
            queue_id="",
            action=CALL_AGENT,
            why=str(refusal),
            by=asked.by,
            request_id=asked.request_id,
        )
    else:
        state.note(
            ActionDone,
            request_id=asked.request_id,
            action=CALL_AGENT,
            by=asked.by,
            call_id=call.call_id,
            agent_id=target,
            detail=target,
        )


def _call_agent(state: State, by: str, target: AgentId) -> Call:
    if by == target:
        raise Refusal(OWN_CALL)
    if target not in state.extensions or target not in state.agents:
        raise Refusal(UNKNOWN_AGENT)
    return summon(state, by, ToExtension(target), _common_node(state, by, target))


def queue_of(state: State, call: Call) -> QueueId | None:
    """Returns the queue in which a call waits, talks, or from which it was parked."""
    if call.visit is not None:
        return call.visit.queue_id
    if call.state is CallState.PARKED:
        return None if call.way_back is None else call.way_back.queue_id
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    return None if leg is None else leg.queue_id


def _whom(state: State, call: Call | None) -> tuple[str, str]:
    """Returns agent and queue of a call, for the record."""
    if call is None:
        return "", ""
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    agent_id = None if leg is None else leg.agent_id
    return agent_id or "", queue_of(state, call) or ""


def _checked(state: State, call: Call | None, asked: CallActionRequested) -> Call:
    if call is None or call.state is CallState.ENDING:
        raise Refusal("no such call")
    if asked.seen != call.version:
        raise Refusal(f"changed meanwhile (version {call.version})")
    if not state.node_up(call.node):
        raise Refusal(NODE_DOWN)
    return call


def _act(asked: _Asked, action: CallAction) -> str:
    """Does it; returns a detail for the record. Raises `Refusal` with nothing changed."""
    match action:
        case PickUp():
            return _pick_up(asked)
        case Redirect(destination):
            return _redirect(asked, destination)
        case Transfer(destination):
            return _transfer(asked, destination)
        case Park():
            return _park(asked)
        case HangUpNow():
            return _hang_up(asked)
        case Monitor(mode):
            _agents_leg(asked)
            call = asked.call
            monitored_leg(asked.state, asked.by, call.call_id)
            return summon(asked.state, asked.by, ToMonitor(call.call_id, mode), call.node).call_id
        case Record(change):
            recording.change(asked.state, _agents_leg(asked), change, asked.by)
            return change.value


# Waiting calls.


def _waiting(asked: _Asked) -> Visit:
    visit = asked.call.visit
    if visit is None:
        raise Refusal(f"the call is {asked.call.state.value}, not waiting")
    if visit.chosen is not None:
        raise Refusal("an agent has just picked it up")
    return visit


def _pick_up(asked: _Asked) -> str:
    """Rings the phone of who asked, as an offer of this call alone."""
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


def _redirect(asked: _Asked, destination: Destination) -> str:
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
    return _send(state, call, destination)


# Talking calls.


def _agents_leg(asked: _Asked) -> Leg:
    """Returns the agent's end of a talk: the leg."""
    call = asked.call
    leg = None if call.leg_id is None else asked.state.legs.get(call.leg_id)
    if call.state is not CallState.TALKING or leg is None:
        raise Refusal(f"the call is {call.state.value}, not talking")
    return leg


def _leg_to_take_from(asked: _Asked, right: Right) -> Leg:
    leg = _agents_leg(asked)
    if asked.by not in (leg.endpoint, asked.call.endpoint):
        asked.demand(right)
    return leg


def _transfer(asked: _Asked, destination: Destination) -> str:
    state, call = asked.state, asked.call
    leg = _leg_to_take_from(asked, Right.DISTRIBUTE)
    check_destination(state, asked.by, destination)
    if isinstance(destination, ToExtension) and destination.number == leg.endpoint:
        raise Refusal("they talk to each other already")
    to = words_of(destination)
    if _called_party_moves(asked):
        call = adopt_leg(state, call, dialled=to)
    else:
        go_elsewhere(state, call)
    state.note(CallTransferred, call.call_id, asked.by, TransferKind.SERVICE, to, None)
    return _send(state, call, destination)


def _park(asked: _Asked) -> str:
    """Parks the caller; the agent hears the slot before the phone is hung up."""
    state, call = asked.state, asked.call
    leg = _leg_to_take_from(asked, Right.PARK)
    if state.policy.settings.parking.first == 0:
        raise Refusal("no parking is configured")
    if free_slot(state) is None:
        raise Refusal("no free parking slot")
    if _called_party_moves(asked):
        slot = free_slot(state)
        back_to = call.endpoint if asked.by == BY_SYSTEM else asked.by
        call = adopt_leg(state, call, dialled=f"{slot}", last_words=(f"digits:{slot}",))
        park(state, call, back_to)
        return f"{slot}"
    call.way_back = WayBack(queue_id=leg.queue_id)
    call.hops = 1
    go_elsewhere(state, call, hang_up=False)
    back_to = leg.party if asked.by == BY_SYSTEM else asked.by
    slot = park(state, call, back_to)
    assert slot is not None
    _tell_slot(state, leg, slot)
    return slot


def _called_party_moves(asked: _Asked) -> bool:
    """Tells whether, of a talk, it is the called party that is to be sent on.

    So it is where a phone of the house placed the call and asks itself, or called outside.
    """
    call, state = asked.call, asked.state
    called_back = call.source is SourceKind.CALLBACK and call.endpoint not in state.extensions
    if call.source is SourceKind.TRUNK or called_back:
        return False
    assert call.leg_id is not None
    outside = state.legs[call.leg_id].endpoint in state.trunks
    return call.endpoint == asked.by or (outside and asked.by != state.legs[call.leg_id].endpoint)


def _tell_slot(state: State, leg: Leg, slot: str) -> None:
    agent = None if leg.agent_id is None else state.agents.get(leg.agent_id)
    state.tell(
        PlayPrompt(
            node=leg.node,
            playback_id=playback_id_of(leg.leg_id, SLOT_PROMPT),
            channel_id=leg.leg_id,
            media=(f"digits:{slot}",),
            language="en" if agent is None else agent_language(state, agent),
        )
    )


# Any call.


def _hang_up(asked: _Asked) -> str:
    state, call, by = asked.state, asked.call, asked.by
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    talking = leg is not None and leg.state is LegState.TALKING
    is_caller = call.source is not SourceKind.TRUNK and call.endpoint == by
    is_leg = talking and leg is not None and leg.endpoint == by
    if not (is_caller or is_leg):
        asked.demand(Right.PICK_UP)
    if call.callback is not None:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.HUNG_UP_BY_MANAGER)
        return CallbackReason.CANCELLED.value
    if call.visit is not None:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.HUNG_UP_BY_MANAGER)
    elif call.state is CallState.PARKED:
        unpark(state, call, ParkEnd.HUNG_UP_BY_MANAGER, by)
    ended_by = CallEnd.CALLER if is_caller else CallEnd.AGENT if is_leg else CallEnd.SYSTEM
    survey = None
    if talking and leg is not None:
        survey = survey_after(state, leg, ended_by, NORMAL_CLEARING)
        end_talk(state, call, leg, ended_by, take_out=() if survey is None else (call.call_id,))
        hang_up_leg(state, leg)
    if survey is not None:  # As if the agent had hung up by phone.
        go_to_survey(state, call, survey)
    elif call.state is CallState.SUMMONED:
        failed_to_come(state, call, NORMAL_CLEARING)
    else:
        end_call(state, call, ended_by, NORMAL_CLEARING)
    return ended_by.value


def _send(state: State, call: Call, destination: Destination) -> str:
    call.hops = 1  # A person decides: what came before is no loop.
    follow(state, call, destination)
    return words_of(destination)


def _common_node(state: State, by: str, target: AgentId) -> NodeId | None:
    """Returns an Asterisk that reaches both phones; None if there is none, or nobody knows."""
    own, other = state.agents.get(AgentId(by)), state.agents.get(target)
    if own is None or other is None:
        return None
    both = [node for node in own.reachable_at if node in other.reachable_at]
    return next((node for node in both if state.node_up(node)), None)
