"""The engine's process: the pump around the core, that can crash and come back.

What the office does with asyncio, this does synchronously: one input at a time into the core,
commands to the nodes, facts to whoever listens; a journal and snapshots, so that a crash costs
nothing but the time in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from engine.app.outputs import is_command
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.inputs import EngineStarted, Input, PolicyApplied, TimePassed
from engine.core.policy import Policy
from engine.core.waiting import HoursNow
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.failure import AuditFailure
from engine.sim.options import Options
from engine.sim.rng import Streams, up_to_ms
from engine.sim.trace import Journal, Trace

NEVER_MS = 1 << 62
_TIME_PASSED = TimePassed()
_WAKES_IN_A_ROW_MAX = 1_000

Output = Command | Fact


class Core(Protocol):
    """`RoutingCore`, or something that wraps it in a test."""

    def handle(self, now_ms: int, happened: Input) -> list[Output]:
        """Takes one input; returns commands and facts in order."""

    def next_deadline(self) -> int | None:
        """Returns when `TimePassed` is wanted."""

    def snapshot(self) -> dict[str, Any]:
        """Returns the whole state."""

    def check(self) -> None:
        """Raises AssertionError if an invariant is broken."""


class CoreMaker(Protocol):
    """Makes cores; a test hands in one that wraps them."""

    def new(self, epoch: str, seed: int) -> Core:
        """Makes an empty core."""

    def restore(self, snapshot: dict[str, Any]) -> Core:
        """Makes a core from a snapshot."""


Observer = Callable[[int, Input, Sequence[Output]], None]


class Process:
    """Feeds the core. `crash` and `recover` are the only ways to lose it and get it back."""

    def __init__(
        self,
        maker: CoreMaker,
        policy: Policy,
        agenda: Agenda,
        options: Options,
        observers: Sequence[Observer],
    ) -> None:
        """Makes a process that has not started; `nodes` must be set before it does."""
        self.epoch = f"sim-{options.seed}"
        self.policy = policy
        self.nodes: dict[str, Asterisk] = {}
        self.hours: Callable[[], tuple[HoursNow, ...]] = tuple
        """What all schedules say now."""
        self.deadline_ms = NEVER_MS
        self.trace = Trace()
        self.journal = Journal(self.epoch, options.seed) if options.journal else None
        self.crashes = 0
        self.inputs_lost = 0
        self.timer_late_ms_max = options.faults.timer_late_ms_max
        self._maker = maker
        self._agenda = agenda
        self._core: Core | None = maker.new(self.epoch, options.seed)
        self._observers = observers
        self._check_every = options.check_every
        self._lateness = Streams(options.seed).stream("timers")
        self._wanted_ms: int | None = None
        self._wakes_in_a_row = 0
        self._snapshot: str | None = None
        self._since: list[tuple[int, Input, list[Output]]] | None = None

    @property
    def running(self) -> bool:
        """Tells whether there is a core to feed."""
        return self._core is not None

    def observe(self, observer: Observer) -> None:
        """Lets somebody else see each step."""
        self._observers = [*self._observers, observer]

    def start(self) -> None:
        """The first start: the word that a process took over, then the configuration."""
        self.post(EngineStarted())
        self.post(PolicyApplied(self.policy, self.hours()))

    def apply(self, policy: Policy) -> None:
        """Applies a changed configuration (the next start will read it too)."""
        self.policy = policy
        self.post(PolicyApplied(policy, self.hours()))

    def post(self, happened: Input) -> None:
        """Hands an input to the core, now. While there is none the input is lost."""
        core = self._core
        if core is None:
            self.inputs_lost += 1
            return
        self._wakes_in_a_row = 0
        self._step(core, happened)

    def wake(self) -> None:
        """The core's deadline has come."""
        core = self._core
        assert core is not None
        self._wakes_in_a_row += 1
        if self._wakes_in_a_row > _WAKES_IN_A_ROW_MAX and self.deadline_ms <= self._agenda.now_ms:
            raise self._failure("timers", "next_deadline() stays in the past, however often woken")
        self._step(core, _TIME_PASSED)

    def take_snapshot(self) -> None:
        """Writes down the whole state; the journal needs to go back no further."""
        if self._core is not None:
            self._snapshot = json.dumps(self._core.snapshot())
            self._since = []

    def crash(self) -> None:
        """Kills the process: memory and connections are gone, snapshot and journal stay."""
        if self._core is None:
            return
        if self._snapshot is None:
            self.take_snapshot()
        self.crashes += 1
        self._core = None
        self.deadline_ms = NEVER_MS
        self._wanted_ms = None
        for node in self.nodes.values():
            node.cut(noticed_after_ms=0)
            node.wire.open = False

    def recover(self) -> None:
        """Starts the process again: snapshot, journal since, configuration."""
        if self._core is not None:
            return
        assert self._snapshot is not None
        assert self._since is not None
        core = self._maker.restore(json.loads(self._snapshot))
        for now_ms, happened, outputs in self._since:
            replayed = core.handle(now_ms, happened)
            if replayed != outputs:
                raise self._failure(
                    "replay",
                    f"{type(happened).__name__} at {now_ms} ms gave {replayed} on replay, "
                    f"but {outputs} before",
                )
        self._core = core
        self.post(EngineStarted())
        self.post(PolicyApplied(self.policy, self.hours()))

    def check(self) -> None:
        """Lets the core check its own invariants."""
        if self._core is None:
            return
        try:
            self._core.check()
        except AssertionError as error:
            raise self._failure("core.check", str(error)) from error

    def _step(self, core: Core, happened: Input) -> None:
        outputs = self._feed(core, happened)
        trace = self.trace
        trace.record(self._agenda.now_ms, happened, outputs)
        for observe in self._observers:
            observe(self._agenda.now_ms, happened, outputs)
        if self._check_every and trace.steps % self._check_every == 0:
            self.check()
        wanted_ms = core.next_deadline()
        if wanted_ms != self._wanted_ms:
            self._wanted_ms = wanted_ms
            self.deadline_ms = NEVER_MS if wanted_ms is None else wanted_ms
            if wanted_ms is not None and self.timer_late_ms_max:
                self.deadline_ms += up_to_ms(self._lateness, self.timer_late_ms_max)
        nodes = self.nodes
        for output in outputs:
            if is_command(output):
                nodes[output.node].wire.send(output)

    def _feed(self, core: Core, happened: Input) -> list[Output]:
        now_ms = self._agenda.now_ms
        if self.journal is not None:
            self.journal.entries.append((now_ms, happened))
        try:
            outputs = core.handle(now_ms, happened)
        except Exception as error:
            # The border to the code under test: whatever it raises is a finding, with its trace.
            self.trace.record(now_ms, happened, ())
            raise self._failure("core raised", f"{type(error).__name__}: {error}") from error
        if self._since is not None:
            self._since.append((now_ms, happened, outputs))
        return outputs

    def _failure(self, rule: str, what: str) -> AuditFailure:
        failure = AuditFailure(rule, what, at_ms=self._agenda.now_ms)
        failure.trace = self.trace.last_lines()
        return failure
