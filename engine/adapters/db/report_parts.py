"""What all reports' queries are made of: the period, the call, and whether an end can still come."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, case, func, or_, select

from engine.adapters.db.tables import calls, epochs
from engine.reports.ports import Query


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
