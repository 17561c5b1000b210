"""The pump: order, time, batches, overflow, a core that raises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from engine.app.pump import BATCH_MAX, CoreFailed, Effects, InboxFull, Pump
from engine.core.commands import AnswerCall, HangUpCall
from engine.core.facts import CallEnded, CallStarted
from engine.core.inputs import TimePassed
from tests.support.fakes import NotedJournal
from tests.support.scripted_core import BOOM, STAY_MS, ScriptedCore, call, hang_up
from tests.support.virtual_time import LoopClock

pytestmark = pytest.mark.service


class Bench:
    """A pump, everything that it did in `notes`, in order."""

    def __init__(self, inbox_max: int = 1000) -> None:
        self.notes: list = []
        self.core = ScriptedCore("e1")
        self.clock = LoopClock()
        self.journal = NotedJournal(self.notes)
        self.pump = Pump(
            self.core,
            self.clock,
            self.journal,
            Effects(
                send=self.notes.append,
                publish=lambda epoch, facts: self.notes.extend(facts),
                overflowed=lambda: self.notes.append("overflowed"),
                offload=lambda job: job(),
            ),
            inbox_max=inbox_max,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.pump.run())
            yield
            self.pump.stop()

    def kinds(self) -> list[str]:
        return [
            n if isinstance(n, str) else type(n).__name__
            for n in self.notes
            if type(n) is not tuple
        ]

    def handled_after_ms(self) -> list[tuple[int, str]]:
        return [
            (note[1] - self.clock.epoch_ms, type(note[2]).__name__)
            for note in self.notes
            if type(note) is tuple
        ]


async def test_each_input_is_journalled_before_anything_follows_from_it():
    bench = Bench()
    bench.pump.post(call(1))
    bench.pump.post(call(2))
    async with bench.running():
        await asyncio.sleep(1)
    kinds = [n[0] if type(n) is tuple else type(n).__name__ for n in bench.notes]
    assert bench.notes[2] == "flush"
    assert kinds[:2] == ["append", "append"]
    assert kinds[3:] == ["AnswerCall", "AnswerCall", "CallStarted", "CallStarted"]


async def test_a_burst_is_written_in_one_go_and_commands_keep_their_order():
    bench = Bench()
    for number in range(100):
        bench.pump.post(call(number))
    async with bench.running():
        await asyncio.sleep(1)
    assert bench.notes.count("flush") == 1
    answered = [n.call_id for n in bench.notes if type(n) is AnswerCall]
    assert answered == [f"ast1-{number}" for number in range(100)]


async def test_a_long_burst_lets_the_loop_breathe():
    """Commands are sent by other tasks of the loop: they must get their turn during a flood."""
    bench = Bench(inbox_max=10 * BATCH_MAX)
    for number in range(5 * BATCH_MAX):
        bench.pump.post(hang_up(number))
    turns: list[int] = []

    async def other_task() -> None:
        while bench.pump.waiting:
            turns.append(bench.pump.waiting)
            await asyncio.sleep(0)

    async with bench.running():
        await other_task()
    assert len(turns) >= 5


async def test_a_deadline_is_met_to_the_millisecond_and_nothing_is_polled():
    bench = Bench()
    async with bench.running():
        await asyncio.sleep(0.1)
        bench.pump.post(call(1))
        await asyncio.sleep(5)
        bench.pump.post(call(2))
        await asyncio.sleep(3600)
    assert bench.handled_after_ms() == [
        (100, "CallArrived"),
        (5_100, "CallArrived"),
        (100 + STAY_MS, "TimePassed"),
        (5_100 + STAY_MS, "TimePassed"),
    ]
    assert [type(n) for n in bench.notes if type(n) in (HangUpCall, CallEnded)] == [
        HangUpCall,
        CallEnded,
    ] * 2


async def test_a_deadline_that_went_away_only_costs_a_glance():
    bench = Bench()
    async with bench.running():
        bench.pump.post(call(1))
        await asyncio.sleep(1)
        bench.pump.post(hang_up(1))
        await asyncio.sleep(3600)
    assert [kind for _, kind in bench.handled_after_ms()] == ["CallArrived", "CallerHungUp"]


async def test_an_input_that_is_already_there_goes_before_a_due_deadline():
    """A caller who hung up in the last moment is not also hung up upon."""
    bench = Bench()
    loop = asyncio.get_running_loop()
    bench.pump.post(call(1))
    # Set before the pump's own timer for the same instant, so it fires first.
    loop.call_later(STAY_MS / 1000, bench.pump.post, hang_up(1))
    async with bench.running():
        await asyncio.sleep(60)
    assert HangUpCall not in {type(n) for n in bench.notes}


async def test_time_is_when_it_was_posted_not_when_it_was_handled():
    bench = Bench()
    bench.pump.post(call(1))
    await asyncio.sleep(2)
    bench.pump.post(call(2))
    await asyncio.sleep(3)
    async with bench.running():
        await asyncio.sleep(1)
    assert [ms for ms, _ in bench.handled_after_ms()] == [0, 2000]


async def test_a_clock_behind_the_core_does_not_turn_time_back():
    bench = Bench()
    bench.core.now_ms = bench.clock.epoch_ms + 500
    bench.pump.post(call(1))
    async with bench.running():
        await asyncio.sleep(0.1)
    assert bench.handled_after_ms() == [(500, "CallArrived")]


async def test_a_deadline_that_stays_due_does_not_spin(caplog):
    bench = Bench()
    bench.core.stuck = True
    bench.pump.post(call(1))
    async with bench.running():
        await asyncio.sleep(STAY_MS / 1000 + 10)
    passed = [1 for _, kind in bench.handled_after_ms() if kind == TimePassed.__name__]
    assert 100 < len(passed) < 250
    assert caplog.text.count("still due") == 1


async def test_the_core_raises_the_journal_says_where_and_the_batch_before_it_counts():
    bench = Bench()
    for posted in (call(1), call(2, BOOM), call(3)):
        bench.pump.post(posted)
    with pytest.raises(CoreFailed, match="CallArrived") as caught:
        await bench.pump.run()
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert bench.kinds() == ["failed", "flush", "AnswerCall", "CallStarted"]
    assert len(bench.handled_after_ms()) == 2


async def test_a_snapshot_comes_even_if_there_is_always_something_to_do():
    bench = Bench()
    bench.pump.post(call(0))  # So that batches do not end at multiples of their size.
    async with bench.running():
        await asyncio.sleep(1)
        bench.journal.due = True
        for number in range(1, 3 * BATCH_MAX):
            bench.pump.post(call(number))
        await asyncio.sleep(1)
    appended = [type(note) is tuple for note in bench.notes[: bench.notes.index("rotate")]]
    assert sum(appended) == 1 + BATCH_MAX


async def test_an_overflow_is_counted_logged_once_and_told_when_there_is_room(caplog):
    bench = Bench(inbox_max=10)
    for number in range(25):
        bench.pump.post(call(number))
    assert bench.pump.dropped == 15
    assert caplog.text.count("inbox is full") == 1
    with pytest.raises(InboxFull):
        bench.pump.request(call(26))
    assert bench.pump.dropped == 15, "a refused request is not a lost event"
    async with bench.running():
        await asyncio.sleep(1)
        assert bench.notes.count("overflowed") == 1
        assert bench.pump.inbox_high == 10
        for number in range(100, 112):
            bench.pump.post(call(number))
        await asyncio.sleep(1)
    assert bench.notes.count("overflowed") == 2


async def test_a_snapshot_is_taken_between_batches_and_a_broken_state_is_reported(caplog):
    bench = Bench()
    bench.journal.due = True
    bench.core.broken = "agent 7 is in two calls"
    async with bench.running():
        bench.pump.post(call(1))
        await asyncio.sleep(1)
    assert bench.kinds() == ["flush", "AnswerCall", "CallStarted", "rotate", "snapshot"]
    assert "agent 7 is in two calls" in caplog.text


async def test_stop_in_the_same_moment_as_an_input_is_not_slept_through():
    """The pump was being woken by the input when the stop came, and then waited for the next input."""
    bench = Bench()
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(60), bench.running():
        await asyncio.sleep(0.1)
        bench.pump.post(hang_up(1))
    assert asyncio.get_running_loop().time() - began < 1
    assert bench.pump.inputs == 1


async def test_stop_handles_what_is_there_first():
    bench = Bench()
    async with bench.running():
        await asyncio.sleep(0.1)
        for number in range(3 * BATCH_MAX):
            bench.pump.post(call(number))
    assert sum(type(n) is CallStarted for n in bench.notes) == 3 * BATCH_MAX - 0
    assert bench.pump.waiting == 0
