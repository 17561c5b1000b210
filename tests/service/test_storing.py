"""From the outbox into the database: away for an hour, failing half-way, refusing a fact."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.adapters.files import FileOutbox, StateDirectory
from engine.adapters.files import outbox as outbox_module
from engine.app.storing import BATCH_MAX, REFUSALS_MAX, Storing
from engine.app.thread import DaemonThread
from engine.core.facts import CallEnd, CallEnded, Fact
from engine.core.ids import CallId
from tests.support.fakes import FullDisk, InlineThread, MemoryStore
from tests.support.virtual_time import LoopClock

pytestmark = pytest.mark.service


def fact(seq: int) -> Fact:
    return CallEnded(seq, 1_800_000_000_000 + seq, CallId(f"call-{seq}"), CallEnd.CALLER, 16)


def facts(first: int, last: int) -> list[Fact]:
    return [fact(seq) for seq in range(first, last + 1)]


class Bench:
    def __init__(self, path: Path, segment_bytes: int = 5_000) -> None:
        self.path = path
        self.outbox = FileOutbox(StateDirectory(path), segment_bytes=segment_bytes)
        self.store = MemoryStore()
        self.storing = Storing(self.outbox, self.store, InlineThread(), LoopClock())

    def note(self, first: int, last: int, epoch: str = "e1") -> None:
        self.outbox.append(epoch, facts(first, last))
        self.storing.wake()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self.storing.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            self.outbox.close()
        if not task.cancelled():
            raise task.exception() or AssertionError("storing ended")

    def stored(self) -> list[int]:
        return [seq for _, seq in self.store.order]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


async def test_facts_arrive_in_order_soon_and_once(bench):
    async with bench.running():
        bench.note(1, 3)
        await asyncio.sleep(0.2)
        assert bench.stored() == [1, 2, 3]
        bench.note(4, 4)
        await bench.storing.wait_idle()
        assert bench.stored() == [1, 2, 3, 4]
    assert bench.outbox.is_empty()


async def test_an_idle_outbox_does_not_touch_the_database(bench):
    async with bench.running():
        bench.note(1, 1)
        await asyncio.sleep(3600)
        assert bench.store.writes == 1


async def test_a_database_that_is_away_for_an_hour_loses_nothing(tmp_path, caplog):
    bench = Bench(tmp_path, segment_bytes=200_000)
    bench.store.away = True
    async with bench.running():
        for second in range(3600):
            bench.note(2 * second + 1, 2 * second + 2)
            await asyncio.sleep(1)
        assert bench.stored() == []
        assert bench.storing.away_since_ms is not None
        assert bench.store.writes < 200, "it is asked with patience"
        bench.store.away = False
        await asyncio.sleep(31)
        assert bench.stored() == list(range(1, 7201))
        assert bench.store.largest == BATCH_MAX, "and memory is bounded"
    assert caplog.text.count("database does not take facts") == 1
    assert re.search("takes facts again after 36[0-3][0-9] s", caplog.text)
    assert len(list(bench.path.glob("outbox-*.jsonl"))) <= 1


async def test_a_store_that_fails_half_way_gets_the_whole_batch_again(bench):
    bench.store.fail_after = 7
    async with bench.running():
        bench.note(1, 20)
        await asyncio.sleep(2)
    assert bench.stored() == list(range(1, 21))


async def test_one_fact_that_the_database_will_not_take_does_not_hold_up_the_others(bench, caplog):
    bench.store.allergic_to = "call-5"
    async with bench.running():
        bench.note(1, 9)
        await asyncio.sleep(120)
    assert bench.stored() == [1, 2, 3, 4, 6, 7, 8, 9]
    assert bench.storing.refused == 1
    (line,) = (bench.path / "refused.jsonl").read_text().splitlines()
    assert json.loads(line)[1]["call_id"] == "call-5"
    assert (bench.path / "refused.jsonl").stat().st_mode & 0o077 == 0, "callers' numbers are in it"
    assert "fact set aside" in caplog.text


async def test_a_disk_that_takes_no_refused_fact_ends_nothing(bench):
    """A fact nobody takes and a full disk: it is tried again, the engine does not die of it."""
    (bench.path / "refused.jsonl").mkdir()
    bench.store.allergic_to = "call-5"
    async with bench.running():
        bench.note(1, 9)
        await asyncio.sleep(120)
        assert bench.stored() == [1, 2, 3, 4]
        (bench.path / "refused.jsonl").rmdir()
        await asyncio.sleep(120)
    assert bench.stored() == [1, 2, 3, 4, 6, 7, 8, 9]
    assert len((bench.path / "refused.jsonl").read_text().splitlines()) == 1


async def test_a_fault_that_goes_away_refuses_nothing(bench):
    bench.store.allergic_to = "call-5"
    async with bench.running():
        bench.note(1, 9)
        await asyncio.sleep(2)
        bench.store.allergic_to = None
        await asyncio.sleep(30)
    assert bench.stored() == list(range(1, 10))
    assert bench.storing.refused == 0
    assert REFUSALS_MAX > 2


@pytest.mark.parametrize("stored_first", [0, 1, 7])
async def test_a_new_process_goes_on_where_the_last_one_was(tmp_path, stored_first):
    first = Bench(tmp_path, segment_bytes=700)
    async with first.running():
        first.note(1, stored_first) if stored_first else None
        await asyncio.sleep(1)
        first.store.away = True
        first.note(stored_first + 1, 30)
        await asyncio.sleep(1)
    assert first.stored() == list(range(1, stored_first + 1))
    second = Bench(tmp_path, segment_bytes=700)
    assert second.outbox.last_seq("e1") == 30
    assert second.outbox.last_seq("e2") == 0
    async with second.running():
        second.note(1, 3, epoch="e2")
        await asyncio.sleep(1)
    assert second.store.order == [("e1", n) for n in range(stored_first + 1, 31)] + [
        ("e2", 1),
        ("e2", 2),
        ("e2", 3),
    ]
    third = FileOutbox(StateDirectory(tmp_path))
    assert third.last_seq("e2") == 3
    assert third.is_empty()


async def test_two_histories_in_one_batch_are_stored_apart_and_none_is_skipped(bench):
    bench.outbox.append("e1", facts(1, 3))
    bench.outbox.append("e2", facts(1, 2))
    bench.store.allergic_to_epoch = "e2"
    async with bench.running():
        await asyncio.sleep(1)
        assert bench.store.order == [("e1", 1), ("e1", 2), ("e1", 3)]
        bench.store.allergic_to_epoch = None
        await asyncio.sleep(5)
    assert bench.store.order[3:] == [("e2", 1), ("e2", 2)]


async def test_torn_and_damaged_lines_do_not_hold_up_the_others(tmp_path, caplog):
    first = Bench(tmp_path, segment_bytes=1_000_000)
    first.store.away = True
    async with first.running():
        first.note(1, 20)
    (segment,) = tmp_path.glob("outbox-*.jsonl")
    lines = segment.read_bytes().split(b"\n")
    lines[4] = b"nonsense"
    lines[19] = lines[19][:30]
    segment.write_bytes(b"\n".join(lines[:20]))
    second = Bench(tmp_path)
    assert second.outbox.last_seq("e1") == 19
    async with second.running():
        second.note(20, 21)
        await asyncio.sleep(1)
    assert second.stored() == [1, 2, 3, 4, *range(6, 22)]
    assert "line set aside" in caplog.text
    assert (tmp_path / "refused.jsonl").read_text() == "nonsense\n"


async def test_many_damaged_lines_in_a_row(tmp_path, monkeypatch):
    """More of them than one reading holds: what is behind them must not be thrown away."""
    monkeypatch.setattr(outbox_module, "READ_BYTES", 200)
    first = Bench(tmp_path, segment_bytes=1_000_000)
    first.outbox.append("e1", facts(1, 2))
    first.outbox.close()
    (segment,) = tmp_path.glob("outbox-*.jsonl")
    data = segment.read_bytes()
    segment.write_bytes(b"nonsense nonsense nonsense\n" * 50 + data)
    second = Bench(tmp_path)
    async with second.running():
        await asyncio.sleep(1)
    assert second.stored() == [1, 2]


async def test_a_damaged_cursor_sends_everything_again(tmp_path):
    first = Bench(tmp_path, segment_bytes=1_000_000)
    async with first.running():
        first.note(1, 5)
        await asyncio.sleep(1)
    (tmp_path / "outbox.cursor").write_text('{"usher_outbox":99}')
    second = Bench(tmp_path)
    async with second.running():
        await asyncio.sleep(1)
    assert second.stored() == [1, 2, 3, 4, 5]


async def test_a_full_disk_keeps_facts_in_memory_until_there_is_room(bench, monkeypatch, caplog):
    disk = FullDisk(os.write, room=100_000)
    monkeypatch.setattr("engine.adapters.files.directory.os.write", disk)
    async with bench.running():
        bench.note(1, 3)
        await asyncio.sleep(1)
        disk.room = 50  # Half a line fits: it is taken back.
        for seq in range(4, 10):
            bench.note(seq, seq)
        assert not bench.outbox.is_safe
        assert not bench.outbox.is_empty()
        await asyncio.sleep(1)
        assert bench.stored() == [1, 2, 3]
        disk.room = 1_000_000
        bench.note(10, 10)
        await asyncio.sleep(1)
        assert bench.stored() == list(range(1, 11))
    assert caplog.text.count("outbox cannot be written") == 1
    assert "outbox is being written again, 0 facts were lost" in caplog.text


async def test_memory_is_bounded_while_the_disk_is_full(bench, monkeypatch, caplog):
    monkeypatch.setattr(outbox_module, "BACKLOG_BYTES_MAX", 1_000)
    disk = FullDisk(os.write, room=0)
    monkeypatch.setattr("engine.adapters.files.directory.os.write", disk)
    for seq in range(1, 100):
        bench.outbox.append("e1", [fact(seq)])
    assert bench.outbox._backlog_bytes <= 1_000
    disk.room = 1_000_000
    async with bench.running():
        bench.note(100, 100)
        await asyncio.sleep(1)
    assert bench.stored()[-1] == 100
    assert f"{100 - len(bench.stored())} facts were lost" in caplog.text


@pytest.mark.real_time
async def test_the_thread_hands_over_answers_and_errors():
    thread = DaemonThread("test")
    assert await thread.call(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        await thread.call(lambda: 1 // 0)
    done: list[int] = []
    thread.submit(lambda: done.append(1))
    await thread.call(lambda: None)
    assert done == [1]
    thread.end()
    assert await asyncio.to_thread(thread.join, 2.0)
    await asyncio.get_running_loop().shutdown_default_executor()


@pytest.mark.real_time
async def test_a_caller_who_gave_up_on_the_thread_does_not_disturb_it():
    thread = DaemonThread("test")
    hold = threading.Event()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(thread.call(hold.wait), 0.01)
    hold.set()
    assert await thread.call(lambda: "fine") == "fine"
    thread.end()
    assert await asyncio.to_thread(thread.join, 2.0)
    await asyncio.get_running_loop().shutdown_default_executor()
