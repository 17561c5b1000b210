"""What a call costs: 60 agents, 40 calls/s for a minute with full facts written; and the highest rate."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from scripts.lab.bench.dispatch import ANSWER_MS, NAMES, TALK_MS
from scripts.lab.bench.figures import Figures
from scripts.lab.bench.rivals import QUEUE, Rivals, rivals
from scripts.lab.bench.traffic import Traffic
from scripts.lab.phones import behaviour

AGENTS = 60
RATE = 40.0
RATE_STEP = 40.0
RATE_TALK_MS = 300
"""Shorter talks for the highest rate: agents must not be what is short."""


async def run(*, quick: bool) -> Figures:
    """Measures both contestants."""
    duration_s = 5.0 if quick else 60.0
    found: Figures = {}
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as scratch:
        async with rivals(Path(scratch) / "l", AGENTS, rtp_ports=4000) as both:
            for name in NAMES:
                found[name] = await _cost(both, name, duration_s)
            ratio = found["usher"]["cpu_ms_per_call"] / found["app_queue"]["cpu_ms_per_call"]
            found["cpu_ratio"] = round(ratio, 3)
            for name in NAMES:
                found[name]["rate_max"] = await _highest_rate(both, name, 4 if quick else 6)
    return found


async def _cost(both: Rivals, name: str, duration_s: float) -> Figures:
    for phone in both.live.phones.values():
        phone.behaviour = behaviour.auto_answer(ANSWER_MS, TALK_MS)
    live = both.live
    asterisk_ms, engine_ms = live.asterisk.cpu_ms(), live.engine_cpu_ms()
    traffic = Traffic(both.callers[name], QUEUE)
    await traffic.at_rate(RATE, duration_s)
    await traffic.all_ended()
    if name == "usher":
        started = len(traffic.calls)
        await live.facts.until(
            "calls", lambda rows: sum(row["ended_at_ms"] is not None for row in rows) >= started, 60
        )
    asterisk_ms = live.asterisk.cpu_ms() - asterisk_ms
    engine_ms = live.engine_cpu_ms() - engine_ms
    calls = len(traffic.calls)
    # An engine that has nothing to do costs app_queue nothing: it is not counted there.
    total_ms = asterisk_ms + (engine_ms if name == "usher" else 0)
    return {
        "calls": calls,
        "failed_calls": traffic.failed(),
        "cpu_ms_per_call": round(total_ms / calls, 2),
        "asterisk_cpu_ms_per_call": round(asterisk_ms / calls, 2),
        **({"engine_cpu_ms_per_call": round(engine_ms / calls, 2)} if name == "usher" else {}),
    }


async def _highest_rate(both: Rivals, name: str, duration_s: float) -> float:
    """Steps up until a call fails, or the calls do not end with the traffic."""
    for phone in both.live.phones.values():
        phone.behaviour = behaviour.auto_answer(ANSWER_MS, RATE_TALK_MS)
    held = 0.0
    rate = RATE
    while rate <= 300:
        traffic = Traffic(both.callers[name], QUEUE)
        await traffic.at_rate(rate, duration_s)
        await traffic.all_ended()
        if traffic.failed():
            for call in traffic.calls:
                if not call.ended:
                    call.hang_up()
            break
        held = rate
        rate += RATE_STEP
        await asyncio.sleep(1)
    return held
