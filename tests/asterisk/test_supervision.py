"""Supervisors listen, whisper and barge: who hears whom, by ear, with real phones (S-02)."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.support.draft import MUSIC_HZ, Draft, Queue
from tests.support.floor import Floor
from tests.support.rooms import (
    BARGE,
    CODES,
    HEARD_IN,
    KEYS,
    LISTEN,
    MODES,
    NOBODY_MONITORS,
    WHISPER,
    Hearing,
    open_room,
    spells,
    undisturbed,
)

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-02"),
]

DRAFT = Draft()
BOSS, SECOND_BOSS = DRAFT.extension(), DRAFT.extension()
ROUND = (LISTEN, WHISPER, BARGE, LISTEN, BARGE, WHISPER, LISTEN)
"""Every switch from one mode to another, once."""

SWITCHED, BESIDE = DRAFT.queue(1, managers=[BOSS]), DRAFT.queue(1, managers=[BOSS])


@pytest.mark.parametrize("via", ["rtp", "info"])
async def test_every_switch_is_heard_by_nobody_else(floor: Floor, via: str) -> None:
    """Caller and agent notice nothing but the voice that is meant for them; others hear nobody."""
    beside = await open_room(floor, BESIDE)
    room = await open_room(
        floor, SWITCHED, {"other caller": beside.call, "other agent": beside.there}
    )
    async with undisturbed(room):
        async with room.only(NOBODY_MONITORS, HEARD_IN[LISTEN]):
            boss = await room.supervise(await floor.phone(BOSS), LISTEN)
            await room.until(HEARD_IN[LISTEN])
        for before, after in itertools.pairwise(ROUND):
            await room.switch(before, after, via=via)
        room.leave()
        await room.until(NOBODY_MONITORS)
    assert await spells(floor, boss) == list(ROUND)


STRAIGHT = [(DRAFT.queue(1, managers=[boss]), boss) for boss in (DRAFT.extension() for _ in MODES)]


async def test_each_code_begins_in_its_mode(floor: Floor) -> None:
    """Other keys, long ones too, do nothing and are heard by nobody; neither is the end."""

    async def supervise(queue: Queue, number: str, mode: str) -> None:
        room = await open_room(floor, queue)
        async with undisturbed(room), room.only(NOBODY_MONITORS, HEARD_IN[mode]):
            boss = await room.supervise(await floor.phone(number), mode)
            await room.until(HEARD_IN[mode])
            await boss.send_dtmf(KEYS[mode], duration_ms=400)
            await boss.send_dtmf("19#", duration_ms=200)
            await room.until(HEARD_IN[mode])
            room.leave()
            await room.until(NOBODY_MONITORS)
        assert await spells(floor, boss) == [mode]
        record = await floor.record(boss)
        assert record.call["dialled"] == f"{CODES[mode]}{room.agent}"
        assert (record.visits, record.talks) == ((), ())

    await asyncio.gather(
        *(supervise(queue, boss, mode) for (queue, boss), mode in zip(STRAIGHT, MODES, strict=True))
    )


TWO = DRAFT.queue(1, managers=[BOSS, SECOND_BOSS])


async def test_two_supervisors_on_one_talk(floor: Floor) -> None:
    """Neither hears the other, unless the one speaks to the agent or to both, and the other listens.

    The second hears what the agent's phone sends and receives, the whisper of the first included.
    """
    room = await open_room(floor, TWO)
    first = await room.supervise(await floor.phone(BOSS), LISTEN)
    second = await floor.call(
        f"{CODES[LISTEN]}{room.agent}", by=await floor.phone(SECOND_BOSS), media="silence"
    )
    await second.answered
    room.matrix.add("second", second)
    both = {"caller", "agent"}
    await room.until({**HEARD_IN[LISTEN], "second": both})
    async with room.matrix.never({"caller": ["boss", "second"], "agent": ["second"]}):
        await first.send_dtmf(KEYS[WHISPER])
        await room.until({**HEARD_IN[WHISPER], "second": both})
    async with room.matrix.never({"caller": ["second"]}):
        await first.send_dtmf(KEYS[BARGE])
        await room.until({**HEARD_IN[BARGE], "second": {*both, "boss"}})
    first.hang_up()
    room.matrix.remove("boss")
    await room.until({"caller": {"agent"}, "agent": {"caller"}, "second": both})
    await second.send_dtmf(KEYS[BARGE])
    await room.until({"caller": {"agent", "second"}, "agent": {"caller", "second"}, "second": both})


HELD = [(DRAFT.queue(1, managers=[boss]), boss) for boss in (BOSS, SECOND_BOSS)]

AGENT_HOLDS: dict[str, Hearing] = {
    LISTEN: {"boss": {"caller"}},
    WHISPER: {"boss": {"caller"}},
    BARGE: {"boss": {"caller"}, "caller": {"boss"}},
}
"""The agent's phone plays nothing while it holds; in a talk of three the other two go on."""
CALLER_HOLDS: dict[str, Hearing] = {
    LISTEN: {"boss": {"agent"}},
    WHISPER: {"boss": {"agent"}, "agent": {"boss"}},
    BARGE: {"boss": {"agent"}, "agent": {"boss"}},
}


async def test_holding_lets_nobody_hear_more(floor: Floor) -> None:
    """By the agent in one talk, by the caller in another."""
    await asyncio.gather(
        *(hold(floor, *each, who) for each, who in zip(HELD, ("agent", "caller"), strict=True))
    )


async def hold(floor: Floor, queue: Queue, number: str, who: str) -> None:
    """Through every switch while one holds, and in each mode through hold and resume.

    The other one hears the hold music then, unless the supervisor is in the talk: whom it hears.
    """
    room = await open_room(floor, queue)
    holder, held = (room.there, room.call) if who == "agent" else (room.call, room.there)
    heard = AGENT_HOLDS if who == "agent" else CALLER_HOLDS
    boss = await room.supervise(await floor.phone(number), LISTEN)
    await room.until(HEARD_IN[LISTEN])

    async def on_hold(mode: str) -> None:
        await room.until(heard[mode])
        assert held.hears(MUSIC_HZ) == (mode != BARGE)

    for mode in MODES:
        if mode != LISTEN:
            await room.switch(MODES[MODES.index(mode) - 1], mode)
        async with room.only(HEARD_IN[mode], mute=[who]):
            await holder.hold()
            await on_hold(mode)
            await holder.resume()
            await room.until(HEARD_IN[mode])
    await holder.hold()
    await on_hold(BARGE)
    for before, after in itertools.pairwise((*ROUND[2:], WHISPER, BARGE)):
        async with room.only(heard[before], heard[after], mute=[who]):
            await boss.send_dtmf(KEYS[after])
            await on_hold(after)
    room.leave()
    await room.until({})
    await held.wait_until_hears(MUSIC_HZ)
    await holder.resume()
    await room.until(NOBODY_MONITORS)
    assert not held.hears(MUSIC_HZ)
    room.call.hang_up()
    assert len((await floor.record(room.call)).holds) == 4
