"""How well the estimated wait is calibrated (P-10), against the moving average of app_queue.

At each caller's entry, and at each announcement while he waits, both predictors are asked for the
time yet to wait; when the caller is connected, both are compared with what it was. Only callers who
found nobody free count: who is rung for at once is told nothing.

app_queue's estimate (asterisk/asterisk, apps/app_queue.c, `recalc_holdtime` and `say_position`):
one number a queue, in whole seconds, set to (3 * old + hold) / 4 at each answered call, its wait
being the hold; what is announced is that number plus 30 minus what the caller has waited, its
absolute value divided by 60, cut to whole minutes, and nothing if that is 0. Position and agents do
not enter. Written anew here, from that description.

Door: `calibrate`; the situations are in `engine.sim.calibration_scenes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.estimate.forecast import MINUTE_MS, said_minutes, wait_ms
from engine.core.facts import VisitEnded, VisitOutcome, VisitStarted
from engine.core.ids import CallId, QueueId, VisitId
from engine.core.inputs import Input, TimePassed
from engine.core.router import RoutingCore
from engine.sim.calibration_scenes import Scene, Staffing
from engine.sim.process import Core
from engine.sim.run import Simulation

ANNOUNCED_EVERY_MS = 30_000


@dataclass(slots=True)
class MovingAverage:
    """app_queue's estimate for one queue, in whole seconds."""

    held_s: int = 0

    def answered(self, waited_ms: int) -> None:
        """A caller was connected after so long."""
        self.held_s = (3 * self.held_s + waited_ms // 1000) // 4

    def left_ms(self, waited_ms: int) -> int:
        """Returns what it says is yet to wait, without the rounding."""
        return max(0, self.held_s * 1000 - waited_ms)

    def said_minutes(self, waited_ms: int) -> int:
        """Returns the minutes announced; at 0 nothing is said."""
        return abs(self.held_s + 30 - waited_ms // 1000) // 60


@dataclass(slots=True)
class _Question:
    """One moment at which both were asked."""

    at_ms: int
    entry: bool
    ours_ms: int | None
    theirs_ms: int
    theirs_minutes: int


@dataclass(slots=True)
class _Stay:
    queue_id: QueueId
    call_id: CallId
    entered_ms: int
    questions: list[_Question] = field(default_factory=list)


@dataclass(slots=True)
class Errors:
    """One predictor's errors: milliseconds, and who was told too little."""

    absolute_ms: list[int] = field(default_factory=list)
    signed_ms: int = 0
    """The sum of all errors: above 0 where too much was predicted."""
    asked: int = 0
    told_less: int = 0
    """Told whole minutes, and waited more than one minute longer."""

    def add(self, error_ms: int) -> None:
        """Counts one answer."""
        self.absolute_ms.append(abs(error_ms))
        self.signed_ms += error_ms

    def quantile_ms(self, share: float) -> int | None:
        """Returns the absolute error that this share of the answers does not exceed."""
        if not self.absolute_ms:
            return None
        ranked = sorted(self.absolute_ms)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    @property
    def mean_ms(self) -> float | None:
        """Returns the mean absolute error."""
        return sum(self.absolute_ms) / len(self.absolute_ms) if self.absolute_ms else None

    @property
    def bias_ms(self) -> float | None:
        """Returns the mean error."""
        return self.signed_ms / len(self.absolute_ms) if self.absolute_ms else None

    @property
    def told_less_share(self) -> float | None:
        """Returns which share of the callers asked about was told too little."""
        return self.told_less / self.asked if self.asked else None


@dataclass(slots=True)
class Calibration:
    """One scene's result, for both predictors, at entry and at announcements."""

    scene: str
    ours: Errors = field(default_factory=Errors)
    theirs: Errors = field(default_factory=Errors)
    ours_later: Errors = field(default_factory=Errors)
    theirs_later: Errors = field(default_factory=Errors)
    waits_ms: list[int] = field(default_factory=list)
    """Of the callers counted at entry who were connected."""
    abandoned: int = 0
    silent: int = 0
    """Questions at which we would say nothing."""


class _Cores:
    """Makes the product's own cores, and keeps hold of the one that runs."""

    def __init__(self) -> None:
        self.core: RoutingCore | None = None

    def new(self, epoch: str, seed: int) -> Core:
        self.core = RoutingCore(epoch, seed)
        return self.core

    def restore(self, snapshot: dict[str, Any]) -> Core:
        self.core = RoutingCore.restore(snapshot)
        return self.core


class _Examiner:
    """Asks both predictors during one run, and marks their answers."""

    def __init__(self, scene: Scene, seed: int, result: Calibration) -> None:
        self._result = result
        self._cores = _Cores()
        options = scene.options(seed)
        self.simulation = Simulation(
            scene.policy, options, maker=self._cores, sources=list(scene.sources)
        )
        agenda = self.simulation.agenda
        self._agenda = agenda
        self._from_ms = agenda.now_ms + scene.warm_up_ms
        self._until_ms = agenda.now_ms + options.duration_ms
        self._averages: dict[QueueId, MovingAverage] = {}
        self._stays: dict[VisitId, _Stay] = {}
        self.simulation.world.process.observe(self._observe)
        Staffing(scene, seed, agenda, self.simulation.world.process.post).start()

    def _observe(self, now_ms: int, _happened: Input, outputs: Sequence[object]) -> None:
        for output in outputs:
            if isinstance(output, VisitStarted):
                self._entered(output, now_ms)
            elif isinstance(output, VisitEnded):
                self._over(output, now_ms)

    def _entered(self, fact: VisitStarted, now_ms: int) -> None:
        stay = _Stay(fact.queue_id, fact.call_id, fact.at_ms)
        self._stays[fact.visit_id] = stay
        if self._from_ms <= now_ms < self._until_ms:
            self._ask(stay, entry=True)
            self._agenda.after(ANNOUNCED_EVERY_MS, self._announce, fact.visit_id)

    def _announce(self, visit_id: VisitId) -> None:
        stay = self._stays.get(visit_id)
        if stay is not None:
            self.simulation.world.process.post(TimePassed())  # So that the core knows the time.
            if visit_id not in self._stays:
                return
            self._ask(stay, entry=False)
            self._agenda.after(ANNOUNCED_EVERY_MS, self._announce, visit_id)

    def _ask(self, stay: _Stay, *, entry: bool) -> None:
        core = self._cores.core
        assert core is not None
        state, now_ms = core.state, self._agenda.now_ms
        call = state.calls.get(stay.call_id)
        if call is None or call.visit is None or call.visit.offers:
            return
        if not entry and not stay.questions:
            return  # Was rung for at entry, in vain: not one who waited in line.
        waited_ms = now_ms - stay.entered_ms
        average = self._average(stay.queue_id)
        stay.questions.append(
            _Question(
                now_ms,
                entry,
                wait_ms(state, state.lines[stay.queue_id], call.visit),
                average.left_ms(waited_ms),
                average.said_minutes(waited_ms),
            )
        )

    def _average(self, queue_id: QueueId) -> MovingAverage:
        return self._averages.setdefault(queue_id, MovingAverage())

    def _over(self, fact: VisitEnded, now_ms: int) -> None:
        stay = self._stays.pop(fact.visit_id)
        answered = fact.outcome is VisitOutcome.ANSWERED
        for question in stay.questions:
            self._mark(question, now_ms - question.at_ms, answered=answered)
        if answered:
            self._average(fact.queue_id).answered(now_ms - stay.entered_ms)
        if stay.questions and answered:
            self._result.waits_ms.append(now_ms - stay.entered_ms)
        elif stay.questions:
            self._result.abandoned += 1

    def _mark(self, question: _Question, real_ms: int, *, answered: bool) -> None:
        result = self._result
        if question.ours_ms is None:
            result.silent += 1
            return
        ours = result.ours if question.entry else result.ours_later
        theirs = result.theirs if question.entry else result.theirs_later
        if answered:
            ours.add(question.ours_ms - real_ms)
            theirs.add(question.theirs_ms - real_ms)
        # Who gave up waited at least so long: enough to be told too little, never enough to clear.
        ours.asked += 1
        theirs.asked += 1
        ours.told_less += (said_minutes(question.ours_ms) + 1) * MINUTE_MS < real_ms
        said = question.theirs_minutes
        theirs.told_less += said > 0 and (said + 1) * MINUTE_MS < real_ms


def calibrate(scene: Scene, seeds: Sequence[int]) -> Calibration:
    """Plays a scene once with each seed and returns both predictors' errors, all together."""
    result = Calibration(scene.name)
    for seed in seeds:
        _Examiner(scene, seed, result).simulation.run()
    return result
