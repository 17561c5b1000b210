"""Parked callers fetched: whoever dials a slot talks to who is parked there."""

from __future__ import annotations

from engine.core.callers.parking import forget_rounds, unpark, way_back_of
from engine.core.directions import ToSlot
from engine.core.facts import ActionRefused, ParkEnd
from engine.core.model.call import Call
from engine.core.model.state import State
from engine.core.places import HangUp, PlayThenHangUp, ToExtension
from engine.core.prompting.hearing import answer_call
from engine.core.routing.sending import follow
from engine.core.talking.passing import adopt_call, join

ACTION = "retrieve"
NOBODY_THERE = "nobody is parked there"
NOBODY_THERE_MEDIA = ("sound:pbx-invalidpark",)


def retrieve(state: State, call: Call, wanted: ToSlot) -> None:
    """Lets the caller of `call`, who dialled a slot, talk to who is parked there.

    The parked caller's call goes on, with the one who dialled as its other party. If the two came in
    at different Asterisks, media cannot be joined: then the one who dialled is let go and rung from
    the parked caller's, and the parked caller returns to a slot if that is not answered.
    """
    by = call.endpoint
    parked = state.calls.get(state.parked.get(wanted.slot, call.call_id))
    if parked is None or parked is call or not state.node_up(parked.node):
        state.note(
            ActionRefused,
            agent_id=by,
            queue_id="",
            action=ACTION,
            why=NOBODY_THERE,
            by=by,
            call_id=call.call_id,
        )
        follow(state, call, PlayThenHangUp(NOBODY_THERE_MEDIA))
        return
    unpark(state, parked, ParkEnd.RETRIEVED, by)
    if parked.node != call.node:
        back = way_back_of(parked)
        back.by, back.rounds = by, back.rounds + 1
        follow(state, call, HangUp())
        follow(state, parked, ToExtension(by))
        return
    forget_rounds(parked)
    if not call.answered:
        answer_call(state, call)
    join(state, parked, adopt_call(state, call, parked))
