"""What one call of a queue costs an agent, as far as is known: means for the estimated wait (P-10).

A queue's mean is drawn towards the whole house's while it knows few talks of its own, and the mean
of this hour of the week towards the queue's while few talks of that hour are known (each as a mean
of the two, weighted by numbers of talks).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.model.line import Line
from engine.core.model.pace import STEPS, Tally, elapsed_ms_of, hour_of
from engine.core.model.state import State

TALKS_MIN = 5
"""With fewer talks in all the house's memory nothing is known: a number would be a guess."""
HOUSE_WEIGHT = 5
"""For as many talks the house's mean counts in a queue's, while that has fewer than `HOUSE_TALKS`;"""
HOUSE_TALKS = 20
HOUR_WEIGHT = 30
"""for so many the queue's mean counts in an hour's; ..."""
STEADY_WEIGHT = 10
"""... and for so many that a talk's past tells nothing of its end."""
USUAL_WEIGHT = 3
"""For so many calls `RING_MS` counts in the mean ringing, and the configured wrap-up in the real one."""
RING_MS = 5_000


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
        step = 0
        while step + 1 < STEPS and elapsed_ms_of(step + 1) <= elapsed_ms:
            step += 1
        here_ms = self.left_ms[step]
        if step + 1 == STEPS:
            return here_ms
        begin_ms, end_ms = elapsed_ms_of(step), elapsed_ms_of(step + 1)
        next_ms = self.left_ms[step + 1]
        return here_ms + (next_ms - here_ms) * (elapsed_ms - begin_ms) / (end_ms - begin_ms)


def costs_of(state: State, line: Line) -> Costs | None:
    """Returns what this queue's calls cost now, or None while nothing is known. O(1) but at first."""
    mean_ms = _mean_talk_ms(state, line)
    if mean_ms is None:
        return None
    pace = line.pace
    hour = pace.hours.get(str(hour_of(state.now_ms)), Tally())
    talk_ms = (mean_ms * HOUR_WEIGHT + hour.total_ms) / (HOUR_WEIGHT + hour.count)
    wrapup_ms = float(line.policy.wrapup_ms)
    costs = Costs(
        start_ms=_drawn(pace.starts, RING_MS, USUAL_WEIGHT),
        talk_ms=talk_ms,
        wrapup_ms=_drawn(pace.wrapups, wrapup_ms, USUAL_WEIGHT) if wrapup_ms > 0 else 0.0,
        rest_ms=_drawn(pace.rests, 0.0, USUAL_WEIGHT),
        left_ms=_left_ms(pace.lasting, talk_ms),
    )
    costs.steady_ms = _steady_ms(pace.lasting, costs)
    return costs


def _mean_talk_ms(state: State, line: Line) -> float | None:
    talks = line.pace.talks
    if talks.count >= HOUSE_TALKS:
        return talks.total_ms / talks.count
    house = Tally()
    for each in state.lines.values():
        house.count += each.pace.talks.count
        house.total_ms += each.pace.talks.total_ms
    if house.count < TALKS_MIN:
        return None
    return _drawn(talks, house.total_ms / house.count, HOUSE_WEIGHT)


def _drawn(known: Tally, usual_ms: float, weight: int) -> float:
    return (known.total_ms + weight * usual_ms) / (known.count + weight)


def _left_ms(lasting: list[Tally], talk_ms: float) -> list[float]:
    """Scales what is known of talks that go on to the mean of this hour."""
    if not lasting or lasting[0].total_ms == 0:
        return [talk_ms] * STEPS
    scale = talk_ms * lasting[0].count / lasting[0].total_ms
    return [
        (scale * each.total_ms + STEADY_WEIGHT * talk_ms) / (each.count + STEADY_WEIGHT)
        for each in lasting
    ]


def _steady_ms(lasting: list[Tally], costs: Costs) -> float:
    """Averages the work that is left over ringing, talk and wrap-up.

    The time that talks spend between two steps is the difference of what was left at each, so the
    average agrees with what `talk_left_ms` tells of one agent.
    """
    talk_ms, wrapup_ms = costs.talk_ms, costs.wrapup_ms
    left_ms = talk_ms
    if lasting and lasting[0].total_ms > 0:
        left_ms = costs.left_ms[-1] * lasting[-1].total_ms
        for step in range(STEPS - 1):
            spent_ms = lasting[step].total_ms - lasting[step + 1].total_ms
            left_ms += (costs.left_ms[step] + costs.left_ms[step + 1]) / 2 * spent_ms
        left_ms /= lasting[0].total_ms
    ringing = costs.start_ms * (costs.start_ms / 2 + talk_ms + wrapup_ms)
    return (ringing + talk_ms * (left_ms + wrapup_ms) + wrapup_ms * wrapup_ms / 2) / costs.work_ms
