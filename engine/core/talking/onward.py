"""Where calls go that were sent somewhere: one place for all destinations (Q-03).

A call takes at most `HOPS_MAX` of them, so that a loop (A overflows to B, B to A) ends, with
congestion and in the record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.core.callers.calls import end_call
from engine.core.callers.dialling import dial_extension, dial_outside
from engine.core.callers.dialplan import to_call_flow, to_mailbox, to_voicemail
from engine.core.callers.groups import ring_group
from engine.core.callers.menus import enter_menu
from engine.core.callers.parking import park
from engine.core.callers.surveys import begin_survey
from engine.core.causes import CONGESTION
from engine.core.directions import (
    Next,
    ToDestinationAfter,
    ToMailbox,
    ToMonitor,
    ToParking,
    ToSlot,
    ToSurvey,
)
from engine.core.facts import CallEnd, RouteReason
from engine.core.model.call import Call, CallEvent
from engine.core.model.dialogue import Purpose
from engine.core.model.state import State
from engine.core.places import (
    HangUp,
    Media,
    PlayThenHangUp,
    ToCallFlow,
    ToExtension,
    ToExternal,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
)
from engine.core.prompting.hearing import play, stop_waiting_sound
from engine.core.queueing.visits import enter_queue
from engine.core.routing.hours import way_out
from engine.core.routing.sending import no_such_place, route
from engine.core.supervision.monitoring import start_monitoring
from engine.core.talking.retrieval import retrieve

HOPS_MAX: Final = 20
"""Destinations that one call may take between two talks."""


def go_on(state: State, call: Call) -> None:
    """Does what was decided for this call, or leaves it for when its node can be commanded."""
    if not state.node_up(call.node):
        return
    destination, call.then = call.then, None
    assert destination is not None
    call.hops += 1
    if call.hops > HOPS_MAX and destination != HangUp(CONGESTION):
        route(state, call, HangUp(CONGESTION), RouteReason.LOOP, "")
    else:
        WAYS[type(destination)](state, call, destination)


def _hang_up(state: State, call: Call, to: HangUp) -> None:
    end_call(state, call, CallEnd.SYSTEM, to.cause)


def _play_then_hang_up(state: State, call: Call, to: PlayThenHangUp) -> None:
    _listen(state, call, to.media, Purpose.CLOSING)


def _to_destination_after(state: State, call: Call, to: ToDestinationAfter) -> None:
    _listen(state, call, to.media, Purpose.BEFORE, to.destination)


def _listen(
    state: State, call: Call, media: Media, purpose: Purpose, after: Next | None = None
) -> None:
    stop_waiting_sound(state, call)
    call.advance(CallEvent.PROMPTED)
    play(state, call, media, purpose, after=after)


def _to_queue(state: State, call: Call, to: ToQueue) -> None:
    line = state.lines.get(to.queue_id)
    if line is None:
        no_such_place(state, call, to.queue_id)
        return
    way = way_out(state, line)
    if way is None:
        enter_queue(state, call, to.queue_id)
    else:
        call.language = line.policy.language
        route(state, call, way.to, way.why, to.queue_id)


def _to_extension(state: State, call: Call, to: ToExtension) -> None:
    dial_extension(state, call, to.number)


def _to_external(state: State, call: Call, to: ToExternal) -> None:
    dial_outside(state, call, to.number, to.route)


def _to_parking(state: State, call: Call, to: ToParking) -> None:
    park(state, call, to.by, to.slot)


WAYS: Final[dict[type, Callable[[State, Call, Any], None]]] = {
    HangUp: _hang_up,
    PlayThenHangUp: _play_then_hang_up,
    ToDestinationAfter: _to_destination_after,
    ToQueue: _to_queue,
    ToExtension: _to_extension,
    ToExternal: _to_external,
    ToVoicemail: to_voicemail,
    ToMenu: enter_menu,
    ToCallFlow: to_call_flow,
    ToRingGroup: ring_group,
    ToMailbox: to_mailbox,
    ToSurvey: begin_survey,
    ToMonitor: start_monitoring,
    ToParking: _to_parking,
    ToSlot: retrieve,
}
"""Each kind of destination has its way."""
