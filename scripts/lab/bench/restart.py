"""Kill -9 of the engine with 500 callers waiting: how long until it decides again, who is dropped."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from scripts.lab.bench.figures import Figures
from scripts.lab.bench.traffic import Traffic
from scripts.lab.live import LiveCentre, plan


async def run(*, quick: bool) -> Figures:
    """Measures from the new process's start to the first INVITE that it sends to an agent."""
    waiting = 50 if quick else 500
    queues = {"6400": {"name": "Benchmark", "members": [{"agent": "1001", "kind": "static"}]}}
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as scratch:
        live = LiveCentre(Path(scratch), plan(queues=queues), rtp_ports=4000)
        async with live:
            traffic = Traffic(live.caller, "6400")
            await traffic.at_rate(50, waiting / 50)
            for call in traffic.calls:
                await call.answered.within(10)
            first = traffic.calls[0].number
            await live.kill_engine()
            # Registered only now: the first call that rings here was decided by the new process.
            agent = await live.phone("1001")
            begin_ns = time.monotonic_ns()
            starting = asyncio.ensure_future(live.start_engine())
            try:
                there = await agent.incoming(30)
            finally:
                await starting
            dropped = sum(bool(call.ended) for call in traffic.calls)
            in_order = there.caller_number == first
            there.reject(486)
            for call in traffic.calls:
                call.hang_up()
            await traffic.all_ended()
    return {
        "waiting": waiting,
        "recovery_ms": round((there.at_ns - begin_ns) / 1e6),
        "dropped": dropped,
        "first_in_line_rung_first": in_order,
    }
