"""The queries behind reports: typed rows need them, `report_rows` reads their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    case,
    func,
    or_,
    select,
)

from engine.adapters.db.tables import calls, epochs, holds, offers, queue_visits, talk_segments
from engine.reports.ports import Query


def calls_query(query: Query) -> Select[Any]:
    """Calls, without what their visits and talks add (see `parts_of_calls`)."""
    asked = _period(select(calls, _running(calls)), calls, query)
    if query.queues:
        visited = queue_visits.c.queue_id.in_(query.queues)
        asked = asked.where(_has(queue_visits, visited))
    if query.agents:
        talked = talk_segments.c.agent_id.in_(query.agents)
        asked = asked.where(_has(talk_segments, talked))
    return asked


def parts_of_calls(call_ids: Sequence[str]) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """The visits, the talks and the sums of holds of these calls, in the order of their facts."""
    visits = _parts(queue_visits, call_ids)
    talks = _parts(talk_segments, call_ids)
    held = (
        select(holds.c.epoch_no, holds.c.call_id, func.sum(holds.c.hold_ms).label("hold_ms"))
        .where(holds.c.call_id.in_(call_ids), holds.c.talk_id.in_(_talk_ids(call_ids)))
        .group_by(holds.c.epoch_no, holds.c.call_id)
    )
    return visits, talks, held


def visits_query(query: Query) -> Select[Any]:
    """Queue visits with their caller, and what their talks and offers add up to."""
    visit, talk = queue_visits.c, talk_segments.c
    of_visit = and_(talk.visit_id == visit.visit_id, talk.epoch_no == visit.epoch_no)
    same_talk = and_(talk.talk_id == holds.c.talk_id, talk.epoch_no == holds.c.epoch_no)
    held = (
        select(func.sum(holds.c.hold_ms))
        .select_from(_join(holds, talk_segments, same_talk))
        .where(of_visit)
    )
    offered = select(func.count()).where(
        offers.c.visit_id == visit.visit_id, offers.c.epoch_no == visit.epoch_no
    )
    parted = select(talk.ended_by).where(of_visit).order_by(talk.ended_seq.desc()).limit(1)
    talking = select(func.count()).where(of_visit, talk.ended_seq.is_(None))
    asked = (
        select(
            queue_visits,
            _running(queue_visits),
            calls.c.caller_number,
            calls.c.caller_name,
            _added(select(func.sum(talk.talk_ms)).where(of_visit), "talk_ms"),
            _added(talking, "talks_open"),
            _added(held, "hold_ms"),
            _added(offered, "offers_made"),
            _added(parted, "talk_ended_by"),
        )
        .select_from(queue_visits)
        .outerjoin(calls, _same_call(queue_visits))
    )
    asked = _period(asked, queue_visits, query)
    if query.queues:
        asked = asked.where(visit.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(visit.agent_id.in_(query.agents))
    return asked


def offers_query(query: Query) -> Select[Any]:
    """Offers with their caller, and what became of the visit."""
    offer, visit = offers.c, queue_visits.c
    of_visit = and_(visit.visit_id == offer.visit_id, visit.epoch_no == offer.epoch_no)
    asked = (
        select(
            offers,
            _running(offers),
            calls.c.caller_number,
            calls.c.caller_name,
            visit.outcome.label("visit_outcome"),
        )
        .select_from(offers)
        .outerjoin(calls, _same_call(offers))
        .outerjoin(queue_visits, of_visit)
    )
    asked = _period(asked, offers, query)
    if query.queues:
        asked = asked.where(offer.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(offer.agent_id.in_(query.agents))
    return asked


def _running(table: Table) -> ColumnElement[int]:
    """1 if a missing end can still come.

    It cannot once a newer history has begun, a later start has overtaken the row, or the call has
    ended (its visits and offers end before it). `calls` is the table or joined to it.
    """
    newest = select(func.max(epochs.c.number)).scalar_subquery()
    goes_on = and_(
        table.c.overtaken_seq.is_(None),
        table.c.epoch_no == newest,
        calls.c.ended_seq.is_(None),
    )
    return case((goes_on, 1), else_=0).label("running")


def _period(asked: Select[Any], table: Table, query: Query) -> Select[Any]:
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


def _parts(table: Table, call_ids: Sequence[str]) -> Select[Any]:
    told = func.coalesce(table.c.started_seq, table.c.ended_seq)
    return select(table).where(table.c.call_id.in_(call_ids)).order_by(told)


def _talk_ids(call_ids: Sequence[str]) -> Select[Any]:
    # By way of the talks: holds have an index on these only.
    return select(talk_segments.c.talk_id).where(talk_segments.c.call_id.in_(call_ids))


def _added(asked: Select[Any], name: str) -> ColumnElement[Any]:
    return asked.correlate(queue_visits).scalar_subquery().label(name)


def _join(left: FromClause, right: FromClause, on: ColumnElement[bool]) -> FromClause:
    return left.join(right, on)


def _same_call(table: Table) -> ColumnElement[bool]:
    return and_(calls.c.call_id == table.c.call_id, calls.c.epoch_no == table.c.epoch_no)


def _has(table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(1).select_from(table).where(_same_call(table), condition).exists()
