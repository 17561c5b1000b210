"""What the figures mean: the definitions of the specification's "Records and reports", as functions.

Whatever would be divided by nothing is None, shown as "-": neither 0 nor 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.core.ids import AgentId
from engine.reports.rows import OfferRow, Status, VisitRow

SLA_MS_DEFAULT: Final = 60_000
"""The manual's default: an answer within a minute."""


def percent(part: int, whole: int) -> float | None:
    """Returns 100 * part / whole, rounded half up to two decimals; None if `whole` is 0."""
    if whole == 0:
        return None
    hundredths = (part * 20_000 + whole) // (2 * whole)
    return hundredths / 100


def average_ms(total_ms: int, count: int) -> int | None:
    """Returns the mean in whole milliseconds, rounded half up; None over nothing."""
    return None if count == 0 else (2 * total_ms + count) // (2 * count)


def average_truncated(total: int, count: int) -> float | None:
    """Returns the mean, cut off after two decimals, towards 0 (T-06: not rounded); None over nothing."""
    if count == 0:
        return None
    hundredths = abs(total) * 100 // count
    return (hundredths if total >= 0 else -hundredths) / 100


def is_within_sla(visit: VisitRow, sla_ms: int) -> bool:
    """Tells whether a visit meets the service level: answered, and waited less than `sla_ms`.

    The manual counts a visit as met if the wait was shorter than the set time.
    """
    return visit.status is Status.ANSWERED and visit.wait_ms is not None and visit.wait_ms < sla_ms


@dataclass(slots=True)
class VisitTally:
    """Figures of queue visits, added up one by one.

    `total` counts visits that have ended, each as exactly one of answered, missed and abandoned.
    Those that have not (`open`), or whose end was never told (`unknown`), are in no other figure.
    """

    answered: int = 0
    missed: int = 0
    abandoned: int = 0
    open: int = 0
    unknown: int = 0
    within_sla: int = 0
    talks: int = 0
    """Answered visits whose talk is over: those over which talk, hold and handling are averaged."""
    _wait_ms: int = 0
    _wait_answered_ms: int = 0
    _wait_ms_max: int = -1
    _talk_ms: int = 0
    _hold_ms: int = 0
    _handle_ms: int = 0

    def add(self, visit: VisitRow, sla_ms: int) -> None:
        """Counts a visit in."""
        match visit.status:
            case Status.ANSWERED:
                self.answered += 1
                self.within_sla += is_within_sla(visit, sla_ms)
                self._wait_answered_ms += visit.wait_ms or 0
                self._add_talk(visit)
            case Status.MISSED:
                self.missed += 1
            case Status.ABANDONED:
                self.abandoned += 1
            case Status.OPEN:
                self.open += 1
                return
            case _:
                self.unknown += 1
                return
        self._wait_ms += visit.wait_ms or 0
        self._wait_ms_max = max(self._wait_ms_max, visit.wait_ms or 0)

    def _add_talk(self, visit: VisitRow) -> None:
        if visit.talk_ms is None:
            return
        self.talks += 1
        self._talk_ms += visit.talk_ms
        self._hold_ms += visit.hold_ms or 0
        self._handle_ms += (visit.ring_ms or 0) + visit.talk_ms

    @property
    def total(self) -> int:
        """Visits that have ended."""
        return self.answered + self.missed + self.abandoned

    @property
    def answered_percent(self) -> float | None:
        """Answered of all."""
        return percent(self.answered, self.total)

    @property
    def missed_percent(self) -> float | None:
        """Missed of all."""
        return percent(self.missed, self.total)

    @property
    def abandoned_percent(self) -> float | None:
        """Abandoned of all."""
        return percent(self.abandoned, self.total)

    @property
    def sla_percent(self) -> float | None:
        """Answered within the SLA time, of all (the manual's rule)."""
        return percent(self.within_sla, self.total)

    @property
    def wait_ms_average(self) -> int | None:
        """Mean wait of all."""
        return average_ms(self._wait_ms, self.total)

    @property
    def wait_answered_ms_average(self) -> int | None:
        """Mean wait of the answered ones."""
        return average_ms(self._wait_answered_ms, self.answered)

    @property
    def wait_ms_max(self) -> int | None:
        """The longest wait of all."""
        return None if self._wait_ms_max < 0 else self._wait_ms_max

    @property
    def talk_ms_average(self) -> int | None:
        """Mean talk, holds included."""
        return average_ms(self._talk_ms, self.talks)

    @property
    def hold_ms_average(self) -> int | None:
        """Mean time on hold, over the same visits."""
        return average_ms(self._hold_ms, self.talks)

    @property
    def handle_ms_average(self) -> int | None:
        """Mean of ringing and talk together; wrap-up is not in it."""
        return average_ms(self._handle_ms, self.talks)


@dataclass(slots=True)
class OfferTally:
    """Figures of the offers made to one agent: those answered and those missed, each counts.

    Offers cancelled by no doing of the agent's are counted apart.
    """

    agent_id: AgentId
    answered: int = 0
    missed: int = 0
    cancelled: int = 0

    def add(self, offer: OfferRow) -> None:
        """Counts an offer in; one that has not ended is in no figure."""
        match offer.status:
            case Status.ANSWERED:
                self.answered += 1
            case Status.MISSED:
                self.missed += 1
            case Status.CANCELLED:
                self.cancelled += 1
            case _:
                pass

    @property
    def total(self) -> int:
        """Offers that were the agent's to take."""
        return self.answered + self.missed

    @property
    def missed_percent(self) -> float | None:
        """Missed of these."""
        return percent(self.missed, self.total)


def call_status(visits: tuple[Status, ...], *, talked: bool, ended: bool, running: bool) -> Status:
    """Returns what became of a call.

    Args:
        visits: the statuses of its queue visits, in order.
        talked: anybody talked with the caller, in a queue call or another.
        ended: the call's end was told.
        running: an end that was not told can still come.
    """
    if not ended:
        return Status.OPEN if running else Status.UNKNOWN
    if talked or Status.ANSWERED in visits:
        return Status.ANSWERED
    if visits:
        return visits[-1]
    return Status.UNANSWERED


def left_out_ms(marks: Sequence[tuple[int, bool]], ended_at_ms: int) -> int | None:
    """Returns how much of a recording was left out; None if that was not told in full.

    Args:
        marks: when it was paused (True) or resumed, in the order of their telling.
        ended_at_ms: the recording's end, which ends a pause as well.
    """
    total_ms = 0
    paused_at_ms: int | None = None
    for at_ms, paused in marks:
        if paused is (paused_at_ms is not None):
            return None  # Two alike in a row: what was between them is lost.
        if paused:
            paused_at_ms = at_ms
        elif paused_at_ms is not None:
            total_ms += at_ms - paused_at_ms
            paused_at_ms = None
    return total_ms if paused_at_ms is None else total_ms + ended_at_ms - paused_at_ms
