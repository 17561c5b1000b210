"""How long a free agent and a caller are kept apart, measured on the wire.

waiting: 5 agents, callers always waiting: from an agent's BYE to that agent's next INVITE.
idle: 60 idle agents, 5 calls/s: from a caller's INVITE to the agent's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from scripts.lab.bench.figures import Figures, milliseconds
from scripts.lab.bench.rivals import QUEUE, Rivals, rivals
from scripts.lab.bench.traffic import Traffic
from scripts.lab.phones import behaviour
from scripts.lab.phones.measure import bye_to_next_invite, invite_to_invite

ANSWER_MS = 50
TALK_MS = 800
SERVED_PER_S = 5 / ((ANSWER_MS + TALK_MS) / 1000)
"""Calls that five agents end per second if no time is lost between them."""


async def run(*, quick: bool) -> Figures:
    """Measures both contestants in both situations."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as scratch:
        async with rivals(Path(scratch) / "w", 5) as both:
            waiting = {name: await _waiting(both, name, 8 if quick else 45) for name in NAMES}
        async with rivals(Path(scratch) / "i", 60) as both:
            idle = {name: await _idle(both, name, 5 if quick else 40) for name in NAMES}
    ratio = waiting["app_queue"]["p50_ms"] / waiting["usher"]["p50_ms"]
    return {"waiting": {**waiting, "ratio_p50": round(ratio, 1)}, "idle": idle}


NAMES = ("usher", "app_queue")


def agents_work(both: Rivals) -> None:
    """Lets every agent's phone answer and hang up by itself."""
    for phone in both.live.phones.values():
        phone.behaviour = behaviour.auto_answer(ANSWER_MS, TALK_MS)


async def _waiting(both: Rivals, name: str, duration_s: float) -> Figures:
    agents_work(both)
    begin = len(both.live.phones_at.capture)
    traffic = Traffic(both.callers[name], QUEUE)
    await traffic.keep_waiting(15, SERVED_PER_S, duration_s)
    await traffic.all_ended()
    capture = list(both.live.phones_at.capture)[begin:]
    return milliseconds(bye_to_next_invite(capture))


async def _idle(both: Rivals, name: str, duration_s: float) -> Figures:
    agents_work(both)
    arrivals = []
    for phone in both.live.phones.values():
        phone.calls.clear()
    traffic = Traffic(both.callers[name], QUEUE)
    await traffic.at_rate(5, duration_s)
    await traffic.all_ended()
    for phone in both.live.phones.values():
        arrivals += list(phone.calls)
    gaps = invite_to_invite(traffic.calls, arrivals)
    return {**milliseconds(list(gaps.values())), "failed_calls": traffic.failed()}
