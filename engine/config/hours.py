"""Opening hours as an admin writes them, and how they become `engine.config.schedule.Schedule`s."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from engine.config.forms import Destination
from engine.config.schedule import (
    DAY_MINUTES,
    Holiday,
    Once,
    Schedule,
    YearDay,
    Yearly,
    merged,
)
from engine.config.values import Choice, Identifier, Media, Name, Several, Strict, wrong

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_NOT_FOR_PEOPLE: Final = frozenset({"localtime", "Factory"})
"""Names that mean another zone on each machine, or none."""
_NOT_CIVIL: Final = ("posix/", "right/")
"""The same zones once more, and counted with leap seconds."""

_ZONE_TEXT: Final = re.compile(r"[A-Za-z0-9_+/ -]{1,60}")
_OFFSET: Final = re.compile(r"(?:UTC|GMT)? ?[+-] ?[0-9].*", re.IGNORECASE)
ZONE_WORDS: Final = "a time zone such as Europe/Paris, Asia/Shanghai or UTC"

_PERIOD: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
PERIOD_WORDS: Final = (
    "a period such as 09:00-12:30, in quotes (22:00-06:00 goes on after midnight, 24:00 is the"
    " day's end)"
)
_MOMENT: Final = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)(?: (\d\d):(\d\d))?")
MOMENT_WORDS: Final = (
    "a day such as 2026-12-24, or 12-24 if it is yearly; maybe with a time: 2026-12-24 13:00"
)
_LEAP_YEAR: Final = 2000


def _says(words: str) -> object:
    """Gives the schema words for what a validator here asks for."""
    return Field(json_schema_extra={"patternErrorMessage": f"must be {words}"})


# Time zones ---------------------------------------------------------------------------------------


@cache  # Reading them takes 30 ms, and they only serve to guess what was meant.
def known_zones() -> frozenset[str]:
    """Returns the names of this machine's time zones that mean the same everywhere."""
    return frozenset(available_timezones()) - _NOT_FOR_PEOPLE


def zone_problem(name: str) -> str | None:
    """Returns why this is no time zone, with what would be; None if it is one."""
    if name not in _NOT_FOR_PEOPLE and not name.startswith(_NOT_CIVIL):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # As a folder's name: OSError.
            pass
        else:
            return None
    known = known_zones()
    if not known:
        return "this machine has no time zone data: install the package tzdata"
    if _OFFSET.fullmatch(name):
        return (
            f"{name} is no place: write one such as Asia/Shanghai, so that summer time and the sign"
            " are right"
        )
    meant = _zones_like(name.casefold().replace(" ", "_"), sorted(known))
    guess = f", did you mean {' or '.join(meant)}?" if meant else f": write {ZONE_WORDS}"
    return f"there is no time zone {name}{guess}"


def _zones_like(wanted: str, zones: list[str]) -> list[str]:
    """Returns what somebody may have meant: the same letters, a city of that name, similar ones."""
    by_name = {zone.casefold(): zone for zone in zones}
    # Of several zones for one city the shortest name, whichever that is.
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(zones, key=len)[::-1]}
    for known in (by_name, cities):
        if wanted in known:
            return [known[wanted]]
    close = [by_name[each] for each in difflib.get_close_matches(wanted, by_name, 1, 0.8)]
    close += [cities[each] for each in difflib.get_close_matches(wanted, cities, 1, 0.8)]
    return list(dict.fromkeys(close))


def _zone_text(text: str) -> str:
    if not _ZONE_TEXT.fullmatch(text):
        raise wrong(f"must be {ZONE_WORDS}")
    return text


TimeZone = Annotated[str, AfterValidator(_zone_text), _says(ZONE_WORDS)]
"""A zone of the IANA time zone database; whether this machine has it is for the rules to say."""


# Periods of a week --------------------------------------------------------------------------------


def _period(text: str) -> str:
    found = _PERIOD.fullmatch(text)
    if found is None or not text.isascii():
        raise wrong(f"must be {PERIOD_WORDS}")
    for hour, minute in (found.group(1, 2), found.group(3, 4)):
        if int(hour) * 60 + int(minute) > DAY_MINUTES or int(minute) > 59:
            raise wrong(f"there is no {hour}:{minute} on a clock: 00:00 to 23:59, at the end 24:00")
    begin, end = minutes_of(text)
    if begin == DAY_MINUTES:
        raise wrong("must begin before 24:00: 00:00 of the next day is the same moment")
    if begin == end:
        raise wrong("ends when it begins; a whole day is 00:00-24:00")
    return text


def minutes_of(period: str) -> tuple[int, int]:
    """Returns begin and end in minutes from midnight, as written."""
    begin_hour, begin_minute, end_hour, end_minute = map(int, re.split("[:-]", period))
    return begin_hour * 60 + begin_minute, end_hour * 60 + end_minute


Period = Annotated[str, AfterValidator(_period), _says(PERIOD_WORDS)]
Day = Annotated[Several[Period], Field(max_length=20)]


class Weekly(Strict):
    """The periods of each weekday in which the queue is open; a day without any is closed."""

    mon: Day = ()
    """Monday."""
    tue: Day = ()
    """Tuesday."""
    wed: Day = ()
    """Wednesday."""
    thu: Day = ()
    """Thursday."""
    fri: Day = ()
    """Friday."""
    sat: Day = ()
    """Saturday."""
    sun: Day = ()
    """Sunday."""


def minutes_of_week(day: str, period: str) -> tuple[int, int]:
    """Returns begin and end in minutes from Monday 00:00; the end may be in the next week."""
    midnight = DAYS.index(day) * DAY_MINUTES
    begin, end = minutes_of(period)
    return midnight + begin, midnight + end + (DAY_MINUTES if end < begin else 0)


# Holidays -----------------------------------------------------------------------------------------


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is None or not text.isascii():
        raise wrong(f"must be {MOMENT_WORDS}")
    year, month, day, hour, minute = found.groups()
    if year is not None and not 2000 <= int(year) <= 2099:
        raise wrong("the year must be 2000 to 2099")
    try:
        datetime(int(year or _LEAP_YEAR), int(month), int(day))  # noqa: DTZ001 - no instant, a day.
    except ValueError:
        raise wrong(f"there is no such day: month {month}, day {day}") from None
    if hour is not None and (int(hour) > 23 or int(minute) > 59):
        raise wrong(f"there is no {hour}:{minute} on a clock: 00:00 to 23:59")
    return text


Moment = Annotated[str, AfterValidator(_moment), _says(MOMENT_WORDS)]


class HolidayEntry(Strict):
    """Days on which the weekly periods do not count."""

    name: Name
    """What people call it; it stands in reports."""
    begin: Annotated[Moment, Field(alias="from")]
    """Its first day, from midnight or from the time given."""
    end: Annotated[Moment | None, Field(alias="to")] = None
    """Its last day, to midnight, or up to the time given; none: the end of its first day."""
    yearly: bool = False
    """Every year: then the days are written without a year."""
    prompt: Annotated[Several[Media], Field(max_length=20)] = ()
    """Played before the holiday destination where a queue wants that; empty: nothing."""


def has_year(moment: str) -> bool:
    """Tells whether a year was written."""
    return moment.count("-") == 2


def once(holiday: HolidayEntry) -> Once:
    """Returns when a holiday with years is."""
    begin = _on_the_wall(holiday.begin)
    last = holiday.end or holiday.begin[:10]
    end = _on_the_wall(last)
    return Once(begin, end if ":" in last else end + timedelta(days=1))


def yearly(holiday: HolidayEntry) -> Yearly:
    """Returns when a holiday without years is."""
    return Yearly(
        _of_year(holiday.begin, 0), _of_year(holiday.end or holiday.begin[:5], DAY_MINUTES)
    )


def _on_the_wall(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _of_year(moment: str, minute_otherwise: int) -> YearDay:
    day, _, time = moment.partition(" ")
    month, _, number = day.partition("-")
    hour, _, minute = time.partition(":")
    return YearDay(
        int(month), int(number), int(hour) * 60 + int(minute) if time else minute_otherwise
    )


class Hours(Strict):
    """Opening hours, by a name by which queues refer to them."""

    time_zone: TimeZone
    """Where the clock hangs that counts, such as Europe/Paris."""
    weekly: Weekly
    """When it is open in an ordinary week."""
    holidays: Annotated[Several[HolidayEntry], Field(max_length=500)] = ()
    """Exceptions. Where several are at once the first counts."""


# What a queue does with them ----------------------------------------------------------------------


class AtClosing(StrEnum):
    """What becomes of those who wait when a queue closes."""

    STAY = "stay"
    LEAVE = "leave"


class QueueHours(Strict):
    """By which hours this queue takes calls, and where they go at other times."""

    schedule: Identifier
    """The name of an entry of `hours`."""
    closed: Destination
    """Where calls go while it is closed."""
    holiday: Destination | None = None
    """Where they go on a holiday; none: as `closed`."""
    ignore_holidays: bool = False
    """On a holiday go by the weekly periods as on any day."""
    play_holiday_prompt: bool = False
    """Play the holiday's prompt, if it has one, before the call goes on to the holiday destination."""
    waiting_at_closing: Choice[AtClosing] = AtClosing.STAY
    """Whoever waits at closing time `stay`s until served, or `leave`s for the destination."""


# To what can be asked -----------------------------------------------------------------------------


def weekly_of(hours: Hours) -> tuple[tuple[int, int], ...]:
    """Returns when it is open, as `Schedule.weekly`."""
    return merged(
        [minutes_of_week(day, period) for day in DAYS for period in getattr(hours.weekly, day)]
    )


def to_schedule(name: str, hours: Hours) -> Schedule:
    """Returns an entry of a checked configuration as what can be asked."""
    return Schedule(
        name,
        hours.time_zone,
        weekly_of(hours),
        tuple(
            Holiday(each.name, yearly(each) if each.yearly else once(each), each.prompt)
            for each in hours.holidays
        ),
    )
