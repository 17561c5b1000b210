"""Sending a call on: decided at once, done before the step ends (`engine.core.talking.onward`)."""

from __future__ import annotations

from engine.core.directions import Next
from engine.core.facts import CallRouted, RouteReason
from engine.core.model.call import Call, CallState
from engine.core.model.state import State
from engine.core.places import PlayThenHangUp
from engine.core.routing.destinations import words_of


def follow(state: State, call: Call, destination: Next) -> None:
    """Sends a call to a destination before this step ends.

    One that is being ended goes nowhere: it was a callback, which ends with its wait.
    """
    if call.state is CallState.ENDING:
        return
    call.then = destination
    state.following[call.call_id] = None


def route(
    state: State, call: Call, destination: Next, why: RouteReason, from_place: str, key: str = ""
) -> None:
    """Sends a call on for a reason that the record keeps (`CallRouted`), as `follow` does."""
    if call.state is CallState.ENDING:
        return
    state.note(CallRouted, call.call_id, from_place, words_of(destination), why, key)
    follow(state, call, destination)


def no_such_place(state: State, call: Call, place: str) -> None:
    """Tells a caller that the number leads nowhere; the call ends then."""
    route(state, call, unknown_number(state), RouteReason.NO_SUCH_PLACE, place)


def unknown_number(state: State) -> PlayThenHangUp:
    """Returns what a caller hears whose number leads nowhere."""
    return PlayThenHangUp(state.policy.settings.unknown_number_media)
