"""The facts of a live centre, read where they are stored, with a deadline for those on their way."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import psycopg.rows

from engine.adapters.db.tables import metadata
from scripts.lab.waiting import look_until

Rows = list[dict[str, Any]]


class FactTables:
    """Reads a SQLite file, or a PostgreSQL (given by its URL)."""

    def __init__(self, place: Path | str) -> None:
        """Opens nothing."""
        self._place = place

    def rows(self, table: str) -> Rows:
        """Returns a table's rows in the order in which they were made; none while it is away."""
        if table not in metadata.tables:
            raise ValueError(f"no table {table}; there are {', '.join(metadata.tables)}")
        if isinstance(self._place, Path):
            return self._rows_of_sqlite(self._place, table)
        return self._rows_of_postgres(self._place, table)

    def _rows_of_sqlite(self, path: Path, table: str) -> Rows:
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            try:
                found = database.execute(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608
            except sqlite3.OperationalError:  # Its tables are being made.
                return []
            return [dict(row) for row in found]

    def _rows_of_postgres(self, url: str, table: str) -> Rows:
        order = "started_seq" if "started_seq" in metadata.tables[table].columns else "1"
        try:
            with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
                query = f"SELECT * FROM {table} ORDER BY {order}"  # noqa: S608
                return connection.execute(query.encode()).fetchall()
        except psycopg.OperationalError:
            return []

    async def until(
        self, table: str, true: Callable[[Rows], object], timeout_s: float = 30.0
    ) -> Rows:
        """Waits until `true` is so of a table's rows, and returns them.

        Raises:
            TimeoutError: it never was; the message has the rows.
        """
        latest: Rows = []

        def look() -> object:
            latest[:] = self.rows(table)
            return true(latest)

        await look_until(look, f"{table} to be as wanted", timeout_s, seen=lambda: latest)
        return latest
