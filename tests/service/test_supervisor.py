"""Side tasks have a parent; the end has stages, each with a budget."""

from __future__ import annotations

import asyncio
import logging

import pytest

from engine.app.counters import Counters
from engine.app.supervisor import Stage, Supervisor, run_stages
from engine.core.facts import CommandRefused

pytestmark = pytest.mark.service


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_two_side_tasks_of_one_name_are_a_mistake():
    supervisor = Supervisor()
    supervisor.start("reload", for_ever())
    with pytest.raises(ValueError, match="'reload' is running already"):
        supervisor.start("reload", for_ever())
    await supervisor.end("reload", "never started")
    assert supervisor.running() == []


async def test_a_name_is_free_again_as_soon_as_its_task_was_ended():
    supervisor = Supervisor()
    for _ in range(3):
        supervisor.start("telephony ast1", for_ever())
        await supervisor.end("telephony ast1")
    assert supervisor.why is None


async def test_the_first_reason_to_stop_is_the_one_that_is_told():
    supervisor = Supervisor()
    supervisor.ask_stop("SIGTERM")
    supervisor.ask_stop("SIGINT")
    await supervisor.wait()
    assert supervisor.why == "SIGTERM"
    assert not supervisor.failed


async def test_a_task_cancelled_by_somebody_else_stops_the_process(caplog):
    supervisor = Supervisor()
    supervisor.start("pump", for_ever())
    (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "pump"]
    task.cancel()
    await supervisor.wait()
    assert supervisor.failed
    assert "pump was cancelled by nobody known" in caplog.text


async def test_a_task_that_raises_while_it_is_ended_is_heard(caplog):
    async def stubborn() -> None:
        try:
            await for_ever()
        finally:
            raise OSError("cannot close")

    supervisor = Supervisor()
    supervisor.start("presence", stubborn())
    await asyncio.sleep(0)
    await supervisor.end("presence")
    assert "presence raised while it was being ended" in caplog.text
    assert not supervisor.failed


async def test_a_stage_that_fails_or_hangs_does_not_keep_the_others_from_running(caplog):
    done: list[str] = []

    async def fine() -> None:
        done.append("fine")

    async def broken() -> None:
        raise OSError("no")

    loop = asyncio.get_running_loop()
    began = loop.time()
    stages = [
        Stage("hang", 3.0, for_ever),
        Stage("break", 3.0, broken),
        Stage("fine", 3.0, fine),
    ]
    assert await run_stages(stages) is False
    assert loop.time() - began == pytest.approx(3.0)
    assert done == ["fine"]
    assert "'hang' not done within 3 s" in caplog.text
    assert "'break' failed" in caplog.text
    assert await run_stages(stages[2:]) is True


def test_refused_commands_are_counted_by_kind_and_logged_once(caplog):
    counters = Counters()
    with caplog.at_level(logging.WARNING):
        counters.take(
            [CommandRefused(n, n, "RingPhone", 404, "no such endpoint") for n in range(9)]
        )
        counters.take([CommandRefused(10, 10, "RingPhone", 0, "no answer")])
    assert counters.refused == {"RingPhone: 404 no such endpoint": 9, "RingPhone: 0 no answer": 1}
    assert len(caplog.records) == 2
