"""What all reports are made of: the period, the call, whether an end can still come, and the status."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Row, Select, Table, and_, case, func, or_, select

from engine.adapters.db.tables import (
    callback_attempts,
    callbacks,
    calls,
    epochs,
    queue_visits,
)
from engine.core.facts import SourceKind
from engine.reports.ports import Query
from engine.reports.rows import Status

AnyRow = Row[Any]

CALLER: Final = (calls.c.caller_number, calls.c.caller_name, calls.c.source)
"""Whose call it was."""


def running(table: Table, *, ends_with_call: bool = True) -> ColumnElement[int]:
    """1 if a missing end can still come.

    It cannot once a newer history has begun, a later start has overtaken the row, or the call has
    ended (`ends_with_call`: such rows end before it). `calls` is the table or joined to it.
    """
    newest = select(func.max(epochs.c.number)).scalar_subquery()
    goes_on = and_(
        table.c.overtaken_seq.is_(None),
        table.c.epoch_no == newest,
        *((calls.c.ended_seq.is_(None),) if ends_with_call else ()),
    )
    return case((goes_on, 1), else_=0).label("running")


def in_period(asked: Select[Any], table: Table, query: Query) -> Select[Any]:
    """What began in the period, newest first; where the start was never told, what ended in it."""
    began, ended = table.c.started_at_ms, table.c.ended_at_ms
    startless = table.c.started_seq.is_(None)
    within = or_(
        and_(began >= query.from_ms, began < query.to_ms),
        and_(startless, ended >= query.from_ms, ended < query.to_ms),
    )
    newest_first = (
        func.coalesce(began, ended).desc(),
        table.c.epoch_no.desc(),
        func.coalesce(table.c.started_seq, table.c.ended_seq).desc(),
    )
    return asked.where(within).order_by(*newest_first).limit(query.limit)


def at_moments(asked: Select[Any], table: FromClause, query: Query) -> Select[Any]:
    """What happened in the period, newest first."""
    moment = table.c
    within = and_(moment.at_ms >= query.from_ms, moment.at_ms < query.to_ms)
    newest_first = (moment.at_ms.desc(), moment.epoch_no.desc(), moment.seq.desc())
    return asked.where(within).order_by(*newest_first).limit(query.limit)


def same_call(one: Table, other: Table) -> ColumnElement[bool]:
    """Joins two tables that know a call."""
    return and_(one.c.call_id == other.c.call_id, one.c.epoch_no == other.c.epoch_no)


def has(table: Table, of: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tells whether the call of a row of `of` has such a row in `table`."""
    return select(1).select_from(table).where(same_call(table, of), condition).exists()


def with_caller(asked: Select[Any], table: Table) -> Select[Any]:
    """Joins a table that knows a call with that call: for `CALLER`, and whether it goes on."""
    return asked.select_from(table).outerjoin(calls, same_call(calls, table))


def of_queues(asked: Select[Any], table: Table, query: Query) -> Select[Any]:
    """Of calls that visited one of the queues asked for, or waited there as a callback."""
    return asked.where(was_in(table, query)) if query.queues else asked


def was_in(table: Table, query: Query) -> ColumnElement[bool]:
    """Tells whether the call of a row visited one of the queues asked for, or was a callback there.

    A callback waits without a visit: as its first call, as one for each attempt, as one that rests
    after an attempt, as its last.
    """
    waited = [
        select(1)
        .select_from(callbacks)
        .where(
            waiting == table.c.call_id,
            callbacks.c.epoch_no == table.c.epoch_no,
            callbacks.c.queue_id.in_(query.queues),
        )
        .exists()
        for waiting in (callbacks.c.waiting_call_id, callbacks.c.last_call_id)
    ]
    resting = calls.alias("resting")
    rested = (
        select(1)
        .select_from(resting)
        .join(callback_attempts, follows_attempt(resting))
        .where(
            resting.c.call_id == table.c.call_id,
            resting.c.epoch_no == table.c.epoch_no,
            callback_attempts.c.queue_id.in_(query.queues),
        )
        .exists()
    )
    return or_(
        rested,
        has(queue_visits, table, queue_visits.c.queue_id.in_(query.queues)),
        has(callback_attempts, table, callback_attempts.c.queue_id.in_(query.queues)),
        *waited,
    )


def follows_attempt(call: FromClause) -> ColumnElement[bool]:
    """Joins a call that waits after an attempt that failed with that attempt.

    A callback's first call follows none: its parent is the caller's call, even where that was called
    back itself. `call` is the table of calls or an alias of it.
    """
    first = (
        select(1)
        .select_from(callbacks)
        .where(
            callbacks.c.waiting_call_id == call.c.call_id, callbacks.c.epoch_no == call.c.epoch_no
        )
        .exists()
    )
    return and_(
        call.c.source == SourceKind.CALLBACK.value,
        callback_attempts.c.call_id == call.c.parent_id,
        callback_attempts.c.epoch_no == call.c.epoch_no,
        ~first,
    )


def filtered(asked: Select[Any], table: Table, query: Query) -> Select[Any]:
    """Of the queues and agents asked for, which the table names itself."""
    if query.queues:
        asked = asked.where(table.c.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(table.c.agent_id.in_(query.agents))
    return asked


def status_of(outcome: str | None, *, running: bool) -> Status:
    """Returns an outcome as a status; without one it is open, or its end was lost."""
    if outcome is not None:
        return Status(outcome)
    return Status.OPEN if running else Status.UNKNOWN


def ended_status(row: AnyRow) -> Status:
    """Returns the status of what only goes on or is over."""
    if row.ended_seq is not None:
        return Status.ENDED
    return Status.OPEN if row.running else Status.UNKNOWN


def duration_ms(row: AnyRow) -> int | None:
    """Returns how long it went on, None if it has not both ends."""
    if row.started_at_ms is None or row.ended_at_ms is None:
        return None
    return int(row.ended_at_ms - row.started_at_ms)
