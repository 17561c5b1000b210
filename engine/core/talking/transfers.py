"""Transfers that a phone asks for (SIP REFER), blind and attended (A-07).

Whoever transfers leaves; the other party of its talk goes on. Blind: to whatever is reached by
dialling a number from the transferring phone, with that phone's rights; a parking slot parks.
Attended: to the other party of a second call of the same phone, which may talk, still ring, or wait
in a queue.

Asterisk is told to leave all of this to us, so the phone waits for an answer: it gets one always.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.callers.parking import is_slot
from engine.core.callers.reach import inside, outside
from engine.core.commands import AnswerTransfer, HoldMusic, TransferState
from engine.core.directions import Next, ToParking
from engine.core.facts import (
    ActionRefused,
    CallTransferred,
    TransferKind,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import CallId, EndpointName, LegId
from engine.core.inputs import TransferRequested
from engine.core.model.call import Call, CallState
from engine.core.model.leg import Leg, LegState
from engine.core.model.state import State
from engine.core.places import ToQueue, ToRingGroup
from engine.core.policy import MonitorMode
from engine.core.queueing.visits import leave_queue
from engine.core.refusals import Refusal
from engine.core.routing.destinations import words_of
from engine.core.talking.passing import (
    adopt_call,
    adopt_leg,
    go_elsewhere,
    join,
    leave,
    take_over_dialling,
)

ACTION = "transfer"


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a call: the transferring phone is the caller, or the leg."""

    call: Call
    leg: Leg | None
    is_leg: bool

    @property
    def endpoint(self) -> EndpointName:
        """The transferring phone."""
        return self.leg.endpoint if self.is_leg and self.leg is not None else self.call.endpoint


def transfer_requested(state: State, asked: TransferRequested) -> str | None:
    """Passes a caller on. Returns why the wish means nothing, or None."""
    end = _end_of(state, asked.channel_id)
    if end is None:
        return "unknown channel, or one that is being let go"
    call = end.call
    try:
        _transfer(state, asked, end)
    except Refusal as refusal:
        queue_id = "" if end.leg is None or end.leg.queue_id is None else end.leg.queue_id
        by = end.endpoint
        state.note(
            ActionRefused,
            agent_id=by,
            queue_id=queue_id,
            action=ACTION,
            why=str(refusal),
            by=by,
            call_id=call.call_id,
        )
        _play_hold_music(state, end)
        state.tell(AnswerTransfer(call.node, asked.channel_id, TransferState.REFUSED))
    return None


def _play_hold_music(state: State, end: _End) -> None:
    """Lets the party that the transferring phone holds hear music again.

    Asterisk takes it off hold at the REFER, although the phone, which holds on, is not heard. The
    music ends when the phone takes its party back. Who talks to a supervisor meanwhile has none.
    """
    leg = end.leg
    if leg is None or not leg.is_held_by(caller=not end.is_leg):
        return
    if any(
        each.leg_id == leg.leg_id and each.mode is MonitorMode.BARGE
        for each in state.monitors.values()
    ):
        return
    state.tell(HoldMusic(end.call.node, end.call.call_id if end.is_leg else leg.leg_id))


def _transfer(state: State, asked: TransferRequested, end: _End) -> None:
    if end.call.state is not CallState.TALKING or end.leg is None:
        raise Refusal("nobody is on the line")
    if asked.other_channel_id is None:
        _blind(state, asked, end)
    else:
        _attended(state, asked, end, asked.other_channel_id)


def _end_of(state: State, channel_id: str) -> _End | None:
    call = state.calls.get(CallId(channel_id))
    if call is not None:
        leg = None if call.leg_id is None else state.legs.get(call.leg_id)
        nobody = call.state is CallState.ENDING or call.callback is not None
        return None if nobody else _End(call, leg, is_leg=False)
    leg = state.legs.get(LegId(channel_id))
    if leg is None or leg.state is LegState.ENDING:
        return None
    return _End(state.calls[leg.call_id], leg, is_leg=True)


def _blind(state: State, asked: TransferRequested, end: _End) -> None:
    destination = _reached_by(state, end.endpoint, asked.target)
    assert end.leg is not None
    state.tell(AnswerTransfer(end.call.node, asked.channel_id, TransferState.DONE))
    by = end.endpoint
    staying = end.call
    if end.is_leg:
        go_elsewhere(state, end.call)
    else:
        staying = adopt_leg(state, end.call, dialled=asked.target)
    state.note(CallTransferred, staying.call_id, by, TransferKind.BLIND, asked.target, None)
    leave(state, staying, destination, return_to=by)


def _reached_by(state: State, endpoint: EndpointName, number: str) -> Next:
    """Returns what the phone at `endpoint` would reach by dialling `number`. Raises `Refusal`."""
    extension = state.extensions.get(endpoint)
    if extension is None:
        raise Refusal("only phones of the house transfer calls")
    if number == endpoint:
        raise Refusal("a transfer to oneself")
    place = inside(state, number)
    if place is not None:
        return place
    if is_slot(state, number):
        if number in state.parked:
            raise Refusal("somebody is parked there")
        return ToParking(endpoint, number)
    external = outside(state, extension, number)
    if external is None:
        raise Refusal("a number that cannot be reached from there")
    return external


def _attended(state: State, asked: TransferRequested, end: _End, other_id: str) -> None:
    other = _end_of(state, other_id)
    if other is None or other.call is end.call:
        raise Refusal("the second call is gone")
    if other.endpoint != end.endpoint:
        raise Refusal("the second call is another phone's")
    second = other.call
    if second.state is CallState.TALKING:
        done = _join_talks
    elif not other.is_leg and second.state is CallState.DIALLING:
        done = _join_dialling
    elif not other.is_leg and second.state is CallState.WAITING:
        done = _join_line
    else:
        raise Refusal("nobody is on the line of the second call")
    state.tell(AnswerTransfer(end.call.node, asked.channel_id, TransferState.DONE))
    done(state, end, other)


def _join_talks(state: State, end: _End, other: _End) -> None:
    """Both calls talk: their other parties talk to each other."""
    assert end.leg is not None
    assert other.leg is not None
    by = end.endpoint
    call, leg = end.call, other.leg
    if end.is_leg and other.is_leg:
        go_elsewhere(state, call)
        leg = adopt_call(state, other.call, call)
    elif end.is_leg:
        go_elsewhere(state, call)
    elif other.is_leg:
        call, leg = other.call, end.leg
        go_elsewhere(state, call)
    else:
        call = adopt_leg(state, end.call, dialled=other.leg.party)
    consult = end.call if call is other.call else other.call
    state.note(CallTransferred, call.call_id, by, TransferKind.ATTENDED, leg.party, consult.call_id)
    join(state, call, leg)


def _join_dialling(state: State, end: _End, other: _End) -> None:
    """The second call still rings: it goes on ringing for the party that stays."""
    by, ringing = end.endpoint, other.call.ringing_group
    if ringing is not None:
        party = words_of(ToRingGroup(ringing.group.name))
    else:
        assert other.leg is not None
        party = other.leg.party
    staying = _stay(state, end, party)
    state.note(
        CallTransferred,
        staying.call_id,
        by,
        TransferKind.ATTENDED,
        party,
        other.call.call_id,
    )
    take_over_dialling(state, staying, other.call, return_to=by)


def _join_line(state: State, end: _End, other: _End) -> None:
    """The second call waits in a queue: the party that stays enters it instead."""
    visit = other.call.visit
    assert visit is not None
    queue_id, by = visit.queue_id, end.endpoint
    leave_queue(state, other.call, VisitOutcome.MISSED, VisitReason.REDIRECTED)
    staying = _stay(state, end, queue_id)
    state.note(
        CallTransferred,
        staying.call_id,
        by,
        TransferKind.ATTENDED,
        queue_id,
        other.call.call_id,
    )
    leave(state, staying, ToQueue(queue_id), consult=other.call)


def _stay(state: State, end: _End, to: str) -> Call:
    if end.is_leg:
        go_elsewhere(state, end.call)
        return end.call
    return adopt_leg(state, end.call, dialled=to)
