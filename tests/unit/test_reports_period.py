"""Periods as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.reports import BadPeriod, parse_period, parse_zone
from engine.reports.period import shown_clock, shown_time

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOW_MS = ms("2025-01-15T23:30:00+01:00")


def test_today_is_the_day_of_the_zone() -> None:
    assert parse_period(None, None, BERLIN, NOW_MS) == (
        ms("2025-01-15T00:00:00+01:00"),
        ms("2025-01-16T00:00:00+01:00"),
    )
    assert parse_period(None, None, ZoneInfo("Asia/Shanghai"), NOW_MS) == (
        ms("2025-01-16T00:00:00+08:00"),
        ms("2025-01-17T00:00:00+08:00"),
    )


@pytest.mark.parametrize(
    ("first", "last", "begin", "end"),
    [
        ("2025-01-01", "2025-01-31", "2025-01-01T00:00+01:00", "2025-02-01T00:00+01:00"),
        ("2025-01-10", "2025-01-10", "2025-01-10T00:00+01:00", "2025-01-11T00:00+01:00"),
        ("2025-01-10", None, "2025-01-10T00:00+01:00", "2025-01-16T00:00+01:00"),
        (None, "2025-01-10", "2025-01-10T00:00+01:00", "2025-01-11T00:00+01:00"),
        (None, "2025-01-10T12:00Z", "2025-01-10T00:00+01:00", "2025-01-10T13:00+01:00"),
        (
            "2025-01-10T08:00+01:00",
            "2025-01-10T10:30:00.250Z",
            "2025-01-10T07:00+00:00",
            "2025-01-10T10:30:00.250+00:00",
        ),
    ],
)
def test_days_and_times(first: str | None, last: str | None, begin: str, end: str) -> None:
    assert parse_period(first, last, BERLIN, NOW_MS) == (ms(begin), ms(end))


@pytest.mark.parametrize(
    ("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-01", 24)]
)
def test_days_have_the_hours_that_the_clock_gives_them(day: str, hours: int) -> None:
    from_ms, to_ms = parse_period(day, day, BERLIN, NOW_MS)
    assert to_ms - from_ms == hours * HOUR_MS


def test_a_day_that_has_no_midnight_begins_when_its_clock_does() -> None:
    """In Cairo the clock went from 2024-04-25 23:59 to 2024-04-26 01:00."""
    from_ms, to_ms = parse_period("2024-04-26", "2024-04-26", ZoneInfo("Africa/Cairo"), NOW_MS)
    assert from_ms == ms("2024-04-26T01:00:00+03:00")
    assert to_ms - from_ms == 23 * HOUR_MS


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("yesterday", None, "--from: 'yesterday' is neither a date"),
        (None, "31.01.2025", "--to: '31.01.2025' is neither a date"),
        ("2025-02-30", None, "--from: '2025-02-30' is neither a date"),
        ("2025-01-10T08:00", None, "--from: '2025-01-10T08:00' names no zone"),
        (None, "2025-01-10T08:00", "--to: '2025-01-10T08:00' names no zone"),
        ("2025-01-11", "2025-01-10", "the period is empty"),
        ("2025-01-20", None, "the period is empty"),
        ("2025-01-10T08:00Z", "2025-01-10T08:00Z", "the period is empty"),
        ("", None, "--from: '' is neither"),
    ],
)
def test_what_makes_no_sense_is_said(first: str | None, last: str | None, words: str) -> None:
    with pytest.raises(BadPeriod) as caught:
        parse_period(first, last, BERLIN, NOW_MS)
    assert words in str(caught.value)


def test_zones() -> None:
    assert parse_zone("Asia/Shanghai") == ZoneInfo("Asia/Shanghai")
    for name in ("Mars/Olympus", "", "../etc/passwd", "/etc/localtime"):
        with pytest.raises(BadPeriod, match="--zone"):
            parse_zone(name)


def test_times_are_shown_in_the_zone_to_the_millisecond() -> None:
    at_ms = ms("2025-07-01T00:00:00.007+00:00")
    assert shown_time(at_ms, BERLIN) == "2025-07-01T02:00:00.007+02:00"
    assert shown_time(at_ms, UTC) == "2025-07-01T00:00:00.007+00:00"
    assert shown_clock(at_ms, BERLIN) == "2025-07-01 02:00:00"
