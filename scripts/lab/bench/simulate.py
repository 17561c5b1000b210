"""How fast days are rehearsed: 100,000 calls through the real core, laws and invariants sampled."""

from __future__ import annotations

import time

from engine.sim.benchmark import big_day
from scripts.lab.bench.figures import Figures

CALLS = 100_000


def run(*, quick: bool) -> Figures:
    """Measures the simulator's own big day."""
    simulation = big_day(CALLS // 20 if quick else CALLS)
    begin = time.perf_counter()
    report = simulation.run()
    elapsed_s = time.perf_counter() - begin
    return {
        "calls": report.calls,
        "elapsed_s": round(elapsed_s, 1),
        "calls_per_second": round(report.calls / elapsed_s),
    }
