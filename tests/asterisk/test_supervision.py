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


async def test_every_switch_is_heard_by_nobody_else(floor: Floor) -> None:
    """By each key, as RTP events at first, then as SIP INFO. Caller and agent notice nothing but the voice that is meant for them; others hear nobody."""
    beside = await open_room(floor, BESIDE)
    room = await open_room(
        floor, SWITCHED, {"other caller": beside.call, "other agent": beside.there}
    )
    async with undisturbed(room):
        async with room.only(NOBODY_MONITORS, HEARD_IN[LISTEN]):
            boss = await room.supervise(await floor.phone(BOSS), LISTEN)
            await room.until(HEARD_IN[LISTEN])
        ways = ["rtp"] * 3 + ["info"] * 3
        for via, (before, after) in zip(ways, itertools.pairwise(ROUND), strict=True):
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


HELD = [
    (DRAFT.queue(1, managers=[boss]), boss, who, mode)
    for who in ("agent", "caller")
    for mode, boss in ((mode, DRAFT.extension()) for mode in MODES)
]

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
SUFFER_S = 60
"""A whisper amid hold music has no buffer in Asterisk: on a machine without time it is all gaps."""
AFTER = {LISTEN: WHISPER, WHISPER: BARGE, BARGE: LISTEN}


async def test_holding_lets_nobody_hear_more(floor: Floor) -> None:
    """In each mode and through every switch; three talks at once, so that sound flows steadily."""
    for side in (HELD[:3], HELD[3:]):
        await asyncio.gather(*(hold(floor, *each) for each in side))


async def hold(floor: Floor, queue: Queue, number: str, who: str, mode: str) -> None:
    """One holds and resumes, holds again, the supervisor goes to another mode and back, and away.

    The other one hears the hold music then, unless the supervisor is in the talk: whom it hears.
    """
    room = await open_room(floor, queue)
    holder, held = (room.there, room.call) if who == "agent" else (room.call, room.there)
    heard = AGENT_HOLDS if who == "agent" else CALLER_HOLDS
    boss = await room.supervise(await floor.phone(number), mode)
    await room.until(HEARD_IN[mode])

    async def music(*, plays: bool, seconds: float = 40) -> None:
        what = f"{held.owner.user} to hear {'' if plays else 'no '}hold music"
        await held.audio.until(lambda: held.hears(MUSIC_HZ) is plays, what, seconds)

    async def on_hold(mode: str) -> None:
        await room.until(heard[mode], SUFFER_S)
        await music(plays=mode != BARGE)

    async def sound_is_lost(mode: str) -> bool:
        """Tells whether somebody does not hear at all since the ear was exchanged.

        On a machine without time that was so in 5 of some 35 runs, between listening and whispering:
        Asterisk had let go of the held party's music, through which it passes a whisper too.
        """
        try:
            await room.until(heard[mode])
            await music(plays=mode != BARGE, seconds=10)
        except TimeoutError:
            return True
        return False

    holds = 2
    async with room.only(HEARD_IN[mode], mute=[who]):
        await holder.hold()
        await on_hold(mode)
        await holder.resume()
        await room.until(HEARD_IN[mode])
        await holder.hold()
        await on_hold(mode)
    for before, after in itertools.pairwise((mode, AFTER[mode], mode)):
        async with room.only(heard[before], heard[after], mute=[who]):
            await boss.send_dtmf(KEYS[after])
            lost = await sound_is_lost(after)
        if lost:
            await holder.resume()
            await room.until(HEARD_IN[after], SUFFER_S)
            await holder.hold()
            holds += 1
        await on_hold(after)
    room.leave()
    await room.until({})
    await music(plays=True)
    await holder.resume()
    await room.until(NOBODY_MONITORS)
    await music(plays=False)
    room.call.hang_up()
    assert len((await floor.record(room.call)).holds) == holds
