"""The ARI adapter on a real Asterisk, where the contract does not look: sound, codecs, crashes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses

import pytest
import pytest_asyncio

from engine.core.commands import (
    AnswerCall,
    Connect,
    HangUpCall,
    PlayPrompt,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.ids import bridge_id_of, leg_id_of, playback_id_of
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
)
from scripts.lab.phones import OutgoingCall
from scripts.lab.phones.sdp import PCMA, PCMU, Sdp
from tests.support.ari_lab import AriLab, lab_world
from tests.support.machine import Machine
from tests.support.telephony_contract import MUSIC, NODE, RINGING, Posted, TelephonyContract, ring

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

steps = TelephonyContract()
RINGING_TONE_HZ = (440, 480)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory):
    async with AriLab(tmp_path_factory.mktemp("ari") / "asterisk") as running:
        yield running


@pytest.fixture
def posted():
    return Posted()


@pytest_asyncio.fixture(loop_scope="module")
async def world(lab, posted):
    """A world whose adapter is connected."""
    async with lab_world(lab, posted) as made, steps.running(made):
        await posted.first(NodeConnected)
        yield made


async def bridges(lab):
    async with lab.ari() as http, http.get("bridges") as answer:
        return {each["id"]: each for each in await answer.json()}


@pytest.mark.row("P-02")
async def test_a_waiting_caller_hears_music_then_nothing(world, posted):
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(AnswerCall(NODE, call_id))
    world.telephony.send(StartWaitingSound(NODE, call_id, MUSIC))
    await customer.call.wait_until_hears("anything")
    world.telephony.send(StopWaitingSound(NODE, call_id, MUSIC))
    await customer.call.wait_until_hears("silence")


@pytest.mark.row("P-02")
async def test_ringing_before_the_answer_is_a_180_and_afterwards_a_tone(world, posted):
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(StartWaitingSound(NODE, call_id, RINGING))
    await customer.call.ringing
    assert not customer.call.answered
    world.telephony.send(AnswerCall(NODE, call_id))
    await customer.call.answered
    world.telephony.send(StartWaitingSound(NODE, call_id, RINGING))
    for tone_hz in RINGING_TONE_HZ:
        await customer.call.wait_until_hears(tone_hz)
    world.telephony.send(StopWaitingSound(NODE, call_id, RINGING))
    await customer.call.wait_until_hears("silence")


@pytest.mark.parametrize("codecs", [(PCMU, PCMA), (PCMA, PCMU), (PCMU,), (PCMA,)])
async def test_the_agent_is_offered_the_callers_codec_and_voice_goes_by_rtp(
    lab, world, posted, monkeypatch, codecs
):
    """So nothing is transcoded, and Asterisk's cheapest bridge carries the call."""
    wish = OutgoingCall._wish
    monkeypatch.setattr(
        OutgoingCall, "_wish", lambda call: dataclasses.replace(wish(call), codecs=codecs)
    )
    customer, _, leg_id = await steps.talk(world, posted)
    there = Sdp.parse(world.phones["1001"].current.invite.body)
    agreed = Sdp.parse(customer.call.responses[-1].body).codecs
    assert there.codecs[0] == agreed[0]
    assert await world.talking(customer, world.phones["1001"])
    assert (await bridges(lab))[bridge_id_of(leg_id)]["technology"] == "native_rtp"


async def test_a_phone_that_forwards_is_not_followed(world, posted):
    """An agent's phone that redirects its calls is no agent; the call goes on to the next."""
    _, call_id = await steps.arrived(world, posted)
    world.phones["1001"].phone.redirect("sip:1002@127.0.0.1")
    world.telephony.send(ring(call_id))
    ended = await posted.first(LegEnded)
    assert ended.leg_id == leg_id_of(call_id, 1)
    assert posted.count(LegAnswered) == 0


@pytest.mark.row("P-06")
async def test_a_listening_caller_is_connected_within_200_ms(world, posted):
    _, call_id = await steps.arrived(world, posted)
    leg_id = leg_id_of(call_id, 1)
    world.telephony.send(AnswerCall(NODE, call_id))
    media = ("sound:tt-monkeys",) * 3
    world.telephony.send(PlayPrompt(NODE, playback_id_of(call_id, 1), call_id, media, "en"))
    world.telephony.send(ring(call_id))
    await posted.exactly(LegRinging(leg_id))
    await world.phones["1001"].pick_up()
    await posted.exactly(LegAnswered(leg_id))
    loop, machine = asyncio.get_running_loop(), Machine()
    begin = loop.time()
    world.telephony.send(Connect(NODE, bridge_id_of(leg_id), call_id, leg_id))
    await world.telephony.drain()
    assert (loop.time() - begin) * 1000 < 200 + machine.late_ms


async def test_a_phone_that_says_183_only_is_answered_without_having_rung(world, posted):
    _, call_id = await steps.arrived(world, posted)
    leg_id = leg_id_of(call_id, 1)
    world.phones["1001"].be_silent()
    world.telephony.send(ring(call_id))
    call = await world.phones["1001"].phone.incoming()
    call.progress()
    call.answer()
    await posted.exactly(LegAnswered(leg_id))
    assert posted.count(LegRinging) == 0


@pytest.mark.parametrize(
    ("status", "cause"),
    [(404, 1), (480, 19), (486, 17), (488, 58), (500, 38), (503, 34), (600, 17), (603, 21)],
)
async def test_causes_of_refusals(world, posted, status, cause):
    _, call_id = await steps.arrived(world, posted)
    world.phones["1001"].phone.reject(status)
    world.telephony.send(ring(call_id))
    await posted.exactly(LegEnded(leg_id_of(call_id, 1), cause))


@pytest.mark.parametrize(
    ("cause", "status"), [(17, 486), (34, 503), (1, 404), (16, 603), (21, 403), (0, 603)]
)
async def test_how_a_caller_is_refused(world, posted, cause, status):
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(HangUpCall(NODE, call_id, cause))
    await posted.first(CallerHungUp)
    assert (await customer.call.ended).status == status


async def test_another_engine_takes_over(lab, world, posted):
    """The one that was there says so and waits for its turn; calls stay."""
    _, call_id = await steps.arrived(world, posted)
    others = Posted()
    other = lab.telephony(others)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(other.run())
        seen = await others.first(NodeConnected)
        assert [each.channel_id for each in seen.channels] == [call_id]
        await posted.first(NodeDisconnected)
        run.cancel()
    await posted.first(NodeConnected)


async def test_asterisk_is_killed_and_comes_back(tmp_path, posted):
    """kill -9: its calls are gone, and its new start is recognisable."""
    async with AriLab(tmp_path / "asterisk") as lab:  # noqa: SIM117 - the world goes first
        async with lab_world(lab, posted) as world, steps.running(world):
            before = await posted.first(NodeConnected)
            await steps.arrived(world, posted)
            await lab.asterisk.kill()
            await posted.first(NodeDisconnected)
            await lab.asterisk.start()
            after = await posted.first(NodeConnected)
            assert after.channels == ()
            assert after.boot_id != before.boot_id
            for phone in lab.phones.values():
                await phone.register()
            await steps.talk(world, posted)


async def test_a_caller_during_a_cut_is_announced_once(world, posted):
    await world.cut()
    await posted.first(NodeDisconnected)
    world.call("6400", "5550001", "Ann")
    await world.restore()
    seen = await posted.first(NodeConnected)
    if not seen.channels:  # Asterisk keeps the caller and hands over every second.
        await posted.first(CallArrived)
    world.telephony.send(AnswerCall(NODE, "nobody"))
    await world.telephony.drain()
    assert posted.count(CallArrived) + len(seen.channels) == 1


async def test_a_wrong_password_is_said(lab, posted, caplog):
    telephony = lab.telephony(posted, secret="wrong")
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(telephony.run())
        async with asyncio.timeout(40):
            while "status 401: user or password is wrong" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        run.cancel()
    assert posted.all == []


async def test_nothing_odd_comes_and_no_answer_is_late(world, posted):
    for _ in range(5):
        _, call_id, _ = await steps.talk(world, posted)
        world.telephony.send(HangUpCall(NODE, call_id, 16))
        await posted.first(CallerHungUp)
        await world.phones["1001"].hang_up()
        await posted.first(LegEnded)
    with contextlib.suppress(TimeoutError):
        await posted.until(lambda _: False, 0.1)
    assert not world.telephony.counters.oddities
    assert world.telephony.counters.late == 0
    assert world.telephony.counters.failed == 0
