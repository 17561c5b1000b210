"""Many row operations as few statements: the parts of one row are put together before writing.

This is what makes batches fast, and what keeps the partial unique indexes out of the way of lawful
histories: within a batch, rows are first ended, then added whole, then opened. After each of these
steps fewer or the same rows are open as at the end of the batch, so no index sees a moment in
which two rows seem open that never were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.adapters.db.rows import Grain, Part, RowOp, Value

Row = dict[str, Value]


class ToldTwice(Exception):
    """Two facts tell the same part of the same row; the message names it."""


@dataclass(slots=True)
class GrainBatch:
    """What a batch does to one history table, as parameters of statements."""

    ends: list[Row] = field(default_factory=list)
    """Ends of rows that began in an earlier batch (or whose start is lost)."""
    wholes: list[Row] = field(default_factory=list)
    starts: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What a batch does to all tables."""

    histories: dict[Grain, GrainBatch] = field(default_factory=dict)
    moments: dict[Grain, list[Row]] = field(default_factory=dict)


def gather(ops: Iterable[RowOp], row_ids: dict[Grain, str], epoch_no: int) -> Batch:
    """Puts row operations of one epoch together, one row each.

    Args:
        ops: in the order of their facts.
        row_ids: the name of the id column of each history table.
        epoch_no: goes into every row.

    Raises:
        ToldTwice: a start or an end comes twice for a row.
    """
    batch = Batch()
    begun: dict[tuple[Grain, str], RowOp] = {}
    ended: dict[tuple[Grain, str], RowOp] = {}
    for op in ops:
        if op.part is Part.MOMENT:
            row: Row = {"epoch_no": epoch_no, "seq": op.seq, "at_ms": op.at_ms, **op.values}
            batch.moments.setdefault(op.grain, []).append(row)
            continue
        parts = begun if op.part is Part.START else ended
        key = (op.grain, op.row_id)
        if key in parts:
            raise ToldTwice(f"{op.grain.value} {op.row_id} is told twice in one batch")
        parts[key] = op
    for key, op in begun.items():
        row = {row_ids[op.grain]: op.row_id, "epoch_no": epoch_no, **_part(op)}
        end = ended.pop(key, None)
        rows = batch.histories.setdefault(op.grain, GrainBatch())
        if end is None:
            rows.starts.append(row)
        else:
            rows.wholes.append({**row, **_part(end)})
    for op in ended.values():
        row = {row_ids[op.grain]: op.row_id, "epoch_no": epoch_no, **_part(op)}
        batch.histories.setdefault(op.grain, GrainBatch()).ends.append(row)
    return batch


def _part(op: RowOp) -> Row:
    edge = "started" if op.part is Part.START else "ended"
    return {f"{edge}_at_ms": op.at_ms, f"{edge}_seq": op.seq, **op.values}
