"""What one call of a queue costs an agent: the means of one queue at one hour, for the forecast."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from engine.core.model.pace import STEPS, elapsed_ms_of

_ELAPSED_MS = [elapsed_ms_of(step) for step in range(STEPS)]


@dataclass(slots=True)
class Costs:
    """Means of one queue at one hour, in milliseconds."""

    start_ms: float
    """Ringing in vain and not, and the agent prompt."""
    talk_ms: float
    wrapup_ms: float
    rest_ms: float
    """The pauses between vain ringings of one caller; no agent's time."""
    left_ms: list[float]
    """How much longer talks go on that have lasted `elapsed_ms_of` each step so far."""
    steady_ms: float = 0.0
    """What is left of an agent's work on a call, averaged over the whole of that work."""

    @property
    def work_ms(self) -> float:
        """Returns how long one call keeps an agent."""
        return self.start_ms + self.talk_ms + self.wrapup_ms

    def talk_left_ms(self, elapsed_ms: int) -> float:
        """Returns how much longer a talk goes on that has lasted so long, between the steps too."""
        step = max(0, bisect_right(_ELAPSED_MS, elapsed_ms) - 1)
        here_ms = self.left_ms[step]
        if step + 1 == STEPS:
            return here_ms
        begin_ms, end_ms = _ELAPSED_MS[step], _ELAPSED_MS[step + 1]
        next_ms = self.left_ms[step + 1]
        return here_ms + (next_ms - here_ms) * (elapsed_ms - begin_ms) / (end_ms - begin_ms)
