"""Epoch milliseconds that never run backwards and never jump."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SLEW_DIVISOR: Final = 20
"""A difference to the wall clock is made up by at most 1 ms in 20 ms: no timer is off by more than
5 %, and a step of one second is made up in 20 s, one of an hour in 20 hours."""

_NS_PER_MS: Final = 1_000_000


class SystemClock:
    """The wall clock as it was at the start, carried on by the monotonic clock.

    When the wall clock is stepped (by NTP, an administrator, a resumed virtual machine), this one
    follows it slowly, faster or slower than real time but always forwards: no ring time-out fires
    early, none hangs, no duration in a report is negative. A restart of the engine, which costs no
    call, takes over a later wall clock at once.

    Args:
        floor_ms: the time is never before this: the last time that the journal knows. With the
            wall clock behind it, time goes on from here at 95 % speed until the two meet.
        wall_ns: epoch nanoseconds; replaced in tests.
        steady_ns: nanoseconds that only ever grow; replaced in tests.
    """

    def __init__(
        self,
        floor_ms: int = 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Reads both clocks once."""
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._steady_at_ns = steady_ns()
        wall_now_ns = wall_ns()
        self._now_ns = max(wall_now_ns, floor_ms * _NS_PER_MS)
        self._behind_ns = wall_now_ns - self._now_ns
        self._left_over_ns = 0

    def now_ms(self) -> int:
        """Returns epoch milliseconds (UTC), never less than the last answer."""
        steady_ns = self._steady_ns()
        passed_ns = steady_ns - self._steady_at_ns
        assert passed_ns >= 0, "the monotonic clock ran backwards"
        self._steady_at_ns = steady_ns
        # The remainder is kept, or a caller who asks every few nanoseconds would never get closer.
        most_ns, self._left_over_ns = divmod(passed_ns + self._left_over_ns, SLEW_DIVISOR)
        difference_ns = self._wall_ns() - (self._now_ns + passed_ns)
        slew_ns = max(-most_ns, min(most_ns, difference_ns))
        self._now_ns += passed_ns + slew_ns
        self._behind_ns = difference_ns - slew_ns
        return self._now_ns // _NS_PER_MS

    def wall_ms(self) -> int:
        """Returns the wall clock's epoch milliseconds (UTC), which jump when it is set."""
        return self._wall_ns() // _NS_PER_MS

    @property
    def behind_ms(self) -> int:
        """How far this clock was behind the wall clock at the last `now_ms` (ahead: negative)."""
        return round(self._behind_ns / _NS_PER_MS)
