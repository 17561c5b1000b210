"""What the figures of callbacks and surveys mean (T-04, T-06), as functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.reports.definitions import average_truncated
from engine.reports.rows import Status
from engine.reports.rows_callbacks import CallbackRow
from engine.reports.rows_surveys import KeyCount, SurveyRow


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


@dataclass(slots=True)
class SurveyTally:
    """Figures of surveys, added up one by one. Only answered ones have a key and count in scores."""

    asked: int = 0
    total_keys: int = 0
    total_score: int = 0
    _counts: dict[tuple[str, int], int] = field(default_factory=dict)

    def add(self, survey: SurveyRow) -> None:
        """Counts a survey in."""
        self.asked += 1
        if survey.key is None or survey.score is None:
            return
        self.total_keys += 1
        self.total_score += survey.score
        pressed = survey.key, survey.score
        self._counts[pressed] = self._counts.get(pressed, 0) + 1

    @property
    def keys(self) -> tuple[KeyCount, ...]:
        """How often each key was pressed, by key; with another score it is another one."""
        return tuple(KeyCount(*pressed, count) for pressed, count in sorted(self._counts.items()))

    @property
    def score_average(self) -> float | None:
        """Total score by total keys, two decimals, cut off."""
        return average_truncated(self.total_score, self.total_keys)
