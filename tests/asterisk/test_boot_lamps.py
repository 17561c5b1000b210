"""Lamp keys on the rendered dialplan: real SUBSCRIBE and NOTIFY, states set as the engine sets them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

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
from engine.adapters.render.lamps import patterns_of
from scripts.lab.asterisk import AsteriskServer, AsteriskUnavailable
from scripts.lab.phones import Phone as LabPhone
from scripts.lab.phones import SipEndpoint, SipRefused

pytestmark = [pytest.mark.asterisk, pytest.mark.real_time, pytest.mark.row("A-02")]

PASSWORD = "only-for-this-test"
AGENTS = tuple(str(1000 + each) for each in range(200))
QUEUES = tuple(str(6400 + each) for each in range(5))
REASONS = tuple(f"{each:02}" for each in range(1, 21))


def keys(agents: Sequence[str]) -> tuple[str, ...]:
    """As `lamps_of` makes them for members of all queues."""
    pairs = [f"{a}*{q}" for a in patterns_of(agents) for q in patterns_of(QUEUES)]
    reasons = ["", *(f"*{each}" for each in patterns_of(REASONS))]
    return (
        *(f"*7{pair}" for pair in pairs),
        *(f"*07{pair}{each}" for pair in pairs for each in reasons),
    )


class House:
    """An Asterisk with two phones, and the engine's way of setting lamps."""

    def __init__(self, server: AsteriskServer, inside: SipEndpoint) -> None:
        self.server = server
        self.sip = ("127.0.0.1", server.ports.sip)
        self._inside = inside
        token = base64.b64encode(f"usher:{PASSWORD}".encode()).decode()
        self.ari = aiohttp.ClientSession(
            f"http://127.0.0.1:{server.ports.http}/ari/",
            headers={"Authorization": f"Basic {token}"},
        )

    def phone(self, number: str) -> LabPhone:
        return LabPhone(self._inside, number, server=self.sip, password=f"pw-{number}")

    async def set(self, key: str, state: str) -> None:
        path = f"deviceStates/Stasis:{quote(key, safe='')}?deviceState={state}"
        async with self.ari.put(URL(path, encoded=True)) as answer:
            assert answer.status == 204, (key, answer.status)


async def configure(server: AsteriskServer, agents: Sequence[str]) -> None:
    ports = server.ports
    view = AsteriskView(
        ari=Listener(ports.http),
        ami=Listener(ports.ami),
        sip=Sip(port=ports.sip, qualify_s=0),
        rtp=RtpRange(ports.rtp_first, ports.rtp_last),
        phones=(Phone("1000", "Ann"), Phone("1001", "Ben")),
        trunks=(Trunk("carrier", "127.0.0.2", 5999, match=("127.0.0.2",)),),
        stasis=Stasis(retry_s=1),
        lamps=keys(agents),
    )
    phones = {number: f"pw-{number}" for number in ("1000", "1001")}
    site = Site(
        secrets=Secrets(ari=PASSWORD, ami=PASSWORD, phones=phones), directories=server.directories()
    )
    with ThreadPoolExecutor(1) as worker:
        await asyncio.wrap_future(worker.submit(render, view, server.etc, site))


@contextlib.asynccontextmanager
async def house(run_dir: Path) -> AsyncIterator[House]:
    try:
        server = AsteriskServer(run_dir)
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    await configure(server, AGENTS)
    async with server, SipEndpoint() as inside:
        made = House(server, inside)
        async with made.ari:
            yield made


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "asterisk") as made:
        yield made


@pytest.mark.parametrize(
    ("device", "shown"),
    [("NOT_INUSE", "terminated"), ("INUSE", "confirmed"), ("RINGING", "early")],
)
async def test_a_key_shows_what_the_engine_sets(home: House, device: str, shown: str) -> None:
    """Green, red, blinking; set before the phone asks, and after."""
    phone = home.phone("1000")
    for key in ("*71001*6400", "*071001*6400", "*071001*6400*01", "*071199*6404*20"):
        await home.set(key, device)
        lamp = phone.watch(key)
        await lamp.shows(shown)
        other = "INUSE" if device != "INUSE" else "NOT_INUSE"
        await home.set(key, other)
        await lamp.shows("confirmed" if other == "INUSE" else "terminated")
        await lamp.off()


@pytest.mark.parametrize(
    "key",
    ["*71200*6400", "*71001*6405", "*071001*6400*21", "*071001*6400*00", "*71001*6400*01", "*48"],
)
async def test_a_key_of_nobody_stays_dark(home: House, key: str) -> None:
    """It would be green if it could be watched."""
    with pytest.raises(SipRefused) as refused:
        await home.phone("1000").watch(key).on()
    assert refused.value.status == 404


async def test_a_phones_own_lamp_and_a_calls_way_are_as_before(home: House) -> None:
    lamp = home.phone("1000").watch("1001")
    await lamp.on()
    await lamp.shows("terminated")
    await lamp.off()
    dialled = await home.server.cli("dialplan show *71001*6400@usher-phones")
    assert "Stasis(usher,in" in dialled
    assert "hint" not in dialled


async def test_two_hundred_agents_in_five_queues(home: House) -> None:
    """A thousand keys are watched and change; a reload takes none of them away."""
    watched = [f"*7{agent}*{queue}" for agent in AGENTS for queue in QUEUES]
    for key in watched:
        await home.set(key, "NOT_INUSE")
    lamps = await home.phone("1000").watch_all(watched)
    for key in watched[::3]:
        await home.set(key, "INUSE")
    for number, lamp in enumerate(lamps):
        await lamp.shows("terminated" if number % 3 else "confirmed")

    await configure(home.server, (*AGENTS, "1200"))
    await home.server.cli("dialplan reload")
    added = home.phone("1001").watch("*71200*6400")
    await added.on()
    for key in watched[1::3]:
        await home.set(key, "RINGING")
    for lamp in lamps[1::3]:
        await lamp.shows("early")
    assert not any(lamp.over for lamp in lamps)
    assert {lamp.state for lamp in lamps[::3]} == {"confirmed"}


async def test_the_key_of_an_agent_who_leaves_goes_dark(home: House) -> None:
    phone = home.phone("1000")
    gone, stays = phone.watch("*71199*6400"), phone.watch("*71001*6400")
    await home.set("*71199*6400", "INUSE")
    await gone.shows("confirmed")
    await stays.on()

    await configure(home.server, AGENTS[:-1])
    await home.server.cli("dialplan reload")
    await gone.over.within(40)
    assert gone.state is None
    await home.set("*71001*6400", "INUSE")
    await stays.shows("confirmed")
    with pytest.raises(SipRefused):
        await phone.watch("*71199*6400").on()
