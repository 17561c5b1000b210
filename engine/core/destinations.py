"""Destinations that people name: whether a call can go there, and what the record calls them."""

from __future__ import annotations

from engine.core.inputs import BY_SYSTEM
from engine.core.numbers import matches
from engine.core.policy import (
    Destination,
    HangUp,
    PlayThenHangUp,
    ToExtension,
    ToExternal,
    ToQueue,
)
from engine.core.refusals import UNKNOWN_QUEUE, Refusal
from engine.core.state import State


def check_destination(state: State, by: str, destination: Destination) -> None:
    """Makes sure that a call can go there, and that `by` may send it there.

    Raises:
        Refusal: there is no such place, or `by` may not dial out by that route.
    """
    match destination:
        case ToQueue(queue_id):
            if queue_id not in state.lines:
                raise Refusal(UNKNOWN_QUEUE)
        case ToExtension(number):
            if number not in state.extensions:
                raise Refusal("unknown extension")
        case ToExternal():
            _check_external(state, by, destination)
        case HangUp() | PlayThenHangUp():
            pass


def _check_external(state: State, by: str, destination: ToExternal) -> None:
    route = state.outbound_routes.get(destination.route)
    if route is None or not matches(route.pattern, destination.number):
        raise Refusal("that route does not go to that number")
    if by == BY_SYSTEM:
        return
    extension = state.extensions.get(by)
    if extension is None or route.name not in extension.outbound_routes:
        raise Refusal("no right to dial out by that route")


def words_of(destination: Destination) -> str:
    """Returns how a destination stands in the record."""
    match destination:
        case ToQueue(queue_id):
            return queue_id
        case ToExtension(number) | ToExternal(number):
            return number
        case HangUp():
            return "hang_up"
        case PlayThenHangUp():
            return "prompt"
