"""Opening hours, evaluated: what a schedule says at an instant, and when it says something else.

Pure functions over the machine's time zone data; the core never calls them. Their answers reach it
as inputs, so that a replay does not depend on what another machine knows of time zones (ADR 0007).

What counts is what a clock on the wall shows in the schedule's zone. In the night in which clocks
are put back an hour is there twice and counts twice; when they are put forward, a period within
the hour that is left out does not happen. So nobody has to know the rules of daylight saving to say
whether a queue is open: a look at the clock is enough.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from engine.core.waiting import HoursKind, HoursNow

WEEK_MINUTES: Final = 7 * 24 * 60
DAY_MINUTES: Final = 24 * 60

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_STEP: Final = timedelta(days=1)
"""Clocks are not changed twice within so long. (In tzdata 2025b the two nearest changes of any zone
are almost 4 days apart, in Freetown in 1939.)"""
_PUT_BACK: Final = timedelta(days=2)
"""By so much clocks are never put back at once; by a whole day they have been (Alaska, 1867)."""
_EVERYTHING_YEARLY: Final = timedelta(days=10 * 366)
"""In so long all that happens in ordinary and leap years has happened: leap years may be 8 years apart.
Two yearly holidays of one name can follow each other so that nothing ever changes."""


@dataclass(frozen=True, slots=True, order=True)
class YearDay:
    """A moment of every year. `minute` counts from midnight; 1440 is the end of that day."""

    month: int
    day: int
    minute: int

    def moment(self, year: int) -> datetime:
        """Returns it in that year (wall clock). 29 February is 1 March at midnight where it is not."""
        try:
            midnight = datetime(year, self.month, self.day)  # noqa: DTZ001 - the wall's time.
        except ValueError:
            return datetime(year, 3, 1)  # noqa: DTZ001
        return midnight + timedelta(minutes=self.minute)


@dataclass(frozen=True, slots=True)
class Once:
    """From `begin` up to and without `end`, by the clock on the wall."""

    begin: datetime
    end: datetime

    def contains(self, wall: datetime) -> bool:
        """Tells whether the wall's time is within."""
        return self.begin <= wall < self.end

    def edges_around(self, wall: datetime) -> tuple[datetime, ...]:  # noqa: ARG002 - as below.
        """Returns where it begins and ends."""
        return (self.begin, self.end)


@dataclass(frozen=True, slots=True)
class Yearly:
    """Every year from `begin` up to and without `end`; over New Year where `end` comes first."""

    begin: YearDay
    end: YearDay

    def contains(self, wall: datetime) -> bool:
        """Tells whether the wall's time is within (a second of a minute is in that minute)."""
        now = YearDay(wall.month, wall.day, wall.hour * 60 + wall.minute)
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end

    def edges_around(self, wall: datetime) -> tuple[datetime, ...]:
        """Returns its beginnings and ends in this year, the one before and the next."""
        years = (wall.year - 1, wall.year, wall.year + 1)
        return tuple(each.moment(year) for year in years for each in (self.begin, self.end))


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days (or hours) on which the weekly periods do not count. `prompt`: media, maybe none."""

    name: str
    span: Once | Yearly
    prompt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule, ready to be asked.

    Attributes:
        name: as in the configuration.
        zone_name: the time zone's.
        weekly: when it is open, as minutes from Monday 00:00 on the wall, half-open, in order, not
            touching each other, within the week.
        holidays: of several that overlap the first counts.
        zone: of `zone_name`; no part of what is compared, as two of one name are never equal.
    """

    name: str
    zone_name: str
    weekly: tuple[tuple[int, int], ...]
    holidays: tuple[Holiday, ...] = ()
    zone: ZoneInfo = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Reads the zone. Raises `ZoneInfoNotFoundError` if this machine does not have it."""
        object.__setattr__(self, "zone", ZoneInfo(self.zone_name))


def merged(periods: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Returns periods in minutes of the week as `Schedule.weekly` wants them.

    Args:
        periods: (begin, end), in any order; an end beyond the week's goes on from Monday 00:00.
    """
    pieces: list[tuple[int, int]] = []
    for begin, end in periods:
        pieces.append((begin, min(end, WEEK_MINUTES)))
        if end > WEEK_MINUTES:
            pieces.append((0, end - WEEK_MINUTES))
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(pieces):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)


def state_at(schedule: Schedule, at_ms: int) -> HoursNow:
    """Returns what the schedule says at an instant (epoch milliseconds)."""
    return _state(schedule, _wall(schedule, _instant(at_ms)))


def next_change_ms(schedule: Schedule, at_ms: int) -> int | None:
    """Returns the first instant after `at_ms` at which `state_at` differs; None if it never does."""
    now = _instant(at_ms)
    said = _state(schedule, _wall(schedule, now))
    last = _last_exception(schedule, _wall(schedule, now))
    while (wall := _wall(schedule, now)) < last + _EVERYTHING_YEARLY:
        edge = _next_edge(schedule, wall)
        if edge is None:
            if wall - last > _PUT_BACK:
                return None
            edge = wall + _STEP  # Clocks may yet be put back, into a holiday that was over.
        now = _no_later_than(schedule, now, edge)
        if _state(schedule, _wall(schedule, now)) != said:
            return (now - _EPOCH) // _MILLISECOND
    return None


def _instant(at_ms: int) -> datetime:
    return _EPOCH + at_ms * _MILLISECOND


def _wall(schedule: Schedule, instant: datetime) -> datetime:
    """Returns what the clock on the wall shows: a time without a zone."""
    return instant.astimezone(schedule.zone).replace(tzinfo=None)


def _offset(schedule: Schedule, instant: datetime) -> timedelta:
    return _wall(schedule, instant) - instant.replace(tzinfo=None)


def _state(schedule: Schedule, wall: datetime) -> HoursNow:
    usual = HoursKind.OPEN if _is_open(schedule, wall) else HoursKind.CLOSED
    for holiday in schedule.holidays:
        if holiday.span.contains(wall):
            return HoursNow(schedule.name, HoursKind.HOLIDAY, usual, holiday.name, holiday.prompt)
    return HoursNow(schedule.name, usual, usual)


def _is_open(schedule: Schedule, wall: datetime) -> bool:
    minute = wall.weekday() * DAY_MINUTES + wall.hour * 60 + wall.minute
    place = bisect_right(schedule.weekly, (minute, WEEK_MINUTES))
    return place > 0 and minute < schedule.weekly[place - 1][1]


def _next_edge(schedule: Schedule, wall: datetime) -> datetime | None:
    """Returns the next time on the wall at which anything begins or ends."""
    later = [
        edge
        for holiday in schedule.holidays
        for edge in holiday.span.edges_around(wall)
        if edge > wall
    ]
    if schedule.weekly and schedule.weekly != ((0, WEEK_MINUTES),):
        monday = datetime(wall.year, wall.month, wall.day) - timedelta(  # noqa: DTZ001
            days=wall.weekday()
        )
        edges = [monday + timedelta(minutes=each) for both in schedule.weekly for each in both]
        later.append(next((e for e in edges if e > wall), edges[0] + timedelta(days=7)))
    return min(later, default=None)


def _last_exception(schedule: Schedule, wall: datetime) -> datetime:
    """Returns when all holidays that are not yearly are over, or `wall` if that is later."""
    ends = [each.span.end for each in schedule.holidays if isinstance(each.span, Once)]
    return max([wall, *ends])


def _no_later_than(schedule: Schedule, now: datetime, edge: datetime) -> datetime:
    """Returns the next instant worth a look: clocks show `edge` then, or are changed, or a day passed.

    Until then nothing can change: the wall's clock just runs, and has not come to the edge.
    """
    offset = _offset(schedule, now)
    then = min((edge - offset).replace(tzinfo=UTC), now + _STEP)
    if _offset(schedule, then) == offset:
        return then
    return _change_of_clocks(schedule, now, then, offset)


def _change_of_clocks(
    schedule: Schedule, before: datetime, after: datetime, offset: timedelta
) -> datetime:
    """Returns the first instant with another offset: in (before, after], where there is just one."""
    low, high = 0, (after - before) // _MILLISECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(schedule, before + middle * _MILLISECOND) == offset:
            low = middle
        else:
            high = middle
    return before + high * _MILLISECOND
