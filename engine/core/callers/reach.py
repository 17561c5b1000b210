"""What a number means, by where it is dialled: one place for arrivals, transfers, menus and returns.

In this order: a queue, an extension, a parking slot, a feature code, an outbound route that the
extension may use. From a trunk only the inbound routes count.
"""

from __future__ import annotations

from engine.core.callers.parking import is_slot
from engine.core.causes import CONGESTION
from engine.core.desk.codes import dial_code
from engine.core.directions import Next, ToSlot
from engine.core.ids import QueueId
from engine.core.model.call import Call
from engine.core.model.state import State
from engine.core.places import HangUp, ToExtension, ToExternal, ToQueue
from engine.core.policy import ExtensionPolicy


def inside(state: State, number: str) -> ToQueue | ToExtension | None:
    """Returns the queue or extension of that number, or None."""
    if QueueId(number) in state.lines:
        return ToQueue(QueueId(number))
    return ToExtension(number) if number in state.extensions else None


def outside(state: State, extension: ExtensionPolicy, number: str) -> ToExternal | None:
    """Returns how that extension may dial a number outside, or None."""
    route = state.outbound_route(extension, number)
    return None if route is None else ToExternal(number, route.name)


def meaning(state: State, call: Call) -> Next | None:
    """Returns where a call goes by what it dialled (`Call.dialled`); None: nowhere.

    A feature code is acted upon. An inbound route gives the call its priority and skills.
    """
    if state.has_more_calls_than(state.policy.settings.calls_max):
        return HangUp(CONGESTION)
    extension = state.extensions.get(call.endpoint)
    if extension is None:
        route = state.inbound_route(call.endpoint, call.dialled)
        if route is None:
            return None
        call.priority, call.required_skills = route.priority, route.required_skills
        return route.destination
    place = inside(state, call.dialled)
    if place is not None:
        return place
    if is_slot(state, call.dialled):
        return ToSlot(call.dialled)
    return dial_code(state, call) or outside(state, extension, call.dialled)
