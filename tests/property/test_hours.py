"""Opening hours against a plain way to work them out, minute by minute (row Q-04)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.config.schedule import next_change_ms, state_at
from tests.support.hours import DAYS, HOUR_MS, MINUTE_MS, every_day, ms, says, schedule

pytestmark = [pytest.mark.property, pytest.mark.row("Q-04")]

LONG_MS = 5 * 24 * HOUR_MS

CLOCK_CHANGES = {
    "Paris, forward": ("Europe/Paris", "2027-03-25"),
    "Paris, back": ("Europe/Paris", "2026-10-22"),
    "New York, forward": ("America/New_York", "2027-03-11"),
    "New York, back": ("America/New_York", "2026-10-29"),
    "half an hour forward": ("Australia/Lord_Howe", "2026-10-01"),
    "half an hour back": ("Australia/Lord_Howe", "2027-04-01"),
    "three quarters off the hour": ("Pacific/Chatham", "2027-04-01"),
    "at midnight": ("Africa/Cairo", "2027-04-27"),
    "back over midnight": ("Africa/Cairo", "2026-10-27"),
    "for a month of fasting": ("Africa/Casablanca", "2027-02-04"),
    "a zone moved by half an hour at 23:30": ("Asia/Pyongyang", "2018-05-01"),
    "a day left out": ("Pacific/Apia", "2011-12-27"),
}
SCHEDULES = {
    "office": ({day: ["09:00-12:30", "13:00-18:00"] for day in DAYS[:5]}, ()),
    "nights": (every_day("22:00-02:30", "03:15-06:00"), ()),
    "early": (every_day("00:00-00:20", "01:30-01:45", "02:15-02:45", "23:30-24:00"), ()),
    "feasts": (
        {"sat": ["00:00-24:00"], "sun": ["01:30-24:00"]},
        (
            {"name": "Spring", "from": "03-28 02:30", "to": "03-28 03:30", "yearly": True},
            {"name": "Autumn", "from": "2026-10-25 02:10", "to": "2026-10-25 02:50"},
            {"name": "Year", "from": "12-30", "to": "01-01 12:00", "yearly": True},
        ),
    ),
}


@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES.values(), ids=CLOCK_CHANGES)
@pytest.mark.parametrize(("weekly", "holidays"), SCHEDULES.values(), ids=SCHEDULES)
def test_each_minute_of_days_in_which_clocks_are_changed(zone, day, weekly, holidays):
    made = schedule(zone, weekly, holidays)
    begin_ms = ms(f"{day} 00:00", zone)
    minutes = range(begin_ms, begin_ms + LONG_MS, MINUTE_MS)
    said = [says(zone, weekly, holidays, at_ms) for at_ms in minutes]
    assert [told(made, at_ms) for at_ms in minutes] == said
    # All changes, one after the other, and each also from in between.
    expected = [
        at_ms
        for at_ms, before, now in zip(minutes[1:], said, said[1:], strict=False)
        if now != before
    ]
    at_ms = begin_ms
    for change_ms in expected:
        middle_ms = (at_ms + change_ms) // 2
        for asked_ms in (at_ms, middle_ms, change_ms - 1):
            assert next_change_ms(made, asked_ms) == change_ms
        at_ms = change_ms
    last_ms = next_change_ms(made, at_ms)
    assert last_ms is None or last_ms >= minutes.stop


def told(made, at_ms):
    now = state_at(made, at_ms)
    return now.kind, now.usual, now.holiday


ZONES = st.sampled_from([zone for zone, _ in CLOCK_CHANGES.values()] + ["UTC", "Asia/Shanghai"])
CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
PERIOD = st.one_of(
    st.tuples(CLOCK, CLOCK).filter(lambda both: both[0] != both[1]).map("-".join),
    CLOCK.map(lambda begin: f"{begin}-24:00"),
)
WEEKLY = st.dictionaries(st.sampled_from(DAYS), st.lists(PERIOD, max_size=3))
ANY_DAY = st.dates(date(2024, 1, 1), date(2033, 12, 31))
NEAR_NEW_YEAR_OR_LEAP_DAY = st.builds(
    lambda year, off, leap: (
        date(year, 3, 1) - timedelta(days=off) if leap else date(year, 1, 1) + timedelta(days=off)
    ),
    st.integers(2025, 2033),
    st.integers(-3, 3),
    st.booleans(),
)
DAY = st.one_of(ANY_DAY, NEAR_NEW_YEAR_OR_LEAP_DAY)


@st.composite
def holidays(draw):
    made = []
    for number in range(draw(st.integers(0, 3))):
        yearly = draw(st.booleans())
        first, times = draw(DAY), draw(st.booleans())
        last = first + timedelta(days=draw(st.integers(1, 9)))
        begin, end = (each.isoformat()[5 if yearly else 0 :] for each in (first, last))
        if times:
            begin, end = f"{begin} {draw(CLOCK)}", f"{end} {draw(CLOCK)}"
        entry = {"name": f"Feast {number}", "from": begin, "yearly": yearly}
        made.append({**entry, "to": end} if times or draw(st.booleans()) else entry)
    return made


@settings(max_examples=150, deadline=None)
@given(zone=ZONES, weekly=WEEKLY, feasts=holidays(), day=DAY, ms_of_day=st.integers(0, 86_399_999))
@example(
    "Europe/Paris", {}, [{"name": "Leap", "from": "02-29", "yearly": True}], date(2025, 3, 1), 0
)
def test_the_next_change_is_the_first(zone, weekly, feasts, day, ms_of_day):
    made = schedule(zone, weekly, feasts)
    at_ms = ms(day.isoformat()) + ms_of_day
    first = told(made, at_ms)
    assert first == says(zone, weekly, feasts, at_ms)
    change_ms = next_change_ms(made, at_ms)
    if change_ms is not None:
        assert change_ms > at_ms
        assert says(zone, weekly, feasts, change_ms) != first
    # Before it every minute says the same; far away every seventh hour and a bit does.
    until_ms = at_ms + 400 * 24 * HOUR_MS if change_ms is None else change_ms
    near_ms = min(until_ms, at_ms + 2 * 24 * HOUR_MS)
    begin_ms = at_ms - at_ms % MINUTE_MS + MINUTE_MS
    for look_ms in range(begin_ms, near_ms, MINUTE_MS):
        assert says(zone, weekly, feasts, look_ms) == first
    for look_ms in range(near_ms, until_ms, 7 * HOUR_MS + 13 * MINUTE_MS):
        assert says(zone, weekly, feasts, look_ms) == first
    assert says(zone, weekly, feasts, until_ms - 1) == first
