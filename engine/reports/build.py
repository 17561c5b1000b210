"""Reports: rows of one grain, or figures over visits, with what was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from engine.core.ids import QueueId
from engine.reports.definitions import SLA_MS_DEFAULT, VisitTally
from engine.reports.ports import Query, ReportStore
from engine.reports.rows import CallRow, OfferRow, VisitRow


class ReportKind(StrEnum):
    """What can be asked for."""

    CALLS = "calls"
    VISITS = "visits"
    OFFERS = "offers"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The figures of one queue's visits in the period; without `queue_id`, of all queues together."""

    queue_id: QueueId | None
    total: int
    answered: int
    missed: int
    abandoned: int
    open: int
    unknown: int
    answered_percent: float | None
    missed_percent: float | None
    abandoned_percent: float | None
    sla_percent: float | None
    wait_answered_ms_average: int | None
    wait_ms_average: int | None
    wait_ms_max: int | None
    talk_ms_average: int | None
    hold_ms_average: int | None
    handle_ms_average: int | None


ReportRow = CallRow | VisitRow | OfferRow | SummaryRow


@dataclass(frozen=True, slots=True)
class Report:
    """An answer, ready to be rendered. `truncated`: there is more than the query's limit allows."""

    kind: ReportKind
    query: Query
    rows: tuple[ReportRow, ...]
    truncated: bool = False
    sla_ms: int | None = None
    """Summaries only: the time by which an answer counts as within the service level."""


def make_report(
    store: ReportStore, kind: ReportKind, query: Query, *, sla_ms: int = SLA_MS_DEFAULT
) -> Report:
    """Asks the record.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    match kind:
        case ReportKind.CALLS:
            return _listed(kind, query, store.calls(_one_more(query)))
        case ReportKind.VISITS:
            return _listed(kind, query, store.visits(_one_more(query)))
        case ReportKind.OFFERS:
            return _listed(kind, query, store.offers(_one_more(query)))
        case ReportKind.SUMMARY:
            everything = dataclasses.replace(query, limit=None)
            rows = summarise(store.visits(everything), sla_ms)
            return Report(kind, everything, rows, sla_ms=sla_ms)
        case _:
            assert_never(kind)


def summarise(visits: Iterator[VisitRow], sla_ms: int) -> tuple[SummaryRow, ...]:
    """Returns a row per queue, in order of their numbers, and the total row last."""
    total = VisitTally()
    queues: dict[QueueId, VisitTally] = {}
    for visit in visits:
        queues.setdefault(visit.queue_id, VisitTally()).add(visit, sla_ms)
        total.add(visit, sla_ms)
    rows = [_summary_row(queue_id, queues[queue_id]) for queue_id in sorted(queues)]
    return (*rows, _summary_row(None, total))


def _summary_row(queue_id: QueueId | None, tally: VisitTally) -> SummaryRow:
    names = [each.name for each in dataclasses.fields(SummaryRow) if each.name != "queue_id"]
    return SummaryRow(queue_id, **{name: getattr(tally, name) for name in names})


def _one_more(query: Query) -> Query:
    """Asks for one row beyond the limit, which tells whether there is more."""
    if query.limit is None:
        return query
    return dataclasses.replace(query, limit=query.limit + 1)


def _listed(kind: ReportKind, query: Query, rows: Iterator[ReportRow]) -> Report:
    found = tuple(rows)
    truncated = query.limit is not None and len(found) > query.limit
    return Report(kind, query, found[: query.limit], truncated)
