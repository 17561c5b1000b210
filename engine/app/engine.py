"""The engine: pump, nodes, outbox and store, started, watched and stopped together."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.app.calendar import HoursCalendar
from engine.app.counters import Counters
from engine.app.outputs import is_kept
from engine.app.ports import (
    Clock,
    Core,
    FactStore,
    Journal,
    Outbox,
    Presence,
    Reloader,
    Telephony,
    Thread,
)
from engine.app.pump import INBOX_MAX, Effects, InboxFull, Pump
from engine.app.storing import Storing
from engine.app.supervisor import Stage, Supervisor, run_stages
from engine.config.schedule import Schedule
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.ids import NodeId
from engine.core.inputs import CommandFailed, EngineStarted, Input, NodeDisconnected, PolicyApplied
from engine.core.policy import Policy

log = logging.getLogger(__name__)

EXIT_DONE: Final = 0
EXIT_BROKEN: Final = 3
"""Something inside broke; start the engine again (systemd does)."""

STOP_INTAKE_S: Final = 2.0
STOP_PUMP_S: Final = 3.0
STOP_JOURNAL_S: Final = 5.0
STOP_STORE_S: Final = 5.0

PUMP: Final = "pump"
STORING: Final = "storing"
HOURS: Final = "hours"
RESYNC: Final = "resync"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the engine is made of. `core` was restored or is fresh; `journal` is ready to write."""

    core: Core
    clock: Clock
    journal: Journal
    outbox: Outbox
    store: FactStore
    store_thread: Thread
    file_thread: Thread
    offload: Callable[[Callable[[], None]], None]
    """Runs work in the file thread without waiting for it."""
    inbox_max: int = INBOX_MAX
    wall_ms: Callable[[], int] | None = None
    """What the clock on the wall says (epoch milliseconds, may jump); None: as `clock`."""


@dataclass(frozen=True, slots=True)
class Status:
    """The engine at this moment; counts are since the start of the process."""

    epoch: str
    inputs: int
    inbox: int
    inbox_high: int
    inputs_dropped: int
    facts: dict[str, int]
    facts_stored: int
    facts_refused: int
    store_away_since_ms: int | None
    inputs_ignored: dict[str, int]
    commands_refused: dict[str, int]
    tasks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Returns this as a JSON value."""
        return asdict(self)


class Engine:
    """Everything around one core.

    Nodes are added after construction, because their adapters need `post`:

        engine = Engine(parts, policy, schedules)
        engine.add_node(NodeId("ast1"), AriTelephony(..., post=engine.post), AmiPresence(...))
        exit_code = await engine.run()
    """

    def __init__(self, parts: Parts, policy: Policy, schedules: Sequence[Schedule] = ()) -> None:
        """Starts nothing."""
        self._parts = parts
        self._policy = policy
        self._schedules = schedules
        self._calendar = HoursCalendar(parts.wall_ms or parts.clock.now_ms, self.request)
        self._telephony: dict[NodeId, Telephony] = {}
        self._presence: dict[NodeId, Presence] = {}
        self._subscribers: list[Callable[[Sequence[Fact]], None]] = []
        self._policy_watchers: list[Callable[[], None]] = []
        self._side_tasks: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._intake_open = True
        self._resync_wanted = False
        self.counters = Counters()
        self.supervisor = Supervisor()
        self._storing = Storing(parts.outbox, parts.store, parts.store_thread, parts.clock)
        self._pump = Pump(
            parts.core,
            parts.clock,
            parts.journal,
            Effects(
                send=self._send,
                publish=self._publish,
                overflowed=self._resync,
                offload=parts.offload,
                policy_applied=self._policy_applied,
            ),
            inbox_max=parts.inbox_max,
        )

    # What others call.

    def post(self, happened: Input) -> None:
        """Takes an input from an adapter; `engine.app.ports.Post`."""
        if self._intake_open:
            self._pump.post(happened)

    def request(self, happened: Input) -> None:
        """Takes an input from a service. Raises `InboxFull`, also while the engine stops."""
        if not self._intake_open:
            raise InboxFull("the engine is stopping")
        self._pump.request(happened)

    def apply(self, policy: Policy, schedules: Sequence[Schedule]) -> None:
        """Replaces the configuration, and the opening hours it goes by. Raises `InboxFull`."""
        hours = self._calendar.now(schedules)
        self.request(PolicyApplied(policy, hours))
        self._calendar.follow(schedules, hours)

    def add_node(self, node: NodeId, telephony: Telephony, presence: Presence | None) -> None:
        """Adds an Asterisk, before `run`."""
        self._telephony[node] = telephony
        if presence is not None:
            self._presence[node] = presence

    def reloaders(self) -> dict[NodeId, Reloader]:
        """Returns who can make each node's Asterisk reload a module."""
        return {node: each for node, each in self._presence.items() if isinstance(each, Reloader)}

    def subscribe(self, take: Callable[[Sequence[Fact]], None]) -> None:
        """Has `take` called in the loop with facts as they happen. It must be quick."""
        self._subscribers.append(take)

    def on_policy(self, take: Callable[[], None]) -> None:
        """Has `take` called after the core took a policy, the first at the start included."""
        self._policy_watchers.append(take)

    def add_side_task(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Adds a task that runs as long as the engine does, before `run`."""
        self._side_tasks.append((name, work))

    def stop(self, why: str) -> None:
        """Asks for an orderly stop; calls live on in Asterisk."""
        self.supervisor.ask_stop(why)

    def status(self) -> Status:
        """Returns what there is to know, at once and without asking anybody."""
        pump = self._pump
        return Status(
            epoch=self._parts.core.epoch,
            inputs=pump.inputs,
            inbox=pump.waiting,
            inbox_high=pump.inbox_high,
            inputs_dropped=pump.dropped,
            facts=dict(self.counters.facts),
            facts_stored=self._storing.stored,
            facts_refused=self._storing.refused,
            store_away_since_ms=self._storing.away_since_ms,
            inputs_ignored=dict(self.counters.ignored),
            commands_refused=dict(self.counters.refused),
            tasks=tuple(self.supervisor.running()),
        )

    # The life of the process.

    async def run(self) -> int:
        """Works until `stop` or until a part dies; returns the exit code."""
        # In this order: a core that was restored must know that nothing is connected yet, or it
        # would command nodes because of the new policy.
        hours = self._calendar.now(self._schedules)
        self._pump.post(EngineStarted())
        self._pump.post(PolicyApplied(self._policy, hours))
        self._calendar.follow(self._schedules, hours)
        start = self.supervisor.start
        start(PUMP, self._pump.run())
        start(STORING, self._storing.run())
        start(HOURS, self._calendar.run())
        for node in self._telephony:
            self._start_node(node)
        for name, work in self._side_tasks:
            start(name, _as_coroutine(work))
        log.info("engine started, nodes: %s", ", ".join(self._telephony) or "none")
        try:
            await self.supervisor.wait()
        finally:
            await self._shut_down()
        log.info("engine stopped: %s", self.supervisor.why)
        return EXIT_BROKEN if self.supervisor.failed else EXIT_DONE

    def _start_node(self, node: NodeId) -> None:
        self.supervisor.start(f"telephony {node}", self._telephony[node].run())
        if node in self._presence:
            self.supervisor.start(f"presence {node}", self._presence[node].run())

    async def _shut_down(self) -> None:
        log.info("stopping: %s", self.supervisor.why)
        await run_stages(
            [
                Stage("decide what has arrived", STOP_PUMP_S, self._stop_pump),
                Stage(
                    "send what was decided, let go of the nodes", STOP_INTAKE_S, self._stop_nodes
                ),
                Stage("write the journal", STOP_JOURNAL_S, self._stop_journal),
                Stage("store the facts", STOP_STORE_S, self._stop_storing),
                Stage("close", STOP_STORE_S, self._close),
            ]
        )

    async def _stop_pump(self) -> None:
        self._intake_open = False
        self.supervisor.expect_end(PUMP)
        self._pump.stop()
        await self.supervisor.join(PUMP)

    async def _stop_nodes(self) -> None:
        try:
            for telephony in self._telephony.values():
                await telephony.drain()
        finally:
            kept = {PUMP, STORING}
            await self.supervisor.end(*(n for n in self.supervisor.running() if n not in kept))

    async def _stop_journal(self) -> None:
        await self.supervisor.end(PUMP)  # Only still there if it did not stop in time.
        parts = self._parts
        if not self.supervisor.failed:  # The state after a failure is not worth keeping.
            await parts.file_thread.call(parts.journal.rotate(parts.core))
        parts.journal.close()

    async def _stop_storing(self) -> None:
        try:
            if self._storing.away_since_ms is None:
                await self._storing.wait_idle()
            else:
                log.warning("facts wait on disk for a start at which the database is there")
        finally:
            await self.supervisor.end(STORING)

    async def _close(self) -> None:
        self._parts.outbox.close()
        await self._parts.store_thread.call(self._parts.store.close)

    # What the pump calls.

    def _send(self, command: Command) -> None:
        telephony = self._telephony.get(command.node)
        if telephony is None:
            self._pump.post(CommandFailed(command, 0, f"no node named {command.node}"))
        else:
            telephony.send(command)

    def _publish(self, epoch: str, facts: Sequence[Fact]) -> None:
        kept = [fact for fact in facts if is_kept(fact)]
        if kept:
            self._parts.outbox.append(epoch, kept)
            self._storing.wake()
        self.counters.take(facts)
        for take in self._subscribers:
            try:
                take(facts)
            except Exception:  # Border: a broken spectator must not stop the game.
                log.exception("a subscriber of facts raised")

    def _policy_applied(self) -> None:
        for take in self._policy_watchers:
            take()

    def _resync(self) -> None:
        """Reconnects all nodes, so that each tells again all that there is."""
        if not self._intake_open:
            return  # The next process compares anyhow.
        self._resync_wanted = True
        if RESYNC not in self.supervisor.running():
            self.supervisor.start(RESYNC, self._reconnect_all())

    async def _reconnect_all(self) -> None:
        # An overflow in the meantime may have cost what the first nodes told: once more then.
        while self._resync_wanted:
            self._resync_wanted = False
            for node in self._telephony:
                await self.supervisor.end(f"telephony {node}", f"presence {node}")
                self._pump.post(NodeDisconnected(node))
                self._start_node(node)
        self.supervisor.expect_end(RESYNC)  # Only now: a failure before is one.


async def _as_coroutine(work: Callable[[], Awaitable[None]]) -> None:
    await work()
