"""Reports: rows of one grain, or figures over visits, with what was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.core.ids import QueueId
from engine.reports.definitions import SLA_MS_DEFAULT, VisitTally
from engine.reports.ports import Query, ReportStore
from engine.reports.rows import CallRow, OfferRow, ParkingRow, TransferRow, VisitRow
from engine.reports.rows_callbacks import CallbackRow, CallbackSummaryRow
from engine.reports.rows_people import ActionRow, PresenceRow
from engine.reports.rows_surveys import SurveyRow, SurveySummaryRow
from engine.reports.rows_talks import MonitorRow, RecordingRow
from engine.reports.rows_ways import RouteRow
from engine.reports.summaries import summarise_callbacks, summarise_surveys


class ReportKind(StrEnum):
    """What can be asked for."""

    CALLS = "calls"
    VISITS = "visits"
    OFFERS = "offers"
    SUMMARY = "summary"
    TRANSFERS = "transfers"
    RECORDINGS = "recordings"
    MONITORS = "monitors"
    PARKINGS = "parkings"
    PRESENCE = "presence"
    ACTIONS = "actions"
    CALLBACKS = "callbacks"
    CALLBACK_SUMMARY = "callback-summary"
    SURVEYS = "surveys"
    SURVEY_SUMMARY = "survey-summary"
    ROUTES = "routes"


SUMMARIES: Final = (
    ReportKind.SUMMARY,
    ReportKind.CALLBACK_SUMMARY,
    ReportKind.SURVEY_SUMMARY,
)
"""Made of all rows of the period, so that no limit applies."""

TOTALLED: Final = (ReportKind.SUMMARY, ReportKind.CALLBACK_SUMMARY)
"""Their last row is about no queue in particular."""


class BadQuery(ValueError):
    """A report cannot be asked for so; the message names the option and what would be right."""


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


ReportRow = (
    CallRow
    | VisitRow
    | OfferRow
    | SummaryRow
    | TransferRow
    | RecordingRow
    | MonitorRow
    | ParkingRow
    | PresenceRow
    | ActionRow
    | CallbackRow
    | CallbackSummaryRow
    | SurveyRow
    | SurveySummaryRow
    | RouteRow
)


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
        BadQuery: this kind of report has no answer to such a query.
    """
    if kind is ReportKind.CALLBACK_SUMMARY and query.agents:
        raise BadQuery("--agent: a queue's callbacks are nobody's in particular; use --queue")
    if kind in SUMMARIES:
        return _summarised(store, kind, dataclasses.replace(query, limit=None), sla_ms)
    if kind is ReportKind.PRESENCE and query.queues:
        raise BadQuery("--queue: presence is of a person, not of a queue; use --agent")
    return _listed(kind, query, _asked(store, kind)(_one_more(query)))


def _summarised(store: ReportStore, kind: ReportKind, everything: Query, sla_ms: int) -> Report:
    match kind:
        case ReportKind.CALLBACK_SUMMARY:
            callbacks = summarise_callbacks(store.callbacks(everything), store.visits(everything))
            return Report(kind, everything, callbacks)
        case ReportKind.SURVEY_SUMMARY:
            return Report(kind, everything, summarise_surveys(store.surveys(everything)))
        case _:
            visits = summarise(store.visits(everything), sla_ms)
            return Report(kind, everything, visits, sla_ms=sla_ms)


def _asked(store: ReportStore, kind: ReportKind) -> Callable[[Query], Iterator[ReportRow]]:
    listed: dict[ReportKind, Callable[[Query], Iterator[ReportRow]]] = {
        ReportKind.CALLS: store.calls,
        ReportKind.VISITS: store.visits,
        ReportKind.OFFERS: store.offers,
        ReportKind.TRANSFERS: store.transfers,
        ReportKind.RECORDINGS: store.recordings,
        ReportKind.MONITORS: store.monitors,
        ReportKind.PARKINGS: store.parkings,
        ReportKind.PRESENCE: store.presence,
        ReportKind.ACTIONS: store.actions,
        ReportKind.CALLBACKS: store.callbacks,
        ReportKind.SURVEYS: store.surveys,
        ReportKind.ROUTES: store.routes,
    }
    return listed[kind]


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
