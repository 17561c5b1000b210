"""Parking: callers in slots that can be dialled.

Nobody who is parked is dropped. After its time a call rings who parked it; if that fails it goes
back into a slot, at most `ROUNDS_MAX` times, then into the queue that it came from. Only where
there is no such queue it ends (`CallEnd.SYSTEM`, cause 19: nobody answered).
"""

from __future__ import annotations

from typing import Final

from engine.core.causes import NO_ANSWER
from engine.core.commands import StartWaitingSound
from engine.core.directions import Next, ToParking
from engine.core.facts import CallParked, CallUnparked, ParkEnd
from engine.core.model.call import Call, CallEvent
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.whereabouts import Parked, WayBack
from engine.core.places import HangUp, ToExtension, ToQueue
from engine.core.prompting.hearing import answer_call
from engine.core.routing.sending import follow
from engine.core.waiting import WaitingSound

ROUNDS_MAX: Final = 3
"""How often a parked call goes back to who parked it."""

_CALLER_IS_GONE: Final = (ParkEnd.CALLER_HUNG_UP, ParkEnd.LOST)


def is_slot(state: State, number: str) -> bool:
    """Tells whether dialling this number means a parking slot.

    One that the configuration has no more stays one as long as somebody is in it.
    """
    if number in state.parked:
        return True
    parking = state.policy.settings.parking
    if parking.first == 0 or not (number.isascii() and number.isdecimal()):
        return False
    return parking.first <= int(number) <= parking.last and str(int(number)) == number


def free_slot(state: State) -> str | None:
    """Returns the lowest slot in which nobody is, or None."""
    parking = state.policy.settings.parking
    if parking.first == 0:
        return None
    for number in range(parking.first, parking.last + 1):
        if str(number) not in state.parked:
            return str(number)
    return None


def park(state: State, call: Call, by: str, wanted: str | None = None) -> str | None:
    """Puts a call that is on its way into a free slot, with music; returns the slot.

    `wanted` is taken if it is free, else the lowest. Without a free one the call returns to `by`.
    """
    free = wanted is not None and is_slot(state, wanted) and wanted not in state.parked
    slot = wanted if free else free_slot(state)
    if slot is None:
        way_back_of(call).rounds += 1
        follow(state, call, _back_to(state, call, by))
        return None
    call.advance(CallEvent.PARKED)
    call.parked = Parked(slot, state.fresh_id())
    way_back_of(call).by = by
    state.parked[slot] = call.call_id
    state.note(CallParked, call.parked.park_id, call.call_id, slot, by)
    due_ms = state.now_ms + state.policy.settings.parking.timeout_ms
    state.timers.set(TimerKind.PARKED, call.call_id, due_ms)
    play_music(state, call)
    return slot


def play_music(state: State, call: Call) -> None:
    """Lets a parked caller hear music, answered if need be; told again it does no harm."""
    if not call.answered:
        call.sound = None
        answer_call(state, call, later=True)
    sound = WaitingSound(state.policy.settings.parking.music_class)
    if call.sound != sound:
        call.sound = sound
        state.tell_later(StartWaitingSound(call.node, call.call_id, sound))


def unpark(state: State, call: Call, why: ParkEnd, by: str) -> None:
    """Takes a call out of its slot; it is on its way again, or its caller is gone."""
    parked, call.parked = call.parked, None
    assert parked is not None
    state.timers.cancel(TimerKind.PARKED, call.call_id)
    del state.parked[parked.slot]
    state.note_end(CallUnparked, parked.park_id, call.call_id, parked.slot, why, by)
    if why not in _CALLER_IS_GONE:
        call.advance(CallEvent.UNPARKED)


def parked_too_long(state: State, call: Call) -> None:
    """Sends a parked call back to who parked it."""
    unpark(state, call, ParkEnd.TIMED_OUT, "")
    back = way_back_of(call)
    back.rounds += 1
    follow(state, call, _back_to(state, call, back.by))


def back_from_dialling(state: State, call: Call) -> Next | None:
    """Returns where a call goes that came out of a slot and reached nobody; None if it did not."""
    back = call.way_back
    if back is None or back.rounds == 0:
        return None
    if back.rounds >= ROUNDS_MAX:
        return _last_resort(state, call)
    return ToParking(back.by)


def way_back_of(call: Call) -> WayBack:
    """Returns where a call goes whom nobody retrieves; from now on it has such a way."""
    if call.way_back is None:
        call.way_back = WayBack()
    return call.way_back


def forget_rounds(call: Call) -> None:
    """Somebody has got the call, or it was sent elsewhere: if it is parked again that counts anew."""
    if call.way_back is not None:
        call.way_back.rounds = 0


def _back_to(state: State, call: Call, by: str) -> Next:
    if by in state.extensions and way_back_of(call).rounds <= ROUNDS_MAX:
        return ToExtension(by)
    return _last_resort(state, call)


def _last_resort(state: State, call: Call) -> Next:
    back = way_back_of(call)
    back.rounds = 0
    if back.queue_id in state.lines:
        return ToQueue(back.queue_id)
    return HangUp(NO_ANSWER)
