"""Who hears whom, what a file has, and what was said: the phones' ears against a real Asterisk."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.asterisk import AsteriskServer
from scripts.lab.phones import Call, Overheard, Phone, SoundMatrix, dial_code, hears, tones_in_file
from tests.support.phone_lab import Lab, at, running, until_idle

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskServer]:
    async with running(tmp_path_factory.mktemp("ast")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def lab(asterisk: AsteriskServer) -> AsyncIterator[Lab]:
    async with at(asterisk) as lab:
        yield lab


async def talking(lab: Lab, number: str = "101") -> tuple[Call, Call, Phone]:
    """A customer (a-law) talks to phone 101 (mu-law)."""
    phone = await lab.phone(101)
    call = await lab.caller.dial(number)
    there = await phone.incoming()
    there.answer()
    await call.answered
    return call, there, phone


async def test_two_hear_each_other_until_one_holds(lab: Lab) -> None:
    call, there, _ = await talking(lab)
    room = SoundMatrix({"caller": call, "agent": there})
    await room.until({"caller": ["agent"], "agent": ["caller"]})
    assert await room.hears() == {"caller": {"agent"}, "agent": {"caller"}}
    await there.hold()
    await room.until({})  # the caller hears music, which is nobody
    await call.wait_until_hears("anything")
    with pytest.raises(TimeoutError, match="at last caller hears nobody; agent hears nobody"):
        await room.until({"caller": ["agent"]}, seconds=0.1)
    await there.resume()
    await room.until({"caller": ["agent"], "agent": ["caller"]})
    call.hang_up()
    await there.ended
    assert await room.hears() == {"caller": set(), "agent": set()}


async def test_hears_goes_by_the_tones_that_the_calls_send_anyhow(lab: Lab) -> None:
    call, there, _ = await talking(lab)
    await call.wait_until_hears(700)
    await there.wait_until_hears(440)
    assert await hears({"a": call, "b": there}) == {"a": {"b"}, "b": {"a"}}
    there.audio.tone(440)
    with pytest.raises(ValueError, match="less than 100 Hz apart"):
        await hears({"a": call, "b": there})
    call.hang_up()
    await there.ended


async def test_conference_of_five(lab: Lab) -> None:
    calls: dict[str, Call] = {}
    for user in (101, 102, 103):
        calls[str(user)] = await (await lab.phone(user)).dial("670")
    for name in ("one", "two"):
        calls[name] = await lab.caller.dial("670", from_number=name)
    for call in calls.values():
        await call.answered
    room = SoundMatrix(calls)
    everybody = {name: set(calls) - {name} for name in calls}
    await room.until(everybody, seconds=40)
    calls["102"].mute(muted=True)
    await room.until({name: heard - {"102"} for name, heard in everybody.items()})
    calls["102"].mute(muted=False)
    await room.until(everybody)
    calls["103"].hang_up()
    await calls["103"].ended
    left = {name: heard - {"103"} for name, heard in everybody.items() if name != "103"}
    await room.until(left)
    for call in calls.values():
        call.hang_up()
    await until_idle(lab)


async def test_listen_whisper_and_barge(lab: Lab) -> None:
    call, there, _ = await talking(lab)
    spy = await (await lab.phone(102)).dial("671")
    await spy.answered
    room = SoundMatrix({"caller": call, "agent": there, "boss": spy})
    talk = {"caller": {"agent"}, "agent": {"caller"}, "boss": {"caller", "agent"}}
    async with room.never({"caller": ["boss"]}):
        async with room.never({"agent": ["boss"]}):
            await room.until(talk)
            await room.stays_unheard({"caller": ["boss"], "agent": ["boss"]})
        await spy.send_dtmf("5")
        whisper = talk | {"agent": {"caller", "boss"}}
        await room.until(whisper)
    barge = room.never({"caller": ["boss"]})
    await barge.__aenter__()
    await spy.send_dtmf("6")
    await room.until(whisper | {"caller": {"agent", "boss"}})
    with pytest.raises(Overheard, match=r"caller heard boss: \d+-\d+ ms"):
        await barge.__aexit__(None, None, None)
    await spy.send_dtmf("4")
    await room.until(talk)
    spy.mute(muted=True)
    with pytest.raises(Overheard, match=r"boss sent only .* proves nothing"):
        await room.stays_unheard({"caller": ["boss"]})
    call.hang_up()
    await there.ended
    await spy.ended


async def test_recorded_file(lab: Lab) -> None:
    call, there, _ = await talking(lab, "672")
    room = SoundMatrix({"caller": call, "agent": there})
    await room.until({"caller": ["agent"], "agent": ["caller"]})
    there.hang_up()
    await call.ended
    await until_idle(lab)
    folder = lab.asterisk.spool / "monitor"
    (both,) = tones_in_file(folder / "both.wav")
    (heard,) = tones_in_file(folder / "from.wav")
    assert {one.hertz for one in both} == set(room.tones.values())
    assert {one.hertz for one in heard} == {room.tones["caller"]}
    assert all(one.to_ms - one.from_ms > 300 for one in [*both, *heard])


async def test_code_that_says_something_and_hangs_up(lab: Lab) -> None:
    phone = await lab.phone(101)
    said = await dial_code(phone, "680")
    assert (said.status, said.something) == (200, True)
    assert said.speech_ms < said.answered_ms + said.lasted_ms
    assert said.loudness > 0.02
    silent = await dial_code(phone, "681")
    assert (silent.status, silent.something, silent.loudness) == (200, False, 0.0)
    assert silent.answered_ms + silent.lasted_ms >= 300
    assert (await dial_code(phone, "999")).status == 404
    with pytest.raises(TimeoutError, match="end of the call to 602"):
        await dial_code(phone, "602", said_s=0.3)
    await until_idle(lab)
