"""Opening hours that turn at any moment: what the calendar tells the engine.

The engine asks the calendar whenever it applies a configuration; changes in between are told, or lost
while there is no engine.
"""

from __future__ import annotations

from engine.core.inputs import HoursChanged
from engine.core.policy import Policy
from engine.core.waiting import HoursKind, HoursNow
from engine.sim.agenda import Agenda
from engine.sim.options import HOUR_MS
from engine.sim.process import Process
from engine.sim.rng import Rng, exponential_ms

_HOLIDAY_MEDIA = ("sound:vm-goodbye",)


class Opening:
    """All schedules of a configuration. They begin open."""

    def __init__(
        self, agenda: Agenda, process: Process, policy: Policy, rng: Rng, changes_per_hour: float
    ) -> None:
        """Makes a calendar and lets the engine ask it."""
        names = {queue.hours.schedule: None for queue in policy.queues if queue.hours is not None}
        self._agenda = agenda
        self._process = process
        self._rng = rng
        self._changes_per_hour = changes_per_hour if names else 0.0
        self._says = {name: HoursNow(name, HoursKind.OPEN, HoursKind.OPEN) for name in names}
        process.hours = self.now

    def now(self) -> tuple[HoursNow, ...]:
        """Returns what all schedules say."""
        return tuple(self._says.values())

    def start(self) -> None:
        """Plans the first change."""
        if self._changes_per_hour > 0.0:
            mean_ms = HOUR_MS / self._changes_per_hour
            self._agenda.after(exponential_ms(self._rng, mean_ms), self._turn, None)

    def stay_open(self) -> None:
        """No more changes: everything is open from now on."""
        self._changes_per_hour = 0.0
        for name in self._says:
            self._say(HoursNow(name, HoursKind.OPEN, HoursKind.OPEN))

    def _turn(self, _: None) -> None:
        if self._changes_per_hour == 0.0:
            return
        name = self._rng.choice(list(self._says))
        kind = self._rng.choice(tuple(HoursKind))
        if kind is HoursKind.HOLIDAY:
            usual = self._rng.choice((HoursKind.OPEN, HoursKind.CLOSED))
            media = self._rng.choice(((), _HOLIDAY_MEDIA))
            self._say(HoursNow(name, kind, usual, "a holiday", media))
        else:
            self._say(HoursNow(name, kind, kind))
        self.start()

    def _say(self, says: HoursNow) -> None:
        if self._says[says.schedule] != says:
            self._says[says.schedule] = says
            self._process.post(HoursChanged((says,)))
