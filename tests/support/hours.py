"""Schedules for tests, and another way to work out what they say: slow, plain, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.config.hours import Hours, to_schedule
from engine.config.schedule import Schedule
from engine.core.waiting import HoursKind

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekly = Mapping[str, Sequence[str]]
Holidays = Sequence[Mapping[str, Any]]


def schedule(
    zone: str, weekly: Weekly | None = None, holidays: Holidays = (), name: str = "office"
) -> Schedule:
    """Makes a schedule from what an admin would write."""
    written = {"time_zone": zone, "weekly": weekly or {}, "holidays": list(holidays)}
    return to_schedule(name, Hours.model_validate(written))


def every_day(*periods: str) -> dict[str, list[str]]:
    """Returns the same periods for all days of a week."""
    return {day: list(periods) for day in DAYS}


def ms(text: str, zone: str = "UTC", fold: int = 0) -> int:
    """Returns the instant at which clocks there show this; of two the one that `fold` says."""
    shown = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(shown.timestamp() * 1_000)


def says(
    zone: str, weekly: Weekly, holidays: Holidays, at_ms: int
) -> tuple[HoursKind, HoursKind, str]:
    """Works out a schedule's kind, usual kind and holiday from the text, the long way round.

    Shares nothing with the product but the time zone data: it spells out every minute of the wall
    and every day of a holiday.
    """
    wall = datetime.fromtimestamp(at_ms // 1_000, UTC).astimezone(ZoneInfo(zone))
    shown = wall.hour * 60 + wall.minute
    is_open = any(
        shown in minutes
        for minutes in (
            *_today(weekly.get(DAYS[wall.weekday()], ())),
            *_spilt(weekly.get(DAYS[wall.weekday() - 1], ())),
        )
    )
    usual = HoursKind.OPEN if is_open else HoursKind.CLOSED
    for holiday in holidays:
        if _is_on(holiday, wall.date(), shown):
            return HoursKind.HOLIDAY, usual, str(holiday["name"])
    return usual, usual, ""


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _today(periods: Iterable[str]) -> Iterator[range]:
    for period in periods:
        begin, end = map(_minutes, period.split("-"))
        yield range(begin, end if end > begin else 1440)


def _spilt(periods: Iterable[str]) -> Iterator[range]:
    for period in periods:
        begin, end = map(_minutes, period.split("-"))
        if end < begin:
            yield range(end)


def _is_on(holiday: Mapping[str, Any], today: date, shown: int) -> bool:
    first = str(holiday["from"])
    last = str(holiday.get("to", first.split(maxsplit=1)[0]))
    if holiday.get("yearly"):
        # All in one leap year: it has every day that a holiday can name.
        first, last, today = f"2000-{first}", f"2000-{last}", today.replace(year=2000)
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    if ":" not in last:
        end += timedelta(days=1)
    now = datetime.fromisoformat(str(today)) + timedelta(minutes=shown)
    if holiday.get("yearly") and end < begin:
        return now >= begin or now < end
    return begin <= now < end
