"""A whole run: seed in, report out. First a safety phase with faults, then a liveness phase.

In the safety phase anything may go wrong and the laws hold all the same. Then nobody calls any
more, everything is mended, everybody is at work: now whatever is pending must come to an end.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.config.schedule import Schedule
from engine.core.policy import Policy
from engine.core.router import RoutingCore
from engine.sim.agenda import Agenda
from engine.sim.auditor import Auditor
from engine.sim.failure import AuditFailure
from engine.sim.faults import FaultActor
from engine.sim.hours import Hours
from engine.sim.opening import Opening
from engine.sim.options import HOUR_MS, START_MS, Options
from engine.sim.process import Core, CoreMaker
from engine.sim.report import Ledger, SimulationReport
from engine.sim.rng import Streams
from engine.sim.shifts import Board, Shifts
from engine.sim.supervisors import Supervisors
from engine.sim.workload import Callers, Source, numbers_of, sources_of
from engine.sim.world import World

_GIVES_UP_MS = 2 * HOUR_MS
"""In the liveness phase even the most patient caller, with nobody to answer, hangs up then."""
_LIVENESS_MS_MAX = 6 * HOUR_MS
_MENDED_MS = 5_000


class RealCores:
    """Makes the product's own cores."""

    def new(self, epoch: str, seed: int) -> Core:
        """Makes an empty core."""
        return RoutingCore(epoch, seed)

    def restore(self, snapshot: dict[str, Any]) -> Core:
        """Makes a core from a snapshot."""
        return RoutingCore.restore(snapshot)


class Simulation:
    """One run of one policy under one set of options.

    Args:
        policy: the configuration, as the core sees it.
        options: all else; the seed above all.
        maker: makes the cores; another than the real one only to see the auditor catch it.
        sources: who calls; by default made from the policy.
        schedules: the opening hours that the policy goes by; none, or with options that turn hours
            at any moment: they do that, and begin open.
    """

    def __init__(
        self,
        policy: Policy,
        options: Options,
        *,
        maker: CoreMaker | None = None,
        sources: list[Source] | None = None,
        schedules: Sequence[Schedule] = (),
    ) -> None:
        """Builds the world; `run` starts it."""
        self.policy = policy
        self.options = options
        self.agenda = Agenda(START_MS)
        self.ledger = Ledger()
        self.auditor = Auditor(options)
        observers = [self.auditor.observe, self.ledger.observe]
        self.world = World(policy, options, self.agenda, maker or RealCores(), observers)
        self.faults = FaultActor(self.world, options)
        self.opening: Opening | Hours = Opening(
            self.agenda,
            self.world.process,
            policy,
            Streams(options.seed).stream("opening"),
            options.faults.hours_change_per_hour,
        )
        if schedules and not options.faults.hours_change_per_hour:
            self.opening = Hours(self.agenda, self.world.process, schedules)
        self.callers = Callers(
            self.agenda,
            options,
            self.world.people,
            self.world.nodes,
            sources_of(policy, options.traffic) if sources is None else sources,
            policy.settings.numbering,
        )
        self.shifts = Shifts(
            self.agenda,
            options,
            self.world.people,
            self.callers,
            self.world.nodes,
            self.world.process.post,
        )
        self.ledger.listen(Board.KINDS, self.shifts.board.learn)
        self.supervisors = Supervisors(
            self.agenda, options, self.world.nodes, self.world.process.post, policy
        )
        self.world.process.observe(self.supervisors.observe)
        self.world.people.numbers = numbers_of(policy)
        for node in self.world.nodes:
            node.dial = self.callers.consult
            node.dialplan.numbers = numbers_of(policy)

    def run(self) -> SimulationReport:
        """Runs both phases.

        Raises:
            AuditFailure: a law was broken; it carries seed, time and the last steps.
        """
        try:
            return self._run()
        except AuditFailure as failure:
            failure.seed = self.options.seed
            failure.at_ms = failure.at_ms or self.agenda.now_ms
            if not failure.trace:
                failure.trace = self.world.process.trace.last_lines()
            raise

    def _run(self) -> SimulationReport:
        self.world.start()
        self.shifts.start(self.policy)
        self.callers.start()
        self.supervisors.start()
        self.opening.start()
        self.faults.start()
        safe_until_ms = START_MS + self.options.duration_ms
        self._advance(safe_until_ms)

        self.callers.stopped = True
        self.supervisors.stopped = True
        self.faults.heal()
        self.opening.stay_open()
        self._advance(safe_until_ms + _MENDED_MS)
        people = self.world.people
        people.behave(
            replace(
                people.habits,
                ignores=0.0,
                rejects=0.0,
                leaves_after_answer=0.0,
                transfers=0.0,
                forwards=0.0,
                keys_per_minute=0.0,
            )
        )
        self.shifts.call_everyone()
        for node in self.world.nodes:
            for channel in list(node.channels.values()):  # Legs too, who may wait after a transfer.
                self.agenda.after(_GIVES_UP_MS, people.gives_up, channel)
        self._advance_until_quiet(self.agenda.now_ms + _LIVENESS_MS_MAX)
        liveness_ms = self.agenda.now_ms - safe_until_ms
        # The last words of whatever ended, and wrap-ups.
        self._advance(self.agenda.now_ms + HOUR_MS)
        self._advance_until_quiet(self.agenda.now_ms + HOUR_MS)
        self.world.process.check()
        self.auditor.finish(self.agenda.now_ms)
        return self._report(liveness_ms)

    def _advance(self, until_ms: int) -> None:
        """Lets everything happen that is due by `until_ms`; an event goes before a timer."""
        agenda, process = self.agenda, self.world.process
        heap = agenda.heap
        pop = heapq.heappop
        while True:
            if heap and heap[0][0] <= process.deadline_ms:
                if heap[0][0] > until_ms:
                    break
                event = pop(heap)
                agenda.now_ms = event[0]
                event[2](event[3])
            else:
                deadline_ms = process.deadline_ms
                if deadline_ms > until_ms:
                    break
                agenda.now_ms = max(agenda.now_ms, deadline_ms)
                process.wake()
        agenda.now_ms = max(agenda.now_ms, until_ms)

    def _advance_until_quiet(self, until_ms: int) -> None:
        while not self.world.is_quiet() or self.ledger.calls_open:
            next_ms = self.agenda.now_ms + 1_000
            if next_ms > until_ms:
                remains = ", ".join(self.world.remains()[:10])
                raise AuditFailure(
                    "liveness",
                    f"{self.ledger.calls_open} calls never ended; channels and bridges left"
                    f" over: {remains or 'none'}",
                    at_ms=self.agenda.now_ms,
                )
            self._advance(next_ms)

    def _report(self, liveness_ms: int) -> SimulationReport:
        ledger = self.ledger
        return SimulationReport(
            seed=self.options.seed,
            virtual_hours=self.options.duration_ms / HOUR_MS,
            calls=ledger.calls,
            calls_refused=self.callers.calls_refused,
            offers=ledger.offers,
            inputs=ledger.inputs,
            inputs_ignored=ledger.inputs_ignored,
            commands_refused=ledger.commands_refused,
            total=ledger.total(),
            queues=ledger.queues(),
            faults=dict(sorted(self.faults.injected.items())),
            liveness_ms=liveness_ms,
            trace_sha256=self.world.process.trace.sha256(),
            callbacks=ledger.callbacks(),
            surveys=ledger.counts["surveys"],
            surveys_answered=ledger.counts["surveys_answered"],
            routed=ledger.counts["routed"],
        )


def simulate(policy: Policy, options: Options) -> SimulationReport:
    """Runs one simulation of the real core; see `Simulation.run`."""
    return Simulation(policy, options).run()
