"""Callbacks for reports: the query and its typed rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from engine.adapters.db.report_parts import in_period, running, status_of
from engine.adapters.db.tables import callback_attempts, callbacks, calls
from engine.reports.ports import Query
from engine.reports.rows_callbacks import CallbackRow


def callbacks_query(query: Query) -> Select[Any]:
    """Callbacks with who asked for them, and what their attempts add up to."""
    callback, attempt = callbacks.c, callback_attempts.c
    of_callback = and_(
        attempt.callback_id == callback.callback_id, attempt.epoch_no == callback.epoch_no
    )
    tried = select(func.count()).where(of_callback).correlate(callbacks).scalar_subquery()
    latest = select(func.max(attempt.at_ms)).where(of_callback).correlate(callbacks)
    asked = (
        select(
            callbacks,
            # It outlives the call of the caller who asked for it.
            running(callbacks, ends_with_call=False),
            calls.c.caller_number,
            calls.c.caller_name,
            tried.label("tried"),
            latest.scalar_subquery().label("attempted_at_ms"),
        )
        .select_from(callbacks)
        .outerjoin(
            calls,
            and_(calls.c.call_id == callback.caller_call_id, calls.c.epoch_no == callback.epoch_no),
        )
    )
    if query.queues:
        asked = asked.where(callback.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(callback.agent_id.in_(query.agents))
    return in_period(asked, callbacks, query)


def callback_row(row: Row[Any]) -> CallbackRow:
    """Returns a callback."""
    return CallbackRow(
        callback_id=row.callback_id,
        call_id=row.waiting_call_id,
        caller_call_id=row.caller_call_id,
        queue_id=row.queue_id,
        entered_at_ms=row.entered_at_ms,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        number=row.number,
        asked_how=row.asked_how,
        attempts=row.tried if row.attempts is None else row.attempts,
        attempted_at_ms=row.attempted_at_ms,
        agent_id=row.agent_id,
        status=status_of(row.outcome, running=bool(row.running)),
        reason=row.reason,
        wait_ms=row.wait_ms,
    )
