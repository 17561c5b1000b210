"""What the figures of callbacks mean (T-04), as functions."""

from __future__ import annotations

from dataclasses import dataclass

from engine.reports.rows import Status
from engine.reports.rows_callbacks import CallbackRow


@dataclass(slots=True)
class CallbackTally:
    """Figures of callbacks that were requested, added up one by one.

    Each is exactly one of succeeded, failed, `open` (has not ended) and `unknown` (its end was never
    told). The caller's own visit is a missed one; the callback's talk is no answered visit, so that
    no caller counts twice.
    """

    succeeded: int = 0
    failed: int = 0
    open: int = 0
    unknown: int = 0

    def add(self, callback: CallbackRow) -> None:
        """Counts a callback in."""
        match callback.status:
            case Status.SUCCEEDED:
                self.succeeded += 1
            case Status.FAILED:
                self.failed += 1
            case Status.OPEN:
                self.open += 1
            case _:
                self.unknown += 1

    @property
    def requests(self) -> int:
        """All of them."""
        return self.succeeded + self.failed + self.open + self.unknown
