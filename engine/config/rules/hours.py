"""Rules: opening hours make sense, and queues go by hours that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from engine.config.forms import Destination, QueueDestination
from engine.config.hours import (
    DAYS,
    HolidayEntry,
    Hours,
    has_year,
    minutes_of_week,
    once,
    weekly_of,
    yearly,
    zone_problem,
)
from engine.config.places import KeyPath, Problem
from engine.config.queue import Queue
from engine.config.rules.subject import Subject
from engine.config.schedule import WEEK_MINUTES

_BACKWARDS: Final = re.compile(r"Etc/GMT([+-])([1-9][0-9]?)")
_LEAP_YEAR: Final = 2000
_YEARLY_DAYS_MAX: Final = 183
"""A yearly holiday that lasts longer than half the year has its ends mixed up, most likely."""


def schedules(subject: Subject) -> Iterator[Problem]:
    """A queue goes by hours that there are."""
    for number, queue in subject.configuration.queues.items():
        if queue.hours is not None:
            path = ("queues", number, "hours", "schedule")
            yield from subject.absent("hours", queue.hours.schedule, path, "schedule")


def zones(subject: Subject) -> Iterator[Problem]:
    """Time zones are known to this machine; those whose sign surprises people get a warning."""
    for name, hours in subject.configuration.hours.items():
        path = ("hours", name, "time_zone")
        problem = zone_problem(hours.time_zone)
        if problem is not None:
            yield subject.places.problem(path, problem)
        elif found := _BACKWARDS.fullmatch(hours.time_zone):
            sign, number = found.groups()
            words = f"{number} hours {'behind' if sign == '+' else 'ahead of'} UTC"
            yield subject.places.warning(
                path, f"{hours.time_zone} is {words}, all the year; better name a city"
            )


def periods(subject: Subject) -> Iterator[Problem]:
    """The periods of a week do not overlap, also not around midnight and the week's end."""
    for name, hours in subject.configuration.hours.items():
        written = _written(name, hours)
        for index, (begin, end, path, _) in enumerate(written):
            for other_begin, other_end, other_path, text in written[:index]:
                if _overlap(begin, end, other_begin, other_end):
                    where = subject.places.line_of(other_path)
                    day = other_path[3]
                    yield subject.places.problem(
                        path, f"overlaps with {day} {text}: {where}; write them as one period"
                    )


def _written(name: str, hours: Hours) -> list[tuple[int, int, KeyPath, str]]:
    return [
        (*minutes_of_week(day, period), ("hours", name, "weekly", day, index), period)
        for day in DAYS
        for index, period in enumerate(getattr(hours.weekly, day))
    ]


def _overlap(begin: int, end: int, other_begin: int, other_end: int) -> bool:
    """Tells whether two periods meet; each may go on into the next week."""
    return any(
        begin + shift < other_end and other_begin < end + shift
        for shift in (-WEEK_MINUTES, 0, WEEK_MINUTES)
    )


def holidays(subject: Subject) -> Iterator[Problem]:
    """Holidays have a year or are yearly, and end after they begin."""
    for name, hours in subject.configuration.hours.items():
        for index, holiday in enumerate(hours.holidays):
            path: KeyPath = ("hours", name, "holidays", index)
            if not subject.intact(path):
                continue
            found = list(_years(subject, path, holiday))
            yield from found or _length(subject, path, holiday)


def _years(subject: Subject, path: KeyPath, holiday: HolidayEntry) -> Iterator[Problem]:
    for key, moment in (("from", holiday.begin), ("to", holiday.end)):
        if moment is None or has_year(moment) is not holiday.yearly:
            continue
        if holiday.yearly:
            words = f"a yearly holiday has no year: write {moment[5:]}, or yearly: false"
        else:
            words = f"needs a year, such as 2026-{moment}, or yearly: true beside it"
        yield subject.places.problem((*path, key), words)


def _length(subject: Subject, path: KeyPath, holiday: HolidayEntry) -> Iterator[Problem]:
    if not holiday.yearly:
        span = once(holiday)
        if span.end <= span.begin:
            yield subject.places.problem(
                (*path, "to"), f"must be after from, {holiday.begin}; to is the last day"
            )
        return
    each_year = yearly(holiday)
    begin, end = each_year.begin.moment(_LEAP_YEAR), each_year.end.moment(_LEAP_YEAR)
    if begin == end:
        yield subject.places.problem((*path, "to"), f"must be after from, {holiday.begin}")
        return
    if end < begin:
        end = each_year.end.moment(_LEAP_YEAR + 1)
    if end - begin > timedelta(days=_YEARLY_DAYS_MAX):
        yield subject.places.warning(
            (*path, "to"),
            f"from {holiday.begin} to {holiday.end} are {(end - begin).days} days of each year;"
            " were they mixed up?",
        )


def never_open(subject: Subject) -> Iterator[Problem]:
    """Hours without a single period are worth a warning."""
    for name, hours in subject.configuration.hours.items():
        path = ("hours", name, "weekly")
        if subject.intact(("hours", name)) and not weekly_of(hours):
            yield subject.places.warning(path, "has no period, so it is never open")


def without_effect(subject: Subject) -> Iterator[Problem]:
    """Options of a queue's hours that do nothing are worth a warning."""
    for number, queue in subject.configuration.queues.items():
        path = ("queues", number, "hours")
        if queue.hours is None or not subject.intact(path):
            continue
        if queue.hours.ignore_holidays:
            for key in ("holiday", "play_holiday_prompt"):
                if getattr(queue.hours, key):
                    yield subject.places.warning((*path, key), "ignored: ignore_holidays is true")
        elif queue.hours.play_holiday_prompt:
            name = queue.hours.schedule
            hours = subject.configuration.hours.get(name)
            if hours is None or not subject.intact(("hours", name)):
                continue
            if not any(holiday.prompt for holiday in hours.holidays):
                yield subject.places.warning(
                    (*path, "play_holiday_prompt"),
                    f"ignored: no holiday of {name} has a prompt; add prompt: to one",
                )


def circles(subject: Subject) -> Iterator[Problem]:
    """Queues that are closed at the same hours do not send callers round in circles.

    With different schedules a circle can be wanted: the day's queue sends to the night's, and the
    night's back to the day's.
    """
    queues = subject.configuration.queues
    reported: set[frozenset[str]] = set()
    for start in queues:
        for kind in ("closed", "holiday"):
            way = _way_round(queues, start, kind)
            if frozenset(way) in reported or not all(
                subject.intact(("queues", number)) for number in way
            ):
                continue
            if way:
                reported.add(frozenset(way))
                yield subject.places.problem(
                    ("queues", start, "hours", kind),
                    f"sends calls in a circle ({' -> '.join([*way, start])}), as all of them go"
                    " by the same schedule: choose another destination",
                )


def _way_round(queues: Mapping[str, Queue], start: str, kind: str) -> list[str]:
    """Returns the queues that a call passes from `start` until it is back there; empty: it is not."""
    way = [start]
    number = _next(queues, start, kind)
    while number is not None and number not in way:
        way.append(number)
        number = _next(queues, number, kind)
    return way if number == start else []


def _next(queues: Mapping[str, Queue], number: str, kind: str) -> str | None:
    """Returns where a closed queue sends calls, if that is a queue with the same schedule."""
    hours = queues[number].hours
    if hours is None or (kind == "holiday" and hours.ignore_holidays):
        return None
    destination: Destination | None = hours.closed if kind == "closed" else hours.holiday
    if destination is None:
        destination = hours.closed
    if not isinstance(destination, QueueDestination):
        return None
    target = queues.get(destination.queue)
    if target is None or target.hours is None or target.hours.schedule != hours.schedule:
        return None
    return destination.queue
