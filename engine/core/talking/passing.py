"""Callers passed on: out of one talk into another, without ever being let go (A-07, S-03).

A call is named by its caller's channel. Where the caller leaves and the called party stays, that
party's channel becomes the caller of a new call (`adopt_leg`); where two callers are to talk to
each other, one of them becomes a leg of the other's call (`adopt_call`).
"""

from __future__ import annotations

from engine.core.callers.calls import end_call
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import StartWaitingSound
from engine.core.directions import Next
from engine.core.facts import CallEnd, SourceKind
from engine.core.ids import CallId, LegId
from engine.core.model.call import Call, CallEvent, CallState, Counts
from engine.core.model.leg import Leg, LegEvent, LegState
from engine.core.model.record import note_start
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.places import PlayThenHangUp, ToExtension, ToExternal, ToRingGroup
from engine.core.prompting.hearing import RINGING, stop_waiting_sound
from engine.core.queueing.offers import hang_up_leg, part_from_agents, refresh_agents
from engine.core.routing.sending import follow
from engine.core.talking.talks import connect, end_talk

Media = tuple[str, ...]

TAKEN_RING_MS = 30_000
"""For so long a phone rings on for a caller who took over its ringing."""

LAST_PROMPT_MS_MAX = 10_000
"""After this a last prompt is over even if nobody says so."""


def go_elsewhere(state: State, call: Call, *, hang_up: bool = True) -> None:
    """Ends a talk whose caller goes on: the other party is let go, an agent into wrap-up.

    `hang_up` False: the other party hears a last prompt first, and is hung up when that is over
    (`legs.agent_prompt_is_over`) or should be.
    """
    leg = _talking_leg(state, call)
    take_out = (call.call_id,) if hang_up else (call.call_id, leg.leg_id)
    end_talk(state, call, leg, CallEnd.TRANSFERRED, take_out=take_out)
    if hang_up:
        hang_up_leg(state, leg)
    else:
        leg.advance(LegEvent.LET_GO)
        refresh_agents(state, leg)
        state.timers.set(TimerKind.HANG_UP, leg.leg_id, state.now_ms + LAST_PROMPT_MS_MAX)
    call.advance(CallEvent.TRANSFERRED)
    call.leg_id = None


def leave(
    state: State,
    call: Call,
    destination: Next,
    *,
    return_to: str | None = None,
    consult: Call | None = None,
) -> None:
    """Sends a call that is out of its talk on; `consult`, a call that did its service, ends.

    `return_to`: the extension that gets it back if the destination is a phone that cannot be reached.
    """
    if isinstance(destination, ToExtension | ToExternal | ToRingGroup):
        call.return_to = return_to
    follow(state, call, destination)
    if consult is not None:
        end_call(state, consult, CallEnd.TRANSFERRED, NORMAL_CLEARING)


def join(state: State, call: Call, leg: Leg) -> None:
    """Connects a call that is out of its talk with a leg that talks in another call, which ends."""
    other = state.calls.get(leg.call_id)
    if leg.state is LegState.TALKING:
        assert other is not None
        end_talk(state, other, leg, CallEnd.TRANSFERRED, stays=True)
        leg.advance(LegEvent.PASSED_ON)
    leg.call_id = call.call_id
    connect(state, call, leg)
    if other is not None and other is not call:
        other.leg_id = None
        end_call(state, other, CallEnd.TRANSFERRED, NORMAL_CLEARING)


def take_over_dialling(state: State, call: Call, other: Call, *, return_to: str | None) -> None:
    """Lets the phones that ring for `other` ring for `call` instead; `other` ends."""
    state.timers.cancel(TimerKind.RING, other.call_id)
    call.advance(CallEvent.DIALLED_OUT)
    call.leg_id, call.ringing_group = other.leg_id, other.ringing_group
    for leg_id in (call.leg_id,) if call.ringing_group is None else call.ringing_group.legs:
        assert leg_id is not None
        state.legs[leg_id].call_id = call.call_id
    call.return_to = return_to
    state.timers.set(TimerKind.RING, call.call_id, state.now_ms + TAKEN_RING_MS)
    if call.sound is None:
        call.sound = RINGING
        state.tell_later(StartWaitingSound(call.node, call.call_id, RINGING))
    other.leg_id = other.ringing_group = None
    other.advance(CallEvent.TRANSFERRED)
    end_call(state, other, CallEnd.TRANSFERRED, NORMAL_CLEARING)


def adopt_leg(state: State, call: Call, *, dialled: str, last_words: Media | None = None) -> Call:
    """Makes the called party of a talk the caller of a new call; the old call ends.

    Returns the new call, on its way (`CallState.ROUTING`). Its id is the leg's. `last_words` is
    played to the old caller before the end.
    """
    leg = _talking_leg(state, call)
    end_talk(state, call, leg, CallEnd.TRANSFERRED)
    leg.advance(LegEvent.LET_GO)
    del state.legs[leg.leg_id]
    call.leg_id = None
    adopted = _new_call(state, call, leg) if leg.was is None else leg.was
    adopted.dialled, adopted.state = dialled, CallState.ROUTING
    adopted.counts.talks, adopted.counts.holds = leg.talks, leg.holds
    state.calls[adopted.call_id] = adopted
    if adopted.agent_id is not None:
        state.agents[adopted.agent_id].own_calls[adopted.call_id] = None
    part_from_agents(state, leg)
    if leg.was is None:
        note_start(state, adopted, call.call_id)
    if last_words is None:
        end_call(state, call, CallEnd.TRANSFERRED, NORMAL_CLEARING)
    else:
        call.advance(CallEvent.TRANSFERRED)
        follow(state, call, PlayThenHangUp(last_words))
    return adopted


def _new_call(state: State, call: Call, leg: Leg) -> Call:
    extension = state.extensions.get(leg.endpoint)
    return Call(
        call_id=CallId(leg.leg_id),
        node=leg.node,
        source=SourceKind.TRUNK if extension is None else SourceKind.EXTENSION,
        endpoint=leg.endpoint,
        caller_number=leg.party,
        caller_name="" if extension is None else extension.name,
        dialled="",
        arrived_ms=state.now_ms,
        language=call.language if extension is None else extension.language,
        agent_id=leg.phone_agent,
        answered=True,
        counts=Counts(prompts=1),  # The agent prompt may have had the first id.
    )


def adopt_call(state: State, call: Call, into: Call) -> Leg:
    """Makes the caller of `call`, who talks or is on the way, a leg for `into`, to be joined.

    The caller stays in the system, so the call's record stays open (`Leg.was`) until the channel ends.
    """
    if call.state is CallState.TALKING:
        go_elsewhere(state, call)
    stop_waiting_sound(state, call)
    leg = Leg(
        leg_id=LegId(call.call_id),
        call_id=into.call_id,
        node=call.node,
        endpoint=call.endpoint,
        party=call.endpoint if call.source is SourceKind.EXTENSION else call.caller_number,
        started_ms=state.now_ms,
        state=LegState.ANSWERED,
        agent_id=call.agent_id,
        answered_ms=state.now_ms,
        talks=call.counts.talks,
        holds=call.counts.holds,
        was=call,
    )
    state.legs[leg.leg_id] = leg
    if call.agent_id is not None:
        agent = state.agents[call.agent_id]
        agent.own_calls.pop(call.call_id, None)
        agent.legs[leg.leg_id] = None
    state.following.pop(call.call_id, None)
    del state.calls[call.call_id]
    return leg


def _talking_leg(state: State, call: Call) -> Leg:
    assert call.state is CallState.TALKING
    assert call.leg_id is not None
    return state.legs[call.leg_id]
