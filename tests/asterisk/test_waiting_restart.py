"""Callers who wait with announcements while the engine dies or loses its line to Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from engine.core import speech
from scripts.lab.live import LiveCentre
from scripts.lab.proxy import TcpProxy
from tests.support.draft import MUSIC_HZ, Draft
from tests.support.ear import Ear, overlaps
from tests.support.floor import Floor, hear_packets, hears_only, opened
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()
JOIN_HZ, ANNOUNCED_HZ, BYE_HZ, AGENT_HZ, CALLER_HZ = 620, 810, 1430, 2300, 2700


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy() -> AsyncIterator[TcpProxy]:
    """Stands between the engine and Asterisk's web server."""
    async with TcpProxy() as proxy:
        yield proxy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(
    proxy: TcpProxy, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveCentre]:
    """The centre whose engine speaks to Asterisk through the proxy."""
    async with opened(DRAFT, tmp_path_factory.mktemp("live"), ari_proxy=proxy) as centre:
        yield centre


async def killed(floor: Floor, _proxy: TcpProxy) -> None:
    """Kill -9, and the next process."""
    await floor.live.kill_engine()
    await floor.live.start_engine()


async def line_cut(floor: Floor, proxy: TcpProxy) -> None:
    """The connection is reset, and made again as soon as the engine knows of it."""
    begin = floor.live.log_size()
    proxy.cut()
    await floor.live.engine_says("telephony lost", since=begin)
    proxy.mend()
    await floor.live.engine_says("telephony connected", since=begin)


How = Callable[[Floor, TcpProxy], Awaitable[None]]


class Outage:
    """An outage that comes when all scenes are ready for it, once."""

    def __init__(self, floor: Floor, proxy: TcpProxy, how: How, scenes: int) -> None:
        self.floor = floor
        self._proxy = proxy
        self._how = how
        self._barrier = asyncio.Barrier(scenes)

    async def comes(self) -> None:
        """Returns when it is over."""
        if await self._barrier.wait() == 0:
            await self._how(self.floor, self._proxy)
        await self._barrier.wait()


@pytest.mark.parametrize("how", [killed, line_cut], ids=["killed", "line cut"])
@pytest.mark.row("P-01", "P-04", "P-05", "P-06", "P-11", "Q-10")
async def test_waiting_goes_on_across_an_outage(floor: Floor, proxy: TcpProxy, how: How) -> None:
    """Amid an announcement, amid a join prompt that phones wait for, and while places are told."""
    scenes = (amid_announcements, amid_the_join_prompt, places_are_kept)
    outage = Outage(floor, proxy, how, len(scenes))
    async with asyncio.TaskGroup() as together:
        for scene in scenes:
            together.create_task(scene(outage, how))


WAITED = {
    each: DRAFT.queue(
        1,
        kind="dynamic",
        announcements={
            "queue": [DRAFT.tone(ANNOUNCED_HZ, 1.5)],
            "queue_every_s": 5,
            "join": [DRAFT.tone(JOIN_HZ, 0.6)],
        },
        key_events={"1": {"play": [DRAFT.tone(BYE_HZ)]}},
    )
    for each in (killed, line_cut)
}


async def amid_announcements(outage: Outage, how: How) -> None:
    """Music goes on, so do announcements at their time, keys count, and the line keeps its order. Nobody
    is welcomed a second time.
    """
    floor, queue = outage.floor, WAITED[how]
    calls = [await floor.call(queue, media=f"tone:{CALLER_HZ}") for _ in range(3)]
    ears = [Ear(call) for call in calls]
    await asyncio.gather(*(call.wait_until_hears(ANNOUNCED_HZ, seconds=40) for call in calls))
    await hear_packets(calls[-1], 15)
    await outage.comes()
    for call in calls:
        await hears_only(call, MUSIC_HZ, ANNOUNCED_HZ, seconds=40)
    await asyncio.gather(*(call.wait_until_hears(ANNOUNCED_HZ, seconds=40) for call in calls))
    await hear_packets(calls[-1], 15)
    first, by_key, last = calls
    await by_key.send_dtmf("1")
    await by_key.ended

    ann = await floor.phone(queue, media=f"tone:{AGENT_HZ}")
    await floor.dial_code(ann, f"*7{queue.number}")
    for call in (first, last):
        there = await ann.incoming()
        assert there.caller_number == call.number
        await floor.pick_up(there)
        await asyncio.gather(
            hears_only(call, AGENT_HZ, MUSIC_HZ, ANNOUNCED_HZ), there.wait_until_hears(CALLER_HZ)
        )
        call.hang_up()
        assert (await floor.settled(call)).outcome == ("answered", "connected")
    assert (await floor.record(by_key)).outcome == ("missed", "key_event")
    for ear in ears:
        heard = ear.stop().heard(MUSIC_HZ, ANNOUNCED_HZ, JOIN_HZ)
        assert [each.hertz for each in heard].count(JOIN_HZ) <= 1
        assert [each.hertz for each in heard].count(ANNOUNCED_HZ) >= 2
        assert overlaps(heard) == []


WELCOMED = {
    each: DRAFT.queue(
        1, announcements={"join": [DRAFT.tone(JOIN_HZ + 500, 20.0)], "join_first": True}
    )
    for each in (killed, line_cut)
}


async def amid_the_join_prompt(outage: Outage, how: How) -> None:
    """Whether it was heard to its end is not known: it counts as heard, and the phone rings."""
    floor, queue, hertz = outage.floor, WELCOMED[how], JOIN_HZ + 500
    ann = await floor.phone(queue, media=f"tone:{AGENT_HZ}")
    call = await floor.call(queue, media=f"tone:{CALLER_HZ}")
    await call.wait_until_hears(hertz)
    assert not ann.calls
    await outage.comes()
    there = await ann.incoming(12)  # Long before the prompt would have ended.
    await hears_only(call, MUSIC_HZ, hertz)
    await floor.pick_up(there)
    await asyncio.gather(
        hears_only(call, AGENT_HZ, MUSIC_HZ, hertz), there.wait_until_hears(CALLER_HZ)
    )
    call.hang_up()
    record = await floor.settled(call)
    assert record.offered() == [(ann.user, "answered")]


PLACES = DRAFT.queue(0, announcements={"position": True, "progress_every_s": 5})
WAITERS = [DRAFT.extension() for _ in range(3)]


async def places_are_kept(outage: Outage, _how: How) -> None:
    """The place that is told is the one in the line; who leaves meanwhile is not counted."""
    floor = outage.floor
    phones = await floor.phones(*WAITERS)
    prompts = Prompts(floor.live)
    await (
        prompts.listen()
    )  # An engine behind a proxy leaves Asterisk's files alone: it is heard on.
    begin = prompts.mark()
    calls = [await floor.call(PLACES, by=phone, media="silence") for phone in phones]
    await prompts.until(phones[1].user, begin, speech.position("en", 2)[:1])
    await outage.comes()
    since = prompts.mark()
    calls[0].hang_up()
    for place, phone in enumerate(phones[1:], 1):
        await prompts.until(phone.user, since, speech.position("en", place)[:3])
    for call in calls[1:]:
        call.hang_up()
    for call in calls:
        await floor.record(call)
