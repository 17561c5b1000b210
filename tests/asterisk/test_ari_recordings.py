"""What is in the files that a real Asterisk records, by the tones of who talks."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest
import pytest_asyncio

from engine.core.commands import Connect, HangUpLeg, JoinTalk, RecordingChange, StopMonitor
from engine.core.ids import bridge_id_of, leg_id_of
from engine.core.inputs import LegAnswered, LegRinging, NodeConnected, RecordingFinished
from tests.support.ari_lab import FAR_HZ, NEAR_HZ, VOICES_HZ, AriLab, lab_world
from tests.support.telephony_contract import NODE, Posted, TelephonyContract, ring
from tests.support.telephony_features import Supervised, change, recording
from tests.support.wav import Recorded

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-04"),
]

steps = TelephonyContract()
SECRET_HZ = 1500
SOME_PACKETS = 40
"""Of 20 ms."""
EVERYBODY_HZ = (FAR_HZ, *VOICES_HZ.values(), SECRET_HZ)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory):
    async with AriLab(tmp_path_factory.mktemp("ari") / "asterisk") as running:
        yield running


@pytest.fixture
def posted():
    return Posted()


@contextlib.asynccontextmanager
async def connected(lab, posted):
    async with lab_world(lab, posted) as made, steps.running(made):
        await posted.first(NodeConnected)
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def world(lab, posted):
    async with connected(lab, posted) as made:
        yield made


async def talk_on(audio, packets=SOME_PACKETS):
    """Waits until so much more has been heard."""
    enough = audio.received + packets
    await audio.until(lambda: audio.received >= enough, f"{packets} packets", 40)


def file_of(lab, name):
    return Recorded(lab.asterisk.spool / "recording" / f"{name}.wav")


async def finished(world, posted, started):
    world.telephony.send(change(started, RecordingChange.STOP))
    await posted.exactly(RecordingFinished(started.recording_id, ok=True))


async def test_what_is_said_in_a_pause_is_not_in_the_file(lab, world, posted):
    customer, _call_id, leg_id = await steps.talk(world, posted)
    agent = world.phones["1001"]
    assert await world.talking(customer, agent)
    started = recording(leg_id)
    world.telephony.send(started)
    await world.telephony.drain()
    await talk_on(customer.audio)
    world.telephony.send(change(started, RecordingChange.PAUSE))
    await world.telephony.drain()
    customer.audio.tone(SECRET_HZ)
    await agent.current.wait_until_hears(SECRET_HZ)
    await talk_on(customer.audio)
    customer.audio.tone(FAR_HZ)
    assert await world.talking(customer, agent)
    world.telephony.send(change(started, RecordingChange.RESUME))
    await world.telephony.drain()
    await talk_on(customer.audio)
    await finished(world, posted, started)
    recorded = file_of(lab, started.name)
    voices = recorded.voices(EVERYBODY_HZ)
    # A window on a seam may hold half a tone; of the secret there must be nothing at all.
    assert voices.count({FAR_HZ, NEAR_HZ}) >= len(voices) - 2
    assert not any(SECRET_HZ in each for each in voices)
    # Two stretches of 0.8 s were recorded; with the pause it would be 2.4 s at least.
    assert 1.5 < recorded.seconds < 2.2


async def test_paused_from_the_beginning(lab, world, posted):
    """The pause is given with the start: nothing of the first words is in the file."""
    customer, _call_id, leg_id = await steps.talk(world, posted)
    customer.audio.tone(SECRET_HZ)
    await world.phones["1001"].current.wait_until_hears(SECRET_HZ)
    started = recording(leg_id)
    world.telephony.send(started)
    world.telephony.send(change(started, RecordingChange.PAUSE))
    await world.telephony.drain()
    await talk_on(customer.audio)
    await finished(world, posted, started)
    assert file_of(lab, started.name).seconds <= 0.1


async def test_stereo_is_two_files_of_equal_length_one_side_each(lab, world, posted):
    customer, _call_id, leg_id = await steps.talk(world, posted)
    started = recording(leg_id, stereo=True)
    world.telephony.send(started)
    await world.telephony.drain()
    await talk_on(customer.audio)
    # A phone that sends nothing for a while must not shift its side against the other.
    agent = world.phones["1001"]
    agent.current.mute(muted=True)
    await talk_on(agent.audio)
    agent.current.mute(muted=False)
    world.telephony.send(change(started, RecordingChange.PAUSE))
    await talk_on(customer.audio)
    world.telephony.send(change(started, RecordingChange.RESUME))
    await talk_on(customer.audio)
    await finished(world, posted, started)
    left, right = (file_of(lab, f"{started.name}{side}") for side in ("-left", "-right"))
    assert abs(left.seconds - right.seconds) <= 0.04
    assert {FAR_HZ} in left.voices(EVERYBODY_HZ)
    assert {NEAR_HZ} in right.voices(EVERYBODY_HZ)
    assert all(each <= {FAR_HZ} for each in left.voices(EVERYBODY_HZ))
    assert all(each <= {NEAR_HZ} for each in right.voices(EVERYBODY_HZ))


async def test_every_talk_of_a_caller_who_is_passed_on_is_recorded(lab, world, posted):
    """Asterisk would lose the second agent's voice in a recorder on the caller's channel.

    It drops what seems to come late: here the second phone's RTP sequence numbers are far behind
    those of the first, as they are in half of all cases.
    """
    customer, call_id, leg_id = await steps.talk(world, posted)
    first, second = world.phones["1001"], world.phones["1002"]
    first.audio._sequence = 30_000
    started, next_id = recording(leg_id), leg_id_of(call_id, 2)
    world.telephony.send(started)
    await talk_on(customer.audio)
    world.telephony.send(ring(call_id, "1002", 2))
    await posted.exactly(LegRinging(next_id))
    await second.pick_up()
    await posted.exactly(LegAnswered(next_id))
    again = recording(next_id)
    for command in (
        change(started, RecordingChange.STOP),
        Connect(NODE, bridge_id_of(next_id), call_id, next_id),
        again,
        HangUpLeg(NODE, leg_id, answered_elsewhere=False),
    ):
        world.telephony.send(command)
    assert await world.talking(customer, second)
    await finished(world, posted, again)
    assert {FAR_HZ, NEAR_HZ} in file_of(lab, started.name).voices(EVERYBODY_HZ)
    voices = file_of(lab, again.name).voices(EVERYBODY_HZ)
    assert voices.count({FAR_HZ, second.hz}) >= len(voices) - 1
    assert not any(NEAR_HZ in each for each in voices)


@pytest.mark.row("S-02")
async def test_a_whisper_is_not_in_the_file_and_a_barge_is(lab, world, posted):
    talk = await Supervised(world, posted).begin()
    started = recording(talk.leg_id)
    talk.send(started)
    await talk.hear("a", "c", "")
    talk.send(talk.monitor(1, whisper=True))
    await talk.hear("a", "cs", "ac")
    await finished(world, posted, started)
    voices = file_of(lab, started.name).voices(EVERYBODY_HZ)
    assert {FAR_HZ, NEAR_HZ} in voices
    assert not any(talk.supervisor.hz in each for each in voices)
    talk.send(StopMonitor(NODE, talk.monitor(1, whisper=True).monitor_id))
    talk.send(JoinTalk(NODE, bridge_id_of(talk.leg_id), talk.supervisor_id))
    again = recording(talk.leg_id, 2)
    talk.send(again)
    await talk.hear("as", "cs", "ac")
    await finished(world, posted, again)
    voices = file_of(lab, again.name).voices(EVERYBODY_HZ)
    assert {FAR_HZ, NEAR_HZ, talk.supervisor.hz} in voices


async def test_a_folder_that_cannot_be_written_to(lab, world, posted):
    """Asterisk calls it done; nobody may believe that. The talk goes on."""
    customer, _call_id, leg_id = await steps.talk(world, posted)
    (lab.asterisk.spool / "recording" / "blocked").write_text("not a folder")
    started = recording(leg_id, name="blocked/x")
    world.telephony.send(started)
    told = await posted.first(RecordingFinished)
    assert (told.recording_id, told.ok) == (started.recording_id, False)
    assert "cannot be written to" in told.why
    assert await world.talking(customer, world.phones["1001"])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
async def test_a_disk_that_is_full(tmp_path, posted):
    async with AriLab(tmp_path / "asterisk") as lab, connected(lab, posted) as world:
        folder = f"{lab.asterisk.run_dir}/root{lab.asterisk.spool}/recording"
        # In Asterisk's own mount namespace: it ends with Asterisk.
        inside = ("nsenter", "--target", str(lab.asterisk.pid), "--mount", "--")
        disk = ("mount", "-t", "tmpfs", "-o", "size=16k", "small", folder)
        subprocess.run([*inside, *disk], check=True)  # noqa: ASYNC221 - some milliseconds
        customer, _call_id, leg_id = await steps.talk(world, posted)
        started = recording(leg_id)
        world.telephony.send(started)
        told = await posted.first(RecordingFinished, 15)
        assert (told.recording_id, told.ok) == (started.recording_id, False)
        assert "the disk is full" in told.why
        assert await world.talking(customer, world.phones["1001"])
