"""Virtual time: what happens next, and nothing in between.

Same-instant events happen in the order in which they were put on the agenda. Nothing is ever
removed: whoever plans an event checks on its arrival whether it still means anything.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Event = tuple[int, int, Callable[[Any], None], Any]
"""(epoch ms, order of planning, what to do, with what)."""


class Agenda:
    """A heap of planned events and the time of the one that is happening."""

    __slots__ = ("_planned", "heap", "now_ms")

    def __init__(self, start_ms: int) -> None:
        """Begins at `start_ms` (epoch milliseconds) with nothing planned."""
        self.now_ms = start_ms
        self.heap: list[Event] = []
        self._planned = 0

    def at(self, when_ms: int, act: Callable[[Any], None], subject: Any) -> None:  # noqa: ANN401
        """Plans `act(subject)` for `when_ms`, which is not in the past."""
        self._planned += 1
        heapq.heappush(self.heap, (when_ms, self._planned, act, subject))

    def after(self, delay_ms: int, act: Callable[[Any], None], subject: Any) -> None:  # noqa: ANN401
        """Plans `act(subject)` for `delay_ms` from now."""
        self._planned += 1
        heapq.heappush(self.heap, (self.now_ms + delay_ms, self._planned, act, subject))
