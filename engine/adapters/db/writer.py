"""Row operations into the tables: all at once if they are sound, else down to the unsound one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from engine.adapters.db.batch import Batch, Row, ToldTwice, gather
from engine.adapters.db.errors import DatabaseErrors, in_words, is_data_error
from engine.adapters.db.rows import Grain, Part, RowOp
from engine.adapters.db.statements import (
    OF_EPOCH,
    OF_ROW,
    history_statements,
    overtake,
    state_of,
)
from engine.adapters.db.tables import HISTORIES, MOMENTS

_ROW_IDS = {grain: history.row_id for grain, history in HISTORIES.items()}
_Unsound = (*DatabaseErrors, ToldTwice, OverflowError, TypeError, ValueError)


@dataclass(slots=True)
class Tally:
    """What came of writing some row operations."""

    starts_missing: int = 0
    """Rows that have an end and no start."""
    ends_missing: int = 0
    """Rows marked as overtaken: a later start cannot be true while they are open."""
    rejected: list[tuple[RowOp, str]] = field(default_factory=list)
    """What no table takes, with the reason."""


class RowWriter:
    """Writes row operations within a transaction of the caller's.

    Args:
        dialect: SQLAlchemy's name of it.
    """

    def __init__(self, dialect: str) -> None:
        """Takes note of the dialect."""
        self._dialect = dialect

    def write(
        self, connection: Connection, epoch_no: int, ops: Sequence[RowOp], tally: Tally
    ) -> None:
        """Writes these operations of one epoch; `tally` is told what came of it.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is at fault, not a value.
        """
        if not ops:
            return
        error = self._attempt(connection, epoch_no, ops, tally)
        if error is None:
            return
        if len(ops) == 1:
            self._write_odd(connection, epoch_no, ops[0], error, tally)
            return
        middle = len(ops) // 2
        self.write(connection, epoch_no, ops[:middle], tally)
        self.write(connection, epoch_no, ops[middle:], tally)

    def _attempt(
        self, connection: Connection, epoch_no: int, ops: Sequence[RowOp], tally: Tally
    ) -> BaseException | None:
        """Writes all or nothing; returns what is wrong with these operations, if anything is."""
        try:
            with connection.begin_nested():
                startless = self._write_all(connection, epoch_no, ops)
        except _Unsound as error:
            if not _is_unsound(error):
                raise
            return error
        tally.starts_missing += startless
        return None

    def _write_odd(
        self,
        connection: Connection,
        epoch_no: int,
        op: RowOp,
        error: BaseException,
        tally: Tally,
    ) -> None:
        """Writes one operation that was refused, if a lost end explains the refusal; or rejects it.

        The end of an earlier thing can get lost, with a disk or a file. Were its open row to keep
        all later ones out (an agent's offers, for ever), one loss would become many.
        """
        if isinstance(error, IntegrityError) and op.part is Part.START:
            try:
                with connection.begin_nested():
                    marked = self._overtake(connection, epoch_no, op)
                    if marked:
                        self._write_all(connection, epoch_no, [op])
                        tally.ends_missing += marked
                        return
            except _Unsound as second:
                if not _is_unsound(second):
                    raise
                error = second
        tally.rejected.append((op, in_words(error, with_values=True)))

    def _overtake(self, connection: Connection, epoch_no: int, op: RowOp) -> int:
        history = HISTORIES[op.grain]
        if not history.one_open:
            return 0
        alike = {f"of_{name}": op.values[name] for name in history.one_open}
        picked = {OF_EPOCH: epoch_no, OF_ROW: op.row_id, "overtaken_seq": op.seq}
        return connection.execute(overtake(op.grain), {**alike, **picked}).rowcount

    def _write_all(self, connection: Connection, epoch_no: int, ops: Sequence[RowOp]) -> int:
        """Writes all or raises; returns how many ends came without a start."""
        batch = gather(ops, _ROW_IDS, epoch_no)
        startless = sum(
            self._end(connection, grain, rows.ends) for grain, rows in batch.histories.items()
        )
        for grain, rows in batch.histories.items():
            statements = history_statements(self._dialect, grain)
            for statement, parameters in (
                (statements.whole, rows.wholes),
                (statements.start, rows.starts),
            ):
                if not parameters:
                    continue
                written = connection.execute(statement, parameters).rowcount
                if written != len(parameters):
                    raise ToldTwice(f"a row of {grain.value} has been told already")
        self._add_moments(connection, batch)
        return startless

    def _end(self, connection: Connection, grain: Grain, rows: list[Row]) -> int:
        """Ends rows; one that is not there is made of its end alone. Returns how many those are."""
        if not rows:
            return 0
        statements = history_statements(self._dialect, grain)
        columns = HISTORIES[grain].ending
        picked = [_picked(grain, row) for row in rows]
        ending = [
            {**{name: row[name] for name in columns}, **pick}
            for row, pick in zip(rows, picked, strict=True)
        ]
        ended = connection.execute(statements.end, ending).rowcount
        if ended == len(rows):
            return 0
        startless = []
        for row, pick in zip(rows, picked, strict=True):
            state = connection.execute(state_of(grain), pick).one_or_none()
            if state is None:
                startless.append(row)
            elif state.ended_seq != row["ended_seq"]:
                name = f"{grain.value} {pick[OF_ROW]}"
                raise ToldTwice(f"{name} was ended already, by fact {state.ended_seq}")
        connection.execute(statements.whole, startless)
        return len(startless)

    @staticmethod
    def _add_moments(connection: Connection, batch: Batch) -> None:
        for grain, rows in batch.moments.items():
            connection.execute(insert(MOMENTS[grain]), rows)


def _picked(grain: Grain, row: Row) -> Row:
    return {OF_ROW: row[_ROW_IDS[grain]], OF_EPOCH: row["epoch_no"]}


def _is_unsound(error: BaseException) -> bool:
    return isinstance(error, ToldTwice) or is_data_error(error)
