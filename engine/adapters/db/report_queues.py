"""Queue visits and offers for reports: the queries and their typed rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, select

from engine.adapters.db.report_parts import AnyRow, in_period, running, same_call, status_of
from engine.adapters.db.tables import callbacks, calls, holds, offers, queue_visits, talk_segments
from engine.reports.ports import Query
from engine.reports.rows import OfferRow, VisitRow

_AS_OF_A_VISIT = case(
    (callbacks.c.outcome == "succeeded", "answered"), (callbacks.c.outcome == "failed", "missed")
)
"""A callback's outcome in the words of a visit's."""


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


def _added(asked: Select[Any], name: str) -> ColumnElement[Any]:
    return asked.correlate(queue_visits).scalar_subquery().label(name)


def _join(left: FromClause, right: FromClause, on: ColumnElement[bool]) -> FromClause:
    return left.join(right, on)


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


def visit_row(row: AnyRow) -> VisitRow:
    """Returns a visit; its talk's figures only once the talk is over."""
    talk_ms = None if row.talks_open or row.talk_ms is None else int(row.talk_ms)
    return VisitRow(
        visit_id=row.visit_id,
        call_id=row.call_id,
        queue_id=row.queue_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        status=status_of(row.outcome, running=bool(row.running)),
        reason=row.reason,
        agent_id=row.agent_id,
        offers=row.offers_made,
        wait_ms=row.wait_ms,
        ring_ms=row.ring_ms,
        talk_ms=talk_ms,
        hold_ms=None if talk_ms is None else int(row.hold_ms or 0),
        talk_ended_by=None if talk_ms is None else row.talk_ended_by,
        entry_position=row.entry_position,
        exit_position=row.exit_position,
    )


def offer_row(row: AnyRow) -> OfferRow:
    """Returns an offer."""
    running = bool(row.running)
    return OfferRow(
        offer_id=row.offer_id,
        visit_id=row.visit_id,
        call_id=row.call_id,
        queue_id=row.queue_id,
        agent_id=row.agent_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        attempt=row.attempt,
        status=status_of(row.outcome, running=running),
        reason=row.reason,
        ring_ms=row.ring_ms,
        cause=row.cause,
        visit_status=status_of(row.visit_outcome, running=running),
        source=row.source,
    )
