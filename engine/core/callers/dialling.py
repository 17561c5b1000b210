"""Direct calls: an extension or an external number rings for a caller."""

from __future__ import annotations

from engine.core.callers.calls import end_call, end_dialling
from engine.core.callers.parking import back_from_dialling
from engine.core.causes import NO_ANSWER
from engine.core.directions import Next
from engine.core.facts import CallEnd
from engine.core.model.call import Call, CallEvent
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.places import ToExtension
from engine.core.prompting.hearing import RINGING, start_sound
from engine.core.queueing.ringing import Phone, house_phone, outside_phone, ring
from engine.core.routing.sending import follow, no_such_place


def dial_extension(state: State, call: Call, number: str) -> None:
    """Rings an extension for this caller."""
    extension = state.extensions.get(number)
    if extension is None:
        no_such_place(state, call, number)
        return
    _dial(state, call, house_phone(number), extension.ring_timeout_ms)


def dial_outside(state: State, call: Call, number: str, route_name: str) -> None:
    """Rings an external number through an outbound route for this caller."""
    outbound = state.outbound_routes.get(route_name)
    if outbound is None:
        no_such_place(state, call, number)
        return
    _dial(state, call, outside_phone(outbound, number), outbound.ring_timeout_ms)


def _dial(state: State, call: Call, phone: Phone, timeout_ms: int) -> None:
    call.advance(CallEvent.DIALLED_OUT)
    call.leg_id = ring(state, call, phone, timeout_ms).leg_id
    state.timers.set(TimerKind.RING, call.call_id, state.now_ms + timeout_ms)
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
