"""Opening hours as a configuration has them, in the simulation's time.

Unlike `engine.sim.opening`, which turns them at any moment, this one goes by the schedules: a day of
one's own house closes when it really does. The engine's process is told as the office tells it
(`engine.app.calendar`): with each configuration, and at each change in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.config.schedule import Schedule, next_change_ms, state_at
from engine.core.inputs import HoursChanged
from engine.core.waiting import HoursKind, HoursNow
from engine.sim.agenda import Agenda
from engine.sim.process import Process


class Hours:
    """Follows schedules until they are to stay open; has the manners of `Opening`."""

    def __init__(self, agenda: Agenda, process: Process, schedules: Sequence[Schedule]) -> None:
        """Lets the engine ask."""
        self._agenda = agenda
        self._process = process
        self._schedules = schedules
        self._follows = True
        process.hours = self.now

    def now(self) -> tuple[HoursNow, ...]:
        """Returns what all schedules say."""
        if self._follows:
            return tuple(state_at(each, self._agenda.now_ms) for each in self._schedules)
        return tuple(
            HoursNow(each.name, HoursKind.OPEN, HoursKind.OPEN) for each in self._schedules
        )

    def start(self) -> None:
        """Plans the first change of each."""
        for schedule in self._schedules:
            self._plan(schedule)

    def stay_open(self) -> None:
        """No more changes: everything is open from now on."""
        before = self.now()
        self._follows = False
        changed = tuple(now for now, then in zip(self.now(), before, strict=True) if now != then)
        if changed:
            self._process.post(HoursChanged(changed))

    def _plan(self, schedule: Schedule) -> None:
        when_ms = next_change_ms(schedule, self._agenda.now_ms)
        if when_ms is not None:
            self._agenda.at(when_ms, self._turn, schedule)

    def _turn(self, schedule: Schedule) -> None:
        if not self._follows:
            return
        self._process.post(HoursChanged((state_at(schedule, self._agenda.now_ms),)))
        self._plan(schedule)
