"""Opening hours as admins write them: what is wrong is said all at once, with its place (row Q-04)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.config import check, load, to_policy, to_schedules
from engine.config.schedule import Once, YearDay, Yearly, state_at
from engine.core.ids import QueueId
from engine.core.places import HangUp, ToQueue
from engine.core.waiting import HoursKind, QueueHours
from tests.support.config_files import BASE, changed, lines_of, write
from tests.support.hours import ms

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-04")]

WEEKLY = 'weekly: {mon: ["09:00-18:00"]}'


def office(*lines: str) -> str:
    """A schedule from its lines, the first of which is line 22."""
    return BASE + "hours:\n  office:\n" + "".join(f"    {line}\n" for line in lines)


def queue(hours: str, text: str = BASE) -> str:
    """The queue goes by these hours, in line 16."""
    return changed(text, "    name: Sales\n", f"    name: Sales\n    hours: {hours}\n")


def test_everything_there_is(tmp_path):
    text = office(
        "time_zone: Europe/Paris",
        'weekly: {mon: ["09:00-12:00", "13:00-24:00"], tue: ["00:00-01:00"], sun: ["22:00-06:00"]}',
        "holidays:",
        "- {name: Bridge, from: 2026-05-15}",
        "- {name: Half, from: 2026-12-24 13:00, to: 2026-12-25 10:30}",
        '- {name: New Year, from: 12-31 12:00, to: 01-01, yearly: true, prompt: ["sound:year"]}',
    )
    text = queue(
        '{schedule: office, closed: {queue: "6401"}, holiday: hang_up, play_holiday_prompt: true,'
        " waiting_at_closing: leave}",
        changed(text, "outbound_routes:", '  "6401": {name: Night}\noutbound_routes:'),
    )
    folder = write(tmp_path, text)
    assert [line for line in lines_of(folder) if "has no members" not in line] == []
    configuration = load(folder)
    assert to_policy(configuration).queues[0].hours == QueueHours(
        "office",
        closed=ToQueue(QueueId("6401")),
        holiday=HangUp(),
        holiday_prompt=True,
        leave_at_closing=True,
    )
    assert to_policy(configuration).queues[1].hours is None
    (made,) = to_schedules(configuration)
    assert (made.name, made.zone_name) == ("office", "Europe/Paris")
    assert made.weekly == ((0, 360), (540, 720), (780, 1500), (9960, 10080))
    bridge, half, year = made.holidays
    assert isinstance(bridge.span, Once)
    assert [str(each) for each in (bridge.span.begin, bridge.span.end)] == [
        "2026-05-15 00:00:00", "2026-05-16 00:00:00",
    ]  # fmt: skip
    assert isinstance(half.span, Once)
    assert [str(each) for each in (half.span.begin, half.span.end)] == [
        "2026-12-24 13:00:00", "2026-12-25 10:30:00",
    ]  # fmt: skip
    assert year.span == Yearly(YearDay(12, 31, 720), YearDay(1, 1, 1440))
    assert year.prompt == ("sound:year",)
    assert state_at(made, ms("2027-01-01 12:00")).kind is HoursKind.HOLIDAY


def test_what_is_left_out_means_the_harmless_thing(tmp_path):
    text = queue("{schedule: office, closed: hang_up}", office("time_zone: UTC", WEEKLY))
    hours = to_policy(load(write(tmp_path, text))).queues[0].hours
    assert hours == QueueHours("office", HangUp())


ZONES = [
    ("Europe/Pariss", "there is no time zone Europe/Pariss, did you mean Europe/Paris?"),
    ("europe/paris", "there is no time zone europe/paris, did you mean Europe/Paris?"),
    ("Shanghai", "there is no time zone Shanghai, did you mean Asia/Shanghai?"),
    ("New York", "there is no time zone New York, did you mean America/New_York?"),
    (
        "Beijing",
        "there is no time zone Beijing: write a time zone such as Europe/Paris, Asia/Shanghai or UTC",
    ),
    (
        "GMT+8",
        (
            "GMT+8 is no place: write one such as Asia/Shanghai, so that summer time and the sign"
            " are right"
        ),
    ),
    (
        '"+08:00"',
        "must be a time zone such as Europe/Paris, Asia/Shanghai or UTC",
    ),
    ("Europe", "there is no time zone Europe"),
    ("localtime", "there is no time zone localtime"),
    ("right/Europe/Paris", "there is no time zone right/Europe/Paris"),
    ("../zoneinfo/UTC", "must be a time zone such as Europe/Paris, Asia/Shanghai or UTC"),
    ("8", 'must be a text in quotes: "8"'),
    ("Etc/GMT+8", "warning: Etc/GMT+8 is 8 hours behind UTC, all the year; better name a city"),
]


@pytest.mark.parametrize(("zone", "words"), ZONES, ids=[zone for zone, _ in ZONES])
def test_time_zones(tmp_path, zone, words):
    (line,) = lines_of(write(tmp_path, office(f"time_zone: {zone}", WEEKLY)))
    assert line.startswith(f"a.yaml:23: hours.office.time_zone - {words}")


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Asia/Kathmandu", "America/Argentina/Ushuaia"])
def test_good_time_zones(tmp_path, zone):
    assert lines_of(write(tmp_path, office(f"time_zone: {zone}", WEEKLY))) == []


PERIOD = (
    "must be a period such as 09:00-12:30, in quotes (22:00-06:00 goes on after midnight,"
    " 24:00 is the day's end)"
)
WEEKS = [
    ('{mon: ["9-17"]}', f"mon[0] - {PERIOD}"),
    ('{mon: ["09:00 - 17:00"]}', f"mon[0] - {PERIOD}"),
    ('{mon: ["٠٩:00-17:00"]}', f"mon[0] - {PERIOD}"),
    ("{mon: 08:00}", 'mon - must be a list, not "08:00": write ["08:00-16:00"]'),
    ("{mon: 8:00}", 'mon - must be a list, not "8:00": write ["08:00-16:00"]'),
    ("{mon: 16:30}", 'mon - must be a list, not "16:30": write ["16:30-24:00"]'),
    ("{mon: all day}", 'mon - must be a list, not "all day": write ["09:00-17:00"]'),
    ("{mon: 09:00-17:00}", 'mon - must be a list, not "09:00-17:00": write ["09:00-17:00"]'),
    ('{mon: ["25:00-26:00"]}', "mon[0] - there is no 25:00 on a clock: 00:00 to 23:59, at the end 24:00"),
    ('{mon: ["09:60-10:00"]}', "mon[0] - there is no 09:60 on a clock: 00:00 to 23:59, at the end 24:00"),
    ('{mon: ["09:00-24:01"]}', "mon[0] - there is no 24:01 on a clock: 00:00 to 23:59, at the end 24:00"),
    ('{mon: ["24:00-06:00"]}', "mon[0] - must begin before 24:00: 00:00 of the next day is the same moment"),
    ('{mon: ["09:00-09:00"]}', "mon[0] - ends when it begins; a whole day is 00:00-24:00"),
    ('{monday: ["09:00-17:00"]}', "monday - unknown key, did you mean mon?"),
    (
        '{mon: ["09:00-12:00", "11:59-13:00"]}',
        "mon[1] - overlaps with mon 09:00-12:00: a.yaml:24; write them as one period",
    ),
    (
        '{tue: ["05:00-09:00"], mon: ["22:00-06:00"]}',
        "tue[0] - overlaps with mon 22:00-06:00: a.yaml:24; write them as one period",
    ),
    (
        '{mon: ["05:00-09:00"], sun: ["22:00-06:00"]}',
        "sun[0] - overlaps with mon 05:00-09:00: a.yaml:24; write them as one period",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("weekly", "words"), WEEKS, ids=[weekly for weekly, _ in WEEKS])
def test_weeks(tmp_path, weekly, words):
    lines = lines_of(write(tmp_path, office("time_zone: UTC", f"weekly: {weekly}")))
    lines = [line for line in lines if "never open" not in line]
    assert lines == [f"a.yaml:24: hours.office.weekly.{words}"]


@pytest.mark.parametrize(
    "weekly",
    [
        '{mon: ["09:00-12:00", "12:00-13:00"]}',
        '{mon: ["22:00-24:00"], tue: ["00:00-06:00"]}',
        '{mon: ["22:00-06:00"], tue: ["06:00-22:00"]}',
        '{sun: ["22:00-06:00"], mon: ["06:00-07:00"]}',
    ],
)
def test_periods_may_touch(tmp_path, weekly):
    assert lines_of(write(tmp_path, office("time_zone: UTC", f"weekly: {weekly}"))) == []


def test_hours_that_are_never_open_are_worth_a_warning(tmp_path):
    assert lines_of(write(tmp_path, office("time_zone: UTC", "weekly: {}"))) == [
        "a.yaml:24: hours.office.weekly - warning: has no period, so it is never open"
    ]


MOMENT = "must be a day such as 2026-12-24, or 12-24 if it is yearly; maybe with a time: 2026-12-24 13:00"
HOLIDAYS = [
    ("from: 24.12.2026", f"from - {MOMENT}"),
    ("from: 2026-12-24T13:00", f"from - {MOMENT}"),
    ("from: 20261224", 'from - must be a text in quotes: "20261224"'),
    ("from: 2026-02-29", "from - there is no such day: month 02, day 29"),
    ("from: 13-01, yearly: true", "from - there is no such day: month 13, day 01"),
    ("from: 0206-12-24", "from - the year must be 2000 to 2099"),
    ("from: 2026-12-24 24:00", "from - there is no 24:00 on a clock: 00:00 to 23:59"),
    ("from: 2026-12-24, to: 2026-12-23", "to - must be after from, 2026-12-24; to is the last day"),
    (
        "from: 2026-12-24 13:00, to: 2026-12-24 13:00",
        "to - must be after from, 2026-12-24 13:00; to is the last day",
    ),
    ("from: 12-24 13:00, to: 12-24 13:00, yearly: true", "to - must be after from, 12-24 13:00"),
    ("from: 12-24", "from - needs a year, such as 2026-12-24, or yearly: true beside it"),
    (
        "from: 2026-12-24, yearly: true",
        "from - a yearly holiday has no year: write 12-24, or yearly: false",
    ),
    (
        "from: 12-24, to: 2026-12-25, yearly: true",
        "to - a yearly holiday has no year: write 12-25, or yearly: false",
    ),
    ("from: 2026-12-24, to: 12-25", "to - needs a year, such as 2026-12-25, or yearly: true beside it"),
    (
        "from: 12-26, to: 12-24, yearly: true",
        "to - warning: from 12-26 to 12-24 are 364 days of each year; were they mixed up?",
    ),
    ("to: 2026-12-24", " - from is missing"),
    ("from: 2026-12-24, prompt: [hello]", "prompt[0] - must be prompt:NAME with a name from prompts, or a media URI of Asterisk"),
    ("form: 2026-12-24", "form - unknown key, did you mean from?"),
]  # fmt: skip


@pytest.mark.parametrize(("holiday", "words"), HOLIDAYS, ids=[each for each, _ in HOLIDAYS])
def test_holidays(tmp_path, holiday, words):
    entry = f"- {{name: Feast, {holiday}}}"
    text = office("time_zone: UTC", WEEKLY, "holidays:", entry)
    (line,) = lines_of(write(tmp_path, text))
    dot = "" if words.startswith(" ") else "."
    assert line.startswith(f"a.yaml:26: hours.office.holidays[0]{dot}{words}")


@pytest.mark.parametrize(
    "holiday",
    [
        "from: 12-30, to: 01-02, yearly: true",
        "from: 02-29, yearly: true",
        "from: 2028-02-29",
        "from: 2026-12-24 13:00, to: 2026-12-24 18:00",
        "from: 12-24 13:00, yearly: true",
    ],
)
def test_good_holidays(tmp_path, holiday):
    entry = f"- {{name: Feast, {holiday}}}"
    assert lines_of(write(tmp_path, office("time_zone: UTC", WEEKLY, "holidays:", entry))) == []


def test_all_mistakes_of_a_schedule_at_once_each_in_its_own_line(tmp_path):
    text = office(
        "time_zone: Pariss",
        "weekly:",
        '  mon: ["9-12", "10:00-12:00", "11:00-13:00"]',
        "holidays:",
        "- {name: A, from: 2026-02-30}",
        "- {name: B, from: 2026-12-24, to: 2026-12-20}",
        "- {name: C, from: 12-24, to: 12-25, yearly: maybe}",
        "- {name: D, from: 12-24}",
    )
    text = queue("{schedule: offce, closed: {queue: '6409'}, holiday: {extension: '7'}}", text)
    lines = lines_of(write(tmp_path, text))
    assert [line.split(" - ")[0].removeprefix("a.yaml:") for line in lines] == [
        "16: queues.6400.hours.closed.queue",
        "16: queues.6400.hours.holiday.extension",
        "16: queues.6400.hours.schedule",
        "24: hours.office.time_zone",
        "26: hours.office.weekly.mon[0]",
        "26: hours.office.weekly.mon[2]",
        "28: hours.office.holidays[0].from",
        "29: hours.office.holidays[1].to",
        "30: hours.office.holidays[2].yearly",
        "31: hours.office.holidays[3].from",
    ]


PROMPTED = "- {name: Feast, from: 2026-12-24, prompt: ['sound:feast']}"
SILENT = "- {name: Feast, from: 2026-12-24}"
QUEUES = [
    ("{closed: hang_up}", PROMPTED, "hours - schedule is missing"),
    ("{schedule: office}", PROMPTED, "hours - closed is missing"),
    (
        "{schedule: ofice, closed: hang_up}",
        PROMPTED,
        "hours.schedule - there is no schedule ofice, did you mean office?",
    ),
    (
        "{schedule: office, closed: hang_up, waiting_at_closing: go}",
        PROMPTED,
        "hours.waiting_at_closing - must be stay or leave",
    ),
    (
        "{schedule: office, closed: hang_up, play_holiday_prompt: true}",
        SILENT,
        ("hours.play_holiday_prompt - warning: ignored: no holiday of office has a prompt; add prompt: to"
        " one"),
    ),
    (
        "{schedule: office, closed: hang_up, holiday: hang_up, ignore_holidays: true}",
        SILENT,
        "hours.holiday - warning: ignored: ignore_holidays is true",
    ),
    (
        "{schedule: office, closed: hang_up, play_holiday_prompt: true, ignore_holidays: true}",
        PROMPTED,
        "hours.play_holiday_prompt - warning: ignored: ignore_holidays is true",
    ),
    (
        "{schedule: office, closed: {queue: '6400'}}",
        PROMPTED,
        ("hours.closed - sends calls in a circle (6400 -> 6400), as all of them go by the same schedule:"
        " choose another destination"),
    ),
    ("{schedule: office, closed: {play: ['sound:closed']}, play_holiday_prompt: true}", PROMPTED, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "holiday", "words"), QUEUES, ids=[hours for hours, _, _ in QUEUES]
)
def test_queues(tmp_path, hours, holiday, words):
    text = queue(hours, office("time_zone: UTC", WEEKLY, "holidays:", holiday))
    expected = [] if words is None else [f"a.yaml:16: queues.6400.{words}"]
    assert lines_of(write(tmp_path, text)) == expected


def two_queues(tmp_path, day: str, night: str) -> list[str]:
    text = office("time_zone: UTC", WEEKLY)
    text += '  late: {time_zone: UTC, weekly: {mon: ["18:00-24:00"]}}\n'
    members = 'members: [{agent: "1001"}]'
    other = f'  "6401": {{name: Night, {members}, hours: {night}}}\noutbound_routes:'
    return lines_of(write(tmp_path, queue(day, changed(text, "outbound_routes:", other))))


def test_a_circle_of_closed_queues_is_an_error_if_nothing_changes_on_the_way(tmp_path):
    (line,) = two_queues(
        tmp_path,
        "{schedule: office, closed: {queue: '6401'}}",
        "{schedule: office, closed: {queue: '6400'}}",
    )
    assert "queues.6400.hours.closed - sends calls in a circle (6400 -> 6401 -> 6400)" in line
    (line,) = two_queues(
        tmp_path,
        "{schedule: office, closed: hang_up, holiday: {queue: '6401'}}",
        "{schedule: office, closed: {queue: '6400'}}",
    )
    assert "queues.6400.hours.holiday - sends calls in a circle (6400 -> 6401 -> 6400)" in line


def test_day_and_night_may_send_to_each_other(tmp_path):
    lines = two_queues(
        tmp_path,
        "{schedule: office, closed: {queue: '6401'}}",
        "{schedule: late, closed: {queue: '6400'}}",
    )
    assert lines == []


def test_a_machine_without_time_zones_says_what_to_install(tmp_path, monkeypatch):
    def nothing(name):
        raise FileNotFoundError(name)

    monkeypatch.setattr("engine.config.hours.ZoneInfo", nothing)
    monkeypatch.setattr("engine.config.hours.known_zones", frozenset)
    (problem,) = check(write(tmp_path, office("time_zone: Europe/Paris", WEEKLY)))
    assert problem.message == "this machine has no time zone data: install the package tzdata"


def test_the_examples_in_the_docs_are_right(tmp_path):
    page = (Path(__file__).resolve().parents[2] / "docs" / "hours.md").read_text()
    schedule, goes_by_it = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    _, _, hours = goes_by_it.partition("    hours:\n")
    text = changed(BASE, "    name: Sales\n", f"    name: Sales\n    hours:\n{hours}") + schedule
    assert lines_of(write(tmp_path, text)) == []
    (office,) = to_schedules(load(tmp_path))
    assert len(office.weekly) == 2 * 4 + 1
    assert state_at(office, ms("2027-01-02 10:00")).prompt == ("sound:custom/new-year",)
