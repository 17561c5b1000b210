"""What a simulation found: figures made from facts, the way the product's own reports are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.commands import Command
from engine.core.facts import (
    CallbackAttempted,
    CallbackEnded,
    CallbackOutcome,
    CallbackRequested,
    CallEnded,
    CallRouted,
    CallStarted,
    CommandRefused,
    Fact,
    InputIgnored,
    OfferMade,
    SurveyEnd,
    SurveyEnded,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitOutcome,
)
from engine.core.ids import QueueId, TalkId
from engine.core.inputs import Input


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue's visits (or all queues' together). Waits are in milliseconds, over all visits.

    A figure over nothing is None, which is printed as "-".
    """

    visits: int
    answered: int
    missed: int
    abandoned: int
    waited: int
    """Visits that were not connected in the very instant of their entry."""
    wait_ms_mean: float | None
    wait_ms_mean_answered: float | None
    wait_ms_p50: int | None
    wait_ms_p90: int | None
    wait_ms_p99: int | None
    wait_ms_max: int | None
    talk_ms_mean: float | None


@dataclass(frozen=True, slots=True)
class CallbackFigures:
    """Callbacks of all queues."""

    requested: int = 0
    succeeded: int = 0
    failed: int = 0
    attempts: int = 0
    """How often customers were called."""


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """The result of one run. `faults` counts what was injected, by kind."""

    seed: int
    virtual_hours: float
    calls: int
    calls_refused: int
    """Calls that no node took, because it was down or nobody answered for it."""
    offers: int
    inputs: int
    inputs_ignored: int
    commands_refused: int
    total: QueueFigures
    queues: dict[str, QueueFigures]
    faults: dict[str, int]
    liveness_ms: int
    """Virtual time that everything pending needed to end, after the last new call."""
    trace_sha256: str
    callbacks: CallbackFigures = field(default_factory=CallbackFigures)
    surveys: int = 0
    """Surveys that were begun."""
    surveys_answered: int = 0
    routed: int = 0
    """How often a call was sent on: by a key, a menu, an end of waiting, closed hours and the like."""

    def to_text(self) -> str:
        """Returns a table for people."""
        faults = ", ".join(f"{count} {kind}" for kind, count in self.faults.items())
        back = self.callbacks
        lines = [
            f"calls           {self.calls} in {self.virtual_hours:g} virtual hours",
            f"not taken       {self.calls_refused} more, by nodes that were down",
            f"sent on         {self.routed} times",
            (
                f"callbacks       {back.requested} requested, {back.succeeded} succeeded,"
                f" {back.failed} failed, {back.attempts} attempts"
            ),
            f"surveys         {self.surveys}, {self.surveys_answered} answered",
            f"offers          {self.offers}",
            f"inputs          {self.inputs}, {self.inputs_ignored} ignored",
            f"refused         {self.commands_refused} commands",
            f"faults          {faults or 'none'}",
            f"over after      {self.liveness_ms / 1000:.1f} virtual seconds",
            "",
            _HEAD,
        ]
        for name, figures in [*self.queues.items(), ("all", self.total)]:
            lines.append(
                f"{name:10}{figures.visits:>8}{figures.answered:>10}{figures.missed:>8}"
                f"{figures.abandoned:>8}{_seconds(figures.wait_ms_mean):>9}"
                f"{_seconds(figures.wait_ms_p50):>8}{_seconds(figures.wait_ms_p90):>8}"
                f"{_seconds(figures.wait_ms_p99):>8}{_seconds(figures.wait_ms_max):>8}"
                f"{_seconds(figures.talk_ms_mean):>8}"
            )
        lines += ["", f"trace {self.trace_sha256}"]
        return "\n".join(lines)


_HEAD = (
    f"{'queue':10}{'visits':>8}{'answered':>10}{'missed':>8}{'aband.':>8}"
    f"{'wait s':>9}{'p50':>8}{'p90':>8}{'p99':>8}{'max':>8}{'talk s':>8}"
)


def _seconds(value_ms: float | None) -> str:
    return "-" if value_ms is None else f"{value_ms / 1000:.1f}"


@dataclass(slots=True)
class _Tally:
    waits: list[int] = field(default_factory=list)
    answered_waits: list[int] = field(default_factory=list)
    outcomes: Counter[VisitOutcome] = field(default_factory=Counter)
    talks: int = 0
    talk_ms: int = 0


class Ledger:
    """Collects figures from the facts of a run."""

    def __init__(self) -> None:
        """Begins empty."""
        self.calls_open = 0
        self.calls = 0
        self.offers = 0
        self.inputs = 0
        self.inputs_ignored = 0
        self.commands_refused = 0
        self.counts: Counter[str] = Counter()
        self._tallies: dict[QueueId, _Tally] = {}
        self._talking: dict[TalkId, QueueId] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            CallStarted: self._call_started,
            CallEnded: self._call_ended,
            VisitEnded: self._visit_ended,
            OfferMade: self._offer_made,
            TalkStarted: self._talk_started,
            TalkEnded: self._talk_ended,
            CallbackRequested: lambda _: self._count("requested"),
            CallbackAttempted: lambda _: self._count("attempts"),
            CallbackEnded: lambda fact: self._count(fact.outcome),
            SurveyEnded: self._survey_ended,
            CallRouted: lambda _: self._count("routed"),
            InputIgnored: self._input_ignored,
            CommandRefused: self._command_refused,
        }

    def observe(self, _now_ms: int, _happened: Input, outputs: Sequence[Command | Fact]) -> None:
        """Takes one step of the core."""
        self.inputs += 1
        if not outputs:
            return
        handlers = self._handlers
        for output in outputs:
            handler = handlers.get(type(output))
            if handler is not None:
                handler(output)

    def listen(self, kinds: Sequence[type], handler: Callable[[Any], None]) -> None:
        """Hands facts of these kinds, none of which it counts itself, to `handler`."""
        for kind in kinds:
            assert kind not in self._handlers
            self._handlers[kind] = handler

    def queues(self) -> dict[str, QueueFigures]:
        """Returns the figures of each queue that had a visit, by its number."""
        return {queue_id: _figures(self._tallies[queue_id]) for queue_id in sorted(self._tallies)}

    def total(self) -> QueueFigures:
        """Returns the figures of all queues together."""
        total = _Tally()
        for tally in self._tallies.values():
            total.waits += tally.waits
            total.answered_waits += tally.answered_waits
            total.outcomes += tally.outcomes
            total.talks += tally.talks
            total.talk_ms += tally.talk_ms
        return _figures(total)

    def _call_started(self, _: CallStarted) -> None:
        self.calls += 1
        self.calls_open += 1

    def _call_ended(self, _: CallEnded) -> None:
        self.calls_open -= 1

    def _visit_ended(self, fact: VisitEnded) -> None:
        tally = self._tallies.get(fact.queue_id)
        if tally is None:
            tally = self._tallies[fact.queue_id] = _Tally()
        tally.waits.append(fact.wait_ms)
        tally.outcomes[fact.outcome] += 1
        if fact.outcome is VisitOutcome.ANSWERED:
            tally.answered_waits.append(fact.wait_ms)

    def _offer_made(self, _: OfferMade) -> None:
        self.offers += 1

    def _talk_started(self, fact: TalkStarted) -> None:
        if fact.queue_id is not None:
            self._talking[fact.talk_id] = fact.queue_id

    def _talk_ended(self, fact: TalkEnded) -> None:
        queue_id = self._talking.pop(fact.talk_id, None)
        if queue_id is not None:
            tally = self._tallies[queue_id]
            tally.talks += 1
            tally.talk_ms += fact.talk_ms

    def callbacks(self) -> CallbackFigures:
        """Returns the figures of callbacks."""
        counts = self.counts
        return CallbackFigures(
            requested=counts["requested"],
            succeeded=counts[CallbackOutcome.SUCCEEDED],
            failed=counts[CallbackOutcome.FAILED],
            attempts=counts["attempts"],
        )

    def _count(self, what: str) -> None:
        self.counts[what] += 1

    def _survey_ended(self, fact: SurveyEnded) -> None:
        self._count("surveys")
        if fact.why is SurveyEnd.ANSWERED:
            self._count("surveys_answered")

    def _input_ignored(self, _: InputIgnored) -> None:
        self.inputs_ignored += 1

    def _command_refused(self, _: CommandRefused) -> None:
        self.commands_refused += 1


def _figures(tally: _Tally) -> QueueFigures:
    waits = sorted(tally.waits)
    answered = tally.answered_waits
    return QueueFigures(
        visits=len(waits),
        answered=tally.outcomes[VisitOutcome.ANSWERED],
        missed=tally.outcomes[VisitOutcome.MISSED],
        abandoned=tally.outcomes[VisitOutcome.ABANDONED],
        waited=sum(wait > 0 for wait in waits),
        wait_ms_mean=sum(waits) / len(waits) if waits else None,
        wait_ms_mean_answered=sum(answered) / len(answered) if answered else None,
        wait_ms_p50=_percentile(waits, 50),
        wait_ms_p90=_percentile(waits, 90),
        wait_ms_p99=_percentile(waits, 99),
        wait_ms_max=waits[-1] if waits else None,
        talk_ms_mean=tally.talk_ms / tally.talks if tally.talks else None,
    )


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    """Returns the smallest value that at least `percent` of all do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]
