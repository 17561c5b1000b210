"""Surveys for reports: the query and its typed rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from engine.adapters.db.report_parts import at_moments, same_call
from engine.adapters.db.tables import callbacks, calls, queue_visits, surveys, talk_segments
from engine.reports.ports import Query
from engine.reports.rows_surveys import SurveyRow


def surveys_query(query: Query) -> Select[Any]:
    """Surveys with their caller, and when that caller had joined the queue."""
    survey, talk, visit = surveys.c, talk_segments.c, queue_visits.c
    # A talk of a callback names the callback where another names its visit.
    asked = (
        select(
            surveys,
            calls.c.caller_number,
            calls.c.caller_name,
            calls.c.source,
            func.coalesce(visit.started_at_ms, callbacks.c.entered_at_ms).label("entered_at_ms"),
        )
        .select_from(surveys)
        .outerjoin(calls, same_call(calls, surveys))
        .outerjoin(
            talk_segments, and_(talk.talk_id == survey.talk_id, talk.epoch_no == survey.epoch_no)
        )
        .outerjoin(
            queue_visits, and_(visit.visit_id == talk.visit_id, visit.epoch_no == talk.epoch_no)
        )
        .outerjoin(
            callbacks,
            and_(callbacks.c.callback_id == talk.visit_id, callbacks.c.epoch_no == talk.epoch_no),
        )
    )
    if query.queues:
        asked = asked.where(survey.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(survey.agent_id.in_(query.agents))
    return at_moments(asked, surveys, query)


def survey_row(row: Row[Any]) -> SurveyRow:
    """Returns a survey."""
    return SurveyRow(
        at_ms=row.at_ms,
        entered_at_ms=row.entered_at_ms,
        talk_id=row.talk_id,
        call_id=row.call_id,
        queue_id=row.queue_id,
        agent_id=row.agent_id,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        why=row.why,
        key=row.pressed,
        score=row.score,
        source=row.source,
    )
