"""Voicemail and call flows on a real Asterisk: what is left there, who learns of it, who comes back."""

from __future__ import annotations

import email
import email.policy
import re

import pytest
import pytest_asyncio

from engine.core.commands import AnswerCall, PlayPrompt, SendToDialplan
from engine.core.ids import CallId, playback_id_of
from engine.core.inputs import (
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
)
from scripts.lab.phones.subscription import Subscription
from scripts.lab.waiting import look_until
from tests.support.ari_lab import FAR_HZ, FLOW, HEARD_FOR, AriLab, lab_world
from tests.support.telephony_away import send_on
from tests.support.telephony_contract import NODE, Posted, TelephonyContract
from tests.support.wav import Recorded

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.row("Q-03"),
    pytest.mark.asyncio(loop_scope="module"),
]

steps = TelephonyContract()
LONG_ENOUGH = 64_000
"""Bytes: four seconds of sound, which Asterisk writes in pieces of two."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory):
    async with AriLab(tmp_path_factory.mktemp("voicemail") / "asterisk") as running:
        yield running


@pytest.fixture
def posted():
    return Posted()


@pytest_asyncio.fixture(loop_scope="module")
async def world(lab, posted):
    lab.mails.unlink(missing_ok=True)
    async with lab_world(lab, posted) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def up(world, posted):
    async with steps.running(world):
        await posted.first(NodeConnected)
        yield


def waiting(world, number):
    """How many new messages the phone was told of last, in all of its boxes."""
    told = [each.body.decode() for each in world.lab.phones[number].messages]
    found = [match[1] for each in told if (match := re.search(r"Voice-Message: (\d+)/", each))]
    return int(found[-1]) if found else 0


async def comes_to_show(world, number, count):
    def seen():
        return waiting(world, number)

    await look_until(lambda: seen() == count, f"{count} messages at {number}", 40, seen=seen)


async def leave_message(world, posted, box):
    """A customer leaves a message of four seconds and more, and hangs up; returns its file."""
    before = set(world.lab.messages(box))
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(SendToDialplan(NODE, call_id, "usher-voicemail", box))
    await customer.until_answered()
    assert await world.hears_something(customer)
    await customer.press("#")  # Past the greeting.

    def new():
        return [each for each in world.lab.messages(box) if each not in before]

    def recorded():
        return any(each.stat().st_size > LONG_ENOUGH for each in new())

    await look_until(recorded, "a message of some length", 40)
    customer.hang_up()
    await posted.exactly(CallerHungUp(call_id, 16))
    kept = await look_until(
        lambda: [each for each in new() if each.parent.name == "INBOX"], "the message kept", 10
    )
    return kept[0]


async def mailed(world, box):
    await look_until(world.lab.mails.exists, "a mail", 40)
    return await look_until(
        lambda: t if f"box {box}" in (t := world.lab.mails.read_text()) else "", "its text", 10
    )


def all_along(audio, hz):
    """Tells a tone from speech, which has any tone for a moment."""
    looks = 0

    def heard():
        nonlocal looks
        looks = looks + 1 if audio.hears(hz) else 0
        return looks >= HEARD_FOR

    return heard


async def test_a_message_is_kept_shown_and_mailed(world, posted, up):
    before = {number: waiting(world, number) for number in ("1001", "1002")}
    message = await leave_message(world, posted, "1001")
    await comes_to_show(world, "1001", before["1001"] + 1)
    mail = email.message_from_string(await mailed(world, "1001"), policy=email.policy.default)
    assert mail["To"] == "Ann <ann@example.org>"
    assert mail["Subject"] == "[Usher] Message in box 1001 from 5550001"
    sound = Recorded(message)
    voices = sound.voices([FAR_HZ])
    assert sound.seconds > 3
    assert voices.count({FAR_HZ}) >= len(voices) - 3, "the customer's tone, all along"
    assert waiting(world, "1002") == before["1002"]


async def test_a_groups_message_is_shown_on_all_its_phones(world, posted, up):
    before = {number: waiting(world, number) for number in ("1001", "1002")}
    await leave_message(world, posted, "650")
    for number, count in before.items():
        await comes_to_show(world, number, count + 1)
    text = await mailed(world, "650")
    assert "<sales@example.org>" in text
    assert "<boss@example.org>" in text
    assert waiting(world, "1003") == 0


class MessageLamp(Subscription):
    """A phone that asks for its waiting messages."""

    __slots__ = ("told_of",)

    def __init__(self, phone, number):
        self.told_of: list[int] = []
        super().__init__(
            phone,
            number,
            event="message-summary",
            accept="application/simple-message-summary",
            expires_s=600,
        )

    def told(self, request):
        self.told_of.append(int(re.search(rb"Voice-Message: (\d+)/", request.body)[1]))

    def ended(self):
        pass


async def test_a_phone_that_asks_is_told_that_way_only(world, posted, up):
    lamp = MessageLamp(world.lab.phones["1001"], "1001")
    await lamp.on()
    await look_until(lambda: lamp.told_of, "the first NOTIFY", 40)
    before, unasked = lamp.told_of[-1], len(world.lab.phones["1001"].messages)
    await leave_message(world, posted, "650")
    await look_until(lambda: lamp.told_of[-1] == before + 1, "the message on the lamp", 40)
    assert len(world.lab.phones["1001"].messages) == unasked
    await lamp.off()


async def test_whose_box_it_is_hears_the_message_after_the_pin(world, posted, up):
    before = waiting(world, "1001")
    await leave_message(world, posted, "1001")
    await comes_to_show(world, "1001", before + 1)
    listener = world.phones["1001"].call("*97")
    call_id = (await posted.first(CallArrived)).call_id
    world.telephony.send(SendToDialplan(NODE, call_id, "usher-mailbox", "1001"))
    await listener.until_answered()
    assert await world.hears_something(listener)
    await listener.press("4711#1")
    await listener.audio.until(all_along(listener.audio, FAR_HZ), "hears the message", 40)
    listener.hang_up()
    await posted.exactly(CallerHungUp(call_id, 16))
    await comes_to_show(world, "1001", before)
    assert posted.count(DigitPressed) == 0, "nobody learns the PIN"


async def test_a_wrong_pin_hears_nothing(world, posted, up):
    listener = world.phones["1002"].call("*97650")
    call_id = (await posted.first(CallArrived)).call_id
    world.telephony.send(SendToDialplan(NODE, call_id, "usher-mailbox", "650"))
    await listener.until_answered()
    for _ in range(3):
        await listener.press("1111#")
    assert (await posted.first(CallerHungUp, timeout_s=30)).call_id == call_id


async def test_a_box_that_is_not_there_gives_the_caller_back(world, posted, up):
    customer, call_id = await steps.arrived(world, posted)
    command = SendToDialplan(NODE, call_id, "usher-voicemail", "999")
    world.telephony.send(command)
    failed = await posted.first(CommandFailed)
    assert (failed.command, failed.status) == (command, 422)
    playback_id = playback_id_of(call_id, 1)
    world.telephony.send(AnswerCall(NODE, call_id))
    world.telephony.send(PlayPrompt(NODE, playback_id, call_id, ("sound:beep",), "en"))
    await posted.exactly(PlaybackEnded(playback_id, ok=True))
    customer.hang_up()


async def test_a_message_too_short_is_no_wrong_number(world, posted, up):
    box = "1001"
    before = set(world.lab.messages(box))
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(SendToDialplan(NODE, call_id, "usher-voicemail", box))
    await customer.until_answered()
    assert await world.hears_something(customer)
    await customer.press("#")  # Past the greeting.
    await look_until(lambda: set(world.lab.messages(box)) - before, "the message begun", 40)
    await customer.press("#")
    await posted.exactly(CallerHungUp(call_id, 16))


async def test_a_context_that_vanished_gives_the_caller_back(world, posted, up):
    lab = world.lab
    try:
        lab.flow.unlink()
        await lab.asterisk.reload("pbx_config.so")
        _, call_id = await steps.arrived(world, posted)
        command = send_on(call_id)
        world.telephony.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 422)
    finally:
        lab.flow.write_text(FLOW, encoding="utf-8")
        await lab.asterisk.reload("pbx_config.so")


async def test_a_caller_who_comes_back_while_no_engine_is_there_is_kept(world, posted, up):
    customer, call_id = await steps.arrived(world, posted)
    world.telephony.send(send_on(call_id))
    await world.telephony.drain()
    await customer.until_answered()
    await world.cut()
    await posted.exactly(NodeDisconnected(NODE))
    await customer.press("1")
    assert await world.hears_something(customer)  # Music, as for any caller then.
    await world.restore()
    seen = await posted.first(NodeConnected)
    assert [(each.channel_id, each.away) for each in seen.channels] == [(call_id, True)]
    await posted.exactly(CallCameBack(call_id, "6401"))


@pytest.mark.parametrize("box", ["1001", "650"])
async def test_another_engine_takes_over_while_a_message_is_left(world, posted, box):
    async with steps.running(world):
        await posted.first(NodeConnected)
        customer, call_id = await steps.arrived(world, posted)
        world.telephony.send(SendToDialplan(NODE, call_id, "usher-voicemail", box))
        await customer.until_answered()
    later = Posted()
    world.telephony = world.lab.telephony(later)
    async with steps.running(world):
        seen = await later.first(NodeConnected)
        assert [(each.channel_id, each.away) for each in seen.channels] == [(call_id, True)]
        customer.hang_up()
        await later.exactly(CallerHungUp(CallId(call_id), 16))
