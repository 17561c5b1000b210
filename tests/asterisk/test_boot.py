"""A private Asterisk boots on the rendered configuration, keeps callers, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import pytest

from engine.adapters.render import (
    AsteriskView,
    Listener,
    Phone,
    RtpRange,
    Secrets,
    Sip,
    Site,
    Stasis,
    Trunk,
    render,
)
from scripts.lab.asterisk import AsteriskDied, AsteriskServer

pytestmark = [pytest.mark.asterisk, pytest.mark.real_time]

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "only-for-this-test"


def configure(server: AsteriskServer, *trunks: Trunk, stasis: Stasis | None = None) -> None:
    ports = server.ports
    view = AsteriskView(
        ari=Listener(ports.http),
        ami=Listener(ports.ami),
        sip=Sip(port=ports.sip, qualify_s=0),
        rtp=RtpRange(ports.rtp_first, ports.rtp_last),
        phones=(Phone("1001", "Ann"), Phone("1002", "Bob")),
        trunks=trunks,
        stasis=stasis or Stasis(retry_s=1),
    )
    secrets = Secrets(ari=PASSWORD, ami=PASSWORD, phones={"1001": "a" * 20, "1002": "b" * 20})
    # In a thread, as the engine does it: files are written.
    with ThreadPoolExecutor(1) as worker:
        site = Site(secrets=secrets, directories=server.directories())
        worker.submit(render, view, server.etc, site).result()


def text_of(path: str | Path) -> str:
    return Path(path).read_text()


def exists(path: str) -> bool:
    return Path(path).exists()


def authorization(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"usher:{password}".encode()).decode()}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[AsteriskServer]:
    server = AsteriskServer(tmp_path / "asterisk")
    configure(server)
    async with server:
        yield server


async def test_boots_without_a_complaint(server: AsteriskServer) -> None:
    """Every module that is asked for loads, and no file that it looks for is missing."""
    log = text_of(server.log / "messages.log")

    assert not re.findall(r".*(?:WARNING|ERROR).*", log)
    assert "22." in await server.cli("core show version")
    assert "app_queue" not in await server.cli("module show")
    assert "2 hints registered" in await server.cli("core show hints")
    assert server.cpu_ms() > 0


def listening_addresses(pid: int) -> list[str]:
    """Returns the bound addresses, in the kernel's hexadecimal, of a process's listening sockets."""
    entries = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # Closed between the two looks.
            entries.append(str(entry.readlink()))
    sockets = {re.sub(r"\D", "", entry) for entry in entries if entry.startswith("socket:")}
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            # State 0A is a listening TCP socket, 07 an unconnected UDP socket.
            # PJSIP's name resolver keeps a UDP socket of its own on a port that the kernel chose: a
            # client, not a service.
            chosen = fields[3] == "07" and int(fields[1].rpartition(":")[2], 16) >= 32_768
            if fields[9] in sockets and fields[3] in {"0A", "07"} and not chosen:
                found.append(fields[1])
    return found


async def test_listens_on_the_loopback_interface_only(server: AsteriskServer) -> None:
    """Nobody outside this machine can reach any of its ports."""
    assert server.pid is not None
    addresses = listening_addresses(server.pid)

    assert {int(address.rpartition(":")[2], 16) for address in addresses} >= {
        server.ports.sip,
        server.ports.http,
        server.ports.ami,
    }
    assert [address for address in addresses if not address.startswith("0100007F:")] == []


async def test_ari_wants_its_password(server: AsteriskServer) -> None:
    """The right password opens ARI, a wrong one does not."""
    url = f"http://127.0.0.1:{server.ports.http}/ari/asterisk/info"
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers=authorization(PASSWORD)) as answer:
            assert answer.status == 200
        async with session.get(url, headers=authorization("usher")) as answer:
            assert answer.status == 401


async def test_two_run_side_by_side(server: AsteriskServer, tmp_path: Path) -> None:
    """A second one takes other ports and directories; stopping it leaves the first alone."""
    other = AsteriskServer(tmp_path / "other")
    configure(other)
    async with other:
        assert other.ports.sip != server.ports.sip
        assert other.pid != server.pid
        assert "22." in await other.cli("core show version")

    assert "22." in await server.cli("core show version")


async def test_stop_leaves_nothing(tmp_path: Path) -> None:
    """No process, no mount, no listening port remains."""
    server = AsteriskServer(tmp_path / "asterisk")
    configure(server)
    await server.start()
    pid = server.pid
    await server.stop()

    assert not exists(f"/proc/{pid}")
    assert str(tmp_path) not in text_of("/proc/mounts")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.ports.http)) != 0


async def test_starts_again_after_a_crash(server: AsteriskServer) -> None:
    """After SIGKILL the same server starts again on the same ports."""
    ports = server.ports
    await server.kill()
    assert not server.running
    await server.start()

    assert server.ports == ports
    assert "22." in await server.cli("core show version")


async def test_a_broken_configuration_says_what_is_wrong(tmp_path: Path) -> None:
    """A server that cannot boot raises with Asterisk's own words instead of hanging."""
    server = AsteriskServer(tmp_path / "asterisk")
    configure(server)
    (server.etc / "modules.conf").write_text("[modules]\nrequire = no_such_module.so\n")

    with pytest.raises(AsteriskDied, match="no_such_module"):
        await server.start()
    assert server.pid is None
    await server.stop()


CHILD = """
import asyncio, pathlib, sys
from tests_boot import configure
from scripts.lab.asterisk import AsteriskServer

async def main():
    server = AsteriskServer(pathlib.Path(sys.argv[1]))
    configure(server)
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """kill -9 of a test run or a demo leaves no Asterisk behind."""
    (tmp_path / "tests_boot.py").write_text(text_of(__file__))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(tmp_path / "asterisk")),
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"},
    )
    assert child.stdout is not None
    pid = int(await child.stdout.readline())
    watch = os.pidfd_open(pid)
    try:
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(watch, gone.set)
        child.send_signal(signal.SIGKILL)
        async with asyncio.timeout(40):
            await gone.wait()
    finally:
        asyncio.get_running_loop().remove_reader(watch)
        os.close(watch)
        await child.wait()


class Caller(asyncio.DatagramProtocol):
    """A SIP caller that can do just this: send an INVITE, and remember what it is answered."""

    def __init__(self) -> None:
        self.finals: asyncio.Queue[int] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.transport: asyncio.DatagramTransport | None = None
        self.port = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator[Caller]:
        caller = cls()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: caller, local_addr=("127.0.0.1", 0)
        )
        caller.transport = transport
        caller.port = transport.get_extra_info("sockname")[1]
        try:
            yield caller
        finally:
            transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        first, _, rest = data.decode().partition("\r\n")
        if first.startswith("BYE"):
            self._send("SIP/2.0 200 OK", self._copied(rest), addr[1])
            self.ended.set()
        elif first.startswith("SIP/2.0 ") and int(first.split()[1]) >= 200:
            call_to = re.search(r"^To: .*", rest, re.MULTILINE)
            assert call_to is not None
            self._send(
                f"ACK {self.uri} SIP/2.0",
                [*self._own("ACK", call_to[0].removeprefix("To: ").strip())],
                addr[1],
            )
            self.finals.put_nowait(int(first.split()[1]))

    def call(self, port: int, number: str) -> None:
        self.uri = f"sip:{number}@127.0.0.1:{port}"
        self.call_id = f"{number.encode().hex()}-{self.port}"
        body = "\r\n".join(
            [
                *("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"),
                *("m=audio 40000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", ""),
            ]
        )
        headers = [*self._own("INVITE", f"<{self.uri}>"), "Content-Type: application/sdp"]
        self._send(f"INVITE {self.uri} SIP/2.0", headers, port, body)

    def _own(self, method: str, call_to: str) -> list[str]:
        return [
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{self.call_id[-24:]}{method[0]}",
            f"From: <sip:5551234@127.0.0.1:{self.port}>;tag=caller",
            f"To: {call_to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:5551234@127.0.0.1:{self.port}>",
            "Max-Forwards: 70",
        ]

    def _copied(self, rest: str) -> list[str]:
        return re.findall(r"^(?:Via|From|To|Call-ID|CSeq): .*?(?=\r?$)", rest, re.MULTILINE)

    def _send(self, first: str, headers: list[str], port: int, body: str = "") -> None:
        lines = [first, *headers, f"Content-Length: {len(body)}", "", body]
        assert self.transport is not None
        self.transport.sendto("\r\n".join(lines).encode(), ("127.0.0.1", port))


@contextlib.asynccontextmanager
async def application(server: AsteriskServer) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connects as the engine would."""
    url = f"http://127.0.0.1:{server.ports.http}/ari/events?app=usher"
    async with (
        aiohttp.ClientSession(headers=authorization(PASSWORD)) as session,
        session.ws_connect(url) as websocket,
    ):
        yield websocket


async def arrival(websocket: aiohttp.ClientWebSocketResponse) -> dict:
    async with asyncio.timeout(40):
        while True:
            event = json.loads((await websocket.receive()).data)
            if event["type"] == "StasisStart":
                return event


async def final(caller: Caller) -> int:
    async with asyncio.timeout(40):
        return await caller.finals.get()


async def test_hands_over_what_was_dialled_unanswered_and_verbatim(tmp_path: Path) -> None:
    """The engine sees every dialled string as it is, and decides itself whether to answer."""
    strings = {
        "6400": "6400",
        "+493012345": "+493012345",
        "*071001*6400*01": "*071001*6400*01",
        "%23%2A": "#*",
        "s": "s",
        "alice.smith": "alice.smith",
        "6400%2C1%2CHangup": "6400,1,Hangup",
        "9%26PJSIP%2F1001": "9&PJSIP/1001",
        "6400;x=y": "6400;x=y",
        "1001": "1001",
    }
    async with Caller.open() as caller:
        server = AsteriskServer(tmp_path / "asterisk")
        configure(server, trunk_of(caller))
        async with server, application(server) as websocket:
            for dialled, seen in strings.items():
                caller.call(server.ports.sip, dialled)
                event = await arrival(websocket)
                assert event["args"] == ["in", "carrier"]
                assert event["channel"]["dialplan"]["exten"] == seen
                assert event["channel"]["state"] == "Ring"
            assert caller.finals.empty()


async def test_refuses_what_could_be_an_expression(tmp_path: Path) -> None:
    """A dialled `${...}` is not an extension here, so nothing ever expands it."""
    async with Caller.open() as caller:
        server = AsteriskServer(tmp_path / "asterisk")
        configure(server, trunk_of(caller))
        async with server, application(server):
            caller.call(server.ports.sip, "%24%7BGLOBAL%28x%29%7D")
            assert await final(caller) == 404


async def test_refuses_strangers(server: AsteriskServer) -> None:
    """A caller who is neither a trunk's nor a phone with a password is challenged, not served."""
    async with Caller.open() as caller, application(server):
        caller.call(server.ports.sip, "6400")
        assert await final(caller) == 401


async def test_trunks_behind_one_address_are_told_apart_by_port(tmp_path: Path) -> None:
    """Each call is the call of the trunk from whose port it comes."""
    async with Caller.open() as first, Caller.open() as second:
        server = AsteriskServer(tmp_path / "asterisk")
        configure(server, trunk_of(first), trunk_of(second, "other"))
        async with server, application(server) as websocket:
            second.call(server.ports.sip, "6400")
            assert (await arrival(websocket))["args"] == ["in", "other"]
            first.call(server.ports.sip, "6400")
            assert (await arrival(websocket))["args"] == ["in", "carrier"]


async def test_keeps_callers_until_the_engine_is_there(tmp_path: Path) -> None:
    """Before the first connection and after a lost one, callers are answered and handed over later."""
    async with Caller.open() as caller, Caller.open() as late:
        server = AsteriskServer(tmp_path / "asterisk")
        configure(server, trunk_of(caller), trunk_of(late, "other"))
        async with server:
            caller.call(server.ports.sip, "6400")
            assert await final(caller) == 200
            async with application(server) as websocket:
                event = await arrival(websocket)
                assert event["channel"]["dialplan"]["exten"] == "6400"
                assert event["channel"]["state"] == "Up"
            # The connection is lost now; the first caller stays with the application.
            late.call(server.ports.sip, "6401")
            assert await final(late) == 200
            async with application(server) as websocket:
                event = await arrival(websocket)
                assert event["channel"]["dialplan"]["exten"] == "6401"
            channels = await server.cli("core show channels concise")
            assert len(channels.splitlines()) == 2
            assert not caller.ended.is_set()


async def test_apologises_when_the_engine_stays_away(tmp_path: Path) -> None:
    """The keeping is bounded: after it the caller hears an apology and the call ends."""
    async with Caller.open() as caller:
        server = AsteriskServer(tmp_path / "asterisk")
        configure(server, trunk_of(caller), stasis=Stasis(keep_s=1, retry_s=1))
        async with server:
            caller.call(server.ports.sip, "6400")
            assert await final(caller) == 200
            async with asyncio.timeout(40):
                await caller.ended.wait()
        log = text_of(server.log / "messages.log")

    assert "does not exist in any format" not in log


def trunk_of(caller: Caller, name: str = "carrier") -> Trunk:
    return Trunk(name, "127.0.0.1", caller.port, match=(f"127.0.0.1:{caller.port}",))
