"""The statements that write rows, the same text on SQLite and PostgreSQL, built once per table.

Nothing is ever overwritten: each statement writes a part of a row only where that part is empty,
and the number of rows it touched tells whether it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.selectable import Select

from engine.adapters.db.history import History
from engine.adapters.db.rows import Grain
from engine.adapters.db.tables import HISTORIES, epochs

OF_EPOCH: Final = "of_epoch"
OF_ROW: Final = "of_row"
"""Parameters that pick the row to change; they must not be named like columns."""


@dataclass(frozen=True, slots=True)
class HistoryStatements:
    """What can be done to a history table."""

    start: Insert
    """Adds a row that is open, or gives its start to one that was ended without."""
    end: Update
    """Ends a row that is there and not ended."""
    whole: Insert
    """Adds an ended row, with its start or without; does nothing if there is one."""


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Returns the dialect's INSERT, which knows ON CONFLICT (both spell it alike)."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def history_statements(dialect: str, grain: Grain) -> HistoryStatements:
    """Returns the statements for one table."""
    history = HISTORIES[grain]
    table = history.table
    adding = insert_into(dialect, table)
    start = adding.on_conflict_do_update(
        index_elements=[table.c[history.row_id], table.c.epoch_no],
        set_={name: adding.excluded[name] for name in history.starting},
        where=table.c.started_seq.is_(None),
    )
    end = (
        update(table)
        .where(*_picked(history), table.c.ended_seq.is_(None))
        .values({name: bindparam(name) for name in history.ending})
    )
    return HistoryStatements(start, end, adding.on_conflict_do_nothing())


@cache
def overtake(grain: Grain) -> Update:
    """Returns the statement that marks the open row which a new one contradicts.

    Its parameters are those of the new row's start, and `of_row`, that row's id.
    """
    history = HISTORIES[grain]
    table = history.table
    return (
        update(table)
        .where(
            table.c.epoch_no == bindparam(OF_EPOCH),
            table.c[history.row_id] != bindparam(OF_ROW),
            *(table.c[name] == bindparam(f"of_{name}") for name in history.one_open),
            table.c.ended_seq.is_(None),
            table.c.overtaken_seq.is_(None),
        )
        .values(overtaken_seq=bindparam("overtaken_seq"))
    )


def state_of(grain: Grain) -> Select[Any]:
    """Returns the query for which facts told a row so far."""
    history = HISTORIES[grain]
    return select(history.table.c.started_seq, history.table.c.ended_seq).where(*_picked(history))


def the_epoch() -> Select[Any]:
    """Returns the query that finds an epoch by its name, and keeps other writers of it out."""
    return (
        select(epochs.c.number, epochs.c.last_seq, epochs.c.seen_from_seq)
        .where(epochs.c.epoch == bindparam(OF_EPOCH))
        .with_for_update()
    )


def _picked(history: History) -> tuple[ColumnElement[bool], ...]:
    table = history.table
    return (
        table.c[history.row_id] == bindparam(OF_ROW),
        table.c.epoch_no == bindparam(OF_EPOCH),
    )
