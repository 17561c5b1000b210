"""Reads what the engine writes down, as it is written: rows that began, rows that ended.

The reader is a stranger to the engine: it opens the SQLite file read-only, so that what the demo
shows is what any report would find.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

Row = dict[str, Any]


class Kind(StrEnum):
    """What a row is about; the value is the table's name."""

    CALL = "calls"
    VISIT = "queue_visits"
    OFFER = "offers"
    TALK = "talk_segments"
    LOGIN = "agent_logins"
    PAUSE = "pauses"
    WRAPUP = "wrapups"
    REFUSAL = "action_refusals"
    CALLBACK = "callbacks"
    ATTEMPT = "callback_attempts"
    SURVEY = "surveys"
    ROUTE = "routes_taken"
    HOURS = "queue_hours_changes"


_MOMENTS: Final = frozenset({Kind.REFUSAL, Kind.ATTEMPT, Kind.SURVEY, Kind.ROUTE, Kind.HOURS})
_SOME: Final = 500
"""How many rows are asked for by number in one question; SQLite has a limit."""


@dataclass(frozen=True, slots=True)
class News:
    """Something began, ended or (a refusal, an answer) happened. `row` is the whole row, as it is now."""

    at_ms: int
    seq: int
    kind: Kind
    began: bool
    row: Row


class Ledger:
    """What is written down so far.

    Attributes:
        open: what has begun and not ended, by table and row number.
        callers: names by call id, also of calls that have ended; see `name_of_call`.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the database; it need not exist yet."""
        self.path = path
        self.open: dict[Kind, dict[int, Row]] = {kind: {} for kind in Kind}
        self._last: dict[Kind, int] = dict.fromkeys(Kind, 0)
        self._database: sqlite3.Connection | None = None
        self._names: dict[str, str] = {}

    def close(self) -> None:
        """Closes the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def poll(self) -> list[News]:
        """Returns what is new since the last time, in the order in which it happened."""
        news: list[News] = []
        for kind in Kind:
            news += self._new_rows(kind)
            if kind not in _MOMENTS:
                news += self._ended_rows(kind)
        return sorted(news, key=lambda each: (each.at_ms, each.seq))

    def _new_rows(self, kind: Kind) -> Iterator[News]:
        for row in self.query(
            f"SELECT rowid AS row_no, * FROM {kind} WHERE rowid > ? ORDER BY rowid",  # noqa: S608
            [self._last[kind]],
        ):
            self._last[kind] = row["row_no"]
            if kind in _MOMENTS:
                yield News(row["at_ms"], row["seq"], kind, began=True, row=row)
                continue
            if kind is Kind.CALL:
                self._names[row["call_id"]] = row["caller_name"] or row["caller_number"] or ""
            # Kept as open until the end of it has been told, which may be in the same breath.
            self.open[kind][row["row_no"]] = row
            if row["started_at_ms"] is not None:
                yield News(row["started_at_ms"], row["started_seq"], kind, began=True, row=row)

    def _ended_rows(self, kind: Kind) -> Iterator[News]:
        numbers = list(self.open[kind])
        for first in range(0, len(numbers), _SOME):
            some = numbers[first : first + _SOME]
            marks = ",".join("?" * len(some))
            for row in self.query(
                f"SELECT rowid AS row_no, * FROM {kind}"  # noqa: S608
                f" WHERE rowid IN ({marks}) AND (ended_seq IS NOT NULL OR overtaken_seq IS NOT NULL)",
                some,
            ):
                del self.open[kind][row["row_no"]]
                if row["ended_seq"] is not None:
                    yield News(row["ended_at_ms"], row["ended_seq"], kind, began=False, row=row)

    def query(self, sql: str, values: Iterable[object] = ()) -> list[Row]:
        """Returns the rows of a question; none while there is no such database or table."""
        if self._database is None:
            if not self.path.exists():
                return []
            self._database = sqlite3.connect(
                f"file:{self.path}?mode=ro", uri=True, isolation_level=None
            )
            self._database.row_factory = sqlite3.Row
        with contextlib.suppress(sqlite3.OperationalError):
            return [dict(row) for row in self._database.execute(sql, list(values))]
        return []

    def rows(self, kind: Kind) -> list[Row]:
        """Returns a whole table."""
        return self.query(f"SELECT rowid AS row_no, * FROM {kind} ORDER BY rowid")  # noqa: S608

    def name_of_call(self, call_id: str) -> str:
        """Returns the caller's name, or the number if there is none."""
        return self._names.get(call_id) or "somebody"

    def opened(self, kind: Kind) -> list[Row]:
        """Returns what of a table has begun and not ended, oldest first."""
        return list(self.open[kind].values())
