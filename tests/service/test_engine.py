"""The engine as a whole, on fakes: start, commands, facts, a dead side task, the stages of the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.adapters.files import FileJournal, FileOutbox, FileSavedState, StateDirectory
from engine.app.engine import EXIT_BROKEN, EXIT_DONE, STOP_INTAKE_S, STOP_STORE_S, Engine, Parts
from engine.app.pump import InboxFull
from engine.app.restore import restore
from engine.core.commands import AnswerCall
from engine.core.facts import CallEnd, CallEnded, InputIgnored
from engine.core.ids import CallId, NodeId
from engine.core.inputs import (
    CommandFailed,
    LegRinging,
    PolicyApplied,
    SeenChannel,
)
from engine.core.policy import Policy
from tests.support.fakes import FakePresence, FakeTelephony, InlineThread, MemoryStore
from tests.support.scripted_core import (
    BOOM,
    NODE,
    STAY_MS,
    ScriptedBrain,
    ScriptedCore,
    call,
    hang_up,
)
from tests.support.virtual_time import LoopClock

pytestmark = pytest.mark.service


class Bench:
    def __init__(self, path: Path, inbox_max: int = 1000) -> None:
        self.path = path
        directory = StateDirectory(path)
        self.outbox = FileOutbox(directory)
        clock = LoopClock()
        restored = restore(
            FileSavedState(directory),
            self.outbox,
            ScriptedBrain(),
            now_ms=clock.now_ms(),
            new_epoch=lambda: "e1",
        )
        self.core: ScriptedCore = restored.core
        journal = FileJournal(directory, inputs=restored.inputs, facts_safe=lambda: True)
        InlineThread().submit(journal.rotate(self.core))
        self.store = MemoryStore()
        thread = self.thread = InlineThread()
        self.engine = Engine(
            Parts(
                core=self.core,
                clock=clock,
                journal=journal,
                outbox=self.outbox,
                store=self.store,
                store_thread=thread,
                file_thread=thread,
                offload=thread.submit,
                inbox_max=inbox_max,
            ),
            Policy(nodes=(NODE,)),
        )
        self.telephony = FakeTelephony(NODE, self.engine.post)
        self.presence = FakePresence()
        self.engine.add_node(NODE, self.telephony, self.presence)
        self.exit_code: int | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the engine; at the end it is asked to stop, if it still runs."""

        async def life() -> None:
            self.exit_code = await self.engine.run()

        async with asyncio.TaskGroup() as group:
            group.create_task(life())
            await asyncio.sleep(0.1)
            yield
            self.engine.stop("test is over")

    def handled(self) -> list[str]:
        return [type(happened).__name__ for happened in self.core.handled]


class SlowToEnd(FakePresence):
    """Takes its time to let go."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            await self.may_end.wait()


@pytest.fixture
async def bench(tmp_path):
    return Bench(tmp_path)


async def test_a_restored_core_hears_that_it_is_alone_before_it_gets_a_policy(bench):
    async with bench.running():
        pass
    assert bench.handled() == ["EngineStarted", "PolicyApplied", "NodeConnected"]
    assert bench.exit_code == EXIT_DONE


async def test_commands_go_to_the_node_of_the_call_and_facts_to_store_and_spectators(bench):
    seen: list = []
    bench.engine.subscribe(seen.extend)
    async with bench.running():
        bench.engine.post(call(1))
        bench.engine.post(hang_up(1))
        bench.engine.post(hang_up(1))
        await asyncio.sleep(1)
    assert [type(c) for c in bench.telephony.sent] == [AnswerCall]
    assert [type(f).__name__ for f in bench.store.rows.values()] == ["CallStarted", "CallEnded"]
    assert [type(f).__name__ for f in seen] == ["CallStarted", "CallEnded", "InputIgnored"]


async def test_a_command_for_a_node_that_does_not_exist_comes_back_as_failed(bench):
    async with bench.running():
        bench.engine.post(call(1, node=NodeId("mars")))
        await asyncio.sleep(1)
    (failed,) = [h for h in bench.core.handled if type(h) is CommandFailed]
    assert "mars" in failed.why


async def test_a_spectator_that_raises_does_not_stop_the_game(bench, caplog):
    bench.engine.subscribe(lambda facts: 1 / 0)
    async with bench.running():
        bench.engine.post(call(1))
        await asyncio.sleep(1)
    assert bench.exit_code == EXIT_DONE
    assert len(bench.store.rows) == 1
    assert "a subscriber of facts raised" in caplog.text


async def test_ignored_inputs_are_counted_and_logged_once_per_kind(bench, caplog):
    async with bench.running():
        for number in range(50):
            bench.engine.post(hang_up(number))
            bench.engine.post(LegRinging("leg-1"))
        await asyncio.sleep(1)
        status = bench.engine.status()
    assert status.inputs_ignored == {
        "CallerHungUp: no such call": 50,
        "LegRinging: no script": 50,
    }
    assert caplog.text.count("input ignored") == 2
    assert status.inputs == 103
    assert status.facts_stored == 0, "nothing of this is history"
    assert InputIgnored.__name__ not in status.facts
    assert status.as_json()["tasks"] == (
        "pump",
        "storing",
        "hours",
        "telephony ast1",
        "presence ast1",
    )


async def test_stop_drops_no_call_and_the_next_process_goes_on(tmp_path):
    first = Bench(tmp_path)
    async with first.running():
        first.engine.post(call(1))
        first.engine.post(call(2))
        await asyncio.sleep(1)
        first.engine.post(call(3))  # Arrives in the same moment as the order to stop.
    assert first.telephony.drained == 1
    assert [type(c) for c in first.telephony.sent] == [AnswerCall] * 3
    assert first.store.closed
    assert len(first.store.rows) == 3
    second = Bench(tmp_path)
    assert list(second.core.stays) == ["ast1-1", "ast1-2", "ast1-3"]
    second.telephony.channels = (SeenChannel("ast1-1", up=True), SeenChannel("ast1-3", up=True))
    async with second.running():
        await asyncio.sleep(1)
        assert list(second.core.stays) == ["ast1-1", "ast1-3"]
        await asyncio.sleep(STAY_MS / 1000)
    ends = [f.ended_by for f in second.store.rows.values() if type(f) is CallEnded]
    assert ends == [CallEnd.LOST, CallEnd.SYSTEM, CallEnd.SYSTEM]


async def test_what_happens_after_the_order_to_stop_is_left_to_the_next_process(bench):
    async with bench.running():
        pass
    handled = len(bench.core.handled)
    bench.engine.post(call(9))
    assert len(bench.core.handled) == handled
    assert bench.engine.status().inbox == 0
    with pytest.raises(InboxFull, match="stopping"):
        bench.engine.request(call(10))


async def test_a_dead_side_task_stops_the_process_in_order(bench, caplog):
    async with bench.running():
        bench.engine.post(call(1))
        await asyncio.sleep(1)
        bench.telephony.die.set()
        await asyncio.sleep(10)
    assert bench.exit_code == EXIT_BROKEN
    assert bench.store.closed
    assert len(bench.store.rows) == 1
    assert "telephony ast1 died: ConnectionError: the adapter has a fault" in caplog.text
    assert bench.engine.supervisor.running() == []


async def test_a_side_task_that_just_ends_is_a_fault_too(bench, caplog):
    async def nothing() -> None:
        await asyncio.sleep(5)

    bench.engine.add_side_task("reload", nothing)
    async with bench.running():
        await asyncio.sleep(10)
    assert bench.exit_code == EXIT_BROKEN
    assert "reload ended, which it must not" in caplog.text


async def test_a_core_that_raises_stops_the_process_and_the_next_one_leaves_that_input_out(
    tmp_path, caplog
):
    first = Bench(tmp_path)
    async with first.running():
        first.engine.post(call(1))
        first.engine.post(call(2, BOOM))
        await asyncio.sleep(10)
    assert first.exit_code == EXIT_BROKEN
    assert "the core raised on CallArrived" in caplog.text
    second = Bench(tmp_path)
    assert list(second.core.stays) == ["ast1-1"]
    assert second.core.epoch == "e1"
    async with second.running():
        await asyncio.sleep(1)
    assert second.exit_code == EXIT_DONE


async def test_each_stage_of_the_end_has_a_budget(bench, caplog):
    """An Asterisk that does not answer and a database that hangs must not hold up systemd."""
    bench.telephony.hang_in_drain = True
    bench.thread.hang = True
    loop = asyncio.get_running_loop()
    async with bench.running():
        bench.engine.post(call(1))
        await asyncio.sleep(1)
        began = loop.time()
    assert loop.time() - began == pytest.approx(STOP_INTAKE_S + 3 * STOP_STORE_S, abs=0.5)
    assert "'send what was decided, let go of the nodes' not done within" in caplog.text
    assert "'store the facts' not done within" in caplog.text
    assert bench.exit_code == EXIT_DONE
    assert bench.engine.supervisor.running() == []
    assert not FileOutbox(StateDirectory(bench.path)).is_empty(), "it is stored next time"


async def test_a_database_that_is_away_is_not_waited_for(bench, caplog):
    bench.store.away = True
    loop = asyncio.get_running_loop()
    async with bench.running():
        bench.engine.post(call(1))
        await asyncio.sleep(1)
        began = loop.time()
    assert loop.time() - began < 0.1
    assert "facts wait on disk" in caplog.text
    assert bench.store.closed
    assert not FileOutbox(StateDirectory(bench.path)).is_empty(), "it is stored next time"


async def test_after_an_overflow_the_nodes_tell_everything_again(tmp_path):
    bench = Bench(tmp_path, inbox_max=20)
    async with bench.running():
        assert (bench.telephony.connects, bench.presence.connects) == (1, 1)
        for number in range(30):
            bench.engine.post(call(number))
        bench.telephony.channels = tuple(
            SeenChannel(f"ast1-{number}", up=True) for number in range(10, 20)
        )
        await asyncio.sleep(1)
        assert (bench.telephony.connects, bench.presence.connects) == (2, 2)
        assert bench.handled()[-2:] == ["NodeDisconnected", "NodeConnected"]
        assert bench.engine.status().inputs_dropped == 10
        assert list(bench.core.stays) == [CallId(f"ast1-{n}") for n in range(10, 20)]
    assert bench.exit_code == EXIT_DONE


async def test_a_second_overflow_while_the_nodes_are_reconnected_reconnects_them_once_more(
    tmp_path,
):
    bench = Bench(tmp_path, inbox_max=20)
    slow = SlowToEnd()
    bench.engine.add_node(NODE, bench.telephony, slow)
    async with bench.running():
        for number in range(30):
            bench.engine.post(call(number))
        await asyncio.sleep(1)
        assert "resync" in bench.engine.status().tasks
        for number in range(30, 60):
            bench.engine.post(call(number))
        await asyncio.sleep(1)
        assert bench.engine.status().inputs_dropped == 20
        assert bench.telephony.connects == 1
        slow.may_end.set()
        await asyncio.sleep(1)
        assert bench.handled().count("NodeDisconnected") == 2
        assert bench.handled()[-1] == "NodeConnected"
        assert "resync" not in bench.engine.status().tasks
    assert bench.exit_code == EXIT_DONE


async def test_a_failure_while_the_nodes_are_reconnected_stops_the_process(tmp_path, monkeypatch):
    bench = Bench(tmp_path, inbox_max=20)

    def broken(node: NodeId) -> None:
        raise RuntimeError(f"no way back to {node}")

    async with bench.running():
        monkeypatch.setattr(bench.engine, "_start_node", broken)
        for number in range(30):
            bench.engine.post(call(number))
        await asyncio.sleep(20)
        assert bench.exit_code == EXIT_BROKEN
    assert "no way back" in (bench.engine.supervisor.why or "")


async def test_a_new_policy_goes_through_the_pump(bench):
    async with bench.running():
        bench.engine.apply(Policy(), ())
        await asyncio.sleep(0.1)
    assert [h.policy.nodes for h in bench.core.handled if type(h) is PolicyApplied] == [(NODE,), ()]
