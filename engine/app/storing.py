"""Carries facts from the outbox into the database, however long that is away."""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby
from operator import itemgetter
from typing import Final

from engine.app.ports import Clock, FactStore, Outbox, StoreUnavailable, Thread

log = logging.getLogger(__name__)

BATCH_MAX: Final = 500
"""Facts in one transaction."""
GATHER_S: Final = 0.1
"""How long facts are gathered before they are stored: few transactions, and still "now" to people."""
GATHER_BUSY_S: Final = 1.0
"""The same when facts come so fast that a transaction every GATHER_S would cost much."""
BUSY_FACTS: Final = 20
"""So many facts in one gathering are fast."""
BACKOFF_FIRST_S: Final = 0.5
BACKOFF_MAX_S: Final = 30.0
REFUSALS_MAX: Final = 5
"""How often a fact may fail for another reason than an absent database before it is set aside."""


class _Refused(Exception):
    """The database raised on a fact for a reason that will not go away by itself."""


class Storing:
    """Reads the outbox, writes the store, in a thread; retries for ever.

    Args:
        outbox: where the facts are.
        store: where they go.
        thread: for both.
        clock: for telling how long the database was away.
    """

    def __init__(self, outbox: Outbox, store: FactStore, thread: Thread, clock: Clock) -> None:
        """Starts nothing."""
        self._outbox = outbox
        self._store = store
        self._thread = thread
        self._clock = clock
        self._there_is_more = asyncio.Event()
        self._there_is_more.set()
        self._idle = asyncio.Event()
        self._refusals = 0
        self.stored = 0
        """Facts stored by this process."""
        self.refused = 0
        """Facts set aside by this process."""
        self.away_since_ms: int | None = None
        """Since when the database does not take facts, None while it does."""

    def wake(self) -> None:
        """Says that there are new facts. Call it from the loop's thread."""
        self._idle.clear()
        self._there_is_more.set()

    async def run(self) -> None:
        """Stores facts until cancelled."""
        backoff_s, gather_s = BACKOFF_FIRST_S, GATHER_S
        while True:
            await self._there_is_more.wait()
            self._there_is_more.clear()
            await asyncio.sleep(gather_s)
            gathered = 0
            try:
                while stored := await self._thread.call(self._store_some):
                    gathered += stored
                    backoff_s = self._note_success()
                gather_s = GATHER_BUSY_S if gathered >= BUSY_FACTS else GATHER_S
                backoff_s = self._note_success()
                if not self._there_is_more.is_set():
                    self._idle.set()
            except (StoreUnavailable, _Refused, OSError) as error:  # OSError: the outbox's disk.
                self._note_failure(error)
                await asyncio.sleep(backoff_s)
                backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)
                self._there_is_more.set()

    async def wait_idle(self) -> None:
        """Returns when everything in the outbox is stored."""
        await self._idle.wait()

    def _note_success(self) -> float:
        if self.away_since_ms is not None:
            away_s = (self._clock.now_ms() - self.away_since_ms) // 1000
            log.warning("database takes facts again after %d s", away_s)
            self.away_since_ms = None
        return BACKOFF_FIRST_S

    def _note_failure(self, error: Exception) -> None:
        if self.away_since_ms is None:
            self.away_since_ms = self._clock.now_ms()
            log.error(
                "database does not take facts (%s); they are kept on disk, calls do not notice",
                error,
                extra={"alarm": "store_unavailable"},
            )

    def _store_some(self) -> int:
        """Stores one batch; returns its size. Runs in the thread."""
        batch = self._outbox.read(BATCH_MAX)
        for epoch, group in groupby(batch, key=itemgetter(0)):
            facts = [fact for _, fact in group]
            try:
                self._store.write(epoch, facts)
            except StoreUnavailable:
                raise
            except Exception:
                # Border: some fact in the batch is at fault. Which one?
                log.exception("database raised on a batch of facts; they are tried one by one")
                return self._store_one()
            self._outbox.advance(len(facts))
            self.stored += len(facts)
        self._refusals = 0
        return len(batch)

    def _store_one(self) -> int:
        """Stores the oldest fact alone; sets it aside when it has failed too often."""
        ((epoch, fact),) = self._outbox.read(1)
        try:
            self._store.write(epoch, [fact])
        except StoreUnavailable:
            raise
        except Exception as error:  # Border: whatever the database's driver raises.
            self._refusals += 1
            if self._refusals < REFUSALS_MAX:
                raise _Refused(f"{type(fact).__name__} {epoch}/{fact.seq}: {error}") from error
            log.exception(
                "fact set aside, the database will not take it: %s %s/%d",
                type(fact).__name__,
                epoch,
                fact.seq,
                extra={"alarm": "fact_refused"},
            )
            self._outbox.refuse(epoch, fact)
            self.refused += 1
        else:
            self.stored += 1
        self._refusals = 0
        self._outbox.advance(1)
        return 1
