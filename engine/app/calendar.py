"""Tells the core what opening hours say, when they say something else.

The core knows neither calendars nor time zones (ADR 0007): what schedules say comes to it as an
input, is in the journal like any other, and is the same in every replay. `PolicyApplied` carries what
all of them say at that moment, so that no policy is ever without its hours; `HoursChanged` follows.

What counts is the clock on the wall, which may be set and which goes on while a machine sleeps; the
engine's own clock follows it slowly only (`engine.adapters.clock`), as is right for a ring timeout.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from engine.app.pump import InboxFull
from engine.config.schedule import Schedule, next_change_ms, state_at
from engine.core.inputs import HoursChanged, Input
from engine.core.waiting import HoursNow

log = logging.getLogger(__name__)

LOOK_MS: Final = 60_000
"""At least so often the wall's clock is looked at: the loop's timers do not notice that it was set, or
that the machine slept."""

OVERLOAD_WAIT_MS: Final = 1_000
"""How long to wait before an overloaded engine is told again."""


class HoursCalendar:
    """Follows schedules and posts `HoursChanged` when they say something else.

    It wakes at the next change of any of them, not by polling; and once a minute, see `LOOK_MS`.

    Args:
        wall_ms: what the clock on the wall says, epoch milliseconds; it may jump both ways.
        request: hands over an input; raises `InboxFull`.
    """

    def __init__(self, wall_ms: Callable[[], int], request: Callable[[Input], None]) -> None:
        """Follows nothing yet."""
        self._wall_ms = wall_ms
        self._request = request
        self._schedules: tuple[Schedule, ...] = ()
        self._told: dict[str, HoursNow] = {}
        self._unchanged: dict[str, tuple[int, int | None]] = {}
        """For each schedule: from when to when it says the same, as was worked out once."""
        self._new = asyncio.Event()
        self._overloaded = False

    def now(self, schedules: Sequence[Schedule]) -> tuple[HoursNow, ...]:
        """Returns what these schedules say now."""
        wall_ms = self._wall_ms()
        return tuple(state_at(schedule, wall_ms) for schedule in schedules)

    def follow(self, schedules: Sequence[Schedule], told: Sequence[HoursNow]) -> None:
        """Follows these schedules from now on, of which the core has been told this."""
        self._schedules = tuple(schedules)
        self._told = {each.schedule: each for each in told}
        self._unchanged.clear()
        for each in told:
            log.info("hours %s: %s", each.schedule, words_of(each))
        self._new.set()

    async def run(self) -> None:
        """Posts changes until cancelled."""
        while True:
            self._new.clear()
            wait_ms = self._tell()
            try:
                async with asyncio.timeout(wait_ms / 1_000):
                    await self._new.wait()
            except TimeoutError:
                pass

    def _tell(self) -> int:
        """Posts what has changed; returns how long to wait until it is worth while again."""
        wall_ms = self._wall_ms()
        changed = tuple(
            now
            for schedule in self._schedules
            if (now := state_at(schedule, wall_ms)) != self._told.get(schedule.name)
        )
        if changed:
            try:
                self._request(HoursChanged(changed))
            except InboxFull as error:
                if not self._overloaded:
                    log.warning("hours that changed are not told yet: %s", error)
                self._overloaded = True
                return OVERLOAD_WAIT_MS
            self._overloaded = False
            for each in changed:
                log.info("hours %s: %s", each.schedule, words_of(each))
                self._told[each.schedule] = each
        return self._wait_ms(wall_ms)

    def _wait_ms(self, wall_ms: int) -> int:
        nexts = [self._next_ms(schedule, wall_ms) for schedule in self._schedules]
        waits = [next_ms - wall_ms for next_ms in nexts if next_ms is not None]
        return min([LOOK_MS, *waits])

    def _next_ms(self, schedule: Schedule, wall_ms: int) -> int | None:
        since_ms, until_ms = self._unchanged.get(schedule.name, (wall_ms, wall_ms))
        if since_ms <= wall_ms and (until_ms is None or wall_ms < until_ms):
            return until_ms
        until_ms = next_change_ms(schedule, wall_ms)
        self._unchanged[schedule.name] = (wall_ms, until_ms)
        return until_ms


def words_of(hours: HoursNow) -> str:
    """Returns what a schedule says, for people: open, closed, holiday (New Year)."""
    return f"{hours.kind} ({hours.holiday})" if hours.holiday else str(hours.kind)
