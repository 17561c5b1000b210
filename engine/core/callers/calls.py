"""Calls from arrival to end: who comes in, what the dialled number means, who leaves."""

from __future__ import annotations

from engine.core.callers.parking import unpark
from engine.core.callers.reach import meaning
from engine.core.callers.surveys import survey_broken_off
from engine.core.facts import (
    CallEnd,
    CallEnded,
    ParkEnd,
    SourceKind,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import AgentId, LegId
from engine.core.inputs import CallArrived
from engine.core.model.call import Call, CallEvent, CallState
from engine.core.model.record import note_start
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.whereabouts import Trip
from engine.core.prompting.hearing import forget_prompt
from engine.core.prompting.questions import end_dialogue
from engine.core.queueing.offers import hang_up_leg
from engine.core.queueing.parting import free_own_phone, hang_up_call
from engine.core.queueing.visits import leave_queue
from engine.core.routing.sending import follow, unknown_number
from engine.core.supervision.monitoring import supervisor_left

ARRIVAL_AGE_MS_MAX = 3_600_000
"""An older channel's age is not believed: its wait counts from now."""


def call_arrived(state: State, arrived: CallArrived, *, away: bool = False) -> bool:
    """Takes a new caller in and sends it on its way. Returns False for one that is or was known.

    `away`: the dialplan has it already.
    """
    if arrived.call_id in state.calls or arrived.call_id in state.ended:
        return False
    if LegId(arrived.call_id) in state.legs:  # A caller who was passed on into another's call.
        return False
    extension = state.extensions.get(arrived.endpoint)
    source = SourceKind.TRUNK if extension is None else SourceKind.EXTENSION
    age_ms = state.now_ms - arrived.created_ms
    call = Call(
        call_id=arrived.call_id,
        node=arrived.node,
        source=source,
        endpoint=arrived.endpoint,
        caller_number=arrived.caller_number,
        caller_name=arrived.caller_name,
        dialled=arrived.dialled,
        arrived_ms=arrived.created_ms if 0 <= age_ms <= ARRIVAL_AGE_MS_MAX else state.now_ms,
        language="en" if extension is None else extension.language,
    )
    state.calls[call.call_id] = call
    agent = state.agents.get(AgentId(arrived.endpoint))
    if agent is not None and extension is not None:
        call.agent_id = agent.agent_id
        agent.own_calls[call.call_id] = None
        state.refresh(agent)
    note_start(state, call)
    if away:
        call.advance(CallEvent.SENT_AWAY)
        call.trip = Trip()
        return True
    follow(state, call, meaning(state, call) or unknown_number(state))
    return True


def end_call(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    """Ends a call whose channel still exists: the fact now, the record when the channel is gone."""
    end_dialling(state, call)
    supervisor_left(state, call, gone=False)
    call.advance(CallEvent.LET_GO)
    _note_end(state, call, ended_by, cause)
    hang_up_call(state, call, cause)


def caller_left(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    """Takes notice that a caller's channel is gone, in whatever state the call is.

    A talk has been ended by `talks` before. `ended_by` is CALLER, or LOST where nobody watched; it
    becomes FAILED for the caller whom Usher rang and who never came.
    """
    if call.state is CallState.SUMMONED:
        state.timers.cancel(TimerKind.RING, call.call_id)
        ended_by = ended_by if ended_by is CallEnd.LOST else CallEnd.FAILED
    if call.state is CallState.WAITING:
        lost = ended_by is CallEnd.LOST
        leave_queue(
            state,
            call,
            VisitOutcome.MISSED if lost else VisitOutcome.ABANDONED,
            VisitReason.LOST if lost else VisitReason.CALLER_HUNG_UP,
        )
    end_dialling(state, call)
    if call.state is CallState.PARKED:
        lost = ended_by is CallEnd.LOST
        unpark(state, call, ParkEnd.LOST if lost else ParkEnd.CALLER_HUNG_UP, "")
    supervisor_left(state, call, gone=True)
    if call.state is not CallState.ENDING:
        _note_end(state, call, ended_by, cause)
    state.following.pop(call.call_id, None)
    state.bury(call)
    end_dialogue(state, call, quietly=True)
    forget_prompt(state, call)
    state.timers.cancel(TimerKind.HANG_UP, call.call_id)
    free_own_phone(state, call)


def end_trip(state: State, call: Call) -> None:
    """The dialplan has a call no more, if it had it."""
    if call.trip is None:
        return
    call.trip.sent = None
    if call.trip.flow is not None:
        call.trip.flow = None
        state.timers.cancel(TimerKind.AWAY, call.call_id)


def _note_end(state: State, call: Call, ended_by: CallEnd, cause: int) -> None:
    end_trip(state, call)
    survey_broken_off(state, call, by_caller=ended_by is CallEnd.CALLER)
    end_dialogue(state, call, quietly=True)
    forget_prompt(state, call)
    state.note_end(CallEnded, call.call_id, ended_by, cause)


def end_dialling(state: State, call: Call) -> None:
    """Lets the phones go that ring for a direct call or in a group; any other call is left alone."""
    if call.state is not CallState.DIALLING:
        return
    state.timers.cancel(TimerKind.RING, call.call_id)
    ringing, call.ringing_group = call.ringing_group, None
    for leg_id in (call.leg_id,) if ringing is None else ringing.legs:
        leg = None if leg_id is None else state.legs.get(leg_id)
        if leg is not None and leg.rings:
            hang_up_leg(state, leg)
