"""`FactStore` on SQLAlchemy: every fact at most once, and no fact in the way of the next."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, case, delete, insert, select, update

from engine.adapters.db.connect import shown, writing_engine
from engine.adapters.db.errors import DatabaseErrors, in_words, unavailable
from engine.adapters.db.project import project
from engine.adapters.db.revision import SchemaMismatch, require_known
from engine.adapters.db.rows import RowOp
from engine.adapters.db.statements import OF_EPOCH, insert_into, the_epoch
from engine.adapters.db.tables import epochs, facts_rejected, facts_seen
from engine.adapters.db.telling import clean
from engine.adapters.db.writer import RowWriter, Tally
from engine.app.ports import StoreUnavailable
from engine.core.codec import encode
from engine.core.facts import Fact

log = logging.getLogger(__name__)

SEEN_KEPT: Final = 100_000
"""So many of an epoch's last facts are remembered singly; older ones count as stored."""
SEEN_SLACK: Final = 10_000
"""How many more may pile up before the oldest are forgotten."""
BIGINT_MAX: Final = 2**63 - 1


@dataclass(slots=True)
class StoreCounts:
    """What became of the facts given to a store since it was made."""

    stored: int = 0
    """In a table now."""
    counted_only: int = 0
    """Of the kinds that are not kept."""
    repeated: int = 0
    """Were stored before."""
    rejected: int = 0
    """In `facts_rejected`."""
    starts_missing: int = 0
    """Ends among `stored` whose start never came."""
    ends_missing: int = 0
    """Starts among `stored` that contradict a row whose end never came."""


@dataclass(frozen=True, slots=True)
class _Epoch:
    number: int
    last_seq: int
    seen_from_seq: int


class SqlFactStore:
    """The facts' way into the database. One thread at a time.

    Args:
        url: SQLAlchemy's URL of a SQLite file or of PostgreSQL. Nothing is opened yet.

    Raises:
        BadDatabaseUrl: the URL is not one of those.
    """

    def __init__(self, url: str) -> None:
        """Prepares, without touching the database."""
        self._engine = writing_engine(url)
        self._writer = RowWriter(self._engine.dialect.name)
        self._schema_known = False
        self.counts = StoreCounts()

    def write(self, epoch: str, facts: Sequence[Fact]) -> None:
        """Stores these facts in one transaction, each at most once (by epoch and seq), in order.

        A fact that breaks a law of the tables goes to `facts_rejected`, with the reason, and does
        not hold up the others.

        Raises:
            StoreUnavailable: nothing was stored (or, if the connection broke during the commit,
                perhaps everything); try the same again later.
        """
        if not facts:
            return
        try:
            with self._engine.begin() as connection:
                if not self._schema_known:
                    require_known(connection, shown(self._engine.url))
                counts = self._write(connection, epoch, facts)
        except SchemaMismatch as error:
            raise StoreUnavailable(str(error)) from None
        except DatabaseErrors as error:
            self._schema_known = False  # Whatever it was may have been an upgrade.
            raise unavailable(self._engine.url, error) from error
        self._schema_known = True
        self._add(counts)

    def close(self) -> None:
        """Lets go of connections."""
        self._engine.dispose()

    def _write(self, connection: Connection, name: str, facts: Sequence[Fact]) -> StoreCounts:
        counts = StoreCounts()
        epoch = self._epoch(connection, name)
        fresh = self._fresh(connection, epoch, facts)
        counts.repeated = len(facts) - len(fresh)
        ops: list[RowOp] = []
        rejected: list[tuple[Fact, str]] = []
        for fact in fresh:
            try:
                op = project(fact)
            except Exception as error:  # noqa: BLE001 - the border: no fact may stop the others
                rejected.append((fact, in_words(error)))
                continue
            if op is None:
                counts.counted_only += 1
            else:
                ops.append(op)
        tally = Tally()
        self._writer.write(connection, epoch.number, ops, tally)
        by_seq = {fact.seq: fact for fact in fresh}
        rejected += [(by_seq[op.seq], error) for op, error in tally.rejected]
        self._reject(connection, epoch, rejected)
        self._remember(connection, epoch, fresh)
        counts.stored = len(ops) - len(tally.rejected)
        counts.rejected = len(rejected)
        counts.starts_missing = tally.starts_missing
        counts.ends_missing = tally.ends_missing
        return counts

    def _epoch(self, connection: Connection, name: str) -> _Epoch:
        """Finds or makes the epoch's row, and holds it until the end of the transaction."""
        row = connection.execute(the_epoch(), {OF_EPOCH: name}).one_or_none()
        if row is None:
            adding = insert_into(self._engine.dialect.name, epochs).on_conflict_do_nothing()
            connection.execute(
                adding, {"epoch": name, "last_seq": 0, "seen_from_seq": 0, "last_at_ms": 0}
            )
            row = connection.execute(the_epoch(), {OF_EPOCH: name}).one()
        return _Epoch(*row)

    def _fresh(self, connection: Connection, epoch: _Epoch, facts: Sequence[Fact]) -> list[Fact]:
        """Returns the facts not stored yet, each once."""
        old = [fact.seq for fact in facts if epoch.seen_from_seq <= fact.seq <= epoch.last_seq]
        seen: set[int] = set()
        if old:
            query = select(facts_seen.c.seq).where(
                facts_seen.c.epoch_no == epoch.number,
                facts_seen.c.seq.between(min(old), max(old)),
            )
            seen.update(connection.execute(query).scalars())
        fresh = []
        for fact in facts:
            if fact.seq >= epoch.seen_from_seq and fact.seq not in seen:
                seen.add(fact.seq)
                fresh.append(fact)
        return fresh

    def _reject(
        self, connection: Connection, epoch: _Epoch, rejected: Sequence[tuple[Fact, str]]
    ) -> None:
        """Keeps the facts that no table takes, for a human."""
        if not rejected:
            return
        rows = [
            {
                "epoch_no": epoch.number,
                "seq": fact.seq,
                "kind": type(fact).__name__,
                "body": _as_json(fact),
                "error": clean(error),
            }
            for fact, error in rejected
        ]
        # Already there only if somebody emptied `facts_seen` by hand: no reason to hold facts up.
        keeping = insert_into(self._engine.dialect.name, facts_rejected)
        connection.execute(keeping.on_conflict_do_nothing(), rows)

    def _remember(self, connection: Connection, epoch: _Epoch, fresh: Sequence[Fact]) -> None:
        """Notes which facts are stored now, and forgets those that nobody will send again."""
        if not fresh:
            return
        connection.execute(
            insert(facts_seen), [{"epoch_no": epoch.number, "seq": fact.seq} for fact in fresh]
        )
        last_seq = max(epoch.last_seq, *(fact.seq for fact in fresh))
        last_at_ms = min(max(fact.at_ms for fact in fresh), BIGINT_MAX)
        seen_from_seq = epoch.seen_from_seq
        if last_seq - seen_from_seq > SEEN_KEPT + SEEN_SLACK:
            seen_from_seq = last_seq - SEEN_KEPT
            connection.execute(
                delete(facts_seen).where(
                    facts_seen.c.epoch_no == epoch.number, facts_seen.c.seq < seen_from_seq
                )
            )
        later = case((epochs.c.last_at_ms < last_at_ms, last_at_ms), else_=epochs.c.last_at_ms)
        connection.execute(
            update(epochs)
            .where(epochs.c.number == epoch.number)
            .values(last_seq=last_seq, seen_from_seq=seen_from_seq, last_at_ms=later)
        )

    def _add(self, counts: StoreCounts) -> None:
        for each in dataclasses.fields(StoreCounts):
            total = getattr(self.counts, each.name) + getattr(counts, each.name)
            setattr(self.counts, each.name, total)
        if counts.rejected or counts.starts_missing or counts.ends_missing:
            log.warning(
                "the record has gaps: %d facts rejected (see facts_rejected), %d ends without a"
                " start, %d starts that contradict a row without an end",
                counts.rejected,
                counts.starts_missing,
                counts.ends_missing,
            )


def _as_json(fact: Fact) -> str:
    try:
        return json.dumps(encode(fact))
    except (TypeError, ValueError):  # Whatever it holds is why it was rejected.
        return json.dumps(repr(fact))
