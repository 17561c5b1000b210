"""The calendar: the core is told what opening hours say, when they say something else (row Q-04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.adapters.files import FileJournal, FileOutbox, FileSavedState, StateDirectory
from engine.app.calendar import LOOK_MS, HoursCalendar
from engine.app.engine import Engine, Parts
from engine.app.pump import InboxFull
from engine.app.restore import restore
from engine.bootstrap.brain import RoutingBrain
from engine.config import schedule as schedules_module
from engine.config.schedule import Schedule
from engine.core.ids import CallId, EndpointName, LegId
from engine.core.inputs import CallArrived, EngineStarted, HoursChanged, LegRinging, PolicyApplied
from engine.core.policy import Policy, QueuePolicy, TrunkPolicy
from engine.core.router import RoutingCore
from engine.core.waiting import HoursKind
from tests.support.fakes import FakeTelephony, InlineThread, MemoryStore
from tests.support.hours import DAYS, HOUR_MS, MINUTE_MS, every_day, ms, schedule
from tests.support.scripted_core import NODE
from tests.support.virtual_time import LoopClock

pytestmark = [pytest.mark.service, pytest.mark.row("Q-04")]

PARIS = "Europe/Paris"
WORKDAYS = {day: ["09:00-12:00", "13:00-18:00"] for day in DAYS[:5]}
# Made here: reading time zones in the loop would block it.
OFFICE = schedule(PARIS, WORKDAYS)
SHORTER = schedule(PARIS, {day: ["09:00-11:30"] for day in DAYS[:5]})
NIGHT = schedule("America/New_York", every_day("00:30-01:30"), name="night")
FEASTS = schedule(
    PARIS,
    every_day("08:00-20:00"),
    [{"name": "New Year", "from": "12-31 12:00", "to": "01-01", "yearly": True}],
)
TRUNK = EndpointName("carrier")
POLICY = Policy(
    nodes=(NODE,),
    trunks=(TrunkPolicy(TRUNK),),
    queues=(QueuePolicy("6400", "Sales"),),
)


class Watched(RoutingCore):
    """The real core, which also notes what it is told."""

    def __init__(self, epoch: str, seed: int) -> None:
        super().__init__(epoch, seed)
        self.told: list = []

    def handle(self, now_ms, happened):
        self.told.append((now_ms, happened))
        return super().handle(now_ms, happened)


class WatchedBrain(RoutingBrain):
    def fresh(self, epoch: str) -> Watched:
        return Watched(epoch, 1)

    def restored(self, snapshot) -> Watched:
        return Watched.restore(snapshot)


class Office:
    """An engine at a time of day. `wall_ms` can be set beside the loop's own time."""

    def __init__(self, path: Path, now: str, schedules: Sequence[Schedule] = (OFFICE,)) -> None:
        directory = StateDirectory(path)
        self.clock = LoopClock(ms(now, PARIS) - LoopClock(0).now_ms())
        self.wall_ahead_ms = 0
        self.looks = 0
        outbox = FileOutbox(directory)
        restored = restore(
            FileSavedState(directory),
            outbox,
            WatchedBrain(),
            now_ms=self.clock.now_ms(),
            new_epoch=lambda: "e1",
        )
        assert restored.problem is None
        self.core: Watched = restored.core
        self.core.told = []
        thread = InlineThread()
        journal = FileJournal(directory, inputs=restored.inputs, facts_safe=lambda: True)
        thread.submit(journal.rotate(self.core))
        self.engine = Engine(
            Parts(
                core=self.core,
                clock=self.clock,
                journal=journal,
                outbox=outbox,
                store=MemoryStore(),
                store_thread=thread,
                file_thread=thread,
                offload=thread.submit,
                wall_ms=self.wall_ms,
            ),
            POLICY,
            schedules,
        )
        self.engine.add_node(NODE, FakeTelephony(NODE, self.engine.post), None)

    def wall_ms(self) -> int:
        self.looks += 1
        return self.clock.now_ms() + self.wall_ahead_ms

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async def life() -> None:
            await self.engine.run()

        async with asyncio.TaskGroup() as group:
            group.create_task(life())
            await asyncio.sleep(0.01)
            yield
            self.engine.stop("test is over")

    async def until(self, time: str, zone: str = PARIS) -> None:
        """Lets time pass until the wall's clock shows this, and a moment more."""
        left_ms = ms(time, zone) - self.clock.now_ms() - self.wall_ahead_ms
        assert left_ms > 0
        await asyncio.sleep((left_ms + 5) / 1_000)

    def changes(self) -> list[tuple[int, str, str]]:
        """What the core was told of changes: when, which schedule, what."""
        return [
            (now_ms, each.schedule, str(each.kind))
            for now_ms, happened in self.core.told
            if isinstance(happened, HoursChanged)
            for each in happened.hours
        ]

    def now(self, name: str = "office") -> str:
        """What the core goes by."""
        return str(self.core.state.hours[name].kind)


def at(text: str, what: str, zone: str = PARIS, name: str = "office") -> tuple[int, str, str]:
    return ms(text, zone), name, what


@pytest.fixture
async def office(tmp_path):
    return Office(tmp_path, "2026-11-23 10:00")


async def test_the_first_policy_comes_with_its_hours_before_any_call_is_looked_at(office):
    async with office.running():
        pass
    started, applied, connected = [happened for _, happened in office.core.told]
    assert isinstance(started, EngineStarted)
    assert isinstance(applied, PolicyApplied)
    assert [(each.schedule, each.kind) for each in applied.hours] == [("office", HoursKind.OPEN)]
    assert type(connected).__name__ == "NodeConnected"


async def test_changes_are_told_to_the_millisecond_while_calls_wait(office):
    async with office.running():
        office.engine.post(
            CallArrived(CallId("c1"), NODE, TRUNK, "6400", "", "", office.clock.now_ms())
        )
        await office.until("2026-11-24 09:00")
    assert office.changes() == [
        at("2026-11-23 12:00", "closed"),
        at("2026-11-23 13:00", "open"),
        at("2026-11-23 18:00", "closed"),
        at("2026-11-24 09:00", "open"),
    ]


async def test_between_changes_the_clock_is_looked_at_once_a_minute_and_no_more(office):
    async with office.running():
        office.looks = 0
        await office.until("2026-11-23 11:00")
        assert office.looks == HOUR_MS // LOOK_MS


async def test_two_schedules_that_change_at_once_are_told_at_once(tmp_path):
    other = schedules_module.Schedule("other", PARIS, OFFICE.weekly)
    office = Office(tmp_path, "2026-11-23 10:00", [OFFICE, other, NIGHT])
    async with office.running():
        await office.until("2026-11-23 12:00")
    (change,) = [each for _, each in office.core.told if isinstance(each, HoursChanged)]
    assert [each.schedule for each in change.hours] == ["office", "other"], "not the unchanged one"


async def test_a_configuration_at_noon_brings_its_hours_in_the_same_step(office):
    async with office.running():
        await office.until("2026-11-23 11:45")
        office.engine.apply(POLICY, [SHORTER])
        await asyncio.sleep(0.01)
        assert office.now() == "closed", "since 11:30, by the new hours"
        await office.until("2026-11-23 13:00")
        assert office.now() == "closed", "the old hours count no more"
        office.engine.apply(POLICY, [OFFICE, NIGHT])
        await asyncio.sleep(0.01)
        assert (office.now(), office.now("night")) == ("open", "closed")
        office.engine.apply(POLICY, [])
        await asyncio.sleep(0.01)
        assert office.core.state.hours == {}
        await office.until("2026-11-25 00:00")
    assert office.changes() == []


async def test_new_hours_are_followed_to_the_millisecond(tmp_path):
    """Half a minute before closing time by the new hours, ten seconds after the last look."""
    office = Office(tmp_path, "2026-11-23 11:00:20")
    async with office.running():
        await office.until("2026-11-23 11:29:30")
        office.engine.apply(POLICY, [SHORTER])
        await asyncio.sleep(60)
    assert office.changes() == [at("2026-11-23 11:30", "closed")]


async def test_a_configuration_in_the_moment_of_closing_is_never_without_its_hours(office):
    """The new policy is posted a millisecond before six; closing time must not get lost."""
    async with office.running():
        left_ms = ms("2026-11-23 18:00", PARIS) - office.clock.now_ms() - 1
        await asyncio.sleep(left_ms / 1_000)
        office.engine.apply(POLICY, [OFFICE])
        await asyncio.sleep(0.1)
        assert office.now() == "closed"
    assert office.changes()[-1] == at("2026-11-23 18:00", "closed")


async def test_an_engine_that_was_down_over_closing_time_knows_when_it_is_back(tmp_path):
    first = Office(tmp_path, "2026-11-23 17:50")
    async with first.running():
        assert first.now() == "open"
    second = Office(tmp_path, "2026-11-23 18:10")
    assert second.now() == "open", "what the last process knew"
    async with second.running():
        assert second.now() == "closed"
        await second.until("2026-11-24 09:00")
    assert second.changes() == [at("2026-11-24 09:00", "open")]


async def test_a_replay_needs_no_time_zones(tmp_path, monkeypatch):
    """What schedules said is in the journal: a machine without them comes to the same state."""
    first = Office(tmp_path, "2026-11-23 10:00", [OFFICE, NIGHT])
    async with first.running():
        await first.until("2026-11-23 12:00")
        first.engine.post(LegRinging(LegId("leg-1")))
        await asyncio.sleep(0.01)
        hours = dict(first.core.state.hours)

        def nobody_knows(*_):
            raise AssertionError("a replay asked a schedule")

        monkeypatch.setattr(schedules_module, "state_at", nobody_knows)
        directory = StateDirectory(tmp_path)
        again = restore(
            FileSavedState(directory),
            FileOutbox(directory),
            WatchedBrain(),
            now_ms=first.clock.now_ms(),
            new_epoch=lambda: "e2",
        )
        assert again.problem is None
        assert again.core.state.hours == hours
        assert hours["office"].kind is HoursKind.CLOSED


# The clock on the wall.


async def test_a_clock_that_is_set_forward_over_closing_time_is_noticed_within_a_minute(office):
    async with office.running():
        office.wall_ahead_ms = 2 * HOUR_MS  # Shows 12:00.
        await asyncio.sleep((LOOK_MS + 10) / 1_000)
        assert office.now() == "closed"
        await office.until("2026-11-23 13:00")
        assert office.now() == "open"
    assert office.changes()[-1][0] == ms("2026-11-23 13:00", PARIS) - 2 * HOUR_MS


async def test_a_clock_that_is_set_back_opens_again(office):
    async with office.running():
        await office.until("2026-11-23 12:10")
        assert office.now() == "closed"
        office.wall_ahead_ms = -30 * MINUTE_MS - 15_000  # Shows 11:39:45.
        await asyncio.sleep((LOOK_MS + 10) / 1_000)
        assert office.now() == "open"
        await office.until("2026-11-23 12:00")
        assert office.now() == "closed"
    assert [what for _, _, what in office.changes()] == ["closed", "open", "closed"]


async def test_a_machine_that_slept_for_a_night_and_a_day(office):
    """While a machine is suspended the loop's time stands still; the wall's clock does not."""
    async with office.running():
        office.wall_ahead_ms = 26 * HOUR_MS
        await asyncio.sleep((LOOK_MS + 10) / 1_000)
        assert office.now() == "closed"  # It is 12:01 on Tuesday.
        office.wall_ahead_ms += 7 * 24 * HOUR_MS + HOUR_MS
        await asyncio.sleep((LOOK_MS + 10) / 1_000)
        assert office.now() == "open"


async def test_the_night_in_which_an_hour_is_there_twice(tmp_path):
    office = Office(tmp_path, "2026-10-31 20:00", [NIGHT])
    zone = "America/New_York"
    async with office.running():
        await asyncio.sleep(24 * 3600)
    first, again = (ms("2026-11-01 01:30", zone, fold) for fold in (0, 1))
    assert again - first == HOUR_MS
    assert office.changes() == [
        at("2026-11-01 00:30", "open", zone, "night"),
        (first, "night", "closed"),
        (first + 30 * MINUTE_MS, "night", "open"),  # 02:00 is 01:00 once more.
        (again, "night", "closed"),
    ]


async def test_new_year(tmp_path):
    office = Office(tmp_path, "2026-12-31 10:00", [FEASTS])
    async with office.running():
        await office.until("2027-01-02 08:00")
        assert office.core.state.hours["office"].holiday == ""
    assert office.changes() == [
        at("2026-12-31 12:00", "holiday"),
        at("2026-12-31 20:00", "holiday"),  # For queues that ignore holidays: closed now,
        at("2027-01-01 08:00", "holiday"),  # and open.
        at("2027-01-01 20:00", "holiday"),
        at("2027-01-02 00:00", "closed"),
        at("2027-01-02 08:00", "open"),
    ]


# An overloaded engine.


async def test_closing_time_is_not_lost_in_a_flood(caplog):
    """An inbox that is full for two and a half seconds."""
    clock = LoopClock(ms("2026-11-23 11:59", PARIS) - LoopClock(0).now_ms())
    noon_ms = ms("2026-11-23 12:00", PARIS)
    told = []

    def request(happened) -> None:
        if clock.now_ms() < noon_ms + 2_500:
            raise InboxFull("overloaded")
        told.append((clock.now_ms(), happened))

    calendar = HoursCalendar(clock.now_ms, request)
    calendar.follow([OFFICE], calendar.now([OFFICE]))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(calendar.run())
        await asyncio.sleep(3_700)
        task.cancel()
    assert [(now_ms, [each.kind for each in change.hours]) for now_ms, change in told] == [
        (noon_ms + 3_000, [HoursKind.CLOSED]),
        (noon_ms + HOUR_MS, [HoursKind.OPEN]),
    ]
    assert caplog.text.count("hours that changed are not told yet: overloaded") == 1
