"""The calendar of jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.adapters.scheduler import Calendar, aps

pytestmark = [pytest.mark.service, pytest.mark.real_time]


@contextlib.asynccontextmanager
async def running(calendar):
    async with asyncio.TaskGroup() as group:
        task = group.create_task(calendar.run())
        try:
            yield
        finally:
            task.cancel()


class Job:
    """Counts its runs; can fail and can take long."""

    def __init__(self):
        self.count = 0
        self.ran = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        self.fails = False

    async def __call__(self):
        self.count += 1
        self.ran.set()
        await self.hold.wait()
        if self.fails:
            raise RuntimeError("disk full")

    async def until(self, count):
        while self.count < count:
            self.ran.clear()
            await self.ran.wait()


async def test_a_job_runs_again_and_again():
    calendar, job = Calendar(), Job()
    calendar.every("sweep", 5, job)
    async with running(calendar):
        await job.until(3)
    assert calendar.failures == {}


async def test_a_job_that_fails_is_logged_and_runs_again(caplog):
    calendar, job, other = Calendar(), Job(), Job()
    job.fails = True
    calendar.every("sweep", 5, job)
    calendar.every("count", 5, other)
    async with running(calendar):
        await job.until(3)
        await other.until(3)
    assert calendar.failures["sweep"] >= 2
    assert calendar.failures["count"] == 0
    assert "job sweep failed" in caplog.text
    assert "disk full" in caplog.text


async def test_a_slow_job_is_not_run_twice_at_once():
    calendar, slow, said = Calendar(), Job(), Heard("slow: still running")
    slow.hold.clear()
    calendar.every("slow", 5, slow)
    with said:
        async with running(calendar):
            await slow.until(1)
            await said.event.wait()
            assert slow.count == 1
            slow.hold.set()
            await slow.until(2)


class Heard(logging.Handler):
    """Waits for a line in the calendar's log."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.event = asyncio.Event()

    def emit(self, record):
        if self.text in record.getMessage():
            self.event.set()

    def __enter__(self):
        logging.getLogger(aps.__name__).addHandler(self)

    def __exit__(self, *_):
        logging.getLogger(aps.__name__).removeHandler(self)


async def test_cancelling_cancels_the_running_job_and_leaves_nothing():
    calendar, job = Calendar(), Job()
    job.hold.clear()
    calendar.every("sweep", 1, job)
    async with running(calendar):
        await job.until(1)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    job.hold.set()
    async with running(calendar):  # And it can be run again.
        await job.until(2)


def ms(text, zone):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-11-22T02:59:59", "2026-11-22T03:00:00"),
        ("2026-11-22T03:00:01", "2026-11-23T03:00:00"),
        ("2026-10-24T12:00:00", "2026-10-25T03:00:00"),  # the night that has 25 hours
        ("2027-03-27T12:00:00", "2027-03-28T03:00:00"),  # the night that has 23
    ],
)
def test_daily_means_by_the_clock_on_the_wall(after, due):
    calendar = Calendar(ZoneInfo("Europe/Paris"))
    calendar.daily("report", "03:00", Job)
    assert calendar.next_ms("report", ms(after, "Europe/Paris")) == ms(due, "Europe/Paris")


def test_mistakes_are_said_when_they_are_made():
    calendar = Calendar()
    for at in ("25:00", "3 pm", ""):
        with pytest.raises(ValueError, match="is no time of day; give HH:MM"):
            calendar.daily("report", at, Job)
    with pytest.raises(ValueError, match="more than 0"):
        calendar.every("report", 0, Job)
    calendar.daily("report", "03:00", Job)
    with pytest.raises(ValueError, match="already"):
        calendar.daily("report", "04:00", Job)
