"""Calls for reports, with what their visits and talks add to them; transfers and parkings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, func, or_, select

from engine.adapters.db.report_parts import (
    CALLER,
    AnyRow,
    at_moments,
    duration_ms,
    ended_status,
    has,
    in_period,
    of_queues,
    running,
    status_of,
    with_caller,
)
from engine.adapters.db.report_ways import route_words
from engine.adapters.db.tables import (
    calls,
    holds,
    parkings,
    queue_visits,
    talk_segments,
    transfers,
)
from engine.core.ids import CallId
from engine.reports.definitions import call_status
from engine.reports.ports import Query
from engine.reports.rows import CallRow, ParkingRow, TransferRow


def calls_query(query: Query) -> Select[Any]:
    """Calls, without what their visits and talks add (see `parts_of_calls`)."""
    asked = of_queues(select(calls, running(calls)), calls, query)
    if query.agents:
        talked = talk_segments.c.agent_id.in_(query.agents)
        asked = asked.where(has(talk_segments, calls, talked))
    return in_period(asked, calls, query)


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


def _parts(table: Table, call_ids: Sequence[str]) -> Select[Any]:
    told = func.coalesce(table.c.started_seq, table.c.ended_seq)
    return select(table).where(table.c.call_id.in_(call_ids)).order_by(told)


def _talk_ids(call_ids: Sequence[str]) -> Select[Any]:
    # By way of the talks: holds have an index on these only.
    return select(talk_segments.c.talk_id).where(talk_segments.c.call_id.in_(call_ids))


def transfers_query(query: Query) -> Select[Any]:
    """Transfers with their caller."""
    asked = with_caller(select(transfers, *CALLER), transfers)
    if query.agents:
        asked = asked.where(
            or_(transfers.c.by.in_(query.agents), transfers.c.target.in_(query.agents))
        )
    return at_moments(of_queues(asked, transfers, query), transfers, query)


def parkings_query(query: Query) -> Select[Any]:
    """Parked calls with their caller."""
    asked = with_caller(select(parkings, running(parkings), *CALLER), parkings)
    if query.agents:
        asked = asked.where(
            or_(parkings.c.park_by.in_(query.agents), parkings.c.unpark_by.in_(query.agents))
        )
    return in_period(of_queues(asked, parkings, query), parkings, query)


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


def _sum(durations: Iterable[int | None]) -> int | None:
    known: Sequence[int] = [each for each in durations if each is not None]
    return sum(known) if known else None


def transfer_row(row: AnyRow) -> TransferRow:
    """Returns a transfer."""
    return TransferRow(
        at_ms=row.at_ms,
        call_id=row.call_id,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        kind=row.kind,
        by=row.by,
        target=row.target,
        other_call_id=row.other_call_id,
        source=row.source,
    )


def parking_row(row: AnyRow) -> ParkingRow:
    """Returns a parked call."""
    return ParkingRow(
        park_id=row.park_id,
        call_id=row.call_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        slot=row.slot,
        park_by=row.park_by,
        status=ended_status(row),
        reason=row.ended_why,
        unpark_by=row.unpark_by,
        duration_ms=duration_ms(row),
        source=row.source,
    )
