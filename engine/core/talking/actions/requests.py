"""Requests taken: looked at, done or refused, and noted, with the name of who asked."""

from __future__ import annotations

from engine.core.directions import ToMonitor
from engine.core.facts import ActionDone, ActionRefused
from engine.core.ids import AgentId, NodeId
from engine.core.inputs import (
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
from engine.core.model.state import State
from engine.core.places import ToExtension
from engine.core.refusals import NODE_DOWN, OWN_CALL, UNKNOWN_AGENT, Refusal
from engine.core.supervision import recording
from engine.core.supervision.monitoring import monitored_leg
from engine.core.talking.actions.asked import Asked, agents_leg, queue_of
from engine.core.talking.actions.ending import hang_up
from engine.core.talking.actions.talks import park_caller, transfer
from engine.core.talking.actions.waiting import pick_up, redirect
from engine.core.talking.summons import summon

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


def call_action(state: State, asked: CallActionRequested) -> None:
    """Acts on a request; a refusal is a fact."""
    name = _NAMES[type(asked.action)]
    call = state.calls.get(asked.call_id)
    agent_id, queue_id = _whom(state, call)
    try:
        call = _checked(state, call, asked)
        detail = _act(Asked(state, call, asked.by), asked.action)
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


def _common_node(state: State, by: str, target: AgentId) -> NodeId | None:
    """Returns an Asterisk that reaches both phones; None if there is none, or nobody knows."""
    own, other = state.agents.get(AgentId(by)), state.agents.get(target)
    if own is None or other is None:
        return None
    both = [node for node in own.reachable_at if node in other.reachable_at]
    return next((node for node in both if state.node_up(node)), None)


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


def _act(asked: Asked, action: CallAction) -> str:
    """Does it; returns a detail for the record. Raises `Refusal` with nothing changed."""
    match action:
        case PickUp():
            return pick_up(asked)
        case Redirect(destination):
            return redirect(asked, destination)
        case Transfer(destination):
            return transfer(asked, destination)
        case Park():
            return park_caller(asked)
        case HangUpNow():
            return hang_up(asked)
        case Monitor(mode):
            agents_leg(asked)
            call = asked.call
            monitored_leg(asked.state, asked.by, call.call_id)
            return summon(asked.state, asked.by, ToMonitor(call.call_id, mode), call.node).call_id
        case Record(change):
            recording.change(asked.state, agents_leg(asked), change, asked.by)
            return change.value
