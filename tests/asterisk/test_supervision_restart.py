"""Supervisors on talks while the engine dies, the line is cut, and Asterisk itself dies (S-02)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.proxy import TcpProxy
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor, opened
from tests.support.rooms import (
    BARGE,
    HEARD_IN,
    KEYS,
    LISTEN,
    MODES,
    NOBODY_MONITORS,
    WHISPER,
    Room,
    open_room,
    spells,
)

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-02"),
]

DRAFT = Draft()


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


async def kill_and_start(
    floor: Floor, _: TcpProxy, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    await floor.live.kill_engine()
    await meanwhile()
    await floor.live.start_engine()


async def cut_and_mend(
    floor: Floor, proxy: TcpProxy, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    begin = floor.live.log_size()
    proxy.cut()
    await floor.live.engine_says("telephony lost", since=begin)
    await meanwhile()
    begin = floor.live.log_size()
    proxy.mend()
    await floor.live.engine_says("telephony connected", since=begin)


Outage = Callable[[Floor, TcpProxy, Callable[[], Awaitable[None]]], Awaitable[None]]

ROOMS = [
    (DRAFT.queue(1, managers=[boss]), boss, mode)
    for mode, boss in ((mode, DRAFT.extension()) for mode in (*MODES, *MODES))
]
NEXT = {LISTEN: WHISPER, WHISPER: BARGE, BARGE: LISTEN}


@pytest.mark.row("Q-10")
@pytest.mark.parametrize("outage", [kill_and_start, cut_and_mend])
async def test_an_outage_lets_nobody_hear_more(
    floor: Floor, proxy: TcpProxy, outage: Outage
) -> None:
    """In each mode one talk goes on, with a key that nobody took notice of; and one ends.

    Whoever is in a talk still hears whom the record says; the others are let go, soon.
    """
    rooms = await asyncio.gather(*(supervised(floor, *each) for each in ROOMS))
    modes = [mode for _, _, mode in ROOMS]
    going_on, ending = list(zip(rooms, modes, strict=True))[:3], rooms[3:]
    by_boss, by_agent, by_caller = ending
    asked = {room: floor.count("monitors", agent_id=room.agent) for room in rooms}

    async def meanwhile() -> None:
        for room in rooms:
            assert room.boss is not None
            await room.boss.send_dtmf(KEYS[NEXT[modes[rooms.index(room)]]])
        await asyncio.gather(*(room.until(HEARD_IN[mode]) for room, mode in going_on))
        assert by_boss.boss is not None
        by_boss.leave()
        by_agent.there.hang_up()
        by_caller.call.hang_up()
        await asyncio.gather(by_boss.boss.ended, by_agent.there.ended, by_caller.call.ended)

    await outage(floor, proxy, meanwhile)
    await asyncio.gather(
        by_boss.until(NOBODY_MONITORS),
        by_agent.call.ended,
        by_caller.there.ended,
        *(room.boss.ended for room in (by_agent, by_caller) if room.boss is not None),
    )
    for room in ending:
        assert room.boss is not None
        assert len(await spells(floor, room.boss)) == 1
    for room, mode in going_on:
        assert floor.count("monitors", agent_id=room.agent) == asked[room]
        await room.until(HEARD_IN[mode])
    await asyncio.gather(*(room.switch(mode, NEXT[mode]) for room, mode in going_on))


async def supervised(floor: Floor, queue: Queue, boss: str, mode: str) -> Room:
    """A talk that somebody monitors."""
    room = await open_room(floor, queue)
    await room.supervise(await floor.phone(boss), mode)
    await room.until(HEARD_IN[mode])
    return room


RECORDED_BOSS = DRAFT.extension()
RECORDED = DRAFT.queue(1, managers=[RECORDED_BOSS], recording={})


@pytest.mark.row("S-04", "Q-10")
async def test_asterisk_dies(floor: Floor) -> None:
    """The monitoring and the recording are over at once; the recording is not to be relied upon."""
    room = await supervised(floor, RECORDED, RECORDED_BOSS, WHISPER)
    begin = floor.live.log_size()
    await floor.live.asterisk.kill()
    await floor.live.engine_says("telephony lost", since=begin)
    assert room.boss is not None
    for party in (room.call, room.there, room.boss):
        party.abandon()
    floor.forgiven.append("recording_failed")
    begin = floor.live.log_size()
    await floor.live.asterisk.start()
    await floor.live.engine_says("telephony connected", since=begin)
    assert await spells(floor, room.boss) == [WHISPER]
    record = await floor.record(room.call)
    assert record.talk["ended_by"] == "lost"
    (row,) = await floor.rows("recordings", 1, call_id=record.call["call_id"])
    assert (row["ok"], row["why"]) == (False, "Asterisk was restarted")
    assert row["ended_at_ms"] is not None
