"""The line between engine and Asterisk is cut or stalls, and Asterisk itself dies, under calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.proxy import TcpProxy
from tests.support.draft import MUSIC_HZ, Draft
from tests.support.floor import Floor, hear_packets, hears_only, opened
from tests.support.machine import about, ms_between

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
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
    run_dir = tmp_path_factory.mktemp("live")
    async with opened(DRAFT, run_dir, ari_proxy=proxy) as centre:
        yield centre


TALKERS, WAITERS = DRAFT.queue(3, strategy="linear"), DRAFT.queue(1)
RINGERS = DRAFT.queue(2, strategy="linear")


async def test_the_line_is_cut_for_ten_seconds(floor: Floor, proxy: TcpProxy) -> None:
    """The issue's figure. Talk goes on; ends, answers and arrivals of the time are caught up with."""
    agents = await floor.phones(TALKERS, media="tone:700")
    talks = [await floor.talking(TALKERS, agent, media="tone:440") for agent in agents]
    waiting = [await floor.call(WAITERS, media="silence") for _ in range(2)]
    at_first, at_second = await floor.phones(RINGERS, media="tone:800")
    rung = [await floor.call(RINGERS, media="tone:440") for _ in range(2)]
    picked_up, pending = await at_first.incoming(), await at_second.incoming()
    begin = floor.live.log_size()

    proxy.cut()
    await floor.live.engine_says("telephony lost", since=begin)
    gone, by_caller, by_agent = waiting[0], talks[0], talks[1]
    await hear_packets(waiting[1], 100)
    gone.hang_up()
    by_caller[0].hang_up()
    by_agent[1].hang_up()
    picked_up.answer()
    late = floor.place(WAITERS, media="silence")
    await hear_packets(waiting[1], 400)
    await late.wait_until_hears(MUSIC_HZ)
    for call, there in talks[2:]:
        await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    assert pending.pending
    begin = floor.live.log_size()
    proxy.mend()
    await floor.live.engine_says("telephony connected", since=begin)

    await asyncio.gather(by_caller[1].ended, by_agent[0].ended)
    await asyncio.gather(hears_only(rung[0], 800, MUSIC_HZ), picked_up.wait_until_hears(440))
    pending.answer()
    await asyncio.gather(hears_only(rung[1], 800, MUSIC_HZ), pending.wait_until_hears(440))
    agent = await floor.phone(WAITERS)
    for call in (waiting[1], late):
        there = await agent.incoming()
        assert there.caller_number == call.number
        await floor.pick_up(there)
        there.hang_up()
        await call.ended
        record = await floor.record(call)
        assert about(record.visit["wait_ms"], ms_between(call.sent_ns, there.answered.at_ns))
    assert (await floor.record(gone)).outcome == ("abandoned", "caller_hung_up")
    assert (await floor.record(by_caller[0])).talk["ended_by"] == "caller"
    assert (await floor.record(by_agent[0])).talk["ended_by"] == "agent"
    for call in rung:
        call.hang_up()
        assert len((await floor.record(call)).offers) == 1


STALLED = DRAFT.queue(2, strategy="linear")


async def test_the_line_stalls_and_flows_again(floor: Floor, proxy: TcpProxy) -> None:
    """Everything arrives late and in order: an answer, a hang-up before the bridge, a new call."""
    ann, bob = await floor.phones(STALLED, media="tone:700")
    first, second = [await floor.call(STALLED, media="tone:440") for _ in range(2)]
    at_ann, at_bob = await ann.incoming(), await bob.incoming()
    connections = proxy.connections
    proxy.freeze()
    at_ann.answer()
    second.hang_up()
    third = floor.place(STALLED, media="silence")
    await hear_packets(first, 100)
    assert at_bob.pending, "nobody could have told the phone to stop"
    assert not third.answered
    proxy.thaw()
    await asyncio.gather(hears_only(first, 700, MUSIC_HZ), at_ann.wait_until_hears(440))
    await at_bob.cancelled
    again = await bob.incoming()
    assert again.caller_number == third.number
    assert proxy.connections == connections, "a stall is no reason to reconnect"
    assert (await floor.record(second)).outcome == ("abandoned", "caller_hung_up")


DOOMED_TALK, DOOMED_WAIT = DRAFT.queue(), DRAFT.queue(0)
DOOMED_RING = DRAFT.queue(1, wrapup_s=0.2)
DOOMED_DIRECT = DRAFT.extension()


@pytest.mark.timeout(300)
async def test_asterisk_dies_and_comes_back(floor: Floor, proxy: TcpProxy) -> None:
    """The media are lost; the books are closed truthfully, agents are free, and new calls work."""
    ann, bob, carl = await floor.phones(DOOMED_TALK, DOOMED_RING, DOOMED_DIRECT, media="tone:700")
    talk, there = await floor.talking(DOOMED_TALK, ann, media="tone:440")
    waiter = await floor.call(DOOMED_WAIT)
    await waiter.answered
    rung = await floor.call(DOOMED_RING)
    at_bob = await bob.incoming()
    begin = floor.live.log_size()

    await floor.live.asterisk.kill()
    await floor.live.engine_says("telephony lost", since=begin)
    for party in (there, at_bob, talk, waiter, rung):
        party.abandon()
    begin = floor.live.log_size()
    await floor.live.asterisk.start()
    await floor.live.engine_says("telephony connected", since=begin)
    await floor.live.engine_says("watching the phones", since=begin)

    record = await floor.record(talk)
    assert (record.talk["ended_by"], record.call["ended_by"]) == ("lost", "lost")
    for call, offered in ((waiter, []), (rung, [(bob.user, "lost")])):
        record = await floor.record(call)
        assert record.outcome == ("missed", "lost")
        assert record.call["ended_by"] == "lost"
        assert record.offered() == offered

    # A contact that Asterisk kept over its death is asked at once whether it is still there; one that
    # was too young to be on disk is made anew by the phone.
    for phone in (ann, bob, carl):
        await phone.register()
    for queue, phone in ((DOOMED_TALK, ann), (DOOMED_RING, bob)):
        await floor.live.until_reachable(phone.user)
        call, again = await floor.talking(queue, phone, media="tone:440")
        await asyncio.gather(call.wait_until_hears(700), again.wait_until_hears(440))
        call.hang_up()
        assert (await floor.settled(call)).outcome == ("answered", "connected")
    direct = await floor.call(DOOMED_DIRECT, by=ann)
    await carl.incoming()
    direct.hang_up()
