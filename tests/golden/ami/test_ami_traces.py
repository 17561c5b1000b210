"""Recorded from Asterisk 22.10.1 through the adapter itself; what it posts for that must not change.

A trace (`*.ami`) holds all bytes that Asterisk sent on one connection, with its action ids made
short; `*.said` holds the inputs that follow. To accept a change, delete the `.said` file, run the test
(it fails, having written the new one) and read the difference in git.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import pytest

from engine.adapters.ami import AmiPresence
from engine.core.ids import NodeId
from engine.core.inputs import PhoneReachable

pytestmark = [pytest.mark.golden, pytest.mark.real_time]

TRACES = sorted(Path(__file__).parent.glob("*.ami"))
_ACTION_ID = re.compile(rb"ActionID: (\S+)")


class Replay:
    """Answers each action with what Asterisk answered to the one in its place.

    What came by itself after the last answer follows the first Ping: the full picture is drawn then.
    """

    def __init__(self, trace):
        banner, end, rest = trace.partition(b"\r\n")
        self.banner = banner + end
        self.answers = []
        self.afterwards = b""
        recorded = None
        for block in rest.split(b"\r\n\r\n")[:-1]:
            message = block.lstrip(b"\r\n") + b"\r\n\r\n"
            found = _ACTION_ID.search(message)
            if found and found[1] != recorded:
                recorded = found[1]
                self.answers.append(b"")
            if self.answers and b"EventList: Complete" in self.answers[-1]:
                self.afterwards += message
            else:
                self.answers[-1] += message

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            writer.write(self.banner)
            for answer in self.answers:
                action = await reader.readuntil(b"\r\n\r\n")
                found = _ACTION_ID.search(action)
                writer.write(_ACTION_ID.sub(found[0], answer))
            ping = _ACTION_ID.search(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"Response: Success\r\n%b\r\nPing: Pong\r\n\r\n" % ping[0])
            writer.write(self.afterwards)
            await reader.read()
        writer.close()


def shown(happened):
    if isinstance(happened, PhoneReachable):
        return f"{happened.endpoint} {'reachable' if happened.reachable else 'unreachable'}"
    return f"{happened.endpoint} {happened.state}"


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
async def test_what_is_said_of_a_trace(path):
    posted = []
    server = await asyncio.start_server(Replay(path.read_bytes()).serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    presence = AmiPresence(
        NodeId("n"), "127.0.0.1", port, "usher", "s3cret", posted.append, ping_interval_ms=1
    )

    async with server, asyncio.timeout(10):
        why = await presence._one_connection()
    assert str(why).endswith("Asterisk is shutting down")
    assert presence.nonsense == {}
    said = "".join(f"{shown(happened)}\n" for happened in posted)
    expected = path.with_suffix(".said")
    if not expected.exists():
        expected.write_text(said)
        pytest.fail(f"{expected.name} was missing and is written now: read it, then run again")
    assert said == expected.read_text()


def test_there_are_traces():
    assert TRACES
