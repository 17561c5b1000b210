"""What one call of a queue costs an agent, as far as is known: means for the estimated wait (P-10).

A queue's mean is drawn towards the whole house's while it knows few talks of its own, and the mean
of this hour of the week towards the queue's while few talks of that hour are known (each as a mean
of the two, weighted by numbers of talks).
"""

from __future__ import annotations

from engine.core.model.costs import Costs
from engine.core.model.line import Line
from engine.core.model.pace import STEPS, Tally, hour_of
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


def learn_talk(state: State, line: Line, lasted_ms: int) -> None:
    """A queue's talk is over: the queue learns it, and the house."""
    talks = line.pace.talks
    count, total_ms = talks.count, talks.total_ms
    line.pace.talked(state.now_ms, lasted_ms)
    state.house.change(talks.count - count, talks.total_ms - total_ms)


def costs_of(state: State, line: Line) -> Costs | None:
    """Returns what this queue's calls cost now, or None while nothing is known. O(1).

    It is worked out once for each state of what they depend on, and never taken for another.
    """
    pace, house, hour = line.pace, state.house, hour_of(state.now_ms)
    basis: tuple[int, ...] = (pace.lessons, hour, line.policy.wrapup_ms)
    if pace.talks.count < HOUSE_TALKS:
        if house.count < TALKS_MIN:
            return None
        basis = (*basis, house.count, house.total_ms)
    known = line.costs
    if known is None or known[0] != basis:
        known = line.costs = (basis, work_out(line, house, hour))
    return known[1]


def work_out(line: Line, house: Tally, hour: int) -> Costs:
    """Works out what a queue's calls cost at one hour of the week."""
    pace = line.pace
    mean_ms = _mean_talk_ms(pace.talks, house)
    this_hour = pace.hours.get(str(hour), Tally())
    talk_ms = (mean_ms * HOUR_WEIGHT + this_hour.total_ms) / (HOUR_WEIGHT + this_hour.count)
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


def _mean_talk_ms(talks: Tally, house: Tally) -> float:
    if talks.count >= HOUSE_TALKS:
        return talks.total_ms / talks.count
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
