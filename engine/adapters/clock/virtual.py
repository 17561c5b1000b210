"""Time that passes when somebody says so."""

from __future__ import annotations


class ManualClock:
    """Implements the port `Clock` for tests; moved by hand, forwards only."""

    def __init__(self, start_ms: int = 0) -> None:
        """Starts at epoch milliseconds `start_ms`."""
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Returns the time last set."""
        return self._now_ms

    def advance(self, ms: int) -> int:
        """Lets time pass; returns the new time. Raises ValueError for a step backwards."""
        if ms < 0:
            raise ValueError(f"a clock cannot be advanced by {ms} ms: it never runs backwards")
        self._now_ms += ms
        return self._now_ms
