"""What the port `Telephony` promises about callers whom the dialplan has, and about what is heard.

The world's dialplan has a context `lab-flow`, extension `s`, that answers and waits for a key: 1 gives
the caller back, for what the variable USHER_ANSWER says; 2 ends the call. It has music `high`, too.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from engine.core.callers.dialplan import TRIP_VARIABLE
from engine.core.commands import (
    AnswerCall,
    Connect,
    FetchCall,
    HangUpCall,
    PlayPrompt,
    PlayToTalk,
    SendToDialplan,
    StartWaitingSound,
    StopPrompt,
    StopWaitingSound,
)
from engine.core.ids import (
    CallId,
    LegId,
    bridge_id_of,
    leg_id_of,
    own_call_id_of,
    playback_id_of,
)
from engine.core.inputs import (
    TAKEN_BACK,
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    HoldChanged,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
)
from engine.core.waiting import WaitingSound
from tests.support.telephony_contract import MUSIC, NODE, RINGING, TelephonyContract, ring

steps = TelephonyContract()
TRIP = 7
ANSWER = (("USHER_ANSWER", "6401"), (TRIP_VARIABLE, str(TRIP)))
MONKEYS = ("sound:tt-monkeys",) * 3
"""48 seconds."""
MADE_BY_US = pytest.mark.parametrize(
    "made", [leg_id_of(CallId("x"), 1), own_call_id_of("epoch", 1)], ids=["leg", "own"]
)


def send_on(call_id: CallId, context: str = "lab-flow", extension: str = "s", **fields: Any):
    return SendToDialplan(NODE, call_id, context, extension, fields.get("variables", ANSWER))


class TelephonyAway:
    """Mix into a test class that has the fixtures `posted`, `world` and `up`."""

    async def sent(self, world, posted):
        customer, call_id = await steps.arrived(world, posted)
        world.telephony.send(send_on(call_id))
        await world.telephony.drain()
        await customer.until_answered()
        return customer, call_id

    # The dialplan has a caller.

    @pytest.mark.row("Q-03")
    async def test_the_dialplan_gives_a_caller_back(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        await world.press_in_flow(customer, "1")
        await posted.exactly(CallCameBack(call_id, "6401"))
        # It is ours as before: prompts, keys, a talk.
        playback_id = playback_id_of(call_id, 1)
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, ("sound:beep",), "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=True))
        await customer.press("7")
        await posted.exactly(DigitPressed(call_id, "7"))
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        await customer.until_ended()
        world.telephony.send(AnswerCall(NODE, call_id))
        await posted.first(CommandFailed)
        assert posted.count(CallerHungUp) == posted.count(CallCameBack) == 1
        assert posted.count(DigitPressed) == 1, (
            "the key that the dialplan took is nobody's business"
        )

    @pytest.mark.row("Q-03")
    async def test_a_caller_is_taken_back_from_the_dialplan(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        for _ in range(2):
            world.telephony.send(FetchCall(NODE, call_id, TRIP))
            await posted.exactly(CallCameBack(call_id, TAKEN_BACK))
            world.telephony.send(send_on(call_id))
            await world.telephony.drain()
        world.telephony.send(FetchCall(NODE, call_id, TRIP))
        await posted.exactly(CallCameBack(call_id, TAKEN_BACK))
        playback_id = playback_id_of(call_id, 1)
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, ("sound:beep",), "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=True))
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        assert posted.failures == []

    @pytest.mark.row("Q-03")
    async def test_who_is_here_already_is_not_taken_back(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        await world.press_in_flow(customer, "1")
        await posted.exactly(CallCameBack(call_id, "6401"))
        world.telephony.send(FetchCall(NODE, call_id, TRIP))
        world.telephony.send(FetchCall(NODE, CallId("nobody"), TRIP))
        await world.telephony.drain()
        playback_id = playback_id_of(call_id, 1)
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, ("sound:beep",) * 3, "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=True))
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        assert posted.count(CallCameBack) == 1
        assert posted.failures == []

    @pytest.mark.row("Q-03")
    async def test_who_is_away_once_more_is_not_taken_back_from_before(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        await world.press_in_flow(customer, "1")
        await posted.exactly(CallCameBack(call_id, "6401"))
        again = (("USHER_ANSWER", "6402"), (TRIP_VARIABLE, str(TRIP + 1)))
        world.telephony.send(send_on(call_id, variables=again))
        await world.telephony.drain()
        world.telephony.send(FetchCall(NODE, call_id, TRIP))
        await world.telephony.drain()
        await world.press_in_flow(customer, "1")
        await posted.exactly(CallCameBack(call_id, "6402"))
        world.telephony.send(send_on(call_id, variables=again))
        await world.telephony.drain()
        world.telephony.send(FetchCall(NODE, call_id, TRIP + 1))
        await posted.exactly(CallCameBack(call_id, TAKEN_BACK))
        assert posted.count(CallCameBack) == 3
        assert posted.failures == []

    @pytest.mark.row("Q-03")
    async def test_back_and_forth(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        for _ in range(2):
            await world.press_in_flow(customer, "1")
            await posted.exactly(CallCameBack(call_id, "6401"))
            world.telephony.send(send_on(call_id))
            await world.telephony.drain()
        await world.press_in_flow(customer, "2")
        assert (await posted.first(CallerHungUp)).call_id == call_id
        assert posted.failures == []

    @pytest.mark.row("Q-03")
    async def test_a_call_that_ends_in_the_dialplan(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        await world.press_in_flow(customer, "2")
        assert (await posted.first(CallerHungUp)).call_id == call_id
        await customer.until_ended()
        assert posted.count(CallCameBack) == 0

    @pytest.mark.row("Q-03")
    async def test_a_caller_who_hangs_up_in_the_dialplan(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        world.telephony.send(AnswerCall(NODE, call_id))
        await posted.first(CommandFailed)
        assert posted.count(CallerHungUp) == 1

    @pytest.mark.row("Q-03")
    async def test_a_caller_in_the_dialplan_is_let_go(self, world, posted, up):
        customer, call_id = await self.sent(world, posted)
        world.telephony.send(HangUpCall(NODE, call_id, 16))
        assert (await posted.first(CallerHungUp)).call_id == call_id
        await customer.until_ended()
        assert posted.count(CallerHungUp) == 1

    @pytest.mark.row("Q-03")
    @pytest.mark.parametrize("where", [("lab-nowhere", "s"), ("lab-flow", "99")])
    async def test_nothing_there_is_a_failure_and_the_caller_stays(self, world, posted, up, where):
        customer, call_id = await steps.arrived(world, posted)
        command = send_on(call_id, *where)
        world.telephony.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 422)
        playback_id = playback_id_of(call_id, 1)
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(PlayPrompt(NODE, playback_id, call_id, ("sound:beep",), "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=True))
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))
        assert posted.count(CommandFailed) == 1

    async def test_nobody_is_sent(self, world, posted, up):
        command = send_on(CallId("nobody"))
        world.telephony.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 404)
        await world.telephony.drain()
        assert posted.count(CommandFailed) == 1

    async def test_what_plays_does_not_keep_a_caller(self, world, posted, up):
        customer, call_id = await steps.arrived(world, posted)
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(StartWaitingSound(NODE, call_id, MUSIC))
        world.telephony.send(PlayPrompt(NODE, playback_id_of(call_id, 1), call_id, MONKEYS, "en"))
        world.telephony.send(PlayPrompt(NODE, playback_id_of(call_id, 2), call_id, MONKEYS, "en"))
        world.telephony.send(send_on(call_id))
        await world.telephony.drain()
        await world.press_in_flow(customer, "1")
        async with asyncio.timeout(5):
            await posted.exactly(CallCameBack(call_id, "6401"))

    async def test_while_the_dialplan_has_a_caller_nothing_else_does(self, world, posted, up):
        _, call_id = await self.sent(world, posted)
        commands = [
            AnswerCall(NODE, call_id),
            StartWaitingSound(NODE, call_id, MUSIC),
            PlayPrompt(NODE, playback_id_of(call_id, 1), call_id, ("sound:beep",), "en"),
        ]
        for command in commands:
            world.telephony.send(command)
            failed = await posted.first(CommandFailed)
            assert (failed.command, failed.status) == (command, 409)

    @pytest.mark.row("Q-03")
    async def test_after_a_cut_who_is_away_is_known(self, world, posted, up):
        _, here = await steps.arrived(world, posted)
        customer, call_id = await self.sent(world, posted)
        await world.cut()
        await posted.exactly(NodeDisconnected(NODE))
        await world.restore()
        seen = await posted.first(NodeConnected)
        assert {each.channel_id: each.away for each in seen.channels} == {
            here: False,
            call_id: True,
        }
        await world.press_in_flow(customer, "1")
        await posted.exactly(CallCameBack(call_id, "6401"))
        customer.hang_up()
        await posted.exactly(CallerHungUp(call_id, 16))

    @pytest.mark.row("Q-03")
    async def test_an_end_in_the_dialplan_while_nobody_watched(self, world, posted, up):
        customer, _ = await self.sent(world, posted)
        await world.cut()
        await posted.exactly(NodeDisconnected(NODE))
        await world.press_in_flow(customer, "2")
        await customer.until_ended()
        await world.restore()
        assert (await posted.first(NodeConnected)).channels == ()

    # So it is with calls that began as legs (a called party who was passed on), or that we placed.

    async def sent_leg(self, world, posted, channel_id):
        phone = world.phones["1001"]
        world.telephony.send(dataclasses.replace(ring(CallId("x")), leg_id=LegId(channel_id)))
        await posted.exactly(LegRinging(channel_id))
        await phone.pick_up()
        await posted.exactly(LegAnswered(channel_id))
        world.telephony.send(send_on(CallId(channel_id)))
        await world.telephony.drain()
        return phone

    @pytest.mark.row("Q-03")
    @MADE_BY_US
    async def test_the_dialplan_gives_a_leg_back(self, world, posted, up, made):
        phone = await self.sent_leg(world, posted, made)
        for _ in range(2):
            await world.press_in_flow(phone, "1")
            await posted.exactly(CallCameBack(made, "6401"))
            world.telephony.send(send_on(made))
            await world.telephony.drain()
        await world.press_in_flow(phone, "1")
        await posted.exactly(CallCameBack(made, "6401"))
        playback_id = playback_id_of(made, 1)
        world.telephony.send(PlayPrompt(NODE, playback_id, made, ("sound:beep",), "en"))
        await posted.exactly(PlaybackEnded(playback_id, ok=True))
        await phone.press("7")
        await posted.exactly(DigitPressed(made, "7"))
        await phone.hang_up()
        await posted.exactly(LegEnded(made, 16))
        assert posted.count(LegEnded) + posted.count(CallerHungUp) == 1
        assert (posted.count(CallCameBack), posted.count(DigitPressed)) == (3, 1)
        assert posted.count(CallArrived) == posted.count(CommandFailed) == 0

    @pytest.mark.row("Q-03")
    @MADE_BY_US
    async def test_a_leg_that_ends_in_the_dialplan(self, world, posted, up, made):
        phone = await self.sent_leg(world, posted, made)
        await world.press_in_flow(phone, "2")
        await posted.until(lambda happened: type(happened) in {CallerHungUp, LegEnded})
        world.telephony.send(AnswerCall(NODE, made))
        await posted.first(CommandFailed)
        assert posted.count(LegEnded) + posted.count(CallerHungUp) == 1
        assert posted.count(CallCameBack) == 0

    @pytest.mark.row("Q-03")
    @MADE_BY_US
    async def test_nothing_there_is_a_failure_and_the_leg_stays(self, world, posted, up, made):
        phone = await self.sent_leg(world, posted, made)
        await world.press_in_flow(phone, "1")
        await posted.exactly(CallCameBack(made, "6401"))
        command = send_on(made, "lab-nowhere")
        world.telephony.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 422)
        await phone.hang_up()
        await posted.exactly(LegEnded(made, 16))
        assert posted.count(LegEnded) + posted.count(CallerHungUp) == 1

    @pytest.mark.row("Q-03")
    @MADE_BY_US
    async def test_after_a_cut_it_is_known_whether_a_leg_is_away(self, world, posted, up, made):
        here = leg_id_of(CallId("here"), 1)
        other = world.phones["1002"]
        world.telephony.send(ring(CallId("here"), "1002"))
        await posted.exactly(LegRinging(here))
        await other.pick_up()
        await posted.exactly(LegAnswered(here))
        ringing = leg_id_of(CallId("ringing"), 1)
        world.telephony.send(ring(CallId("ringing"), "1003"))
        await posted.exactly(LegRinging(ringing))
        phone = await self.sent_leg(world, posted, made)
        for away in (True, False):
            await world.cut()
            await posted.exactly(NodeDisconnected(NODE))
            await world.restore()
            seen = {each.channel_id: each for each in (await posted.first(NodeConnected)).channels}
            assert {each: seen[each].away for each in seen} == {
                here: False,
                ringing: False,
                made: away,
            }
            # Who never left is told from who came back by the trip.
            assert seen[here].trip == 0
            assert seen[made].trip == (0 if away else TRIP)
            if away:
                await world.press_in_flow(phone, "1")
                await posted.exactly(CallCameBack(made, "6401"))
            else:
                assert seen[made].dialled == "6401"
        await phone.hang_up()
        await posted.exactly(LegEnded(made, 16))
        await other.hang_up()
        await posted.exactly(LegEnded(here, 16))

    # Prompts that are stopped, and prompts to a talk.

    @pytest.mark.row("P-06")
    async def test_a_prompt_is_stopped(self, world, posted, up):
        _, call_id = await steps.arrived(world, posted)
        first, second = (playback_id_of(call_id, n) for n in (1, 2))
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(PlayPrompt(NODE, first, call_id, MONKEYS, "en"))
        world.telephony.send(StopPrompt(NODE, first, call_id))
        world.telephony.send(PlayPrompt(NODE, second, call_id, ("sound:beep",), "en"))
        async with asyncio.timeout(5):
            await posted.exactly(PlaybackEnded(second, ok=True))
        world.telephony.send(StopPrompt(NODE, second, call_id))  # Over.
        world.telephony.send(StopPrompt(NODE, playback_id_of(call_id, 9), call_id))  # Never was.
        await world.telephony.drain()
        assert posted.failures == []

    async def test_a_prompt_that_waits_is_stopped(self, world, posted, up):
        _, call_id = await steps.arrived(world, posted)
        first, second, third = (playback_id_of(call_id, n) for n in (1, 2, 3))
        world.telephony.send(AnswerCall(NODE, call_id))
        for each, media in ((first, ("sound:beep",)), (second, MONKEYS), (third, ("sound:beep",))):
            world.telephony.send(PlayPrompt(NODE, each, call_id, media, "en"))
        world.telephony.send(StopPrompt(NODE, second, call_id))
        async with asyncio.timeout(5):
            await posted.exactly(PlaybackEnded(third, ok=True))

    @pytest.mark.row("P-07")
    async def test_a_talk_is_told_something(self, world, posted, up):
        customer, _, leg_id = await steps.talk(world, posted)
        playback_id, bridge_id = playback_id_of(leg_id, 1), bridge_id_of(leg_id)
        world.telephony.send(PlayToTalk(NODE, playback_id, bridge_id, ("sound:beep",) * 3, "en"))
        await world.telephony.drain()
        assert await world.talking(customer, world.phones["1001"])
        lost = PlayToTalk(NODE, playback_id, bridge_id_of(leg_id_of(CallId("x"), 1)), MONKEYS, "en")
        world.telephony.send(lost)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (lost, 404)
        assert posted.count(PlaybackEnded) == 0

    # Waiting and hold.

    @pytest.mark.row("C-03")
    async def test_an_agent_who_waits_hears_ringing(self, world, posted, up):
        _, call_id = await steps.arrived(world, posted)
        leg_id, agent = leg_id_of(call_id, 1), world.phones["1001"]
        world.telephony.send(ring(call_id))
        await posted.exactly(LegRinging(leg_id))
        await agent.pick_up()
        await posted.exactly(LegAnswered(leg_id))
        world.telephony.send(StartWaitingSound(NODE, CallId(leg_id), RINGING))
        await world.telephony.drain()
        assert await world.hears_something(agent)
        world.telephony.send(StopWaitingSound(NODE, CallId(leg_id), RINGING))
        await world.telephony.drain()
        assert await world.hears_nothing(agent)

    @pytest.mark.row("P-03")
    @pytest.mark.parametrize("holder", ["agent", "caller"])
    async def test_the_hold_music_of_a_talk(self, world, posted, up, holder):
        customer, call_id = await steps.arrived(world, posted)
        leg_id, agent = leg_id_of(call_id, 1), world.phones["1001"]
        world.telephony.send(AnswerCall(NODE, call_id))
        world.telephony.send(ring(call_id))
        await posted.exactly(LegRinging(leg_id))
        await agent.pick_up()
        await posted.exactly(LegAnswered(leg_id))
        bridge_id = bridge_id_of(leg_id)
        world.telephony.send(Connect(NODE, bridge_id, call_id, leg_id, hold_music="high"))
        await world.telephony.drain()
        by, other = (agent, customer) if holder == "agent" else (customer, agent)
        await by.hold()
        await posted.first(HoldChanged)
        assert await world.hears_music(other, "high")
        await by.resume()
        await posted.first(HoldChanged)
        assert await world.talking(customer, agent)
        # What is waited with later is not that music.
        world.telephony.send(StartWaitingSound(NODE, call_id, WaitingSound("default")))
        await world.telephony.drain()
        assert posted.failures == []
