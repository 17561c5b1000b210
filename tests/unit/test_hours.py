"""Opening hours: what a schedule says, and when it says something else (row Q-04)."""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

import pytest

from engine.config.schedule import Schedule, merged, next_change_ms, state_at
from engine.core.waiting import HoursKind, HoursNow
from tests.support.hours import DAYS, HOUR_MS, MINUTE_MS, every_day, ms, schedule

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-04")]

PARIS, NEW_YORK, SHANGHAI = "Europe/Paris", "America/New_York", "Asia/Shanghai"
OFFICE = {day: ["09:00-12:00", "13:00-18:00"] for day in DAYS[:5]}


def kinds(of: Schedule, *times: str) -> list[str]:
    return [str(state_at(of, ms(text, of.zone_name)).kind) for text in times]


def changes(of: Schedule, begin: str, count: int, zone: str = "UTC") -> list[tuple[int, str]]:
    """Walks from change to change: how far each is from `begin`, in ms, and what is said then."""
    start_ms = at_ms = ms(begin, zone)
    walked = []
    for _ in range(count):
        next_ms = next_change_ms(of, at_ms)
        assert next_ms is not None
        assert next_ms > at_ms
        assert state_at(of, next_ms - 1) == state_at(of, at_ms) != state_at(of, next_ms)
        at_ms = next_ms
        walked.append((at_ms - start_ms, str(state_at(of, at_ms).kind)))
    return walked


def test_several_periods_a_day_and_a_closed_weekend():
    office = schedule(PARIS, OFFICE)
    day = "2026-11-23"  # a Monday
    times = ["08:59:59.999", "09:00", "11:59:59.999", "12:00", "13:00", "17:59", "18:00"]
    assert kinds(office, *(f"{day} {time}" for time in times)) == [
        "closed", "open", "open", "closed", "open", "open", "closed",
    ]  # fmt: skip
    assert kinds(office, "2026-11-28 10:00", "2026-11-29 10:00") == ["closed", "closed"]
    friday_evening = ms("2026-11-27 18:00", PARIS)
    assert next_change_ms(office, friday_evening) == ms("2026-11-30 09:00", PARIS)


def test_the_same_moment_is_another_time_elsewhere():
    at_ms = ms("2026-11-23 08:30", PARIS)
    assert state_at(schedule(PARIS, OFFICE), at_ms).kind is HoursKind.CLOSED
    assert state_at(schedule(SHANGHAI, OFFICE), at_ms).kind is HoursKind.OPEN  # 15:30
    assert state_at(schedule(NEW_YORK, OFFICE), at_ms).kind is HoursKind.CLOSED  # 02:30


def test_a_period_over_midnight_belongs_to_the_day_on_which_it_begins():
    night = schedule(PARIS, {"fri": ["22:00-06:00"], "sun": ["20:00-24:00"]})
    assert kinds(night, "2026-11-27 21:59", "2026-11-27 22:00", "2026-11-28 05:59") == [
        "closed", "open", "open",
    ]  # fmt: skip
    assert kinds(night, "2026-11-28 06:00", "2026-11-29 23:59", "2026-11-30 00:00") == [
        "closed", "open", "closed",
    ]  # fmt: skip


def test_a_period_over_the_end_of_the_week():
    night = schedule(PARIS, {"sun": ["22:00-06:00"]})
    assert night.weekly == ((0, 360), (9_960, 10_080))
    assert kinds(night, "2026-11-29 22:00", "2026-11-30 05:59", "2026-11-30 06:00") == [
        "open", "open", "closed",
    ]  # fmt: skip
    sunday = ms("2026-11-29 22:00", PARIS)
    assert next_change_ms(night, sunday) == ms("2026-11-30 06:00", PARIS)


def test_always_open_and_never_open_never_change():
    always = schedule(PARIS, every_day("00:00-24:00"))
    assert always.weekly == ((0, 10_080),)
    for each, kind in ((always, HoursKind.OPEN), (schedule(PARIS), HoursKind.CLOSED)):
        assert state_at(each, ms("2026-11-23 00:00")) == HoursNow("office", kind, kind)
        assert next_change_ms(each, ms("2026-11-23 00:00")) is None


def test_periods_that_touch_are_one():
    assert merged([(600, 700), (0, 600), (10_000, 10_100)]) == ((0, 700), (10_000, 10_080))
    pieces = schedule(PARIS, every_day("00:00-12:00", "12:00-24:00"))
    assert pieces.weekly == ((0, 10_080),)


# The nights in which clocks are changed.


def test_a_period_in_the_hour_that_is_left_out_does_not_happen():
    """Paris, 28 March 2027: at 02:00 the clocks show 03:00."""
    early = schedule(PARIS, {"sun": ["02:15-02:45"]})
    before = "2027-03-28 00:00"
    assert changes(early, before, 1, PARIS)[0][0] == 7 * 24 * HOUR_MS + HOUR_MS + 15 * MINUTE_MS


def test_a_period_that_begins_or_ends_in_the_hour_that_is_left_out_is_cut_there():
    begins = schedule(PARIS, {"sun": ["02:30-04:00"]})
    ends = schedule(PARIS, {"sun": ["01:00-02:30"]})
    start = "2027-03-28 00:00"
    assert changes(begins, start, 2, PARIS) == [(2 * HOUR_MS, "open"), (3 * HOUR_MS, "closed")]
    assert changes(ends, start, 2, PARIS) == [(HOUR_MS, "open"), (2 * HOUR_MS, "closed")]


def test_a_period_in_the_hour_that_is_there_twice_happens_twice():
    """New York, 1 November 2026: at 02:00 the clocks show 01:00 once more."""
    early = schedule(NEW_YORK, {"sun": ["01:30-01:45"]})
    half = 30 * MINUTE_MS
    assert changes(early, "2026-11-01 00:00", 4, NEW_YORK) == [
        (HOUR_MS + half, "open"),
        (HOUR_MS + half + 15 * MINUTE_MS, "closed"),
        (2 * HOUR_MS + half, "open"),
        (2 * HOUR_MS + half + 15 * MINUTE_MS, "closed"),
    ]


def test_a_night_shift_is_an_hour_longer_or_shorter():
    night = schedule(PARIS, every_day("22:00-06:00"))
    for evening, hours in (("2026-10-24", 9), ("2026-10-25", 8), ("2027-03-27", 7)):
        begin_ms = ms(f"{evening} 22:00", PARIS)
        end_ms = next_change_ms(night, begin_ms)
        assert end_ms is not None
        assert end_ms - begin_ms == hours * HOUR_MS


def test_summer_time_of_half_an_hour():
    """Lord Howe, 4 April 2027: at 02:00 the clocks show 01:30 once more."""
    early = schedule("Australia/Lord_Howe", {"sun": ["01:40-01:50"]})
    assert changes(early, "2027-04-04 00:00", 4, "Australia/Lord_Howe") == [
        (100 * MINUTE_MS, "open"),
        (110 * MINUTE_MS, "closed"),
        (130 * MINUTE_MS, "open"),
        (140 * MINUTE_MS, "closed"),
    ]


def test_a_holiday_that_was_over_comes_back_when_clocks_are_put_back():
    """Paris, 25 October 2026: at 03:00 the clocks show 02:00 once more. No other edge is near."""
    feast = schedule(PARIS, holidays=holiday("2026-10-25 02:10", "2026-10-25 02:50"))
    walked = changes(feast, "2026-10-25 00:00", 4, PARIS)
    assert walked == [
        (130 * MINUTE_MS, "holiday"),
        (170 * MINUTE_MS, "closed"),
        (190 * MINUTE_MS, "holiday"),
        (230 * MINUTE_MS, "closed"),
    ]
    assert next_change_ms(feast, ms("2026-10-25 02:50", PARIS, fold=1)) is None


def test_clocks_that_are_put_back_for_a_month_only():
    """Casablanca, 7 February to 14 March 2027, for Ramadan: at 03:00 the clocks show 02:00."""
    zone = "Africa/Casablanca"
    feast = schedule(zone, holidays=holiday("02-07 02:10", "02-07 02:50", yearly=True))
    assert changes(feast, "2027-02-07 00:00", 4, zone) == [
        (130 * MINUTE_MS, "holiday"),
        (170 * MINUTE_MS, "closed"),
        (190 * MINUTE_MS, "holiday"),
        (230 * MINUTE_MS, "closed"),
    ]


def test_summer_time_that_begins_at_midnight():
    """Cairo, 30 April 2027: Friday begins at 01:00."""
    friday = schedule("Africa/Cairo", {"fri": ["00:00-24:00"]})
    start = "2027-04-29 12:00"
    assert changes(friday, start, 2, "Africa/Cairo") == [
        (12 * HOUR_MS, "open"),
        ((12 + 23) * HOUR_MS, "closed"),
    ]


def test_a_day_that_a_zone_leaves_out():
    """Samoa went from Thursday, 29 December 2011, to Saturday, 31 December."""
    apia = "Pacific/Apia"
    working = schedule(apia, {day: ["09:00-17:00"] for day in DAYS[3:6]})
    start = "2011-12-29 08:00"
    hours = [(1, "open"), (9, "closed"), (25, "open"), (33, "closed")]
    assert changes(working, start, 4, apia) == [(hour * HOUR_MS, kind) for hour, kind in hours]
    feast = schedule(apia, every_day("09:00-17:00"), [{"name": "Feast", "from": "2011-12-30"}])
    assert changes(feast, start, 3, apia) == [(hour * HOUR_MS, kind) for hour, kind in hours[:3]]


# Holidays.


def holiday(begin: str, end: str | None = None, **options) -> list[dict]:
    written = {"name": "Feast", "from": begin, **options}
    return [written if end is None else {**written, "to": end}]


def test_a_holiday_has_a_name_and_maybe_a_prompt_and_knows_the_weekly_hours():
    office = schedule(
        PARIS, OFFICE, holiday("2026-12-24", "2026-12-25", prompt=["sound:merry", "sound:bye"])
    )
    media = ("sound:merry", "sound:bye")
    feast = HoursNow("office", HoursKind.HOLIDAY, HoursKind.CLOSED, "Feast", media)
    working = HoursNow("office", HoursKind.HOLIDAY, HoursKind.OPEN, "Feast", media)
    assert state_at(office, ms("2026-12-24 00:00", PARIS)) == feast
    assert state_at(office, ms("2026-12-24 09:00", PARIS)) == working
    assert state_at(office, ms("2026-12-25 23:59", PARIS)) == feast
    assert state_at(office, ms("2026-12-26 00:00", PARIS)).kind is HoursKind.CLOSED
    # A queue that ignores holidays opens and closes all the same, so it must be told.
    assert next_change_ms(office, ms("2026-12-24 00:00", PARIS)) == ms("2026-12-24 09:00", PARIS)


def test_a_holiday_may_have_times():
    office = schedule(PARIS, OFFICE, holiday("2026-12-24 13:30", "2026-12-28 10:00"))
    assert kinds(office, "2026-12-24 13:29", "2026-12-24 13:30") == ["open", "holiday"]
    assert kinds(office, "2026-12-28 09:59", "2026-12-28 10:00") == ["holiday", "open"]
    afternoon = schedule(PARIS, OFFICE, holiday("2026-12-24 14:00"))
    assert kinds(afternoon, "2026-12-24 13:59", "2026-12-24 14:00") == ["open", "holiday"]
    assert kinds(afternoon, "2026-12-24 23:59", "2026-12-25 10:00") == ["holiday", "open"]


def test_a_yearly_holiday_comes_every_year_also_over_new_year():
    office = schedule(PARIS, OFFICE, holiday("12-30 12:00", "01-02", yearly=True))
    assert kinds(office, "2026-12-30 11:59", "2026-12-30 12:00") == ["open", "holiday"]
    for year in (2025, 2026, 2031):
        assert kinds(office, f"{year}-12-29 23:59", f"{year}-12-30 12:00") == ["closed", "holiday"]
        assert kinds(office, f"{year}-12-31 23:59", f"{year + 1}-01-01 00:00") == ["holiday"] * 2
        assert kinds(office, f"{year + 1}-01-02 23:59") == ["holiday"]
        assert kinds(office, f"{year + 1}-01-03 00:00") == ["closed"]
    assert next_change_ms(office, ms("2026-12-31 18:00", PARIS)) == ms("2027-01-01 09:00", PARIS)


@pytest.mark.parametrize(
    ("begin", "end", "days"),
    [
        ("02-29", None, {2027: [], 2028: ["02-29"]}),
        ("02-28", "02-29", {2027: ["02-28"], 2028: ["02-28", "02-29"]}),
        ("02-29", "03-01", {2027: ["03-01"], 2028: ["02-29", "03-01"]}),
        ("12-31", "01-01", {2027: ["01-01", "12-31"]}),
        ("01-01", "12-31", None),
    ],
)
def test_days_of_a_yearly_holiday(begin, end, days):
    office = schedule(PARIS, holidays=holiday(begin, end, yearly=True))
    for year, expected in (days or {}).items():
        shown = [
            f"{m:02}-{d:02}" for m in (1, 2, 3, 12) for d in range(1, 32) if is_day(year, m, d)
        ]
        found = [day for day in shown if kinds(office, f"{year}-{day} 12:00") == ["holiday"]]
        assert found == expected
    if days is None:
        assert next_change_ms(office, ms("2026-06-01 00:00")) is None


def test_a_range_that_begins_on_29_february_begins_a_day_later_in_other_years():
    spring = schedule(PARIS, holidays=holiday("02-29", "03-01", yearly=True))
    assert next_change_ms(spring, ms("2027-02-20 00:00")) == ms("2027-03-01 00:00", PARIS)
    assert next_change_ms(spring, ms("2028-02-20 00:00")) == ms("2028-02-29 00:00", PARIS)


def is_day(year: int, month: int, day: int) -> bool:
    leap = year % 4 == 0
    return day <= (29 if leap else 28) if month == 2 else True


def test_the_next_29_february_may_be_eight_years_away():
    leap = schedule(PARIS, holidays=holiday("02-29", yearly=True))
    assert next_change_ms(leap, ms("2096-03-01 00:00", PARIS)) == ms("2104-02-29 00:00", PARIS)


def test_a_holiday_in_the_past_changes_nothing_any_more():
    past = schedule(PARIS, holidays=holiday("2020-01-01"))
    assert next_change_ms(past, ms("2026-11-23 12:00")) is None


def test_of_overlapping_holidays_the_first_counts():
    both = [*holiday("2026-12-24", "2027-01-01"), {"name": "Eve", "from": "2026-12-31"}]
    assert state_at(schedule(PARIS, holidays=both), ms("2026-12-31 12:00")).holiday == "Feast"
    both.reverse()
    turned = schedule(PARIS, holidays=both)
    assert state_at(turned, ms("2026-12-31 12:00")).holiday == "Eve"
    assert next_change_ms(turned, ms("2026-12-30 12:00")) == ms("2026-12-31 00:00", PARIS)


def test_schedules_that_say_the_same_are_equal_and_a_zone_must_be_there():
    assert schedule(PARIS, OFFICE) == schedule(PARIS, OFFICE)
    assert schedule(PARIS, OFFICE) != schedule(SHANGHAI, OFFICE)
    with pytest.raises(ZoneInfoNotFoundError):
        schedule("Europe/Atlantis", OFFICE)
