"""Event loop for tests: time jumps to the next timer instead of passing.

It leans on three private names of asyncio (`_scheduled`, `_clock_resolution`,
`TimerHandle._when`); tests/service/test_virtual_time.py pins them.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import selectors
from typing import Any

DEADLOCK_AFTER_S = 5
"""With nothing scheduled only a thread can wake the loop; this long in real time is waited for it."""


class _AutojumpSelector(selectors.DefaultSelector):
    """Polls without waiting; when nothing is ready, moves the clock to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(DEADLOCK_AFTER_S)
            if not ready:
                raise RuntimeError("deadlock: nothing is scheduled and nothing can wake the loop")
            return ready
        # nextafter: at large times adding a tiny timeout may change nothing and spin for ever.
        self.now_s = max(self.now_s + timeout, math.nextafter(self.now_s, math.inf))
        return []


class _FifoTimer(asyncio.TimerHandle):
    """Orders by (when, sequence): asyncio itself leaves ties to the shape of its heap."""

    sequence = 0

    def __lt__(self, other: _FifoTimer) -> bool:  # type: ignore[override]
        return (self._when, self.sequence) < (other._when, other.sequence)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Timers due at the same instant fire in the order they were set."""

    def __init__(self) -> None:
        self._autojump = _AutojumpSelector()
        super().__init__(selector=self._autojump)
        # Coarser than the spacing of floats for any time we meet, or a timer due now never fires.
        self._clock_resolution = 1e-6
        self._timers_set = 0

    def time(self) -> float:
        return self._autojump.now_s

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        timer = _FifoTimer(when, callback, args, self, context)
        self._timers_set += 1
        timer.sequence = self._timers_set
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer


class LoopClock:
    """Clock on the running loop's time, starting at `epoch_ms`."""

    def __init__(self, epoch_ms: int = 1_800_000_000_000) -> None:
        self.epoch_ms = epoch_ms

    def now_ms(self) -> int:
        return self.epoch_ms + round(asyncio.get_running_loop().time() * 1000)
