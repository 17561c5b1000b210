"""What the figures of surveys mean (T-06), as functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.reports.definitions import average_truncated
from engine.reports.rows_surveys import KeyCount, SurveyRow


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
