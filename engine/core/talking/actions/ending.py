"""The action on any call: hang up."""

from __future__ import annotations

from engine.core.callers.calls import end_call
from engine.core.callers.parking import unpark
from engine.core.callers.surveys import go_to_survey, survey_after
from engine.core.causes import NORMAL_CLEARING
from engine.core.facts import (
    CallbackReason,
    CallEnd,
    ParkEnd,
    SourceKind,
    VisitOutcome,
    VisitReason,
)
from engine.core.model.call import CallState
from engine.core.model.leg import LegState
from engine.core.policy import Right
from engine.core.queueing.offers import hang_up_leg
from engine.core.queueing.visits import leave_queue
from engine.core.talking.actions.asked import Asked
from engine.core.talking.summons import failed_to_come
from engine.core.talking.talks import end_talk


def hang_up(asked: Asked) -> str:
    """Ends a call, in whatever state it is; returns who ended it, for the record.

    Raises:
        Refusal: who asked is not in the call and has no right to end it; nothing changed.
    """
    state, call, by = asked.state, asked.call, asked.by
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    talking = leg is not None and leg.state is LegState.TALKING
    is_caller = call.source is not SourceKind.TRUNK and call.endpoint == by
    is_leg = talking and leg is not None and leg.endpoint == by
    if not (is_caller or is_leg):
        asked.demand(Right.PICK_UP)
    if call.callback is not None:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.HUNG_UP_BY_MANAGER)
        return CallbackReason.CANCELLED.value
    if call.visit is not None:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.HUNG_UP_BY_MANAGER)
    elif call.state is CallState.PARKED:
        unpark(state, call, ParkEnd.HUNG_UP_BY_MANAGER, by)
    ended_by = CallEnd.CALLER if is_caller else CallEnd.AGENT if is_leg else CallEnd.SYSTEM
    survey = None
    if talking and leg is not None:
        survey = survey_after(state, leg, ended_by, NORMAL_CLEARING)
        end_talk(state, call, leg, ended_by, take_out=() if survey is None else (call.call_id,))
        hang_up_leg(state, leg)
    if survey is not None:  # As if the agent had hung up by phone.
        go_to_survey(state, call, survey)
    elif call.state is CallState.SUMMONED:
        failed_to_come(state, call, NORMAL_CLEARING)
    else:
        end_call(state, call, ended_by, NORMAL_CLEARING)
    return ended_by.value
