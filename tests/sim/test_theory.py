"""The real core against queueing theory: it must be the queue of the textbooks, no more, no less.

Method. The mean wait of a queue is a slow statistic: 40 000 calls of M/M/5 at 60 % load give it to
6 % only, so a direct run that supports 2 % would need millions of calls. Therefore in two levels:

1. *The same path.* For every call of a run the wait through the core equals, to the millisecond,
   what the recursion of a first-come-first-served queue (Kiefer and Wolfowitz, 1955; with patience
   as in Baccelli, Boyer and Hebuterne, 1984) computes from the same arrivals, talks and patience.
2. *Many calls.* The recursion, which costs a microsecond a call, agrees with Erlang over so many
   calls that the standard error, measured by batch means, is a third of the allowed difference.

Their sum is an estimate of what the core does, with the standard error of the second.
"""

from __future__ import annotations

import heapq
import itertools
import random
import statistics
from collections.abc import Iterable

import pytest

from engine.core.policy import Strategy
from engine.sim.channels import Channel, Plan
from engine.sim.erlang import Queueing, erlang_a, erlang_c
from engine.sim.options import HOUR_MS, Traffic, light
from engine.sim.report import SimulationReport
from engine.sim.run import Simulation
from tests.sim.houses import house, textbook

pytestmark = pytest.mark.sim

TALK_MS = 180_000


Drawn = tuple[int, int, int | None]
"""One call as drawn: when it arrives, how long it talks, how patient it is; milliseconds."""

Waited = tuple[int, bool]
"""How long it waited (ms), and whether it gave up."""


def recursion(agents: int, calls: Iterable[Drawn]) -> Iterable[Waited]:
    """Yields each call's wait: with the agent who is free first, or until patience ends."""
    free_at = [0] * agents
    replace_first = heapq.heapreplace
    for arrives, talks, patience in calls:
        starts = max(free_at[0], arrives)
        if patience is not None and starts - arrives >= patience:
            yield patience, True
        else:
            yield starts - arrives, False
            replace_first(free_at, starts + talks)


def through_the_core(
    agents: int, traffic: Traffic, hours: float, strategy: Strategy = Strategy.LEAST_RECENT
) -> tuple[SimulationReport, list[Drawn]]:
    """Runs the core; returns what it did and what had been drawn for it."""
    drawn: list[Drawn] = []
    simulation = Simulation(
        house(agents, strategy=strategy, ring_timeout_ms=20_000),
        light(textbook(seed=7, hours=hours, traffic=traffic)),
    )
    people = simulation.world.people
    comes_in = people.waits

    def waits(channel: Channel, until_ms: int | None) -> None:
        plan = channel.plan
        assert isinstance(plan, Plan)
        drawn.append((simulation.agenda.now_ms, plan.talk_ms, plan.patience_ms))
        comes_in(channel, until_ms)

    people.waits = waits  # type: ignore[method-assign]
    return simulation.run(), drawn


Estimates = list[tuple[float, float]]
"""Mean and standard error of: share that waits, wait (ms), share that gives up."""


def estimate(
    agents: int, load: float, patience_ms: int | None, calls: int, batches: int = 20
) -> Estimates:
    """Runs the recursion over so many calls; errors by batch means."""
    rng = random.Random(f"{agents}/{load}/{patience_ms}")
    arrival_ms = TALK_MS / (load * agents)

    def draw() -> Iterable[Drawn]:
        now_ms = 0.0
        draw_one = rng.expovariate
        for _ in range(calls):
            now_ms += draw_one(1.0) * arrival_ms
            patience = None
            if patience_ms is not None:
                patience = int(draw_one(1.0) * patience_ms + 0.5)
            yield int(now_ms), int(draw_one(1.0) * TALK_MS + 0.5), patience

    size = calls // batches
    sums: list[tuple[float, float, float]] = []
    waits = iter(recursion(agents, draw()))
    for _ in range(batches):
        waited = total = gave_up = 0
        for wait, left in itertools.islice(waits, size):
            waited += wait > 0
            total += wait
            gave_up += left
        sums.append((waited / size, total / size, gave_up / size))
    columns = list(zip(*sums, strict=True))
    return [
        (statistics.mean(column), statistics.stdev(column) / len(column) ** 0.5)
        for column in columns
    ]


@pytest.mark.parametrize("strategy", [Strategy.LEAST_RECENT, Strategy.LINEAR, Strategy.RANDOM])
def test_same_path_without_patience(strategy):
    """Who is rung does not matter for waits: every strategy is first come, first served."""
    traffic = Traffic(load=0.8, talk_ms_mean=TALK_MS, patience_ms_mean=None, calls_per_hour=80.0)
    report, drawn = through_the_core(5, traffic, 60.0, strategy)
    waits = [wait for wait, _ in recursion(5, drawn)]
    assert report.calls == len(waits) > 4_000
    assert report.total.abandoned == 0
    assert report.total.waited == sum(wait > 0 for wait in waits)
    assert report.total.wait_ms_mean == sum(waits) / len(waits)
    assert report.total.wait_ms_max == max(waits)


def test_same_path_with_patience():
    traffic = Traffic(talk_ms_mean=TALK_MS, patience_ms_mean=120_000, calls_per_hour=120.0)
    report, drawn = through_the_core(5, traffic, 60.0)
    expected = list(recursion(5, drawn))
    assert report.calls == len(expected) > 6_000
    assert report.total.abandoned == sum(gave_up for _, gave_up in expected) > 1_000
    assert report.total.wait_ms_mean == sum(wait for wait, _ in expected) / len(expected)


@pytest.fixture(scope="module")
def many_calls() -> Estimates:
    """Four million calls of M/M/5 at 60 % load, by the recursion."""
    return estimate(5, 0.6, None, 4_000_000)


@pytest.mark.timeout(300)
def test_the_core_agrees_with_erlang_c(many_calls):
    """Chance and length of waiting within 2 %, with a standard error that supports it.

    What the core measured over 9 000 calls, corrected by what the recursion says of these very
    calls and of four million others. (The correction is exact: see the same path above.)
    """
    traffic = Traffic(talk_ms_mean=TALK_MS, patience_ms_mean=None, calls_per_hour=60.0)
    report, drawn = through_the_core(5, traffic, 150.0)
    same_calls = [wait for wait, _ in recursion(5, drawn)]
    count = len(same_calls)
    assert report.total.visits == count > 8_500
    assert report.total.wait_ms_mean is not None

    expected = erlang_c(5, 60.0 / HOUR_MS, TALK_MS)
    (waiting, waiting_se), (wait, wait_se), _ = many_calls
    assert waiting_se < 0.007 * waiting
    assert wait_se < 0.007 * wait
    found = report.total.waited / count + waiting - sum(each > 0 for each in same_calls) / count
    assert found == pytest.approx(expected.waiting_probability, rel=0.02)
    found = report.total.wait_ms_mean + wait - sum(same_calls) / count
    assert found == pytest.approx(expected.mean_wait, rel=0.02)


@pytest.mark.timeout(300)
def test_the_core_agrees_with_erlang_a():
    """Giving up within 3 %, straight through the core.

    Twice the load that five agents can take makes it a quick statistic: of 30 000 calls the
    standard error is 0.5 % of the share that gives up and 1 % of the mean wait.
    """
    patience_ms = 60_000
    traffic = Traffic(
        talk_ms_mean=TALK_MS, patience_ms_mean=patience_ms, calls_per_hour=2.0 * 20 * 5
    )
    report, _ = through_the_core(5, traffic, 150.0)
    expected: Queueing = erlang_a(5, traffic.calls_per_hour / HOUR_MS, TALK_MS, patience_ms)
    found = report.total.abandoned / report.total.visits
    assert report.total.visits > 29_000
    errors = [error * 20**0.5 / mean for mean, error in estimate(5, 2.0, patience_ms, 20 * 30_000)]
    assert max(errors) < 0.011  # Of a run of this length.
    assert found == pytest.approx(expected.abandoning_probability, rel=0.03)
    assert report.total.wait_ms_mean == pytest.approx(expected.mean_wait, rel=0.03)
