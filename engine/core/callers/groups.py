"""Ring groups: phones that ring together, or one after the other, for a caller (Q-03).

* Who is on a call, cannot be reached, places this very call or has just transferred it is left out.
* The first answer wins; the other phones are told that the call was answered elsewhere.
* A phone of a group that forwards (SIP 302) is not followed: one forwarded phone would take the
  calls of all. It counts as one that refuses.
* Nobody answers: the caller goes to the group's failure destination. One who was transferred here
  blindly goes back to who did that where the failure would only end the call.
* A reload changes nothing for who is in a group already.
"""

from __future__ import annotations

from engine.core.callers.calls import end_dialling
from engine.core.callers.dialling import dialling_failed
from engine.core.facts import RouteReason
from engine.core.ids import AgentId
from engine.core.model.call import Call, CallEvent, CallState
from engine.core.model.grouped import GroupRinging
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.places import (
    Destination,
    GroupStrategy,
    HangUp,
    PlayThenHangUp,
    ToExtension,
    ToRingGroup,
)
from engine.core.prompting.hearing import RINGING, start_sound
from engine.core.queueing.offers import hang_up_leg
from engine.core.queueing.ringing import house_phone, ring
from engine.core.routing.destinations import words_of
from engine.core.routing.sending import no_such_place, route


def ring_group(state: State, call: Call, to: ToRingGroup) -> None:
    """Rings a group for this caller."""
    group = state.ring_groups.get(to.group)
    if group is None:
        no_such_place(state, call, words_of(to))
        return
    call.advance(CallEvent.DIALLED_OUT)
    call.leg_id = None
    call.ringing_group = GroupRinging(group, list(dict.fromkeys(group.members)))
    _ring_next(state, call, call.ringing_group)
    if call.state is CallState.DIALLING and call.sound is None:  # From a queue it keeps the music.
        start_sound(state, call, RINGING)


def _ring_next(state: State, call: Call, ringing: GroupRinging) -> None:
    """Rings whoever is next, one or all; without anybody the group has failed."""
    group = ringing.group
    while ringing.left and (group.strategy is GroupStrategy.ALL or not ringing.legs):
        number = ringing.left.pop(0)
        if _can_be_rung(state, call, number):
            leg = ring(state, call, house_phone(number), group.ring_timeout_ms)
            ringing.legs[leg.leg_id] = None
    if ringing.legs:
        due_ms = state.now_ms + group.ring_timeout_ms
        state.timers.set(TimerKind.RING, call.call_id, due_ms)
    else:
        _nobody_answered(state, call, ringing)


def _can_be_rung(state: State, call: Call, number: str) -> bool:
    phone = state.agents.get(AgentId(number))
    if number not in state.extensions or phone is None or number in (call.endpoint, call.return_to):
        return False
    return bool(phone.reachable_at) and not phone.in_use


def answered(state: State, call: Call, leg: Leg) -> None:
    """Lets the other phones stop, if it was a group's that was picked up."""
    ringing, call.ringing_group = call.ringing_group, None
    if ringing is None:
        return
    for leg_id in ringing.legs:
        if leg_id != leg.leg_id:
            hang_up_leg(state, state.legs[leg_id], answered_elsewhere=True)


def rang_too_long(state: State, call: Call) -> None:
    """Stops the phones of a group that have rung long enough; the next may ring."""
    ringing = call.ringing_group
    assert ringing is not None
    for leg_id in ringing.legs:
        hang_up_leg(state, state.legs[leg_id])
    ringing.legs.clear()
    _ring_next(state, call, ringing)


def not_picked_up(state: State, call: Call, leg: Leg, cause: int) -> None:
    """A phone that rings, directly or in a group, will not be picked up; its channel may be gone."""
    ringing = call.ringing_group
    if ringing is None:
        dialling_failed(state, call, cause)
        return
    del ringing.legs[leg.leg_id]
    if leg.leg_id in state.legs:
        hang_up_leg(state, leg)
    if not ringing.legs:
        _ring_next(state, call, ringing)


def _nobody_answered(state: State, call: Call, ringing: GroupRinging) -> None:
    end_dialling(state, call)
    call.advance(CallEvent.TRANSFERRED)
    onward: Destination = ringing.group.failure
    if isinstance(onward, HangUp | PlayThenHangUp) and call.return_to in state.extensions:
        assert call.return_to is not None
        onward, call.return_to = ToExtension(call.return_to), None
    route(state, call, onward, RouteReason.NOBODY_ANSWERED, ringing.group.name)
