"""The queries behind reports: typed rows need them, `report_rows` reads their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, case, func, or_, select

from engine.adapters.db.report_parts import has, in_period, running, same_call
from engine.adapters.db.tables import (
    callback_attempts,
    callbacks,
    calls,
    holds,
    offers,
    queue_visits,
    talk_segments,
)
from engine.reports.ports import Query

_AS_OF_A_VISIT = case(
    (callbacks.c.outcome == "succeeded", "answered"), (callbacks.c.outcome == "failed", "missed")
)
"""A callback's outcome in the words of a visit's."""


def calls_query(query: Query) -> Select[Any]:
    """Calls, without what their visits and talks add (see `parts_of_calls`)."""
    asked = in_period(select(calls, running(calls)), calls, query)
    if query.queues:
        visited = queue_visits.c.queue_id.in_(query.queues)
        asked = asked.where(or_(has(queue_visits, calls, visited), _called_back_in(query.queues)))
    if query.agents:
        talked = talk_segments.c.agent_id.in_(query.agents)
        asked = asked.where(has(talk_segments, calls, talked))
    return asked


def _called_back_in(queues: Sequence[str]) -> ColumnElement[bool]:
    """Tells whether a call is a callback of one of these queues: it waits there without a visit."""
    waited = select(1).where(
        callbacks.c.waiting_call_id == calls.c.call_id,
        callbacks.c.epoch_no == calls.c.epoch_no,
        callbacks.c.queue_id.in_(queues),
    )
    tried = has(callback_attempts, calls, callback_attempts.c.queue_id.in_(queues))
    return or_(waited.correlate(calls).exists(), tried)


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
            running(queue_visits),
            calls.c.caller_number,
            calls.c.caller_name,
            _added(select(func.sum(talk.talk_ms)).where(of_visit), "talk_ms"),
            _added(talking, "talks_open"),
            _added(held, "hold_ms"),
            _added(offered, "offers_made"),
            _added(parted, "talk_ended_by"),
        )
        .select_from(queue_visits)
        .outerjoin(calls, same_call(calls, queue_visits))
    )
    asked = in_period(asked, queue_visits, query)
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
            running(offers),
            calls.c.caller_number,
            calls.c.caller_name,
            calls.c.source,
            func.coalesce(visit.outcome, _AS_OF_A_VISIT).label("visit_outcome"),
        )
        .select_from(offers)
        .outerjoin(calls, same_call(calls, offers))
        .outerjoin(queue_visits, of_visit)
        .outerjoin(
            callbacks,
            and_(callbacks.c.callback_id == offer.visit_id, callbacks.c.epoch_no == offer.epoch_no),
        )
    )
    asked = in_period(asked, offers, query)
    if query.queues:
        asked = asked.where(offer.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(offer.agent_id.in_(query.agents))
    return asked


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
