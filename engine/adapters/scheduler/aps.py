"""A calendar of jobs: APScheduler says when, one task of ours does the work."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Entry:
    trigger: Any
    job: Job


class Calendar:
    """Runs jobs at their times, one after the other, in the task that calls `run`.

    A job that is still waiting or running when it is due again is not queued twice. One that fails
    is logged and counted, and runs again at its next time. A time that was missed (a suspended
    machine, a clock that was set) is made up for once.

    Args:
        zone: for `daily`.
    """

    def __init__(self, zone: tzinfo = UTC) -> None:
        """Makes an empty calendar."""
        self._zone = zone
        self._entries: dict[str, _Entry] = {}
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: set[str] = set()
        self.runs: Counter[str] = Counter()
        """How often each job was run to its end, well or badly."""
        self.failures: Counter[str] = Counter()
        """How often each job raised."""

    def every(self, name: str, period_ms: int, job: Job) -> None:
        """Enters a job that runs every so many milliseconds, first after one period."""
        if period_ms <= 0:
            raise ValueError(f"job {name}: a period of {period_ms} ms; it must be more than 0")
        self._enter(name, IntervalTrigger(seconds=period_ms / 1_000, timezone=UTC), job)

    def daily(self, name: str, at: str, job: Job) -> None:
        """Enters a job that runs once a day, at `HH:MM` in the calendar's time zone."""
        try:
            when = datetime.strptime(at, "%H:%M").replace(tzinfo=self._zone)
        except ValueError:
            raise ValueError(f"job {name}: {at!r} is no time of day; give HH:MM") from None
        self._enter(name, CronTrigger(hour=when.hour, minute=when.minute, timezone=self._zone), job)

    def next_ms(self, name: str, after_ms: int) -> int:
        """Returns when a job is due next, if it ran last at `after_ms` (epoch milliseconds)."""
        after = datetime.fromtimestamp(after_ms / 1_000, UTC)
        due: datetime = self._entries[name].trigger.get_next_fire_time(after, after)
        return round(due.timestamp() * 1_000)

    async def run(self) -> None:
        """Runs the jobs until cancelled; a job that is running then is cancelled with it."""
        # DebugExecutor calls at once, in the loop: what it calls only takes a note. The executor
        # that APScheduler would choose makes a task for each job, or a thread.
        scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        for name, entry in self._entries.items():
            scheduler.add_job(self._note, entry.trigger, args=[name], id=name, name=name)
        scheduler.start()
        try:
            while True:
                await self._do(await self._due.get())
        finally:
            scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # APScheduler stops its timer in the loop's next round.

    def _enter(self, name: str, trigger: Any, job: Job) -> None:  # noqa: ANN401 - no types there
        if name in self._entries:
            raise ValueError(f"job {name} is in the calendar already")
        self._entries[name] = _Entry(trigger, job)

    def _note(self, name: str) -> None:
        if name in self._waiting:
            log.warning("job %s: still running when it was due again; left out this time", name)
            return
        self._waiting.add(name)
        self._due.put_nowait(name)

    async def _do(self, name: str) -> None:
        try:
            await self._entries[name].job()
        except Exception:  # Border: one job's fault must not stop the others.
            self.failures[name] += 1
            log.exception("job %s failed; it runs again at its next time", name)
        finally:
            self._waiting.discard(name)
            self.runs[name] += 1
