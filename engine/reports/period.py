"""Periods as people write them: days of a time zone, or instants that name theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BadPeriod(ValueError):
    """A period or a zone that makes no sense; the message names the option and what would be right."""


def parse_zone(name: str) -> ZoneInfo:
    """Returns the time zone of that name (IANA, for example Europe/Berlin).

    Raises:
        BadPeriod: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = (
            f"--zone: {name!r} is not a time zone; examples: Europe/Berlin, Asia/Shanghai, UTC"
        )
        raise BadPeriod(message) from None


def parse_period(
    from_text: str | None, to_text: str | None, zone: tzinfo, now_ms: int
) -> tuple[int, int]:
    """Returns a period as (first millisecond, first millisecond after it), epoch, UTC.

    A date is the whole day in `zone` (23 or 25 hours where the clock is changed), so as the end of
    a period it is included. A time needs a zone of its own (`2025-01-31T14:00+01:00`, or Z for UTC).
    Without both it is today; without the end, until the end of today; without the beginning, from
    the beginning of the day in which it ends.

    Raises:
        BadPeriod: not a date or time, no zone, or nothing between the two.
    """
    from_ms = None if from_text is None else _parse("--from", from_text, zone, end=False)
    if to_text is not None:
        to_ms = _parse("--to", to_text, zone, end=True)
    else:
        to_ms = _midnight_ms(_day(now_ms, zone) + timedelta(days=1), zone)
    if from_ms is None:
        last_ms = now_ms if to_text is None else to_ms - 1
        from_ms = _midnight_ms(_day(last_ms, zone), zone)
    if from_ms >= to_ms:
        begin, end = shown_time(from_ms, zone), shown_time(to_ms, zone)
        raise BadPeriod(f"the period is empty: --from {begin} is not before --to {end}")
    return from_ms, to_ms


def shown_time(at_ms: int, zone: tzinfo) -> str:
    """Returns an instant in ISO 8601, in the zone, to the millisecond."""
    return _local(at_ms, zone).isoformat(timespec="milliseconds")


def shown_clock(at_ms: int, zone: tzinfo) -> str:
    """Returns an instant for a table: the zone's date and time, to the second."""
    return _local(at_ms, zone).strftime("%Y-%m-%d %H:%M:%S")


def _parse(option: str, text: str, zone: tzinfo, *, end: bool) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return _midnight_ms(day + timedelta(days=1) if end else day, zone)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = (
            f"{option}: {text!r} is neither a date (2025-01-31) nor a time with its zone"
            " (2025-01-31T14:00+01:00, 2025-01-31T13:00Z)"
        )
        raise BadPeriod(message) from None
    if instant.tzinfo is None:
        raise BadPeriod(f"{option}: {text!r} names no zone; write {text}Z for UTC, or {text}+01:00")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _local(at_ms: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)


def _day(at_ms: int, zone: tzinfo) -> date:
    return _local(at_ms, zone).date()


def _midnight_ms(day: date, zone: tzinfo) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight - _EPOCH) // timedelta(milliseconds=1)
