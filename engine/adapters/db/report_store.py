"""`ReportStore` on SQLAlchemy: reads of one moment, which never hold up the writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select

from engine.adapters.db.connect import reading_engine, shown
from engine.adapters.db.errors import DatabaseErrors, unavailable
from engine.adapters.db.report_queries import (
    calls_query,
    offers_query,
    parts_of_calls,
    visits_query,
)
from engine.adapters.db.report_rows import (
    CallParts,
    call_row,
    offer_row,
    parts_by_call,
    visit_row,
)
from engine.adapters.db.revision import SchemaMismatch, require_known
from engine.app.ports import StoreUnavailable
from engine.reports.ports import Query
from engine.reports.rows import CallRow, OfferRow, VisitRow

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
            raise unavailable(self._engine.url, error) from error


def _with_parts(connection: Connection, page: Sequence[Row[Any]]) -> Iterator[CallRow]:
    visits, talks, held = parts_of_calls([row.call_id for row in page])
    parts = parts_by_call(
        connection.execute(visits), connection.execute(talks), connection.execute(held)
    )
    for row in page:
        yield call_row(row, parts.get((row.epoch_no, row.call_id), CallParts()))
