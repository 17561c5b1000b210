"""`ReportStore` on SQLAlchemy: reads of one moment, which never hold up the writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select

from engine.adapters.db.connect import reading_engine, shown, sqlite_file
from engine.adapters.db.errors import DatabaseErrors, unavailable
from engine.adapters.db.report_callbacks import callback_row, callbacks_query
from engine.adapters.db.report_calls import (
    CallParts,
    call_row,
    calls_query,
    parking_row,
    parkings_query,
    parts_by_call,
    parts_of_calls,
    transfer_row,
    transfers_query,
)
from engine.adapters.db.report_people import (
    action_row,
    actions_query,
    presence_query,
    presence_row,
)
from engine.adapters.db.report_queues import offer_row, offers_query, visit_row, visits_query
from engine.adapters.db.report_surveys import survey_row, surveys_query
from engine.adapters.db.report_talks import (
    marks_of_recordings,
    monitor_row,
    monitors_query,
    recording_row,
    recordings_query,
)
from engine.adapters.db.report_ways import (
    queues_of_callbacks,
    route_row,
    routes_of_calls,
    routes_query,
)
from engine.adapters.db.revision import SchemaMismatch, require_known
from engine.app.ports import StoreUnavailable
from engine.core.facts import SourceKind
from engine.reports.ports import Query
from engine.reports.rows import CallRow, OfferRow, ParkingRow, TransferRow, VisitRow
from engine.reports.rows_callbacks import CallbackRow
from engine.reports.rows_people import ActionRow, PresenceRow
from engine.reports.rows_surveys import SurveyRow
from engine.reports.rows_talks import MonitorRow, RecordingRow
from engine.reports.rows_ways import RouteRow

ROWS_AT_ONCE: Final = 500
"""Rows fetched, and calls put together, at a time."""


class SqlReportStore:
    """The record, read from SQLite or PostgreSQL.

    Args:
        url: as for `SqlFactStore`. Nothing is opened yet.

    Raises:
        BadDatabaseUrl: the URL is not one that Usher can use.
    """

    def __init__(self, url: str) -> None:
        """Prepares, without touching the database."""
        self._engine = reading_engine(url)

    def close(self) -> None:
        """Lets go of connections."""
        self._engine.dispose()

    def calls(self, query: Query) -> Iterator[CallRow]:
        """Calls, newest first; `queues`: that visited one, `agents`: that talked with one."""
        with self._reading() as connection:
            # All at once: SQLite and PostgreSQL differ in what else may be read meanwhile.
            found = iter(connection.execute(calls_query(query)).all())
            while page := list(islice(found, ROWS_AT_ONCE)):
                yield from _with_parts(connection, page)

    def visits(self, query: Query) -> Iterator[VisitRow]:
        """Queue visits, newest first; `agents`: that were answered by one of them."""
        for row in self._stream(visits_query(query)):
            yield visit_row(row)

    def offers(self, query: Query) -> Iterator[OfferRow]:
        """Offers, newest first."""
        for row in self._stream(offers_query(query)):
            yield offer_row(row)

    def transfers(self, query: Query) -> Iterator[TransferRow]:
        """Transfers, newest first; `agents`: by or to one of them."""
        for row in self._stream(transfers_query(query)):
            yield transfer_row(row)

    def parkings(self, query: Query) -> Iterator[ParkingRow]:
        """Parked calls, newest first; `agents`: parked or taken by one of them."""
        for row in self._stream(parkings_query(query)):
            yield parking_row(row)

    def monitors(self, query: Query) -> Iterator[MonitorRow]:
        """Monitoring, newest first; `agents`: of one of them."""
        for row in self._stream(monitors_query(query)):
            yield monitor_row(row)

    def recordings(self, query: Query) -> Iterator[RecordingRow]:
        """Recordings, newest first; `agents`: of one of them."""
        with self._reading() as connection:
            found = iter(connection.execute(recordings_query(query)).all())
            while page := list(islice(found, ROWS_AT_ONCE)):
                yield from _with_marks(connection, page)

    def presence(self, query: Query) -> Iterator[PresenceRow]:
        """Changes of presence, newest first. It is of a person: `queues` must be empty."""
        for row in self._stream(presence_query(query)):
            yield presence_row(row)

    def actions(self, query: Query) -> Iterator[ActionRow]:
        """Actions done and refused, newest first; `agents`: by or on one of them."""
        for row in self._stream(actions_query(query)):
            yield action_row(row)

    def callbacks(self, query: Query) -> Iterator[CallbackRow]:
        """Callbacks, newest first; `agents`: who talked, or was there at the last attempt."""
        for row in self._stream(callbacks_query(query)):
            yield callback_row(row)

    def surveys(self, query: Query) -> Iterator[SurveyRow]:
        """Surveys, newest first; `agents`: of talks with one of them."""
        for row in self._stream(surveys_query(query)):
            yield survey_row(row)

    def routes(self, query: Query) -> Iterator[RouteRow]:
        """Ways taken, newest first; `agents`: of calls that talked with one of them."""
        for row in self._stream(routes_query(query)):
            yield route_row(row)

    def _stream(self, asked: Select[Any]) -> Iterator[Row[Any]]:
        with self._reading() as connection:
            streaming = connection.execution_options(yield_per=ROWS_AT_ONCE)
            yield from streaming.execute(asked)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                require_known(connection, shown(self._engine.url))
                yield connection
        except SchemaMismatch as error:
            raise StoreUnavailable(str(error)) from None
        except DatabaseErrors as error:
            url = self._engine.url
            if url.get_backend_name() == "sqlite" and not sqlite_file(url).exists():
                raise StoreUnavailable(
                    f"the database {shown(url)} does not exist yet: nothing is recorded here,"
                    " `usher run` makes it"
                ) from error
            raise unavailable(url, error) from error


def _with_parts(connection: Connection, page: Sequence[Row[Any]]) -> Iterator[CallRow]:
    call_ids = [row.call_id for row in page]
    callback_ids = [row.call_id for row in page if row.source == SourceKind.CALLBACK]
    visits, talks, held = parts_of_calls(call_ids)
    parts = parts_by_call(
        connection.execute(visits),
        connection.execute(talks),
        connection.execute(held),
        connection.execute(queues_of_callbacks(callback_ids)) if callback_ids else (),
        connection.execute(routes_of_calls(call_ids)),
    )
    for row in page:
        yield call_row(row, parts.get((row.epoch_no, row.call_id), CallParts()))


def _with_marks(connection: Connection, page: Sequence[Row[Any]]) -> Iterator[RecordingRow]:
    marks: dict[tuple[int, str], list[Row[Any]]] = {}
    for mark in connection.execute(marks_of_recordings([row.recording_id for row in page])):
        marks.setdefault((mark.epoch_no, mark.recording_id), []).append(mark)
    for row in page:
        yield recording_row(row, marks.get((row.epoch_no, row.recording_id), []))
