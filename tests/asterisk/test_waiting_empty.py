"""Queues that empty while callers wait, or are empty when one comes (Q-08), with real phones."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from tests.support.draft import MUSIC_HZ, Draft, Queue
from tests.support.ear import Ear
from tests.support.floor import Floor, hear_packets
from tests.support.machine import within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-08"),
]

DRAFT = Draft()
BYE_HZ, AGENT_HZ = 1430, 2300
BYE = {"play": [DRAFT.tone(BYE_HZ, 0.6)]}
SETTLED_S = 30
"""For 15 s after the engine's start nobody counts as unregistered; and a good deal."""

Talk = tuple[OutgoingCall, IncomingCall]


def queue(members: Any, kind: str, **rules: list[str]) -> Queue:
    """Returns a queue with these rules; its failure destination is a tone."""
    return DRAFT.queue(members, kind=kind, strategy="linear", empty=rules, failure=BYE)


async def all_talk(floor: Floor, queue: Queue) -> tuple[list[Phone], list[Talk]]:
    """Has all agents of a queue talk, so that others wait."""
    phones = await floor.phones(queue, media=f"tone:{AGENT_HZ}")
    return phones, [await floor.talking(queue, phone, media="silence") for phone in phones]


async def two_wait(floor: Floor, queue: Queue) -> list[tuple[OutgoingCall, Ear]]:
    """Has two callers wait, and listens to them."""
    waiting = []
    for _ in range(2):
        call = await floor.call(queue, media="silence")
        waiting.append((call, Ear(call)))
    for call, _ in waiting:
        await call.wait_until_hears(MUSIC_HZ)
        await hear_packets(call, 20)
    return waiting


async def leave_in_order(
    floor: Floor, waiting: list[tuple[OutgoingCall, Ear]], seconds: float = 8
) -> None:
    """Waits until these callers have gone to the failure destination, the first in line first."""
    ids = []
    for call, ear in waiting:
        await call.ended.within(seconds)
        assert ear.stop().order(MUSIC_HZ, BYE_HZ) == [MUSIC_HZ, BYE_HZ]
        record = await floor.record(call)
        assert record.outcome == ("missed", "left_empty")
        ids.append(record.call["call_id"])
    rows = floor.live.facts.rows("routes_taken")
    assert [row["call_id"] for row in rows if row["call_id"] in ids] == ids
    assert {row["why"] for row in rows if row["call_id"] in ids} == {"visit_ended"}


async def refused(floor: Floor, queue: Queue) -> None:
    """A caller does not join, and hears at once why not."""
    call = floor.place(queue, media="silence")
    ear = Ear(call)
    await call.ended.within(40)
    assert ear.stop().order(MUSIC_HZ, BYE_HZ) == [BYE_HZ]
    record = await floor.record(call)
    assert record.outcome == ("missed", "join_empty")
    assert within(1_000, record.visit["wait_ms"])
    assert record.offers == ()


async def end(floor: Floor, talks: list[Talk]) -> None:
    """Talks were not disturbed by all that."""
    for call, there in talks:
        await call.wait_until_hears(AGENT_HZ)
        there.hang_up()
        await call.ended
    for call, _ in talks:
        assert (await floor.settled(call)).outcome == ("answered", "connected")


async def log_out(floor: Floor, phone: Phone, queue: Queue) -> None:
    await floor.dial_code(phone, f"*7{queue.number}")


async def pause(floor: Floor, phone: Phone, queue: Queue) -> None:
    await floor.dial_code(phone, f"*07{queue.number}")


async def unregister(_floor: Floor, phone: Phone, _queue: Queue) -> None:
    await phone.unregister()


async def come_back(floor: Floor, phone: Phone) -> None:
    await phone.register()
    await floor.live.until_reachable(phone.user)


LOGGED_OUT = queue(1, "dynamic", refuse=["logged_out"], leave=["logged_out"])


async def test_the_last_agent_logs_out(floor: Floor) -> None:
    """Nobody joins before somebody logs in; who waits leaves when the agent, who talks, logs out."""
    ann = await floor.phone(LOGGED_OUT, media=f"tone:{AGENT_HZ}")
    await refused(floor, LOGGED_OUT)
    await log_out(floor, ann, LOGGED_OUT)  # The code toggles: this is the log-in.
    _, talks = await all_talk(floor, LOGGED_OUT)
    waiting = await two_wait(floor, LOGGED_OUT)
    await log_out(floor, ann, LOGGED_OUT)
    await leave_in_order(floor, waiting)
    await refused(floor, LOGGED_OUT)
    await end(floor, talks)


PAUSED = queue(1, "static", refuse=["paused"], leave=["paused"])
UNREGISTERED = queue(1, "static", leave=["unregistered"])
MIXED = queue(2, "static", leave=["paused", "unregistered"])


async def test_the_last_agent_pauses(floor: Floor) -> None:
    """And comes back: who calls then joins, and is served."""
    (ann,), talks = await all_talk(floor, PAUSED)
    waiting = await two_wait(floor, PAUSED)
    await pause(floor, ann, PAUSED)
    await leave_in_order(floor, waiting)
    await refused(floor, PAUSED)
    await end(floor, talks)
    await pause(floor, ann, PAUSED)
    call, _ = await floor.talking(PAUSED, ann)
    call.hang_up()
    await floor.settled(call)


async def test_the_last_agent_unregisters_or_the_last_two_do_this_and_that(floor: Floor) -> None:
    """One paused, the other unregistered, both chosen: empty. While one is left, who waits waits on."""
    (cid,), other_talks = await all_talk(floor, UNREGISTERED)
    others = await two_wait(floor, UNREGISTERED)
    (ann, bob), talks = await all_talk(floor, MIXED)
    waiting = await two_wait(floor, MIXED)
    await pause(floor, ann, MIXED)
    for call, _ in waiting:
        await hear_packets(call, 10)
        await call.wait_until_hears(MUSIC_HZ)
    await unregister(floor, cid, UNREGISTERED)
    await unregister(floor, bob, MIXED)
    await leave_in_order(floor, waiting, SETTLED_S)
    await leave_in_order(floor, others, SETTLED_S)
    await end(floor, [*talks, *other_talks])
    await pause(floor, ann, MIXED)
    for phone in (bob, cid):
        await come_back(floor, phone)


IN_USE = queue(1, "static", refuse=["in_use"])


async def test_nobody_joins_while_the_only_agent_talks(floor: Floor) -> None:
    """Nor while the phone rings for somebody else; afterwards the next one does."""
    ann = await floor.phone(IN_USE, media=f"tone:{AGENT_HZ}")
    call = await floor.call(IN_USE, media="silence")
    there = await ann.incoming()
    await refused(floor, IN_USE)
    await floor.pick_up(there)
    await call.wait_until_hears(AGENT_HZ)
    await refused(floor, IN_USE)
    await end(floor, [(call, there)])
    call, there = await floor.talking(IN_USE, ann, media="silence")
    await call.wait_until_hears(AGENT_HZ)
    await end(floor, [(call, there)])


RUNG = queue(1, "static", leave=["paused"])


async def test_who_is_being_rung_for_is_not_sent_away(floor: Floor) -> None:
    """The agent pauses while the own phone rings: the offer ends, and then the caller leaves."""
    ann = await floor.phone(RUNG)
    call = await floor.call(RUNG, media="silence")
    there = await ann.incoming()
    ear = Ear(call)
    await hear_packets(call, 20)
    await pause(floor, ann, RUNG)
    assert (await there.cancelled).how == "cancel"
    await leave_in_order(floor, [(call, ear)])
    await pause(floor, ann, RUNG)
