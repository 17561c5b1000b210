"""Destinations that people name: whether a call can go there, and what the record calls them."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from engine.core.directions import (
    Next,
    ToDestinationAfter,
    ToMailbox,
    ToMonitor,
    ToParking,
    ToSlot,
    ToSurvey,
)
from engine.core.inputs import BY_SYSTEM
from engine.core.model.numbers import matches
from engine.core.model.state import State
from engine.core.places import (
    Destination,
    HangUp,
    PlayThenHangUp,
    ToCallFlow,
    ToExtension,
    ToExternal,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
)
from engine.core.refusals import NO_PLACE, UNKNOWN_QUEUE, Refusal


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
        case ToVoicemail(place):
            _check_place(place, state.mailboxes)
        case ToMenu(place):
            _check_place(place, state.menus)
        case ToCallFlow(place):
            _check_place(place, state.call_flows)
        case ToRingGroup(place):
            _check_place(place, state.ring_groups)
        case HangUp() | PlayThenHangUp():
            pass


def _check_place(place: str, places: Container[str]) -> None:
    if place not in places:
        raise Refusal(NO_PLACE)


def _check_external(state: State, by: str, destination: ToExternal) -> None:
    route = state.outbound_routes.get(destination.route)
    if route is None or not matches(route.pattern, destination.number):
        raise Refusal("that route does not go to that number")
    if by == BY_SYSTEM:
        return
    extension = state.extensions.get(by)
    if extension is None or route.name not in extension.outbound_routes:
        raise Refusal("no right to dial out by that route")


def words_of(destination: Next) -> str:
    """Returns how a destination stands in the record."""
    match destination:
        case ToQueue(place) | ToExtension(place) | ToExternal(place) | ToSlot(place):
            return place
        case ToDestinationAfter(_, after):
            return words_of(after)
        case HangUp() | PlayThenHangUp() | ToParking():
            return _KINDS[type(destination)]
        case (
            ToVoicemail(place)
            | ToMailbox(place)
            | ToMenu(place)
            | ToCallFlow(place)
            | ToRingGroup(place)
            | ToMonitor(place)
            | ToSurvey(place)
        ):
            return f"{_KINDS[type(destination)]} {place}"


_KINDS: Final[dict[type, str]] = {
    HangUp: "hang_up",
    PlayThenHangUp: "prompt",
    ToParking: "parking",
    ToVoicemail: "voicemail",
    ToMailbox: "voicemail",
    ToMenu: "menu",
    ToCallFlow: "call_flow",
    ToRingGroup: "ring_group",
    ToMonitor: "monitor",
    ToSurvey: "survey",
}
