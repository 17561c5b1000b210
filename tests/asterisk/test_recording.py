"""Recordings of talks: what is in the files, and who may change that (S-04)."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.lab.phones import tones_in_file
from scripts.lab.phones.detect import TONES, Stretch
from scripts.lab.waiting import look_until
from tests.support.draft import Draft
from tests.support.floor import Floor, hear_packets
from tests.support.machine import about, late_ms
from tests.support.records import Row
from tests.support.rooms import HEARD_IN, NOBODY_MONITORS, WHISPER, Room, open_room

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-04"),
]

DRAFT = Draft(control_socket=True)
BOSS = DRAFT.extension()
SECRET_HZ = TONES[-1]
EDGE_MS = 250
"""How far a file's length may be from what the record says: it begins and ends some packets off."""


def path_of(floor: Floor, row: Row) -> Path:
    """Returns where a recording is."""
    return floor.live.asterisk.spool / "recording" / f"{row['name']}.wav"


async def recordings(floor: Floor, room: Room, count: int = 1) -> list[Row]:
    """Waits until all recordings of a call that is over have ended well; returns their rows."""
    record = await floor.record(room.call)
    call_id = record.call["call_id"]
    rows = await floor.rows("recordings", count, call_id=call_id, ok=1)
    for number, row in enumerate(rows, 1):
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/(.+)-\d+", row["name"])
        assert row["name"].rpartition("/")[2] == f"{call_id}-{number}"
    return rows


def heard_ms(channel: list[Stretch], hertz: int) -> float:
    """Returns for how long a tone is in a channel of a file."""
    return sum(each.to_ms - each.from_ms for each in channel if each.hertz == hertz)


def length_ms(path: Path) -> float:
    """Returns how long a mono file of 8000 samples of 16 bit a second is."""
    return (path.stat().st_size - 44) / 16


AUTOMATIC = DRAFT.queue(1, managers=[BOSS], recording={})


async def test_a_talk_is_recorded_from_its_first_word_to_its_last(floor: Floor) -> None:
    """Both voices in one file; the whisper of a supervisor is the agent's secret, and not in it."""
    room = await open_room(floor, AUTOMATIC)
    await room.supervise(await floor.phone(BOSS), WHISPER)
    await room.until(HEARD_IN[WHISPER])
    await hear_packets(room.call, 50)
    room.call.hang_up()
    (row,) = await recordings(floor, room)
    (talk,) = (await floor.record(room.call)).talks
    (channel,) = tones_in_file(path_of(floor, row))
    for name in ("caller", "agent"):
        assert (
            heard_ms(channel, room.matrix.tones[name]) >= talk["talk_ms"] - 2 * EDGE_MS - late_ms()
        )
    assert heard_ms(channel, room.matrix.tones["boss"]) == 0
    assert about(length_ms(path_of(floor, row)), talk["talk_ms"], EDGE_MS)
    assert (row["talk_id"], row["agent_id"], row["start_by"], row["stop_by"]) == (
        talk["talk_id"],
        room.agent,
        "system",
        "system",
    )


PAUSED = [DRAFT.queue(1, managers=[BOSS], recording={}) for _ in range(2)]


@pytest.mark.row("S-03")
async def test_what_is_said_in_a_pause_is_not_in_the_file(floor: Floor) -> None:
    """By code in one talk, by service in another. Who paused and when is in the report."""
    by_code, by_service = await asyncio.gather(*(open_room(floor, queue) for queue in PAUSED))
    boss = await floor.phone(BOSS)
    (talk,) = await floor.rows("talk_segments", 1, agent_id=by_service.agent)

    async def change(what: str) -> None:
        await floor.dial_code(boss, f"*94{by_code.agent}")
        answer = await ctl(floor, "record", "--by", BOSS, talk["call_id"], what)
        assert answer["ok"] is True

    both = (by_code, by_service)
    await change("pause")
    for room in both:
        room.call.audio.tone(SECRET_HZ)
        room.there.audio.tone(SECRET_HZ)
    await asyncio.gather(*(room.there.wait_until_hears(SECRET_HZ) for room in both))
    await hear_packets(by_code.call, 50)
    for room in both:
        room.matrix.add("caller", room.call)
        room.matrix.add("agent", room.there)
    await asyncio.gather(*(room.until(NOBODY_MONITORS) for room in both))
    await change("resume")
    await hear_packets(by_code.call, 25)
    for room in both:
        room.call.hang_up()
    rows = [await check_pause(floor, room) for room in both]
    report = {row["recording_id"]: row for row in await floor.live.report("recordings")}
    for row, paused_ms in rows:
        told = report[row["recording_id"]]
        assert (told["name"], told["ok"], told["pauses"]) == (row["name"], True, 1)
        assert told["paused_ms"] == paused_ms
        assert told["duration_ms"] == row["ended_at_ms"] - row["started_at_ms"] - paused_ms


async def check_pause(floor: Floor, room: Room) -> tuple[Row, int]:
    """Looks into a file; returns its row, and how long it was paused (ms)."""
    (row,) = await recordings(floor, room)
    marks = await floor.rows("recording_marks", 2, recording_id=row["recording_id"])
    assert [(mark["mark"], mark["by"]) for mark in marks] == [("paused", BOSS), ("resumed", BOSS)]
    paused_ms: int = marks[1]["at_ms"] - marks[0]["at_ms"]
    whole_ms = row["ended_at_ms"] - row["started_at_ms"]
    path = path_of(floor, row)
    (channel,) = tones_in_file(path)
    assert heard_ms(channel, SECRET_HZ) == 0
    for name in ("caller", "agent"):
        assert heard_ms(channel, room.matrix.tones[name]) >= length_ms(path) - EDGE_MS - late_ms()
    assert about(length_ms(path), whole_ms - paused_ms, EDGE_MS)
    return row, paused_ms


async def ctl(floor: Floor, verb: str, *arguments: str) -> dict[str, Any]:
    """Asks the engine by its control socket."""
    printed = await floor.live.usher(
        "ctl", "--config", str(floor.live.config), verb, "--json", *arguments
    )
    answer: dict[str, Any] = json.loads(printed)
    return answer


BY_HAND = DRAFT.queue(1, managers=[BOSS], recording={})


async def test_stopped_and_started_by_code(floor: Floor) -> None:
    """Two files; what was said between them is in neither."""
    boss = await floor.phone(BOSS)
    room = await open_room(floor, BY_HAND)
    await floor.dial_code(boss, f"*93{room.agent}")
    await floor.rows("recordings", 1, agent_id=room.agent, stop_by=BOSS)
    room.call.audio.tone(SECRET_HZ)
    await room.there.wait_until_hears(SECRET_HZ)
    await hear_packets(room.there, 10)
    room.matrix.add("caller", room.call)
    await room.until(NOBODY_MONITORS)
    await floor.dial_code(boss, f"*93{room.agent}")
    await hear_packets(room.there, 25)
    room.there.hang_up()
    first, second = await recordings(floor, room, 2)
    assert [(row["start_by"], row["stop_by"]) for row in (first, second)] == [
        ("system", BOSS),
        (BOSS, "system"),
    ]
    for row in (first, second):
        (channel,) = tones_in_file(path_of(floor, row))
        assert {each.hertz for each in channel} == set(room.matrix.tones.values())


STEREO = DRAFT.queue(1, managers=[BOSS], recording={"stereo": True})


async def test_stereo_has_the_caller_left_and_the_agent_right(floor: Floor) -> None:
    """On hold, too, which shifts nothing; the file is there soon after the call."""
    room = await open_room(floor, STEREO)
    await room.there.hold()
    await hear_packets(room.call, 25)
    await room.there.resume()
    await room.until(NOBODY_MONITORS)
    room.call.hang_up()
    (row,) = await recordings(floor, room)
    path = path_of(floor, row)
    await look_until(path.exists, "the two halves to be joined", 40)
    left, right = tones_in_file(path)
    assert {each.hertz for each in left} == {room.matrix.tones["caller"]}
    assert {each.hertz for each in right} == {room.matrix.tones["agent"]}
    assert len(right) == 2, "the agent's voice from before and after the hold"
    assert (
        heard_ms(left, room.matrix.tones["caller"])
        >= row["ended_at_ms"] - row["started_at_ms"] - 2 * EDGE_MS - late_ms()
    )
    assert [each.name for each in path.parent.glob(f"{path.stem}*")] == [path.name]


PASSED_ON = DRAFT.queue(1, recording={})
TAKES_OVER = DRAFT.queue(1, recording={})
UNRECORDED = DRAFT.queue(1)


@pytest.mark.row("A-07")
async def test_a_talk_after_a_transfer_is_another_file(floor: Floor) -> None:
    """The first file ends with the first talk; a queue that does not record is in none."""
    room = await open_room(floor, PASSED_ON)
    rooms = [room.there]
    for number, queue in enumerate((TAKES_OVER, UNRECORDED)):
        agent = await floor.phone(queue, media="silence")
        transfer = await rooms[-1].refer(queue.number)
        new = await agent.incoming()
        new.answer()
        await new.acknowledged
        room.matrix.add(f"agent {number}", new)
        await room.until({"caller": {f"agent {number}"}, f"agent {number}": {"caller"}})
        assert await transfer.finished == 200
        rooms.append(new)
    room.call.hang_up()
    rows = await recordings(floor, room, 2)
    record = await floor.record(room.call)
    tones = room.matrix.tones
    for row, talk, name in zip(rows, record.talks, ("agent", "agent 0"), strict=False):
        assert row["talk_id"] == talk["talk_id"]
        assert about(row["ended_at_ms"], talk["ended_at_ms"])
        (channel,) = tones_in_file(path_of(floor, row))
        assert {each.hertz for each in channel} == {tones["caller"], tones[name]}


REFUSED = DRAFT.queue(1, managers=[BOSS], rights={"managers": ["monitor"]}, recording={})
NEVER_STARTED = DRAFT.queue(1, managers=[BOSS], recording={"automatic": False})
STRANGER = DRAFT.extension()


@pytest.mark.row("S-01")
async def test_who_may_not_changes_nothing(floor: Floor) -> None:
    """Refusals are spoken and noted; the file has it all."""
    refused, unrecorded = await asyncio.gather(
        open_room(floor, REFUSED), open_room(floor, NEVER_STARTED)
    )
    cases = [
        (BOSS, "*93", refused, "not allowed"),
        (BOSS, "*94", refused, "not allowed"),
        (STRANGER, "*94", refused, "not allowed"),
        (refused.agent, "*94", refused, "one's own call"),
        (BOSS, "*94", unrecorded, "not recorded"),
    ]
    for who, code, room, why in cases:
        before = floor.count("action_refusals")
        await floor.dial_code(await floor.phone(who, media="silence"), f"{code}{room.agent}")
        rows = await floor.live.facts.until(
            "action_refusals", lambda rows, wanted=before + 1: len(rows) == wanted
        )
        assert (rows[-1]["by"], rows[-1]["agent_id"], rows[-1]["why"]) == (who, room.agent, why)
    assert floor.count("recordings", agent_id=unrecorded.agent) == 0
    refused.call.hang_up()
    (row,) = await recordings(floor, refused)
    assert floor.count("recording_marks", recording_id=row["recording_id"]) == 0
    talk = (await floor.record(refused.call)).talk
    assert about(length_ms(path_of(floor, row)), talk["talk_ms"], EDGE_MS)
