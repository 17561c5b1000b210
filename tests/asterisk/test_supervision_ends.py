"""How supervision ends, and who is not allowed to begin it (S-01, S-02)."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from engine.core.speech.spoken import refusal_media
from scripts.lab.live import LiveCentre
from scripts.lab.phones import IncomingCall, Phone, SoundMatrix, Transfer, dial_code
from scripts.lab.phones.detect import TONES, stretches
from scripts.lab.phones.listening import Listening
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor
from tests.support.rooms import (
    CODES,
    HEARD_IN,
    MODES,
    NOBODY_MONITORS,
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


ENDED = [(DRAFT.queue(1, managers=[boss]), boss) for boss in (DRAFT.extension() for _ in MODES)]


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_the_end_of_the_talk_is_the_end_of_listening(floor: Floor, who: str) -> None:
    """In each mode. Whoever is left is let go at once, and never alone with the supervisor."""

    async def end(queue: Queue, number: str, mode: str) -> None:
        room = await open_room(floor, queue)
        boss = await room.supervise(await floor.phone(number), mode)
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

    await asyncio.gather(
        *(end(queue, boss, mode) for (queue, boss), mode in zip(ENDED, MODES, strict=True))
    )


PASSED = [(*each, DRAFT.extension()) for each in ENDED]


@pytest.mark.row("A-07")
@pytest.mark.parametrize("kind", ["blind", "attended"])
async def test_a_transfer_by_the_agent_is_the_end_of_listening(floor: Floor, kind: str) -> None:
    """In each mode. The supervisor hears nobody of the new talk, and nobody there the supervisor."""

    async def pass_on(queue: Queue, number: str, other: str, mode: str) -> None:
        colleague = await floor.phone(other, media="silence")
        room = await open_room(floor, queue)
        boss = await room.supervise(await floor.phone(number), mode)
        await room.until(HEARD_IN[mode])
        at_boss = Listening(boss.audio)
        transfer, new, at_new = await (blind if kind == "blind" else attended)(
            floor, room, colleague
        )
        await room.until({"caller": {"colleague"}, "colleague": {"caller"}})
        assert await transfer.finished == 200
        await told_goodbye(floor, room, mode)
        await hears_never(at_boss, room.matrix.tones["colleague"])
        await hears_never(at_new, room.matrix.tones["boss"])
        room.call.hang_up()
        await new.ended

    await asyncio.gather(*(pass_on(*each, mode) for each, mode in zip(PASSED, MODES, strict=True)))


Passed = tuple[Transfer, IncomingCall, Listening]


async def blind(floor: Floor, room: Room, colleague: Phone) -> Passed:
    transfer = await room.there.refer(colleague.user)
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
    consult = await floor.call(colleague.user, by=agent, media="silence")
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


IDLE = DRAFT.queue(1, managers=[BOSS])
MANAGED, UNMANAGED = DRAFT.queue(1, managers=[BOSS]), DRAFT.queue(1)
RECORDS_ONLY = DRAFT.queue(1, managers=[BOSS], rights={"managers": ["record"]})
SERVES_BOTH = DRAFT.queue(1, managers=[BOSS])
SERVES_BOTH_TOO = DRAFT.queue(SERVES_BOTH.agents)
BESIDE = DRAFT.extension()

REFUSALS: list[tuple[str, str, Queue | None, str]] = [
    # Who asks, whose talk, in which queue that agent talks, why not.
    (BOSS, IDLE.agent, None, "not on a queue call"),
    (BOSS, "8888", None, "unknown agent"),
    (BOSS, BESIDE, None, "not allowed"),
    (BOSS, BOSS, None, "one's own call"),
    (BESIDE, IDLE.agent, None, "not allowed"),
    (BESIDE, MANAGED.agent, MANAGED, "not allowed"),
    (MANAGED.agent, MANAGED.agent, MANAGED, "one's own call"),
    (BOSS, UNMANAGED.agent, UNMANAGED, "not allowed"),
    (BOSS, RECORDS_ONLY.agent, RECORDS_ONLY, "not allowed"),
    (BOSS, SERVES_BOTH.agent, SERVES_BOTH_TOO, "not allowed"),
]


@pytest.mark.row("S-01")
async def test_refusals_are_spoken(floor: Floor, prompts: Path) -> None:
    """Nothing of the talk is heard, and nobody in it hears anything; the fact says why."""
    await floor.phones(BOSS, BESIDE, media="silence")
    queues = list(dict.fromkeys(queue for _, _, queue, _ in REFUSALS if queue is not None))
    rooms = await asyncio.gather(*(open_room(floor, queue) for queue in queues))
    await refused(floor, prompts, [(who, target, why) for who, target, _, why in REFUSALS])
    await asyncio.gather(*(room.until(NOBODY_MONITORS) for room in rooms))


async def refused(floor: Floor, prompts: Path, wishes: Sequence[tuple[str, str, str]]) -> None:
    """Who dials the codes for whom, and why not: all at once, each in another mode than the next."""
    modes = itertools.cycle(MODES)
    dialled = [(who, next(modes), target, why) for who, target, why in wishes]
    refusals, monitors = floor.count("action_refusals"), floor.count("monitors")
    begin = size(prompts)
    answers = await asyncio.gather(
        *(
            dial_code(floor.live.phones[who], f"{CODES[mode]}{target}")
            for who, mode, target, _ in dialled
        )
    )
    await floor.live.facts.until(
        "action_refusals", lambda rows: len(rows) >= refusals + len(dialled)
    )
    facts = floor.live.facts.rows("action_refusals")[refusals:]
    assert sorted((row["by"], row["action"], row["agent_id"], row["why"]) for row in facts) == (
        sorted(dialled)
    )
    assert floor.count("monitors") == monitors
    for said in answers:
        assert said.something
        assert stretches(said.pcm, TONES) == []
    assert sorted(played(prompts, begin)) == sorted(
        (who, [media.removeprefix("sound:") for media in refusal_media(why)])
        for who, _, _, why in dialled
    )


def size(path: Path) -> int:
    """Returns how long a file is."""
    return path.stat().st_size


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Path:
    """Where Asterisk writes which sounds it plays; the engine's own reload of Asterisk ends that."""
    await live.engine_says("logger reloaded")
    await live.asterisk.cli("logger add channel played.log verbose(3)")
    await live.asterisk.cli("core set verbose 3")
    return live.asterisk.log / "played.log"


def played(prompts: Path, begin: int) -> list[tuple[str, list[str]]]:
    """Returns the sounds that each channel played since then, with the phone's number."""
    with prompts.open(encoding="utf-8") as log:
        log.seek(begin)
        found: dict[str, list[str]] = {}
        for channel, sound in _PLAYED.findall(log.read()):
            found.setdefault(channel, []).append(sound)
    return [(channel.partition("-")[0], sounds) for channel, sounds in found.items()]


_PLAYED = re.compile(r"<PJSIP/([^>]+)> Playing '(\S+)\.\w+'")

PRIVATE = [(DRAFT.queue(1, managers=[BOSS]), DRAFT.extension()) for _ in range(2)]


async def test_an_agents_private_call_is_nobodys_business(floor: Floor, prompts: Path) -> None:
    """One that an agent makes, and one that another gets directly."""
    await floor.phone(BOSS, media="silence")
    (dials, one), (rings, other) = [await floor.phones(*pair, media="silence") for pair in PRIVATE]
    matrices = []
    for caller, callee in ((dials, one), (other, rings)):
        call = await floor.call(callee.user, by=caller, media="silence")
        there = await callee.incoming()
        there.answer()
        await call.answered
        matrices.append(SoundMatrix({"one": call, "two": there}))
    talk = {"one": {"two"}, "two": {"one"}}
    await asyncio.gather(*(matrix.until(talk) for matrix in matrices))
    agents = [dials.user, rings.user] * len(MODES)
    await refused(floor, prompts, [(BOSS, agent, "not on a queue call") for agent in agents])
    await asyncio.gather(*(matrix.until(talk) for matrix in matrices))
