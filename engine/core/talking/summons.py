"""Calls that Usher places for somebody who asked: their phone rings first (S-03).

Such a call's channel is named by us and behaves like a leg's until it is picked up; from then on
the call is like any other: the one who asked is its caller.
"""

from __future__ import annotations

from engine.core.callers.calls import caller_left, end_call
from engine.core.directions import Next, ToMonitor
from engine.core.facts import CallEnd, SourceKind
from engine.core.ids import AgentId, EndpointName, NodeId, own_call_id_of
from engine.core.model.agent import Agent
from engine.core.model.call import Call, CallEvent, CallState
from engine.core.model.record import note_start
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.places import ToExtension
from engine.core.queueing.ringing import house_phone, ring_first
from engine.core.refusals import NO_PHONE, Refusal
from engine.core.routing.sending import follow


def summon(state: State, by: str, then: Next, node: NodeId | None = None) -> Call:
    """Rings the phone of `by`; picked up, the call goes on to `then`.

    Args:
        state: the core's.
        by: the extension whose phone rings.
        then: where the call goes when it is picked up.
        node: where it has to be, because the other one's call is there; None: anywhere.

    Raises:
        Refusal: there is no such phone, it is in use or cannot be reached there; nothing changed.
    """
    extension = state.extensions.get(by)
    if extension is None:
        raise Refusal(NO_PHONE)
    agent, at = free_phone(state, by, node)
    if state.has_more_calls_than(state.policy.settings.calls_max - 1):
        raise Refusal("too many calls")
    state.own_calls += 1
    number, name = _other_party(state, then)
    call = Call(
        call_id=own_call_id_of(state.epoch, state.own_calls),
        node=at,
        source=SourceKind.USHER,
        endpoint=EndpointName(by),
        caller_number=by,
        caller_name=extension.name,
        dialled=number,
        arrived_ms=state.now_ms,
        language=extension.language,
        state=CallState.SUMMONED,
        agent_id=agent.agent_id,
        then=then,
        by=by,
    )
    state.calls[call.call_id] = call
    note_start(state, call)
    timeout_ms = extension.ring_timeout_ms
    state.timers.set(TimerKind.RING, call.call_id, state.now_ms + timeout_ms)
    ring_first(state, call, house_phone(by), timeout_ms, shown=(number, name))
    return call


def free_phone(state: State, by: str, node: NodeId | None = None) -> tuple[Agent, NodeId]:
    """Returns the phone of `by` and a node that can ring it (`node`, if given).

    Raises:
        Refusal: it is in use, or no such node reaches it.
    """
    agent = state.agents.get(AgentId(by))
    nodes = [] if agent is None else [each for each in agent.reachable_at if state.node_up(each)]
    if agent is None or not nodes or (node is not None and node not in nodes):
        raise Refusal("your phone cannot be reached")
    if agent.in_use:
        raise Refusal("your phone is in use")
    return agent, nodes[0] if node is None else node


def came(state: State, call: Call) -> str | None:
    """The phone was picked up. Returns why that means nothing, or None."""
    if call.state is not CallState.SUMMONED:
        return f"call is {call.state}"
    assert call.then is not None
    state.timers.cancel(TimerKind.RING, call.call_id)
    call.advance(CallEvent.CAME)
    call.answered = True
    follow(state, call, call.then)
    return None


def failed_to_come(state: State, call: Call, cause: int, *, gone: bool = False) -> None:
    """The phone was not picked up: nobody is told but the record.

    `gone` says that its channel exists no more; else Asterisk is told to end it.
    """
    assert call.state is CallState.SUMMONED
    if gone:
        caller_left(state, call, CallEnd.FAILED, cause)
        return
    state.timers.cancel(TimerKind.RING, call.call_id)
    call.then = None
    end_call(state, call, CallEnd.FAILED, cause)


def _other_party(state: State, then: Next) -> tuple[str, str]:
    """Returns number and name of whom the call is about, to be shown on the phone that rings."""
    number = ""
    if isinstance(then, ToExtension):
        number = then.number
    elif isinstance(then, ToMonitor):
        monitored = state.calls.get(then.call_id)
        leg = None
        if monitored is not None and monitored.leg_id is not None:
            leg = state.legs.get(monitored.leg_id)
        if leg is not None:
            number = leg.party
    extension = state.extensions.get(number)
    return number, "" if extension is None else extension.name
