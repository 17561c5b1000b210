"""The thread for blocking work: what raises there is heard, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from engine.app.supervisor import Supervisor
from engine.app.thread import DaemonThread

pytestmark = [pytest.mark.service, pytest.mark.real_time]


def boom() -> None:
    raise TypeError("a fault in the slow half of a snapshot")


async def ends(thread: DaemonThread) -> None:
    thread.end()
    assert await asyncio.to_thread(thread.join, 10.0)
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_submitted_work_that_raises_stops_the_process_in_order(caplog):
    thread = DaemonThread("files")
    supervisor = Supervisor()
    supervisor.start("thread files", thread.watch())
    await asyncio.sleep(0)
    thread.submit(boom)
    async with asyncio.timeout(10):
        await supervisor.wait()
        assert await thread.call(lambda: 7) == 7, "the stages of the end still need it"
    assert supervisor.failed
    assert "thread files" in (supervisor.why or "")
    assert "a fault in the slow half" in caplog.text
    await ends(thread)


async def test_what_raised_before_anybody_watched_is_not_forgotten():
    thread = DaemonThread("files")
    thread.submit(boom)
    async with asyncio.timeout(10):
        await thread.call(lambda: None)
        supervisor = Supervisor()
        supervisor.start("thread files", thread.watch())
        await supervisor.wait()
    assert supervisor.failed
    await ends(thread)


async def test_work_that_is_awaited_raises_there_and_nowhere_else():
    thread = DaemonThread("files")
    supervisor = Supervisor()
    supervisor.start("thread files", thread.watch())
    async with asyncio.timeout(10):
        with pytest.raises(TypeError):
            await thread.call(boom)
        await thread.call(lambda: None)
    assert not supervisor.failed
    await supervisor.end("thread files")
    await ends(thread)
