"""One Asterisk for both contestants: Usher by one trunk, app_queue by another.

app_queue is configured as well as it can be: no leading Answer() (which alone waits up to 500 ms for
media), autofill, retry=1 (its smallest), no wrap-up, no announcements, busy members not rung.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from engine.adapters.render.modules import APP_QUEUE_MODULES
from scripts.lab.live import LiveCentre, plan
from scripts.lab.phones import Caller, SipEndpoint

QUEUE = "6400"

_QUEUES_CONF = """
[general]
autofill = yes
persistentmembers = no
shared_lastcall = no
[{queue}]
strategy = leastrecent
timeout = 20
retry = 1
wrapuptime = 0
ringinuse = no
autopause = no
joinempty = yes
leavewhenempty = no
musicclass = default
{members}
"""
_EXTENSIONS_CONF = """
[rival]
exten => {queue},1,Queue({queue},,,,300)
 same => n,Hangup()
"""
_PJSIP_CONF = """
[rival]
type = endpoint
context = rival
aors = rival
disallow = all
allow = ulaw,alaw
direct_media = no
[rival]
type = aor
contact = sip:{host}:{port}
[rival]
type = identify
endpoint = rival
match = {host}:{port}
"""


@dataclass(slots=True)
class Rivals:
    """A running centre, and from where each contestant's customers call."""

    live: LiveCentre
    callers: dict[str, Caller]
    outside: dict[str, SipEndpoint]


@contextlib.asynccontextmanager
async def rivals(run_dir: Path, agents: int, *, rtp_ports: int = 2000) -> AsyncIterator[Rivals]:
    """Opens a centre of so many agents, whose phones are registered, for both contestants."""
    numbers = [str(1001 + index) for index in range(agents)]
    sections = plan(
        extensions={number: {} for number in numbers},
        queues={
            QUEUE: {
                "name": "Benchmark",
                "members": [{"agent": number, "kind": "static"} for number in numbers],
            }
        },
    )
    async with SipEndpoint() as other:
        live = LiveCentre(run_dir, sections, rtp_ports=rtp_ports)
        members = "\n".join(f"member => PJSIP/{number}" for number in numbers)
        live.extra_files = {
            "modules.conf": "".join(f"load = {module}\n" for module in APP_QUEUE_MODULES),
            "queues.conf": _QUEUES_CONF.format(queue=QUEUE, members=members),
            "extensions.conf": _EXTENSIONS_CONF.format(queue=QUEUE),
            "pjsip.conf": _PJSIP_CONF.format(host=other.host, port=other.port),
        }
        async with live:
            for number in numbers:
                await live.phone(number)
            rival = Caller(other, "customer", server=live.sip)
            yield Rivals(
                live,
                {"usher": live.caller, "app_queue": rival},
                {"usher": live.outside, "app_queue": other},
            )
