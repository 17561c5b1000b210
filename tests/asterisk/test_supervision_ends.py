"""How supervision ends, and who is not allowed to begin it (S-01, S-02)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import pytest_asyncio

from engine.core.spoken import refusal_media
from scripts.lab.live import LiveCentre
from scripts.lab.phones import IncomingCall, Phone, SoundMatrix, Transfer, dial_code
from scripts.lab.phones.detect import stretches
from scripts.lab.phones.listening import Listening
from tests.support.draft import Draft, Queue
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
BOSS = DRAFT.extension()


async def told_goodbye(floor: Floor, room: Room, *modes: str) -> None:
    """The supervisor hears that it is over, and is let go; the record says so."""
    assert room.boss is not None
    assert (await room.boss.ended).by == "there"
    assert await spells(floor, room.boss) == list(modes)


ENDED = DRAFT.queue(1, managers=[BOSS])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_the_end_of_the_talk_is_the_end_of_listening(
    floor: Floor, mode: str, who: str
) -> None:
    """Whoever is left of the talk is let go at once, and never alone with the supervisor."""
    room = await open_room(floor, ENDED)
    boss = await room.supervise(await floor.phone(BOSS), mode)
    await room.until(HEARD_IN[mode])
    leaves, stays = (room.call, room.there) if who == "caller" else (room.there, room.call)
    leaves.hang_up()
    assert (await stays.ended).how == "bye"
    await boss.wait_until_hears("anything")
    await told_goodbye(floor, room, mode)
    record = await floor.record(room.call)
    assert record.talk["ended_by"] == who
    (row,) = await floor.rows("monitors", 1, call_id=record.call["call_id"])
    assert row["ended_at_ms"] == record.talk["ended_at_ms"]


PASSED, COLLEAGUE = DRAFT.queue(1, managers=[BOSS]), DRAFT.extension()


@pytest.mark.row("A-07")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["blind", "attended"])
async def test_a_transfer_by_the_agent_is_the_end_of_listening(
    floor: Floor, mode: str, kind: str
) -> None:
    """The supervisor hears nobody of the new talk, and nobody there hears the supervisor."""
    colleague = await floor.phone(COLLEAGUE, media="silence")
    room = await open_room(floor, PASSED)
    boss = await room.supervise(await floor.phone(BOSS), mode)
    await room.until(HEARD_IN[mode])
    at_boss = Listening(boss.audio)
    transfer, new, at_new = await (blind if kind == "blind" else attended)(floor, room, colleague)
    await room.until({"caller": {"colleague"}, "colleague": {"caller"}})
    assert await transfer.finished == 200
    await told_goodbye(floor, room, mode)
    await hears_never(at_boss, room.matrix.tones["colleague"])
    await hears_never(at_new, room.matrix.tones["boss"])
    room.call.hang_up()
    await new.ended


Passed = tuple[Transfer, IncomingCall, Listening]


async def blind(floor: Floor, room: Room, colleague: Phone) -> Passed:
    transfer = await room.there.refer(COLLEAGUE)
    new = await colleague.incoming()
    ear = Listening(new.audio)
    new.answer()
    await new.acknowledged
    room.matrix.add("colleague", new)
    return transfer, new, ear


async def attended(floor: Floor, room: Room, colleague: Phone) -> Passed:
    """With a talk between the two agents first, of which the supervisor hears nothing."""
    agent = room.there.owner
    await room.there.hold()
    consult = await floor.call(COLLEAGUE, by=agent, media="silence")
    new = await colleague.incoming()
    ear = Listening(new.audio)
    new.answer()
    await consult.answered
    room.matrix.add("colleague", new)
    room.matrix.add("consult", consult)
    assert room.boss is not None
    await room.matrix.stays_unheard(
        {"boss": ["consult", "colleague"], "consult": ["boss"], "caller": ["consult", "colleague"]},
        during_ms=500,
    )
    await consult.hold()
    return await room.there.refer(consult), new, ear


async def hears_never(ear: Listening, hertz: int) -> None:
    """Asserts that a tone is in nothing that came in since an ear was opened; closes it."""
    ear.stop()
    for _, samples in ear.runs():
        await asyncio.sleep(0)  # the phones' own audio goes on meanwhile
        assert stretches(samples, [hertz]) == []


MANAGED, UNMANAGED = DRAFT.queue(1, managers=[BOSS]), DRAFT.queue(1)
RECORDS_ONLY = DRAFT.queue(1, managers=[BOSS], rights={"managers": ["record"]})
SERVES_BOTH = DRAFT.queue(1, managers=[BOSS])
SERVES_BOTH_TOO = DRAFT.queue(SERVES_BOTH.agents)
BESIDE = DRAFT.extension()

REFUSALS: list[tuple[str, str, Queue | None, str]] = [
    # Who asks, whose talk, in which queue that agent talks, why not.
    ("manager", MANAGED.agent, None, "not on a queue call"),
    ("manager", "8888", None, "unknown agent"),
    ("manager", BESIDE, None, "not allowed"),
    ("manager", BOSS, None, "their own talk"),
    ("stranger", MANAGED.agent, MANAGED, "not allowed"),
    ("stranger", MANAGED.agent, None, "not allowed"),
    ("agent", MANAGED.agent, MANAGED, "their own talk"),
    ("manager", UNMANAGED.agent, UNMANAGED, "not allowed"),
    ("manager", RECORDS_ONLY.agent, RECORDS_ONLY, "not allowed"),
    ("manager", SERVES_BOTH.agent, SERVES_BOTH_TOO, "not allowed"),
]


@pytest.mark.row("S-01")
@pytest.mark.parametrize(("who", "target", "queue", "why"), REFUSALS)
@pytest.mark.parametrize("mode", [LISTEN, BARGE])
async def test_a_refusal_is_spoken(
    floor: Floor, prompts: Path, mode: str, who: str, target: str, queue: Queue | None, why: str
) -> None:
    """Nothing of the talk is heard, and nobody in it hears anything; the fact says why."""
    asks = {"manager": BOSS, "stranger": BESIDE, "agent": target}[who]
    phone = await floor.phone(asks, media="silence")
    room = None if queue is None else await open_room(floor, queue)
    await refused(floor, prompts, phone, f"{CODES[mode]}{target}", why, room)


async def refused(
    floor: Floor, prompts: Path, phone: Phone, code: str, why: str, room: Room | None
) -> None:
    before, begin = floor.count("action_refusals", why=why, by=phone.user), prompts.stat().st_size
    monitors = floor.count("monitors")
    said = await dial_code(phone, code)
    assert said.something
    await floor.rows("action_refusals", before + 1, why=why, by=phone.user)
    assert floor.count("monitors") == monitors
    with prompts.open(encoding="utf-8") as log:
        log.seek(begin)
        played = _PLAYED.findall(log.read())
    assert played == [media.removeprefix("sound:") for media in refusal_media(why)]
    if room is not None:
        tones = room.matrix.tones.values()
        assert stretches(said.pcm, tones) == []
        await room.until(NOBODY_MONITORS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Path:
    """Where Asterisk writes which sounds it plays."""
    await live.asterisk.cli("logger add channel played.log verbose(3)")
    await live.asterisk.cli("core set verbose 3")
    return live.asterisk.log / "played.log"


_PLAYED = re.compile(r"Playing '(\S+)\.\w+'")

OFF_THE_QUEUE, FRIEND = DRAFT.queue(1, managers=[BOSS]), DRAFT.extension()


async def test_an_agents_private_call_is_nobodys_business(floor: Floor, prompts: Path) -> None:
    """Nor is one that the agent makes to the outside, or gets directly."""
    agent, friend, boss = await floor.phones(OFF_THE_QUEUE, FRIEND, BOSS, media="silence")
    friend.auto_answer()
    agent.auto_answer()
    for caller, callee in ((agent, friend), (friend, agent)):
        call = await floor.call(callee.user, by=caller, media="silence")
        there = await callee.incoming()
        await call.answered
        matrix = SoundMatrix({"one": call, "two": there})
        await matrix.until({"one": {"two"}, "two": {"one"}})
        for mode in MODES:
            await refused(
                floor, prompts, boss, f"{CODES[mode]}{agent.user}", "not on a queue call", None
            )
        assert await matrix.hears() == {"one": {"two"}, "two": {"one"}}
        call.hang_up()
        await there.ended
