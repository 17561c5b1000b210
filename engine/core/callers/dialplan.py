"""Callers whom the dialplan has: voicemail, and call flows of the admin's (Q-03).

A call that is AWAY ends there, or is given back with a number, which then means what it means to who
dials it at the same place; queues and extensions can be named from anywhere. A place that is not
there, or a number that leads nowhere, is told to the caller.

Voicemail ends by itself (at its longest message), and so should a call flow. One that has a limit is
not trusted: the caller is taken back when it is over, and goes on to the flow's own destination; but
who came back in time goes where they asked, even if that is heard of later. Who cannot be taken back,
however often it is tried, is hung up.
"""

from __future__ import annotations

from typing import Final

from engine.core.callers.calls import end_call, end_trip
from engine.core.callers.reach import inside, meaning
from engine.core.causes import NORMAL_CLEARING
from engine.core.commands import FetchCall, SendToDialplan
from engine.core.directions import Next, ToMailbox
from engine.core.facts import CallEnd, RouteReason
from engine.core.inputs import TAKEN_BACK, SeenChannel
from engine.core.model.call import Call, CallEvent, CallState
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.whereabouts import Trip
from engine.core.places import ToCallFlow, ToVoicemail
from engine.core.prompting.hearing import stop_prompt, stop_waiting_sound
from engine.core.routing.destinations import words_of
from engine.core.routing.sending import no_such_place, route

LEAVE_CONTEXT: Final = "usher-voicemail"
"""Dialplan context in which a message is left; the extension is the box."""
LISTEN_CONTEXT: Final = "usher-mailbox"
"""Dialplan context in which a box is listened to."""
FETCH_MS: Final = 10_000
"""After so long it is tried again to take a caller back, ..."""
FETCHES_MAX: Final = 3
"""... so often in all."""
TRIP_VARIABLE: Final = "USHER_TRIP"
"""Counts how often a call was sent away; the dialplan hands it over with a caller who comes back."""


def to_voicemail(state: State, call: Call, to: ToVoicemail) -> None:
    """Lets a caller leave a message."""
    if to.box in state.mailboxes:
        _send_away(state, call, to, LEAVE_CONTEXT, to.box)
    else:
        no_such_place(state, call, words_of(to))


def to_mailbox(state: State, call: Call, to: ToMailbox) -> None:
    """Lets somebody listen to a box; that they may was found out before."""
    if to.box in state.mailboxes:
        _send_away(state, call, to, LISTEN_CONTEXT, to.box)
    else:
        no_such_place(state, call, words_of(to))


def to_call_flow(state: State, call: Call, to: ToCallFlow) -> None:
    """Hands a caller to the admin's dialplan."""
    flow = state.call_flows.get(to.flow)
    if flow is None:
        no_such_place(state, call, words_of(to))
    else:
        _send_away(state, call, to, flow.context, flow.extension)
        if flow.limit_ms > 0:
            _trip(call).flow = flow
            state.timers.set(TimerKind.AWAY, call.call_id, state.now_ms + flow.limit_ms)


def away_too_long(state: State, call: Call) -> None:
    """Takes a caller back whom a call flow has had for long enough."""
    trip = call.trip
    if call.state is not CallState.AWAY or trip is None or trip.flow is None:
        return
    if trip.fetches >= FETCHES_MAX:
        end_call(state, call, CallEnd.SYSTEM, NORMAL_CLEARING)
        return
    trip.fetches += 1
    state.tell(FetchCall(call.node, call.call_id, trip.ordinal))
    state.timers.set(TimerKind.AWAY, call.call_id, state.now_ms + FETCH_MS)


def _send_away(state: State, call: Call, to: Next, context: str, extension: str) -> None:
    assert not call.absent, "nobody is there to be sent away"
    stop_waiting_sound(state, call)
    stop_prompt(state, call)
    call.advance(CallEvent.SENT_AWAY)
    ordinal = 1 if call.trip is None else call.trip.ordinal + 1
    variables = (
        ("USHER_CALL_ID", call.call_id),
        ("USHER_QUEUE", call.last_queue or ""),
        ("USHER_LANGUAGE", call.language),
        (TRIP_VARIABLE, str(ordinal)),
    )
    sent = SendToDialplan(call.node, call.call_id, context, extension, variables)
    call.trip = Trip(ordinal, words_of(to), sent)
    state.tell(sent)


def came_back(state: State, call: Call, dialled: str) -> str | None:
    """The dialplan gives a caller back. Returns why that means nothing, or None."""
    if call.state is not CallState.AWAY:
        return f"call is {call.state}"
    trip = _trip(call)
    taken_from = trip.flow if dialled == TAKEN_BACK and trip.fetches else None
    _is_back(state, call)
    if taken_from is not None:
        route(state, call, taken_from.too_long, RouteReason.TOO_LONG, trip.to)
        return None
    call.dialled = dialled
    onward = inside(state, dialled) or meaning(state, call)
    if onward is None:
        no_such_place(state, call, dialled)
    else:
        route(state, call, onward, RouteReason.CAME_BACK, trip.to, dialled)
    return None


def sending_failed(state: State, call: Call, command: SendToDialplan) -> None:
    """The caller could not be sent there, and is told so."""
    if call.state is CallState.AWAY and _trip(call).sent == command:
        _is_back(state, call)
        no_such_place(state, call, _trip(call).to)


def seen_again(state: State, call: Call, channel: SeenChannel) -> None:
    """After a reconnection: an away caller is still away, or came back, or has never left.

    Who came back shows from which trip: the last one. Who has never left shows an earlier one, or none.
    """
    if channel.away:
        return
    trip = _trip(call)
    if trip.sent is not None and channel.trip != trip.ordinal:
        state.tell(trip.sent)
    else:
        came_back(state, call, channel.dialled)


def _is_back(state: State, call: Call) -> None:
    call.advance(CallEvent.CAME_BACK)
    end_trip(state, call)


def _trip(call: Call) -> Trip:
    assert call.trip is not None, "a caller is away who was never sent"
    return call.trip
