"""The laboratory phones' ears without Asterisk: tones in audio that was lost, mixed, cut, recorded."""

import array
import asyncio
import hashlib
import socket
import struct
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.lab.phones import (
    Caller,
    IncomingCall,
    OutgoingCall,
    Overheard,
    Phone,
    SipEndpoint,
    SoundMatrix,
    dial_code,
    hears,
    tones_in_file,
)
from scripts.lab.phones.detect import TONES, check_apart, stretches
from scripts.lab.phones.listening import Listening
from scripts.lab.phones.rtp import Packet, RtpSession
from scripts.lab.phones.tone import A_LAW, FRAME, MU_LAW, RATE, decode, encode, sine

pure = pytest.mark.unit
ONE, TWO, THREE, FOUR, *_ = TONES


def mixed(levels: dict[int, float], ms: int) -> list[int]:
    parts = [sine(hertz, ms * RATE // 1000, level) for hertz, level in levels.items()]
    return [sum(samples) for samples in zip(*parts, strict=True)]


def heard(samples: Sequence[int]) -> set[int]:
    return {stretch.hertz for stretch in stretches(samples, TONES)}


@pure
@pytest.mark.parametrize("table", [MU_LAW, A_LAW])
def test_parties_of_different_loudness_are_told_apart(table: tuple[int, ...]) -> None:
    levels = {ONE: 0.3, TWO: 0.1, THREE: 0.03, FOUR: 0.012}
    pcm = decode(encode(mixed(levels, 400), table), table)
    assert heard(pcm) == set(levels)


@pure
def test_clipping_makes_no_party_that_is_not_there() -> None:
    loud = mixed({ONE: 0.5, TWO: 0.5, THREE: 0.5, FOUR: 0.5}, 400)  # far beyond full scale
    clipped = [max(-32768, min(32767, sample)) for sample in loud]
    for table in (MU_LAW, A_LAW):
        assert heard(decode(encode(clipped, table), table)) == {ONE, TWO, THREE, FOUR}


@pure
def test_a_tone_counts_from_160_ms() -> None:
    assert heard(sine(ONE, RATE * 150 // 1000)) == set()
    assert heard(sine(ONE, RATE * 160 // 1000)) == {ONE}
    silence = [0] * RATE
    assert heard(silence + sine(ONE, RATE * 60 // 1000) + silence) == set()
    assert heard(silence + sine(ONE, RATE * 240 // 1000) + silence) == {ONE}


@pure
def test_noise_clicks_and_neighbouring_notes_are_no_tones() -> None:
    noise = array.array("h", hashlib.shake_128(b"noise").digest(2 * 10 * RATE))
    assert heard(noise) == set()
    assert heard(([0] * 700 + [32767] * 40) * 10) == set()
    for hertz in TONES:
        assert heard(sine(hertz * 1.01, RATE)) == set()
        assert heard(sine(hertz - 5, RATE)) == set()


@pure
def test_tones_must_be_apart_and_in_the_band() -> None:
    check_apart(TONES)
    for wrong in ([1000, 1099], [700, 700], [100, 1000], [1000, 3500]):
        with pytest.raises(ValueError, match="Hz"):
            check_apart(wrong)


# -- packets -----------------------------------------------------------------------------------


def packets(samples: Sequence[int], stamp: int, source: int = 1) -> list[Packet]:
    data = encode(samples)
    return [
        Packet(0, source, (stamp + at) % (1 << 32), 0, data[at : at + FRAME])
        for at in range(0, len(data), FRAME)
    ]


@pytest.fixture
async def audio() -> AsyncIterator[RtpSession]:
    session = RtpSession("127.0.0.1", "silence")
    yield session
    session.close()


def take(audio: RtpSession, came: Sequence[Packet]) -> list[tuple[float, list[int]]]:
    listening = Listening(audio)
    for packet in came:
        for tap in audio.taps:
            tap(packet)
    listening.stop()
    assert not audio.taps
    return listening.runs()


@pytest.mark.unit
@pytest.mark.real_time
async def test_late_double_and_reordered_packets_change_nothing(audio: RtpSession) -> None:
    whole = sine(ONE, RATE)
    came = packets(whole, (1 << 32) - 20 * FRAME)  # the stamps wrap around in the middle
    came[3], came[9] = came[9], came[3]
    ((_, samples),) = take(audio, [came[5], *came, came[7]])
    assert samples == decode(encode(whole))


@pytest.mark.unit
@pytest.mark.real_time
async def test_a_lost_packet_begins_a_new_run_and_so_does_another_source(audio: RtpSession) -> None:
    came = packets(sine(ONE, RATE), 0)
    del came[20]
    found = take(audio, [*came, *packets(sine(TWO, RATE), 0, source=2)])
    assert [(start, len(samples)) for start, samples in found] == [
        (0, 20 * FRAME), (420, 29 * FRAME), (0, RATE)
    ]  # fmt: skip
    assert [heard(samples) for _, samples in found] == [{ONE}, {ONE}, {TWO}]


def send_at_once(audio: RtpSession, *tones: int) -> None:
    """A second of each tone, which this side has had no time to read."""
    came = packets([sample for hertz in tones for sample in sine(hertz, RATE)], 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number, packet in enumerate(came):
            head = struct.pack("!BBHII", 0x80, 0, number, packet.stamp, packet.source)
            sender.sendto(head + packet.payload, ("127.0.0.1", audio.port))


@pytest.mark.unit
@pytest.mark.real_time
async def test_what_is_read_late_is_heard_one_after_the_other(audio: RtpSession) -> None:
    """As after a second in which this process stood still: nothing that was waited for is missed."""
    order = []

    async def wait(hertz: int) -> None:
        await audio.until(lambda: audio.hears(hertz), f"hears {hertz}", 5)
        order.append(hertz)

    async with asyncio.TaskGroup() as tasks:
        for hertz in (TWO, ONE):
            tasks.create_task(wait(hertz))
        await asyncio.sleep(0)
        send_at_once(audio, ONE, TWO)
    assert order == [ONE, TWO]
    assert audio.hears(TWO)
    assert not audio.hears(ONE)


@pytest.mark.unit
@pytest.mark.real_time
async def test_the_last_words_are_heard_although_the_end_was_read_first(audio: RtpSession) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(audio.until(lambda: audio.hears(ONE), "hears one", 5))
        await asyncio.sleep(0)
        send_at_once(audio, ONE)
        audio.close()


# -- files -------------------------------------------------------------------------------------


def write(path: Path, *channels: Sequence[int], rate: int = RATE, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(array.array("h", [s for row in zip(*channels, strict=True) for s in row]))
    return path


def near(found: Sequence[tuple[int, float, float]], *wanted: tuple[int, float, float]) -> bool:
    return len(found) == len(wanted) and all(
        one[0] == two[0] and abs(one[1] - two[1]) <= 15 and abs(one[2] - two[2]) <= 15
        for one, two in zip(found, wanted, strict=True)
    )


@pure
def test_file_has_its_tones_by_channel_and_time(tmp_path: Path) -> None:
    agent = [0] * 4000 + sine(ONE, 8000) + [0] * 2000 + sine(ONE, 2000)
    caller = sine(TWO, 6000) + sine(THREE, 10000)
    left, right = tones_in_file(write(tmp_path / "a.wav", agent, caller))
    assert near(left, (ONE, 500, 1500), (ONE, 1750, 2000))
    assert near(right, (TWO, 0, 750), (THREE, 750, 2000))


@pure
def test_file_of_both_parties_and_a_cut_in_a_tone(tmp_path: Path) -> None:
    both = mixed({ONE: 0.2, TWO: 0.05}, 1000) + sine(ONE, 4000, 0.2)
    cut = both[:5000] + both[5037:]  # 4.6 ms are missing: the phase breaks, the tone goes on
    (found,) = tones_in_file(write(tmp_path / "a.wav", cut))
    assert near(found, (ONE, 0, 1495), (TWO, 0, 995))


@pure
def test_file_with_16000_samples_a_second_and_files_that_are_none(tmp_path: Path) -> None:
    slow = sine(ONE, RATE)
    double = [sample for sample in slow for _ in range(2)]
    (found,) = tones_in_file(write(tmp_path / "a.wav", double, rate=16000))
    assert near(found, (ONE, 0, 1000))
    with pytest.raises(ValueError, match="wanted is 16 bit"):
        tones_in_file(write(tmp_path / "b.wav", slow, rate=44100))
    (tmp_path / "c.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="no WAV file"):
        tones_in_file(tmp_path / "c.wav")


# -- phone to phone ----------------------------------------------------------------------------


@pytest.fixture
async def pair() -> AsyncIterator[tuple[OutgoingCall, IncomingCall]]:
    async with SipEndpoint() as endpoint:
        server = (endpoint.host, endpoint.port)
        phone = Phone(endpoint, "101", server=server, media="silence")
        caller = Caller(endpoint, "210", server=server, media="silence")
        call = caller.place("101")
        there = await phone.incoming()
        there.answer()
        await call.answered
        await there.acknowledged
        yield call, there


@pytest.mark.unit
@pytest.mark.real_time
async def test_matrix_of_two(pair: tuple[OutgoingCall, IncomingCall]) -> None:
    call, there = pair
    room = SoundMatrix({"a": call, "b": there})
    await room.until({"a": ["b"], "b": ["a"]})
    assert await hears({"a": call, "b": there}) == {"a": {"b"}, "b": {"a"}}
    with pytest.raises(Overheard, match="a heard b"):
        await room.stays_unheard({"a": ["b"]}, during_ms=500)
    call.mute(muted=True)
    await room.until({"a": ["b"]})
    with pytest.raises(Overheard, match="a sent only 0 ms"):
        await room.stays_unheard({"b": ["a"]}, during_ms=100)
    with pytest.raises(TimeoutError, match=r"not a hears \['b'\]; b hears \['a'\]; at last a"):
        await room.until({"a": ["b"], "b": ["a"]}, seconds=0)
    with pytest.raises(ValueError, match=r"not in this matrix: \['c'\]"):
        await room.until({"a": ["c"]})


@pytest.mark.unit
@pytest.mark.real_time
async def test_what_comes_although_one_holds_is_not_heard(
    pair: tuple[OutgoingCall, IncomingCall],
) -> None:
    call, there = pair
    room = SoundMatrix({"a": call, "b": there})
    await room.until({"a": ["b"], "b": ["a"]})
    await there.hold()
    assert call.mine is not None
    assert call.theirs is not None
    both_ways = [replace(sdp, direction="sendrecv") for sdp in (call.mine, call.theirs)]
    call.audio.connect(*both_ways)  # and sends on, as Asterisk does
    await room.until({})
    assert there.audio.ignored
    await there.resume()
    await room.until({"a": ["b"], "b": ["a"]})


@pytest.mark.unit
@pytest.mark.real_time
async def test_there_are_only_so_many_tones(pair: tuple[OutgoingCall, IncomingCall]) -> None:
    call, there = pair
    room = SoundMatrix({"a": call}, [ONE])
    with pytest.raises(ValueError, match="no tone is left for b"):
        room.add("b", there)
    room.remove("a")
    room.add("b", there)
    assert room.tones == {"b": ONE}


@pytest.mark.unit
@pytest.mark.real_time
async def test_code_that_is_answered_with_speech() -> None:
    async with SipEndpoint() as endpoint:
        server = (endpoint.host, endpoint.port)
        voice = Phone(endpoint, "700", server=server, media="tone:500")
        phone = Phone(endpoint, "101", server=server)
        voice.auto_answer(hang_up_after_ms=500)
        said = await dial_code(phone, "700")
        assert (said.status, said.something) == (200, True)
        assert said.answered_ms + said.lasted_ms >= 500
        assert said.loudness == pytest.approx(0.25 / 2**0.5, rel=0.05)
        voice.media = "silence"
        assert not (await dial_code(phone, "700")).something
        voice.reject(603)
        refused = await dial_code(phone, "700")
        assert (refused.status, refused.lasted_ms, refused.pcm) == (603, 0.0, ())
        voice.ring_only()
        with pytest.raises(TimeoutError, match="final answer to the call to 700"):
            await dial_code(phone, "700", answer_s=0.05)
        assert (await voice.calls[-1].ended).how == "cancel"
