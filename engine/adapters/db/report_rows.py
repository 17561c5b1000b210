"""Answers of `report_queries` as the typed rows that reports are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from engine.adapters.db.report_ways import route_words
from engine.core.ids import CallId
from engine.reports.definitions import call_status
from engine.reports.rows import CallRow, OfferRow, Status, VisitRow

AnyRow = Row[Any]


@dataclass(slots=True)
class CallParts:
    """What the visits, talks, holds and ways of one call add to it."""

    visits: list[AnyRow] = field(default_factory=list)
    talks: list[AnyRow] = field(default_factory=list)
    hold_ms: int = 0
    called_back: list[AnyRow] = field(default_factory=list)
    """The queues in which a callback waited."""
    routes: list[AnyRow] = field(default_factory=list)


def parts_by_call(
    visits: Iterable[AnyRow],
    talks: Iterable[AnyRow],
    held: Iterable[AnyRow],
    called_back: Iterable[AnyRow],
    routes: Iterable[AnyRow],
) -> dict[tuple[int, CallId], CallParts]:
    """Sorts parts of many calls under their calls (epoch and id)."""
    parts: dict[tuple[int, CallId], CallParts] = {}
    for row in visits:
        parts.setdefault((row.epoch_no, row.call_id), CallParts()).visits.append(row)
    for row in talks:
        parts.setdefault((row.epoch_no, row.call_id), CallParts()).talks.append(row)
    for row in held:
        parts.setdefault((row.epoch_no, row.call_id), CallParts()).hold_ms = int(row.hold_ms or 0)
    for row in called_back:
        parts.setdefault((row.epoch_no, row.call_id), CallParts()).called_back.append(row)
    for row in routes:
        parts.setdefault((row.epoch_no, row.call_id), CallParts()).routes.append(row)
    return parts


def call_row(row: AnyRow, parts: CallParts) -> CallRow:
    """Returns a call with the sums of its parts."""
    running = bool(row.running)
    status = call_status(
        tuple(status_of(visit.outcome, running=running) for visit in parts.visits),
        talked=bool(parts.talks),
        ended=row.ended_seq is not None,
        running=running,
    )
    talks_known = bool(parts.talks) and all(talk.ended_seq is not None for talk in parts.talks)
    return CallRow(
        call_id=row.call_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        source=row.source,
        endpoint=row.endpoint,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        dialled=row.dialled,
        status=status,
        queues=tuple(row.queue_id for row in (*parts.visits, *parts.called_back)),
        parties=tuple(talk.party or talk.agent_id or "?" for talk in parts.talks),
        wait_ms=_sum(visit.wait_ms for visit in parts.visits),
        ring_ms=_sum(visit.ring_ms for visit in parts.visits),
        talk_ms=_sum(talk.talk_ms for talk in parts.talks) if talks_known else None,
        hold_ms=parts.hold_ms if talks_known else None,
        ended_by=row.ended_by,
        cause=row.cause,
        parent_id=row.parent_id,
        by=row.by,
        routes=tuple(route_words(each) for each in parts.routes),
    )


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


def status_of(outcome: str | None, *, running: bool) -> Status:
    """Returns an outcome as a status; without one it is open, or its end was lost."""
    if outcome is not None:
        return Status(outcome)
    return Status.OPEN if running else Status.UNKNOWN


def _sum(durations: Iterable[int | None]) -> int | None:
    known: Sequence[int] = [each for each in durations if each is not None]
    return sum(known) if known else None
