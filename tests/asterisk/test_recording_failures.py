"""Recordings when the disk, the folder or the engine fails: an alarm, and calls that go on (S-04)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lab.phones import tones_in_file
from scripts.lab.phones.detect import TONES
from scripts.lab.waiting import look_until
from tests.support.draft import Draft
from tests.support.floor import Floor, hear_packets
from tests.support.records import Row
from tests.support.rooms import NOBODY_MONITORS, Room, open_room, undisturbed

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-04"),
]

DRAFT = Draft()
BOSS = DRAFT.extension()
SECRET_HZ = TONES[-1]
ALARM = "alarm=recording_failed"


def folder_of(floor: Floor) -> Path:
    """Returns where recordings are."""
    return floor.live.asterisk.spool / "recording"


@contextlib.contextmanager
def no_folder(floor: Floor) -> Iterator[None]:
    """Puts a file where the folder should be."""
    folder = folder_of(floor)
    away = folder.with_name("away")
    folder.rename(away)
    folder.write_text("not a folder")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


@contextlib.contextmanager
def mounted(floor: Floor, options: str) -> Iterator[None]:
    """Mounts a small disk there, which only Asterisk sees."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    asterisk = floor.live.asterisk
    folder = f"{asterisk.run_dir}/root{folder_of(floor)}"
    inside = ("nsenter", "--target", str(asterisk.pid), "--mount", "--")
    disk = (*inside, "mount", "-t", "tmpfs", "-o", options, "small", folder)
    done = subprocess.run(disk, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run([*inside, "umount", "--lazy", folder], check=True)


def read_only(floor: Floor) -> contextlib.AbstractContextManager[None]:
    """A folder in which nothing can be made."""
    return mounted(floor, "size=16k,ro")


def full_disk(floor: Floor) -> contextlib.AbstractContextManager[None]:
    """A disk that one second of sound fills."""
    return mounted(floor, "size=16k")


Broken = Callable[[Floor], contextlib.AbstractContextManager[None]]

BROKEN = DRAFT.queue(1, managers=[BOSS], recording={})


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (no_folder, "could not be started"),
        (read_only, "could not be started"),
        (full_disk, "the disk is full"),
    ],
)
async def test_a_failing_disk_is_an_alarm_and_no_more(
    floor: Floor, broken: Broken, why: str
) -> None:
    """The talk goes on without a message or a gap, through another try by hand; then all is well."""
    floor.forgiven.append(ALARM)
    boss = await floor.phone(BOSS)
    with broken(floor):
        room = await open_room(floor, BROKEN)
        async with undisturbed(room), room.only(NOBODY_MONITORS):
            await failed(floor, room, 1, why)
            if broken is not full_disk:  # Which takes two seconds to notice.
                await floor.dial_code(boss, f"*93{room.agent}")
                await failed(floor, room, 2, why)
            await room.until(NOBODY_MONITORS)
        room.call.hang_up()
        record = await floor.record(room.call)
    assert record.outcome == ("answered", "connected")
    assert record.talk["ended_by"] == "caller"
    room = await open_room(floor, BROKEN)
    room.call.hang_up()
    (row,) = await ended(floor, room)
    assert row["ok"] == 1
    assert tones_of(floor, row) == [{room.matrix.tones["caller"], room.matrix.tones["agent"]}]


async def failed(floor: Floor, room: Room, count: int, why: str) -> None:
    """Waits for the record's end and the alarm of the latest of so many recordings of a call."""
    call_id = (await floor.rows("talk_segments", 1, agent_id=room.agent, ended_at_ms=None))[0][
        "call_id"
    ]
    rows = await floor.rows("recordings", count, call_id=call_id, ok=0)
    assert why in rows[-1]["why"]
    begin = floor.log_begin
    line = await floor.live.engine_says(rows[-1]["recording_id"], since=begin)
    assert ALARM in line
    assert " ERROR " in line
    assert room.call.number not in floor.log()


async def ended(floor: Floor, room: Room) -> list[Row]:
    """Waits until all recordings of a call that is over have ended; returns their rows."""
    call_id = (await floor.record(room.call)).call["call_id"]

    def over(rows: list[Row]) -> bool:
        return all(row["ended_at_ms"] is not None for row in rows if row["call_id"] == call_id)

    rows = await floor.live.facts.until("recordings", over)
    return [row for row in rows if row["call_id"] == call_id]


def tones_of(floor: Floor, row: Row) -> list[set[int]]:
    """Returns which tones are in each channel of a recording."""
    channels = tones_in_file(folder_of(floor) / f"{row['name']}.wav")
    return [{each.hertz for each in channel} for channel in channels]


GOES_ON, ENDS, IS_PAUSED = (DRAFT.queue(1, managers=[BOSS], recording={}) for _ in range(3))
IN_STEREO = DRAFT.queue(1, recording={"stereo": True})


@pytest.mark.row("Q-10")
async def test_the_engine_is_killed_in_mid_recording(floor: Floor) -> None:
    """Files are whole, also of a call that ended meanwhile; what is paused stays so.

    At its start the engine deletes what is too old.
    """
    rooms = await asyncio.gather(
        *(open_room(floor, queue) for queue in (GOES_ON, ENDS, IS_PAUSED, IN_STEREO))
    )
    goes_on, ends, is_paused, in_stereo = rooms
    boss = await floor.phone(BOSS)
    await floor.dial_code(boss, f"*94{is_paused.agent}")
    old = folder_of(floor) / "2001" / "01" / "31" / "old-1.wav"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"RIFF")

    await floor.live.kill_engine()
    for room in rooms:
        room.call.audio.tone(SECRET_HZ)
    await asyncio.gather(*(room.there.wait_until_hears(SECRET_HZ) for room in rooms))
    await hear_packets(goes_on.there, 25)
    ends.there.hang_up()
    await ends.there.ended
    await floor.live.start_engine()
    await look_until(lambda: not old.parent.exists(), "old recordings to be deleted", 40)
    assert folder_of(floor).exists()

    going_on = (goes_on, is_paused, in_stereo)
    for room in going_on:
        room.matrix.add("caller", room.call)
    await asyncio.gather(*(room.until(NOBODY_MONITORS) for room in going_on))
    await floor.dial_code(boss, f"*94{is_paused.agent}")
    await hear_packets(is_paused.there, 25)
    for room in going_on:
        room.call.hang_up()
    for room in rooms:
        (row,) = await ended(floor, room)
        assert (row["ok"], row["why"]) == (1, "")
        path = folder_of(floor) / f"{row['name']}.wav"
        await look_until(path.exists, "the file", 40)
        both = {room.matrix.tones["caller"], room.matrix.tones["agent"]}
        if room is in_stereo:
            tones = room.matrix.tones
            assert tones_of(floor, row) == [{tones["caller"], SECRET_HZ}, {tones["agent"]}]
        else:
            assert tones_of(floor, row) == [both if room is is_paused else both | {SECRET_HZ}]
