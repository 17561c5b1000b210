"""What the port `Telephony` promises about what phones and supervisors do; see telephony_contract."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    RecordingChange,
    RingPhone,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    TransferState,
)
from engine.core.ids import (
    CallId,
    EndpointName,
    LegId,
    bridge_id_of,
    leg_id_of,
    monitor_bridge_id_of,
    monitor_id_of,
    own_call_id_of,
    playback_id_of,
    recording_id_of,
    talk_id_of,
)
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    RecordingFinished,
    SpyEnded,
    TransferRequested,
)
from tests.support.telephony_contract import (
    NODE,
    RINGING,
    Customer,
    Posted,
    TelephonyContract,
    World,
    ring,
)

steps = TelephonyContract()


class Supervised:
    """A talk of a customer with 1001, and a supervisor at 1003 who has called in."""

    def __init__(self, world: World, posted: Posted) -> None:
        self.world, self.posted = world, posted
        self.agent = world.phones["1001"]

    async def begin(self) -> Supervised:
        self.customer, self.call_id, self.leg_id = await steps.talk(self.world, self.posted)
        self.supervisor = self.world.phones["1003"].call("*901001")
        arrived = await self.posted.first(CallArrived)
        self.supervisor_id: CallId = arrived.call_id
        assert (arrived.endpoint, arrived.dialled) == ("1003", "*901001")
        self.send(AnswerCall(NODE, self.supervisor_id))
        await self.supervisor.until_answered()
        self.ear_bridge = monitor_bridge_id_of(self.supervisor_id)
        return self

    def send(self, command: Any) -> None:
        self.world.telephony.send(command)

    def monitor(self, n: int, *, whisper: bool) -> StartMonitor:
        monitor_id = monitor_id_of(self.supervisor_id, n)
        bridge_id, call_id = self.ear_bridge, self.supervisor_id
        return StartMonitor(NODE, monitor_id, bridge_id, call_id, self.leg_id, whisper)

    async def hear(self, customer: str, agent: str, supervisor: str) -> None:
        """Everybody hears these and no others; c, a, s stand for the three."""
        await self.world.telephony.drain()
        known = {"c": self.customer, "a": self.agent, "s": self.supervisor}
        for listener, voices in (("c", customer), ("a", agent), ("s", supervisor)):
            heard = await self.world.hears(known[listener], *(known[each] for each in voices))
            assert heard, f"{listener} does not hear just {voices!r}"


def recording(leg_id: LegId, n: int = 1, **fields: Any) -> StartRecording:
    recording_id = recording_id_of(talk_id_of(leg_id, 1), n)
    known = {"name": f"2026/{recording_id}", "stereo": False, **fields}
    return StartRecording(NODE, recording_id, leg_id, **known)


def change(started: StartRecording, what: RecordingChange) -> ChangeRecording:
    return ChangeRecording(NODE, started.recording_id, started.name, started.stereo, what)


class TelephonyFeatures:
    """Mix into a test class that has the fixtures `posted`, `world` and `up`."""

    # A phone forwards.

    @pytest.mark.row("A-07")
    async def test_a_phone_that_forwards_says_whereto(self, world, posted, up):
        _, call_id = await steps.arrived(world, posted)
        world.phones["1001"].forward("1002")
        world.telephony.send(ring(call_id))
        leg_id = leg_id_of(call_id, 1)
        ended = await posted.first(LegEnded)
        assert ended == LegEnded(leg_id, 23, "1002")
        # A later failure shows that nothing more was said of it, and that nobody followed.
        world.telephony.send(AnswerCall(NODE, CallId("nobody")))
        await posted.first(CommandFailed)
        assert posted.count(LegEnded) == 1
        assert posted.count(CallArrived) == 1

    # Keys.

    @pytest.mark.row("S-02")
    async def test_keys_of_a_caller(self, world, posted, up):
        customer, call_id = await steps.arrived(world, posted)
        world.telephony.send(AnswerCall(NODE, call_id))
        await customer.until_answered()
        await customer.press("5*")
        await posted.exactly(DigitPressed(call_id, "5"))
        await posted.exactly(DigitPressed(call_id, "*"))

    # Transfers.

    @pytest.mark.row("A-07")
    @pytest.mark.parametrize("state", TransferState)
    async def test_a_blind_transfer_is_told_and_nothing_else_happens(
        self, world, posted, up, state
    ):
        customer, _, leg_id = await steps.talk(world, posted)
        phone = world.phones["1001"]
        await phone.refer("1002")
        await posted.exactly(TransferRequested(leg_id, "1002"))
        assert await world.talking(customer, phone)
        world.telephony.send(AnswerTransfer(NODE, leg_id, state))
        assert await phone.told_of_transfer() == state.value
        if state is TransferState.REFUSED:
            assert await world.talking(customer, phone)
            await phone.refer("*7")
            await posted.exactly(TransferRequested(leg_id, "*7"))
        assert posted.count(CallArrived) == 1
        assert posted.failures == []

    @pytest.mark.row("A-07")
    async def test_a_transfer_done_is_told_before_the_leg_is_hung_up(self, world, posted, up):
        _, _, leg_id = await steps.talk(world, posted)
        phone = world.phones["1001"]
        await phone.refer("1002")
        await posted.first(TransferRequested)
        world.telephony.send(AnswerTransfer(NODE, leg_id, TransferState.DONE))
        world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=False))
        await posted.exactly(LegEnded(leg_id, 16))
        assert await phone.told_of_transfer() == "done"

    @pytest.mark.row("A-07")
    async def test_a_phone_that_is_gone_needs_no_answer(self, world, posted, up):
        _, _, leg_id = await steps.talk(world, posted)
        await world.phones["1001"].refer("1002")
        await posted.first(TransferRequested)
        await world.phones["1001"].hang_up()
        await posted.exactly(LegEnded(leg_id, 16))
        world.telephony.send(AnswerTransfer(NODE, leg_id, TransferState.DONE))
        await world.telephony.drain()
        assert posted.failures == []

    async def consult(self, world: World, posted: Posted) -> tuple[Customer, CallId, LegId]:
        """1001 calls 1002, on another line."""
        consult = world.phones["1001"].call("1002")
        consult_id = (await posted.first(CallArrived)).call_id
        leg_id = leg_id_of(consult_id, 1)
        world.telephony.send(StartWaitingSound(NODE, consult_id, RINGING))
        world.telephony.send(ring(consult_id, "1002", caller_number="1001"))
        await consult.until_rung()
        await posted.exactly(LegRinging(leg_id))
        return consult, consult_id, leg_id

    @pytest.mark.row("A-07")
    async def test_an_attended_transfer_joins_the_two_who_are_left(self, world, posted, up):
        customer, call_id, leg_id = await steps.talk(world, posted)
        agent, other = world.phones["1001"], world.phones["1002"]
        await agent.hold()
        consult, consult_id, other_leg_id = await self.consult(world, posted)
        send = world.telephony.send
        send(AnswerCall(NODE, consult_id))
        await consult.until_answered()
        await other.pick_up()
        await posted.exactly(LegAnswered(other_leg_id))
        bridge_id = bridge_id_of(other_leg_id)
        send(Connect(NODE, bridge_id, consult_id, other_leg_id))
        await world.telephony.drain()
        assert await world.hears(other, consult)
        await agent.refer(consult)
        await posted.exactly(TransferRequested(leg_id, "1002", consult_id))
        send(Connect(NODE, bridge_id, call_id, other_leg_id))
        send(AnswerTransfer(NODE, leg_id, TransferState.DONE))
        send(HangUpLeg(NODE, leg_id, answered_elsewhere=False))
        send(HangUpCall(NODE, consult_id, 16))
        send(DestroyBridge(NODE, bridge_id_of(leg_id)))
        ends = [await posted.until(lambda each: type(each) in {LegEnded, CallerHungUp})]
        ends.append(await posted.until(lambda each: type(each) in {LegEnded, CallerHungUp}))
        assert LegEnded(leg_id, 16) in ends
        assert [each.call_id for each in ends if type(each) is CallerHungUp] == [consult_id]
        await world.telephony.drain()
        assert await world.hears(customer, other)
        assert await world.hears(other, customer)
        assert posted.failures == []

    @pytest.mark.row("A-07")
    async def test_a_transfer_into_a_call_that_still_rings(self, world, posted, up):
        _, _, leg_id = await steps.talk(world, posted)
        consult, consult_id, _ = await self.consult(world, posted)
        await world.phones["1001"].refer(consult)
        await posted.exactly(TransferRequested(leg_id, "1002", consult_id))
        # Never without an answer: Asterisk may not outlive the end of such calls (ADR 0004).
        world.telephony.send(AnswerTransfer(NODE, leg_id, TransferState.REFUSED))
        assert await world.phones["1001"].told_of_transfer() == "refused"

    async def test_who_talks_is_not_torn_apart_by_a_caller_who_is_gone(self, world, posted, up):
        """A caller who is to be passed on into a talk, and has hung up: the talk goes on."""
        customer, _, leg_id = await steps.talk(world, posted)
        command = Connect(NODE, bridge_id_of(leg_id), CallId("gone"), leg_id)
        world.telephony.send(command)
        assert (await posted.first(CommandFailed)).command == command
        await world.telephony.drain()
        assert await world.talking(customer, world.phones["1001"])

    # Calls that Usher places.

    @pytest.mark.row("S-03")
    async def test_a_call_of_our_own_rings_is_answered_and_ends(self, world, posted, up):
        own = own_call_id_of("e", 1)
        command = RingPhone(
            NODE, LegId(own), None, EndpointName("1001"), None, 20_000, "1003", "Boss"
        )
        world.telephony.send(command)
        await posted.exactly(LegRinging(LegId(own)))
        assert await world.phones["1001"].shown() == ("Boss <1003>", None)
        await world.phones["1001"].pick_up()
        await posted.exactly(LegAnswered(LegId(own)))
        world.telephony.send(ring(own, "1002"))
        leg_id = leg_id_of(own, 1)
        await posted.exactly(LegRinging(leg_id))
        await world.phones["1002"].pick_up()
        await posted.exactly(LegAnswered(leg_id))
        world.telephony.send(Connect(NODE, bridge_id_of(leg_id), own, leg_id))
        await world.telephony.drain()
        assert await world.hears(world.phones["1001"], world.phones["1002"])
        await world.cut()
        await posted.first(NodeDisconnected)
        await world.restore()
        seen = await posted.first(NodeConnected)
        assert {each.channel_id: each.up for each in seen.channels} == {own: True, leg_id: True}
        world.telephony.send(HangUpCall(NODE, own, 16))
        await posted.exactly(LegEnded(LegId(own), 16))
        assert posted.count(CallArrived) == 0
        assert posted.failures == []

    async def test_a_call_of_our_own_is_given_up_before_it_could_ring(self, world, posted, up):
        own = own_call_id_of("e", 2)
        world.telephony.send(
            RingPhone(NODE, LegId(own), None, EndpointName("1001"), None, 20_000, "", "")
        )
        world.telephony.send(HangUpCall(NODE, own, 16))
        await posted.exactly(LegEnded(LegId(own), 16))
        await world.telephony.drain()
        assert posted.failures == []

    # Supervisors.

    @pytest.mark.row("S-02")
    async def test_listening_whispering_barging_and_back(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        await talk.hear("a", "c", "")
        listen, whisper = talk.monitor(1, whisper=False), talk.monitor(2, whisper=True)
        talk.send(listen)
        await talk.hear("a", "c", "ac")
        talk.send(StopMonitor(NODE, listen.monitor_id))
        talk.send(whisper)
        await posted.exactly(SpyEnded(listen.monitor_id))
        await talk.hear("a", "cs", "ac")
        talk.send(StopMonitor(NODE, whisper.monitor_id))
        talk.send(JoinTalk(NODE, bridge_id_of(talk.leg_id), talk.supervisor_id))
        await posted.exactly(SpyEnded(whisper.monitor_id))
        await talk.hear("as", "cs", "ac")
        talk.send(LeaveTalk(NODE, bridge_id_of(talk.leg_id), talk.supervisor_id))
        await talk.hear("a", "c", "")
        talk.send(talk.monitor(3, whisper=False))
        await talk.hear("a", "c", "ac")
        assert posted.failures == []

    @pytest.mark.row("S-02")
    @pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
    async def test_a_supervisors_keys_are_told_in_every_mode(self, world, posted, up, mode):
        talk = await Supervised(world, posted).begin()
        if mode == "barge":
            talk.send(JoinTalk(NODE, bridge_id_of(talk.leg_id), talk.supervisor_id))
        else:
            talk.send(talk.monitor(1, whisper=mode == "whisper"))
        await world.telephony.drain()
        await talk.supervisor.press("456")
        for key in "456":
            await posted.exactly(DigitPressed(talk.supervisor_id, key))

    @pytest.mark.row("S-02")
    async def test_hold_changes_nothing_about_who_may_hear(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        talk.send(talk.monitor(1, whisper=True))
        await talk.hear("a", "cs", "ac")
        await talk.agent.hold()
        await talk.hear("", "", "c")
        await talk.agent.resume()
        await talk.hear("a", "cs", "ac")

    @pytest.mark.row("S-02")
    async def test_a_spy_ends_with_the_agents_leg(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        command = talk.monitor(1, whisper=False)
        talk.send(command)
        await talk.hear("a", "c", "ac")
        await talk.agent.hang_up()
        await posted.exactly(LegEnded(talk.leg_id, 16))
        await posted.exactly(SpyEnded(command.monitor_id))
        talk.send(StopMonitor(NODE, command.monitor_id))
        talk.send(DestroyBridge(NODE, talk.ear_bridge))
        await world.telephony.drain()
        assert posted.failures == []
        assert posted.count(SpyEnded) == 1

    async def test_listening_begins_at_once_to_who_hears_a_prompt(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        playback_id = playback_id_of(talk.supervisor_id, 1)
        media = ("sound:tt-monkeys",) * 3
        talk.send(PlayPrompt(NODE, playback_id, talk.supervisor_id, media, "en"))
        talk.send(talk.monitor(1, whisper=False))
        await talk.hear("a", "c", "ac")

    async def test_nobody_can_be_spied_on_who_is_not_there(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        command = StartMonitor(
            NODE,
            monitor_id_of(talk.supervisor_id, 1),
            talk.ear_bridge,
            talk.supervisor_id,
            "nobody",
            whisper=False,
        )
        talk.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 404)
        assert posted.count(SpyEnded) == 0

    async def test_a_spy_without_a_supervisor_is_removed(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        await world.telephony.drain()
        talk.supervisor.hang_up()
        await posted.until(lambda each: getattr(each, "call_id", "") == talk.supervisor_id)
        command = talk.monitor(1, whisper=True)
        talk.send(command)
        kinds = {CommandFailed, SpyEnded}
        both = [await posted.until(lambda each: type(each) in kinds) for _ in range(2)]
        assert SpyEnded(command.monitor_id) in both
        assert [each.command for each in both if type(each) is CommandFailed] == [command]
        await world.telephony.drain()
        await world.cut()
        await world.restore()
        assert (await posted.first(NodeConnected)).bridges == (bridge_id_of(talk.leg_id),)

    async def test_a_monitoring_given_up_at_once_is_none(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        command = talk.monitor(1, whisper=True)
        talk.send(command)
        talk.send(StopMonitor(NODE, command.monitor_id))
        await posted.exactly(SpyEnded(command.monitor_id))
        await talk.hear("a", "c", "")
        assert posted.failures == []

    async def test_said_again_the_supervisor_hears_no_more_than_before(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        for _ in range(3):
            talk.send(talk.monitor(1, whisper=False))
        await talk.hear("a", "c", "ac")
        talk.send(talk.monitor(1, whisper=False))
        await talk.hear("a", "c", "ac")
        assert posted.failures == []

    async def test_nothing_to_end_is_no_failure(self, world, posted, up):
        _, call_id, leg_id = await steps.talk(world, posted)
        for command in (
            StopMonitor(NODE, monitor_id_of(call_id, 7)),
            LeaveTalk(NODE, bridge_id_of(leg_id), CallId("nobody")),
            LeaveTalk(NODE, bridge_id_of(LegId("nowhere")), call_id),
            AnswerTransfer(NODE, "nobody", TransferState.REFUSED),
            HoldMusic(NODE, "nobody"),
            change(recording(leg_id), RecordingChange.STOP),
        ):
            world.telephony.send(command)
        await world.telephony.drain()
        assert posted.failures == []

    async def test_a_talk_that_is_not_there_cannot_be_joined(self, world, posted, up):
        talk = await Supervised(world, posted).begin()
        command = JoinTalk(NODE, bridge_id_of(LegId("nowhere")), talk.supervisor_id)
        talk.send(command)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (command, 404)

    # Recordings.

    @pytest.mark.row("S-04")
    @pytest.mark.parametrize("stereo", [False, True])
    async def test_a_recording_is_paused_resumed_and_stopped(self, world, posted, up, stereo):
        customer, _call_id, leg_id = await steps.talk(world, posted)
        started = recording(leg_id, stereo=stereo)
        world.telephony.send(started)
        for what in (RecordingChange.PAUSE, RecordingChange.RESUME, RecordingChange.STOP):
            world.telephony.send(change(started, what))
        await posted.exactly(RecordingFinished(started.recording_id, ok=True))
        world.telephony.send(change(started, RecordingChange.STOP))
        await world.telephony.drain()
        assert await world.talking(customer, world.phones["1001"])
        assert posted.failures == []
        assert posted.count(RecordingFinished) == 1

    @pytest.mark.row("S-04")
    @pytest.mark.parametrize("stereo", [False, True])
    async def test_a_recording_may_be_stopped_twice_at_once(self, world, posted, up, stereo):
        _customer, _call_id, leg_id = await steps.talk(world, posted)
        started = recording(leg_id, stereo=stereo)
        world.telephony.send(started)
        await world.telephony.drain()
        for _ in range(3):
            world.telephony.send(change(started, RecordingChange.STOP))
        await posted.exactly(RecordingFinished(started.recording_id, ok=True))
        await world.telephony.drain()
        assert posted.failures == []
        assert posted.count(RecordingFinished) == 1

    @pytest.mark.row("S-04")
    @pytest.mark.parametrize("by", ["caller", "agent", "us"])
    @pytest.mark.parametrize("stereo", [False, True])
    async def test_a_recording_ends_well_with_its_channel(self, world, posted, up, by, stereo):
        customer, call_id, leg_id = await steps.talk(world, posted)
        started = recording(leg_id, stereo=stereo)
        world.telephony.send(started)
        await world.telephony.drain()
        if by == "agent":
            await world.phones["1001"].hang_up()
        else:
            if by == "caller":
                customer.hang_up()
                await posted.exactly(CallerHungUp(call_id, 16))
            world.telephony.send(HangUpLeg(NODE, leg_id, answered_elsewhere=False))
        await posted.exactly(RecordingFinished(started.recording_id, ok=True))
        await world.telephony.drain()
        assert posted.count(RecordingFinished) == 1
        assert posted.failures == []

    @pytest.mark.row("S-04")
    async def test_what_is_not_recorded_cannot_be_paused(self, world, posted, up):
        """Nobody may believe that a pause holds which does not."""
        _, _call_id, leg_id = await steps.talk(world, posted)
        for what in (RecordingChange.PAUSE, RecordingChange.RESUME):
            command = change(recording(leg_id), what)
            world.telephony.send(command)
            failed = await posted.first(CommandFailed)
            assert (failed.command, failed.status) == (command, 404)

    @pytest.mark.row("S-04")
    async def test_a_recording_is_not_written_over_another(self, world, posted, up):
        _, _call_id, leg_id = await steps.talk(world, posted)
        first, second = (recording(leg_id, n, name="2026/same") for n in (1, 2))
        world.telephony.send(first)
        await world.telephony.drain()
        world.telephony.send(second)
        failed = await posted.first(CommandFailed)
        assert (failed.command, failed.status) == (second, 409)
        world.telephony.send(change(first, RecordingChange.STOP))
        await posted.exactly(RecordingFinished(first.recording_id, ok=True))
        assert posted.count(RecordingFinished) == 1

    async def test_nobody_can_be_recorded_who_is_not_there(self, world, posted, up):
        command = recording(LegId("leg-nobody-1"))
        pause = change(command, RecordingChange.PAUSE)
        world.telephony.send(command)
        world.telephony.send(pause)
        failed = [await posted.first(CommandFailed) for _ in range(2)]
        assert [(each.command, each.status) for each in failed] == [(command, 404), (pause, 404)]

    # A lost connection.

    @pytest.mark.parametrize("stereo", [False, True])
    async def test_after_a_cut_ears_are_found(self, world, posted, up, stereo):
        talk = await Supervised(world, posted).begin()
        command = talk.monitor(1, whisper=False)
        started = recording(talk.leg_id, stereo=stereo)
        talk.send(command)
        talk.send(started)
        await talk.hear("a", "c", "ac")
        await world.cut()
        await posted.exactly(NodeDisconnected(NODE))
        await world.restore()
        seen = await posted.first(NodeConnected)
        found = {each.channel_id: each for each in seen.channels}
        talk_bridge = bridge_id_of(talk.leg_id)
        assert {key: each.bridge_id for key, each in found.items()} == {
            talk.call_id: talk_bridge,
            talk.leg_id: talk_bridge,
            talk.supervisor_id: talk.ear_bridge,
            command.monitor_id: talk.ear_bridge,
            started.recording_id: None,
        }
        assert set(seen.bridges) == {talk_bridge, talk.ear_bridge}
        assert found[command.monitor_id].endpoint == talk.leg_id
        assert found[started.recording_id].endpoint == talk.leg_id
        # Said again nothing new happens; and ends are told as ever.
        talk.send(command)
        talk.send(started)
        await talk.hear("a", "c", "ac")
        talk.send(change(started, RecordingChange.STOP))
        await posted.exactly(RecordingFinished(started.recording_id, ok=True))
        talk.send(StopMonitor(NODE, command.monitor_id))
        await posted.exactly(SpyEnded(command.monitor_id))
        assert posted.failures == []

    async def test_an_unknown_recorder_is_ended_like_a_spy(self, world, posted, up):
        """After a restart the core may find a recorder that it knows nothing of."""
        _, call_id, leg_id = await steps.talk(world, posted)
        started = recording(leg_id, stereo=True)
        world.telephony.send(started)
        await world.telephony.drain()
        world.telephony.send(StopMonitor(NODE, started.recording_id))
        await posted.exactly(RecordingFinished(started.recording_id, ok=True))
        await world.telephony.drain()
        await world.cut()
        await world.restore()
        seen = await posted.first(NodeConnected)
        assert {each.channel_id for each in seen.channels} == {call_id, leg_id}
