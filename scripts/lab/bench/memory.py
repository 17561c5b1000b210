"""How much memory of the engine a waiting call takes."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from scripts.lab.bench.figures import Figures
from scripts.lab.bench.traffic import Traffic
from scripts.lab.live import LiveCentre, plan


async def run(*, quick: bool) -> Figures:
    """Compares the engine's resident memory with and without waiting callers."""
    waiting = 100 if quick else 1000
    queues = {"6400": {"name": "Benchmark", "members": [{"agent": "1001", "kind": "static"}]}}
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as scratch:
        live = LiveCentre(Path(scratch), plan(queues=queues), rtp_ports=6000)
        async with live:
            await _wait(live, waiting // 10)  # Caches and pools are warm afterwards.
            before = live.engine_memory_bytes()
            grown = await _wait(live, waiting)
    return {"waiting": waiting, "bytes_per_waiting_call": round((grown - before) / waiting)}


async def _wait(live: LiveCentre, callers: int) -> int:
    traffic = Traffic(live.caller, "6400")
    await traffic.at_rate(50, callers / 50)
    for call in traffic.calls:
        await call.answered.within(20)
    await asyncio.sleep(1)
    used = live.engine_memory_bytes()
    for call in traffic.calls:
        call.hang_up()
    await traffic.all_ended()
    return used
