"""How a table of things that begin and end is built: the columns and laws that all of them share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from engine.adapters.db.rows import Grain

OPEN = "ended_seq IS NULL AND overtaken_seq IS NULL"
"""SQL: the row's end is still to come."""

STARTLESS = "started_seq IS NULL"
"""SQL: the row's start was never told."""


@dataclass(frozen=True, slots=True)
class History:
    """A table of things that begin and end.

    `row_id` is the column that names a row within its epoch. `starting` and `ending` are the
    columns that only the start fact or only the end fact fills. No two open rows of an epoch may
    agree in all columns of `one_open` (none: no such rule).
    """

    table: Table
    row_id: str
    starting: tuple[str, ...]
    ending: tuple[str, ...]
    one_open: tuple[str, ...]


def epoch_number() -> Column[Any]:
    """Returns the column that says in which history of the core a row was told."""
    return Column("epoch_no", Integer, ForeignKey("epochs.number"), primary_key=True)


def history(  # noqa: PLR0913 - a table is many things
    metadata: MetaData,
    grain: Grain,
    row_id: str,
    *rules: CheckConstraint,
    both: tuple[Column[Any], ...] = (),
    start: tuple[Column[Any], ...] = (),
    end: tuple[Column[Any], ...] = (),
    one_open: tuple[str, ...] = (),
    look_up: tuple[str, ...] = (),
    rare: tuple[str, ...] = (),
) -> History:
    """Makes one such table.

    Args:
        metadata: takes the table.
        grain: gives the table its name.
        row_id: the column that names a row.
        rules: laws of this table alone.
        both: columns that the start fact and the end fact both bring.
        start: columns of the start fact.
        end: columns of the end fact; the first, if there is one, is never null then.
        one_open: columns that tell open rows apart.
        look_up: columns by which reports find rows.
        rare: the same, columns that are null in nearly all rows.
    """
    table = Table(
        grain.value,
        metadata,
        Column(row_id, Text, primary_key=True),
        epoch_number(),
        *both,
        *start,
        *end,
        Column("started_at_ms", BigInteger),
        Column("ended_at_ms", BigInteger),
        Column("started_seq", BigInteger),
        Column("ended_seq", BigInteger),
        Column("overtaken_seq", BigInteger),
        CheckConstraint("started_seq IS NOT NULL OR ended_seq IS NOT NULL", name="told"),
        CheckConstraint("(started_at_ms IS NULL) = (started_seq IS NULL)", name="start"),
        CheckConstraint("(ended_at_ms IS NULL) = (ended_seq IS NULL)", name="end"),
        *(law("end_told", f"({each.name} IS NULL) = (ended_seq IS NULL)") for each in end[:1]),
        CheckConstraint("ended_at_ms >= started_at_ms", name="order"),
        *rules,
    )
    Index(None, table.c.started_at_ms)
    _partial(table, "startless", ("ended_at_ms",), STARTLESS)
    for column in look_up:
        Index(None, table.c[column])
    for column in rare:
        _partial(table, column, (column,), f"{column} IS NOT NULL")
    if one_open:
        _partial(table, "open", ("epoch_no", *one_open), OPEN, unique=True)
    return History(
        table,
        row_id,
        ("started_at_ms", "started_seq", *(column.name for column in start)),
        ("ended_at_ms", "ended_seq", *(column.name for column in end)),
        one_open,
    )


def moments(
    metadata: MetaData,
    grain: Grain,
    *columns: Column[Any],
    rules: tuple[CheckConstraint, ...] = (),
    look_up: tuple[str, ...] = (),
) -> Table:
    """Makes a table of things that happen and do not last; a row is named by its fact."""
    table = Table(
        grain.value,
        metadata,
        epoch_number(),
        Column("seq", BigInteger, primary_key=True),
        Column("at_ms", BigInteger, nullable=False, index=True),
        *columns,
        *rules,
    )
    for column in look_up:
        Index(None, table.c[column])
    return table


def word(name: str) -> Column[Any]:
    """A text that is always there."""
    return Column(name, Text, nullable=False)


def outcome_of(outcomes: type[StrEnum], best: StrEnum, why: StrEnum) -> CheckConstraint:
    """Law: `outcome` is one of these and comes with a `reason`; the best goes with one alone.

    Which other reason goes with which outcome: `engine.adapters.db.words`.
    """
    return law(
        "outcome",
        "(outcome IS NULL) = (reason IS NULL)"
        f" AND outcome IN {_words(outcomes)}"
        f" AND (outcome = '{best.value}') = (reason = '{why.value}')",
    )


def law(name: str, condition: str) -> CheckConstraint:
    """Law: any other condition. Where a column in it is null it holds."""
    return CheckConstraint(condition, name=name)


def at_least(column: str, least: int) -> CheckConstraint:
    """Law: a number that cannot be smaller."""
    return CheckConstraint(f"{column} >= {least}", name=column)


def _partial(
    table: Table, name: str, columns: tuple[str, ...], where: str, *, unique: bool = False
) -> None:
    Index(
        f"{'uq' if unique else 'ix'}_{table.name}_{name}",
        *(table.c[column] for column in columns),
        unique=unique,
        sqlite_where=text(where),
        postgresql_where=text(where),
    )


def _words(values: Iterable[StrEnum]) -> str:
    return "(" + ", ".join(f"'{value.value}'" for value in values) + ")"
