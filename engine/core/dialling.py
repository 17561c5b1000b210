"""Direct calls: an extension or an external number rings for a caller."""

from __future__ import annotations

from engine.core.call import Call, CallEvent
from engine.core.calls import end_call, end_dialling
from engine.core.causes import NO_ANSWER
from engine.core.commands import RingPhone
from engine.core.directions import Next
from engine.core.facts import CallEnd
from engine.core.hearing import RINGING, start_sound
from engine.core.ids import AgentId, EndpointName, leg_id_of
from engine.core.leg import Leg
from engine.core.offers import RING_MARGIN_MS
from engine.core.parking import back_from_dialling
from engine.core.places import ToExtension
from engine.core.sending import follow, no_such_place
from engine.core.state import State
from engine.core.timers import TimerKind


def dial_extension(state: State, call: Call, number: str) -> None:
    """Rings an extension for this caller."""
    extension = state.extensions.get(number)
    if extension is None:
        no_such_place(state, call, number)
        return
    _dial(state, call, EndpointName(number), None, number, extension.ring_timeout_ms)


def dial_outside(state: State, call: Call, number: str, route_name: str) -> None:
    """Rings an external number through an outbound route for this caller."""
    outbound = state.outbound_routes.get(route_name)
    if outbound is None:
        no_such_place(state, call, number)
        return
    _dial(
        state,
        call,
        outbound.trunk,
        outbound.prepend + number[outbound.strip :],
        number,
        outbound.ring_timeout_ms,
        caller_number=outbound.caller_number,
    )


def _dial(
    state: State,
    call: Call,
    endpoint: EndpointName,
    number: str | None,
    party: str,
    timeout_ms: int,
    *,
    caller_number: str | None = None,
) -> None:
    call.advance(CallEvent.DIALLED_OUT)
    call.legs += 1
    leg_id = leg_id_of(call.call_id, call.legs)
    agent = state.agents.get(AgentId(party)) if number is None else None
    state.legs[leg_id] = Leg(
        leg_id=leg_id,
        call_id=call.call_id,
        node=call.node,
        endpoint=endpoint,
        party=party,
        started_ms=state.now_ms,
        agent_id=None if agent is None else agent.agent_id,
    )
    call.leg_id = leg_id
    if agent is not None:
        agent.legs[leg_id] = None
        state.refresh(agent)
    state.timers.set(TimerKind.RING, call.call_id, state.now_ms + timeout_ms)
    state.tell(
        RingPhone(
            node=call.node,
            leg_id=leg_id,
            call_id=call.call_id,
            endpoint=endpoint,
            number=number,
            timeout_ms=timeout_ms + RING_MARGIN_MS,
            caller_number=caller_number or call.caller_number,
            caller_name=call.caller_name,
        )
    )
    if call.sound is None:  # Coming from a queue, the caller keeps its music.
        start_sound(state, call, RINGING)


def dialling_failed(state: State, call: Call, cause: int) -> None:
    """Ends a direct call that nobody answered, passing on why.

    One that was transferred blindly goes back to who did that: it is not dropped for a colleague's
    empty chair. Nor is one that was parked.
    """
    return_to, call.return_to = call.return_to, None
    onward: Next | None
    if return_to is not None and return_to in state.extensions:
        onward = ToExtension(return_to)
    else:
        onward = back_from_dialling(state, call)
    if onward is not None:
        end_dialling(state, call)
        call.leg_id = None
        call.advance(CallEvent.TRANSFERRED)
        follow(state, call, onward)
        return
    end_call(state, call, CallEnd.FAILED, cause or NO_ANSWER)
