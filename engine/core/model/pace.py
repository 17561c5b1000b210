"""What a queue has learnt of its own pace: how long calls keep an agent, how soon callers give up.

Sums and counts, all integers, O(1) for each event. Old experience fades: whenever `FADE_AT` of
something are counted, sum and count are halved, so the last few hundred calls tell the mean and
last month's do not. `engine.core.estimate.forecast` predicts from it; a line keeps one (`Line.pace`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core.facts import VisitOutcome, VisitReason
from engine.core.model.visit import Visit
from engine.core.policy import QueuePolicy

FADE_AT = 400
"""A queue's counts are halved here: means follow the last 200 to 400 calls."""
HOUR_FADE_AT = 100
"""The same for one hour of the week."""
HOUR_MS = 3_600_000
WEEK_HOURS = 168
LEAVERS_FADE_AT = 200

STEP_MS = 15_000
STEPS = 8
"""Talks are looked at when they have lasted 0, 15, 30, 60, ... 960 seconds."""


@dataclass(slots=True)
class Tally:
    """So many, so long altogether (milliseconds)."""

    count: int = 0
    total_ms: int = 0

    def add(self, lasted_ms: int, fade_at: int) -> None:
        """Counts one more."""
        self.count += 1
        self.total_ms += lasted_ms
        if self.count >= fade_at:
            self.halve()

    def change(self, count: int, total_ms: int) -> None:
        """Counts so many more, or fewer."""
        self.count += count
        self.total_ms += total_ms

    def halve(self) -> None:
        """Lets half of the experience fade."""
        self.count //= 2
        self.total_ms //= 2


@dataclass(slots=True)
class Pace:
    """One queue's experience."""

    talks: Tally = field(default_factory=Tally)
    starts: Tally = field(default_factory=Tally)
    """Ringing and the agent prompt of each talk, vain ringing before it included."""
    rests: Tally = field(default_factory=Tally)
    """The pauses between vain ringings, by talk."""
    wrapups: Tally = field(default_factory=Tally)
    """After-call work, as long as it really took."""
    leavers: Tally = field(default_factory=Tally)
    """Callers who gave up, and all callers' waiting time."""
    lasting: list[Tally] = field(default_factory=list)
    """How much longer talks went on that had lasted so long (`elapsed_ms_of`)."""
    hours: dict[str, Tally] = field(default_factory=dict)
    """Talks by the hour of the week in which they ended (`hour_of`)."""
    lessons: int = 0
    """How often it has learnt what a call costs: what was worked out from fewer lessons is out of date."""

    def connected(self, policy: QueuePolicy, visit: Visit, prompt_ms: int) -> None:
        """A caller is connected; the agent prompt took so long."""
        self.lessons += 1
        self.starts.add(visit.ring_ms + prompt_ms, FADE_AT)
        vain = visit.ring_ms // policy.ring_timeout_ms if policy.ring_timeout_ms > 0 else 0
        self.rests.add(vain * policy.retry_interval_ms, FADE_AT)

    def talked(self, now_ms: int, lasted_ms: int) -> None:
        """A talk is over; come by `engine.core.estimate.handling.learn_talk`, so that the house learns it too."""
        self.lessons += 1
        self.talks.add(lasted_ms, FADE_AT)
        if not self.lasting:
            self.lasting = [Tally() for _ in range(STEPS)]
        for step, tally in enumerate(self.lasting):
            beyond_ms = lasted_ms - elapsed_ms_of(step)
            if beyond_ms < 0:
                break
            tally.count += 1
            tally.total_ms += beyond_ms
        if self.lasting[0].count >= FADE_AT:  # All at once: they are compared with one another.
            for tally in self.lasting:
                tally.halve()
        self.hours.setdefault(str(hour_of(now_ms)), Tally()).add(lasted_ms, HOUR_FADE_AT)

    def wrapped_up(self, lasted_ms: int) -> None:
        """A wrap-up is over."""
        self.lessons += 1
        self.wrapups.add(max(0, lasted_ms), FADE_AT)

    def left(self, waited_ms: int, outcome: VisitOutcome, reason: VisitReason) -> None:
        """A visit is over, by any way."""
        self.leavers.total_ms += max(0, waited_ms)
        if outcome is VisitOutcome.ABANDONED or reason is VisitReason.MAX_WAIT:
            self.leavers.add(0, LEAVERS_FADE_AT)


def hour_of(now_ms: int) -> int:
    """Returns the hour of the week of an epoch time, 0 to 167 (0 is Thursday, 00:00 UTC)."""
    return now_ms // HOUR_MS % WEEK_HOURS


def elapsed_ms_of(step: int) -> int:
    """Returns after how long talks are looked at in `Pace.lasting`."""
    return STEP_MS << (step - 1) if step > 0 else 0
