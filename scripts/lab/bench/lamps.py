"""A thousand lamps (200 agents x 5 queues): how soon they are right, and what they cost the callers.

start: every state is made wrong while the engine is away; from the new process's start to the last
lamp right. change: from a service's request to the NOTIFY at the phone that watches. dispatch: 60
idle agents, 5 calls/s, from a caller's INVITE to the agent's; quiet, and while 200 others dial `*77`
within a minute, each of which changes five watched lamps.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from scripts.lab.bench.figures import Figures, milliseconds
from scripts.lab.bench.traffic import Traffic
from scripts.lab.live import LiveCentre, plan
from scripts.lab.phones import Lamp, OutgoingCall, Phone, behaviour
from scripts.lab.phones.compat import override
from scripts.lab.phones.measure import invite_to_invite

AGENTS: Final = [str(2001 + index) for index in range(200)]
QUEUES: Final = [str(6401 + index) for index in range(5)]
SERVERS: Final = [str(1001 + index) for index in range(60)]
SERVED: Final = "6400"
WATCHER: Final = "1900"
RATE: Final = 5.0
ANSWER_MS: Final = 50
TALK_MS: Final = 800
AT_ONCE: Final = 20

OUT: Final = "confirmed"
IN: Final = "terminated"
"""What a lamp of a log-in shows."""


async def run(*, quick: bool) -> Figures:
    """Measures all three on one centre."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as scratch:
        live = LiveCentre(Path(scratch), sections(), rtp_ports=4000)
        async with live:
            watcher = await live.phone(WATCHER)
            keys = [f"*7{agent}*{queue}" for agent in AGENTS for queue in QUEUES]
            lamps = await watcher.watch_all(keys, seconds=30)
            await _all_show(lamps, OUT)
            start = await _start(live, lamps)
            change = await _change(live, lamps, 40 if quick else 400)
            dispatch = await _dispatch(live, lamps, 8.0 if quick else 60.0)
    return {"lamps": len(lamps), "start": start, "change": change, "dispatch": dispatch}


def sections() -> Figures:
    """Returns the configuration: the agents of the lamps, and others who serve the calls."""
    numbers = [*SERVERS, WATCHER, *AGENTS]
    queues = {
        number: {"name": f"Queue {number}", "members": [{"agent": each} for each in AGENTS]}
        for number in QUEUES
    }
    members = [{"agent": each, "kind": "static"} for each in SERVERS]
    queues[SERVED] = {"name": "Benchmark", "members": members}
    return plan(
        extensions={number: {} for number in numbers},
        queues=queues,
        settings={"control_socket": True},
    )


async def _all_show(lamps: Sequence[Lamp], state: str) -> None:
    for lamp in lamps:
        await lamp.shows(state, 60)  # type: ignore[arg-type]


async def _start(live: LiveCentre, lamps: Sequence[Lamp]) -> Figures:
    """All agents are logged out, so all lamps are red; they are made green."""
    await live.stop_engine()
    await _make_wrong(live, [lamp.number for lamp in lamps])
    await _all_show(lamps, IN)
    begin_ns = time.monotonic_ns()
    await live.start_engine()
    await _all_show(lamps, OUT)
    changed = [lamp.history[-1].at_ns for lamp in lamps]
    return {
        "process_to_all_right_ms": round((max(changed) - begin_ns) / 1e6),
        "first_to_last_ms": round((max(changed) - min(changed)) / 1e6),
    }


async def _make_wrong(live: LiveCentre, keys: Sequence[str]) -> None:
    password = (live.run_dir / "secrets" / "ari").read_text(encoding="utf-8")
    token = b64encode(f"usher:{password}".encode()).decode()
    base = f"http://127.0.0.1:{live.asterisk.ports.http}/ari/"
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {token}"}) as session:
        for key in keys:
            path = f"{base}deviceStates/Stasis:{quote(key, safe='')}?deviceState=NOT_INUSE"
            async with session.put(URL(path, encoded=True)) as answer:
                answer.raise_for_status()


async def _change(live: LiveCentre, lamps: Sequence[Lamp], count: int) -> Figures:
    reader, writer = await asyncio.open_unix_connection(str(live.data / "control.sock"))
    took: list[int] = []
    try:
        for index in range(count):
            lamp = lamps[index * 7 % len(lamps)]
            agent, _, queue = lamp.number.removeprefix("*7").partition("*")
            wanted = OUT if lamp.state == IN else IN
            request = {"do": "change_agent", "agent": agent, "queue": queue}
            request["action"] = "log_in" if wanted == IN else "log_out"
            begin_ns = time.monotonic_ns()
            writer.write(json.dumps(request).encode() + b"\n")
            answer = json.loads(await reader.readline())
            if not answer["ok"]:
                raise RuntimeError(f"the engine refused: {answer['why']}")
            took.append((await lamp.shows(wanted)).at_ns - begin_ns)  # type: ignore[arg-type]
        for lamp in lamps:  # As they were.
            if lamp.state == IN:
                agent, _, queue = lamp.number.removeprefix("*7").partition("*")
                request = {"do": "change_agent", "agent": agent, "queue": queue}
                writer.write(json.dumps({**request, "action": "log_out"}).encode() + b"\n")
                await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()
    await _all_show(lamps, OUT)
    return milliseconds(took)


@dataclass(slots=True)
class LogIns(Traffic):
    """Each agent's phone dials `*77` once."""

    phones: list[Phone] = field(default_factory=list)

    @override
    def place(self) -> OutgoingCall:
        """The next agent dials."""
        call = self.phones[len(self.calls)].place("*77")
        self.calls.append(call)
        return call


async def _dispatch(live: LiveCentre, lamps: Sequence[Lamp], duration_s: float) -> Figures:
    await _phones(live, AGENTS)
    servers = await _phones(live, SERVERS)
    for phone in servers:
        phone.behaviour = behaviour.auto_answer(ANSWER_MS, TALK_MS)
    agents = [live.phones[number] for number in AGENTS]
    logins = LogIns(live.caller, "", phones=agents)
    quiet = await _idle(live, servers, duration_s)
    shift, _ = await asyncio.gather(
        _idle(live, servers, duration_s), logins.at_rate(len(agents) / duration_s, duration_s)
    )
    await _all_show(lamps, IN)
    for call in logins.calls:
        await call.ended.within(30)
    confirmed = sum(bool(call.answered) for call in logins.calls)
    return {"quiet": quiet, "shift_start": shift, "log_ins_confirmed": confirmed}


async def _phones(live: LiveCentre, numbers: Sequence[str]) -> list[Phone]:
    found: list[Phone] = []
    for begin in range(0, len(numbers), AT_ONCE):
        some = numbers[begin : begin + AT_ONCE]
        found += await asyncio.gather(*(live.phone(number) for number in some))
    return found


async def _idle(live: LiveCentre, servers: Sequence[Phone], duration_s: float) -> Figures:
    for phone in servers:
        phone.calls.clear()
    traffic = Traffic(live.caller, SERVED)
    await traffic.at_rate(RATE, duration_s)
    await traffic.all_ended()
    arrivals = [call for phone in servers for call in phone.calls]
    gaps = invite_to_invite(traffic.calls, arrivals)
    return {**milliseconds(list(gaps.values())), "failed_calls": traffic.failed()}
