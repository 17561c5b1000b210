"""The rehearsed world alone: what Asterisk does with commands, and what the wire does to both."""

from __future__ import annotations

import heapq
from typing import Any

import pytest

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    FetchCall,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    SendToDialplan,
)
from engine.core.ids import BridgeId, CallId, EndpointName, LegId, NodeId, PlaybackId
from engine.core.inputs import (
    TAKEN_BACK,
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DeviceState,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    PhoneDevice,
    PhoneReachable,
    PlaybackEnded,
)
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.channels import Channel, Plan
from engine.sim.options import Faults, Habits, Latency, Options
from engine.sim.people import People
from engine.sim.presence import Presence

pytestmark = pytest.mark.unit

NODE = NodeId("node1")
CALL = CallId("node1-1")
LEG = LegId("leg-node1-1-1")
PHONE = EndpointName("1001")
INSTANT = Latency(command_ms_max=0, event_ms_max=0, presence_ms_max=0, ring_ms_max=0)
PROMPT = Habits(answer_ms_min=1_000, answer_ms_mean=1_000, ignores=0, rejects=0, holds=0)


class Town:
    """One node with two phones, and everything that Usher hears of it."""

    def __init__(self, *, connected: bool = True, **options: Any) -> None:
        self.heard: list[tuple[int, Input]] = []
        self.agenda = Agenda(0)
        chosen = Options(1, **{"latency": INSTANT, "habits": PROMPT, **options})
        self.people = People(self.agenda, chosen, [PHONE, EndpointName("1002")], self._changed)
        self.asterisk = Asterisk(NODE, self.agenda, self._post, chosen)
        self.asterisk.people = self.people
        self.presence = Presence(self.asterisk, self.people.phones, self.agenda, self._post, chosen)
        if connected:
            self.asterisk.link()
            self.pass_ms(300)
            self.heard.clear()

    def _post(self, happened: Input) -> None:
        self.heard.append((self.agenda.now_ms, happened))

    def _changed(self, phone, asterisk) -> None:
        self.presence.device_changed(phone)

    def pass_ms(self, duration_ms: int) -> None:
        until_ms = self.agenda.now_ms + duration_ms
        while self.agenda.heap and self.agenda.heap[0][0] <= until_ms:
            when_ms, _, act, subject = heapq.heappop(self.agenda.heap)
            self.agenda.now_ms = when_ms
            act(subject)
        self.agenda.now_ms = until_ms

    def call(
        self, *, talk_ms: int = 10_000, patience_ms: int | None = None, agent_ends: bool = True
    ) -> Channel:
        plan = Plan(patience_ms=patience_ms, talk_ms=talk_ms, agent_ends=agent_ends)
        channel = Channel(self.asterisk, CALL, None, plan)
        channel.arrival = CallArrived(
            CALL, NODE, EndpointName("trunk"), "6400", "0123", "", self.agenda.now_ms
        )
        assert self.asterisk.arrive(channel, held=True)
        until_ms = None if patience_ms is None else self.agenda.now_ms + patience_ms
        self.people.waits(channel, until_ms)
        return channel

    def ring(self, leg_id: LegId = LEG, endpoint: EndpointName = PHONE, **fields: Any) -> None:
        self.say(
            RingPhone(
                **{
                    "node": NODE,
                    "leg_id": leg_id,
                    "call_id": CALL,
                    "endpoint": endpoint,
                    "number": None,
                    "timeout_ms": 30_000,
                    "caller_number": "",
                    "caller_name": "",
                    **fields,
                }
            )
        )

    def say(self, command: Any) -> None:
        self.asterisk.wire.send(command)

    def told(self) -> list[Input]:
        """Returns what was heard since the last time."""
        told = [happened for _, happened in self.heard]
        self.heard.clear()
        return told


def test_a_call_from_ring_to_hang_up():
    town = Town()
    caller = town.call()
    town.say(AnswerCall(NODE, CALL))
    town.ring()
    town.pass_ms(1_000)
    assert town.told() == [caller.arrival, LegRinging(LEG), LegAnswered(LEG)]
    town.say(Connect(NODE, BridgeId("talk-1"), CALL, LEG))
    assert town.asterisk.listing().channels[0].bridge_id == "talk-1"
    town.pass_ms(9_999)
    assert town.told() == []
    town.pass_ms(1)
    assert town.told() == [LegEnded(LEG, 16)]
    town.say(DestroyBridge(NODE, BridgeId("talk-1")))
    town.say(HangUpCall(NODE, CALL, 16))
    town.pass_ms(0)
    assert town.told() == [CallerHungUp(CALL, 16)]
    assert not town.asterisk.channels
    assert not town.asterisk.bridges


def test_a_caller_gives_up_while_waiting_but_not_while_talking():
    town = Town()
    town.call(patience_ms=5_000)
    town.pass_ms(5_000)
    assert town.told()[-1] == CallerHungUp(CALL, 16)

    town = Town()
    town.call(patience_ms=5_000, talk_ms=60_000)
    town.say(AnswerCall(NODE, CALL))
    town.ring()
    town.pass_ms(1_000)
    town.say(Connect(NODE, BridgeId("talk-1"), CALL, LEG))
    town.pass_ms(20_000)
    assert CallerHungUp(CALL, 16) not in town.told()


def test_a_caller_who_was_never_answered_talks_to_nobody():
    """Bridged is not enough: an engine that forgets to answer is found by who gives up."""
    town = Town()
    town.call(patience_ms=5_000, talk_ms=60_000)
    town.ring()
    town.pass_ms(1_000)
    town.say(Connect(NODE, BridgeId("talk-1"), CALL, LEG))
    town.pass_ms(4_000)
    assert town.told()[-1] == CallerHungUp(CALL, 16)


def test_the_second_call_finds_the_phone_busy():
    town = Town()
    town.call()
    town.ring()
    town.ring(LegId("leg-2"))
    town.pass_ms(10)
    assert LegEnded(LegId("leg-2"), 17) in town.told()


def test_an_unreachable_or_unknown_phone_is_refused():
    town = Town()
    town.call()
    town.people.phones["1001"].contact = False
    town.ring()
    town.ring(LegId("leg-2"), EndpointName("9999"))
    town.pass_ms(0)
    failed = [each for each in town.told() if isinstance(each, CommandFailed)]
    assert [each.status for each in failed] == [500, 500]


def test_a_repeated_ring_is_recognised():
    town = Town()
    town.call()
    town.ring()
    town.ring()
    town.pass_ms(0)
    assert town.told().count(LegRinging(LEG)) == 1


@pytest.mark.parametrize(
    "command",
    [
        AnswerCall(NODE, CALL),
        HangUpCall(NODE, CALL, 16),
        HangUpLeg(NODE, LEG, answered_elsewhere=False),
        Connect(NODE, BridgeId("talk-1"), CALL, LEG),
        DestroyBridge(NODE, BridgeId("talk-1")),
        PlayPrompt(NODE, PlaybackId("play-1"), CALL, ("sound:x",), "en"),
    ],
)
def test_what_does_not_exist_is_not_found(command):
    town = Town()
    town.say(command)
    town.pass_ms(0)
    (failed,) = town.told()
    assert isinstance(failed, CommandFailed)
    assert failed.status == 404


def test_a_prompt_ends_or_is_cut_short():
    town = Town()
    town.call()
    prompt = PlayPrompt(NODE, PlaybackId("play-1"), CALL, ("sound:x", "digits:1"), "en")
    town.say(prompt)
    town.pass_ms(3_000)
    assert town.told()[-1] == PlaybackEnded(PlaybackId("play-1"), ok=True)
    town.say(prompt)
    town.say(HangUpCall(NODE, CALL, 16))
    town.pass_ms(0)
    cut_short = {PlaybackEnded(PlaybackId("play-1"), ok=False), CallerHungUp(CALL, 16)}
    assert set(town.told()) == cut_short  # In either order.


def test_answered_elsewhere_is_told_to_the_phone():
    town = Town()
    town.call()
    town.ring()
    town.ring(LegId("leg-2"), EndpointName("1002"))
    town.say(HangUpLeg(NODE, LEG, answered_elsewhere=True))
    town.say(HangUpLeg(NODE, LegId("leg-2"), answered_elsewhere=False))
    town.pass_ms(0)
    assert [each for each in town.told() if isinstance(each, LegEnded)] == [
        LegEnded(LEG, 26),
        LegEnded(LegId("leg-2"), 19),
    ]


# --- the wire ---------------------------------------------------------------------------------


def test_what_happens_while_the_wire_is_cut_is_seen_in_the_list():
    town = Town()
    town.call()
    town.ring()
    town.asterisk.cut(noticed_after_ms=100)
    town.pass_ms(1_000)
    assert town.told() == [NodeDisconnected(NODE)]
    assert town.asterisk.wire.events_lost > 0
    town.asterisk.link()
    town.pass_ms(200)
    (connected,) = town.told()
    assert isinstance(connected, NodeConnected)
    assert [(seen.channel_id, seen.up) for seen in connected.channels] == [
        (CALL, False),
        (LEG, True),
    ]
    assert connected.channels[0].caller_number == "0123"
    assert connected.boot_id == "node1-boot-1"


def test_events_between_subscribing_and_listing_come_after_the_list():
    town = Town(connected=False)
    town.asterisk.link()
    caller = town.call()
    town.pass_ms(200)
    connected, arrived = town.told()
    assert isinstance(connected, NodeConnected)
    assert connected.channels == (caller.seen(),)
    assert arrived == caller.arrival


def test_while_usher_is_away_the_dialplan_holds_or_refuses():
    town = Town(connected=False)
    town.call()
    assert town.asterisk.listing().channels == ()
    refused = Channel(
        town.asterisk, "node1-2", None, Plan(patience_ms=None, talk_ms=1, agent_ends=True)
    )
    assert not town.asterisk.arrive(refused, held=False)
    town.asterisk.link()
    town.pass_ms(1_500)
    kinds = [type(each) for each in town.told()]
    assert kinds == [NodeConnected, CallArrived]


def away(town: Town, trip: int) -> None:
    """Sends the caller into a flow, for so long as no test lasts."""
    town.say(SendToDialplan(NODE, CALL, "flow", "s", (("USHER_TRIP", str(trip)),)))
    town.pass_ms(0)


def test_a_flow_is_made_to_give_back_whom_it_has_in_that_trip():
    town = Town()
    town.call()
    away(town, 2)
    town.told()
    for trip in (1, 2, 2):
        town.say(FetchCall(NODE, CALL, trip))
        town.pass_ms(0)
    assert town.told() == [CallCameBack(CALL, TAKEN_BACK)]
    (seen,) = town.asterisk.listing().channels
    assert (seen.away, seen.trip, seen.dialled) == (False, 2, TAKEN_BACK)


def test_who_came_back_while_usher_was_away_is_not_taken_back():
    """The list has them as away; they come with what they asked for."""
    town = Town()
    town.call()
    away(town, 1)
    town.asterisk.cut(noticed_after_ms=0)
    town.asterisk.dialplan._give_back(town.asterisk.channels[CALL], "6401")
    town.pass_ms(0)
    assert [each.away for each in town.asterisk.listing().channels] == [True]
    town.asterisk.link()
    town.pass_ms(300)
    town.told()
    town.say(FetchCall(NODE, CALL, 1))
    town.pass_ms(2_000)
    assert town.told() == [CallCameBack(CALL, "6401")]
    assert [each.dialled for each in town.asterisk.listing().channels] == ["6401"]


def test_of_the_commands_on_the_wire_only_the_first_arrive():
    """Order is kept even in loss: one command lost, all after it are; each is said to have failed."""
    for seed in range(30):
        town = Town()
        town.asterisk.wire._command_ms_max = 50
        town.asterisk.wire._latencies.seed(seed)
        town.asterisk.wire.cuts.seed(seed)
        town.call()
        for number in range(20):
            town.ring(LegId(f"leg-{number}"), number="0", endpoint=EndpointName("trunk"))
        town.pass_ms(20)
        town.asterisk.cut(noticed_after_ms=10)
        town.pass_ms(100)
        there = [f"leg-{number}" in town.asterisk.channels for number in range(20)]
        assert there == sorted(there, reverse=True)
        told = town.told()
        failed = [each for each in told if isinstance(each, CommandFailed)]
        assert {each.status for each in failed} <= {0}
        assert there.count(False) <= len(failed)


def test_commands_to_a_node_that_is_away_fail_at_once():
    town = Town()
    town.asterisk.cut(noticed_after_ms=500)
    town.say(AnswerCall(NODE, CALL))
    town.pass_ms(400)
    assert town.told() == []
    town.pass_ms(100)
    assert [type(each) for each in town.told()] == [NodeDisconnected, CommandFailed]
    town.say(AnswerCall(NODE, CALL))
    town.pass_ms(0)
    assert [type(each) for each in town.told()] == [CommandFailed]


def test_a_phone_rings_no_longer_than_asterisk_lets_it():
    """Only while nobody is there to end it sooner."""
    town = Town(habits=Habits(ignores=1.0))
    town.call()
    town.ring(timeout_ms=5_000)
    town.asterisk.cut(noticed_after_ms=0)
    town.pass_ms(5_000)
    assert LEG not in town.asterisk.channels


def test_a_restarted_asterisk_has_nothing():
    town = Town()
    town.call()
    town.ring()
    town.asterisk.stop()
    town.asterisk.link()
    town.pass_ms(2_000)
    assert town.told() == [NodeDisconnected(NODE)]
    town.asterisk.start()
    town.asterisk.link()
    town.pass_ms(300)
    assert town.told() == [NodeConnected(NODE, (), (), "node1-boot-2")]
    assert not town.people.phones["1001"].channels


def test_events_keep_their_order_however_late():
    town = Town(
        faults=Faults(event_late=0.5, event_late_ms_max=5_000, event_repeated=0.5),
        latency=Latency(command_ms_max=0, event_ms_max=50, presence_ms_max=0, ring_ms_max=0),
    )
    for number in range(50):
        town.asterisk.emit(LegEnded(LegId(f"leg-{number}"), 16))
        town.pass_ms(10)
    town.pass_ms(10_000)
    numbers = [int(each.leg_id[4:]) for each in town.told()]
    assert numbers == sorted(numbers)
    assert len(numbers) > 60
    assert len(set(numbers)) == 50


def test_refused_and_unanswered_commands():
    """A refused command does nothing; of those never answered some were done; hang-ups are."""
    town = Town(faults=Faults(command_refused=0.5, command_timed_out=0.5))
    town.call()
    for number in range(40):
        town.ring(LegId(f"leg-{number}"), number="0", endpoint=EndpointName("trunk"))
    done = len(town.asterisk.channels) - 1
    town.pass_ms(0)
    refused = sum(isinstance(each, CommandFailed) and each.status == 500 for each in town.told())
    town.pass_ms(5_000)
    silent = sum(isinstance(each, CommandFailed) and each.status == 0 for each in town.told())
    assert refused + silent == 40
    assert 0 < done < silent
    town.say(HangUpCall(NODE, CALL, 16))
    assert CALL not in town.asterisk.channels


# --- phones -----------------------------------------------------------------------------------


def test_device_states_follow_the_phone():
    town = Town(latency=INSTANT)
    town.presence.connect()
    town.pass_ms(0)
    assert town.told() == [
        PhoneReachable(NODE, PHONE, reachable=True),
        PhoneDevice(NODE, PHONE, DeviceState.NOT_INUSE),
        PhoneReachable(NODE, EndpointName("1002"), reachable=True),
        PhoneDevice(NODE, EndpointName("1002"), DeviceState.NOT_INUSE),
    ]
    town.call()
    town.ring()
    town.pass_ms(1_000)
    town.say(HangUpLeg(NODE, LEG, answered_elsewhere=False))
    town.pass_ms(0)
    states = [each.state for each in town.told() if isinstance(each, PhoneDevice)]
    assert states == [DeviceState.RINGING, DeviceState.INUSE, DeviceState.NOT_INUSE]


def test_a_lost_phone_is_silent_until_it_is_found():
    town = Town()
    town.call()
    phone = town.people.phones["1001"]
    town.people.lose(phone)
    town.ring()
    town.pass_ms(20_000)
    assert [each for each in town.told() if not isinstance(each, CallArrived)] == []
    town.people.find(phone)
    town.pass_ms(20_000)
    assert town.told() == [LegEnded(LEG, 16)]


def test_who_talks_with_a_lost_phone_hangs_up():
    town = Town()
    town.call(talk_ms=60_000)
    town.say(AnswerCall(NODE, CALL))
    town.ring()
    town.pass_ms(1_000)
    town.say(Connect(NODE, BridgeId("talk-1"), CALL, LEG))
    town.people.lose(town.people.phones["1001"])
    town.pass_ms(15_000)
    assert town.told()[-1] == CallerHungUp(CALL, 16)


def test_a_cut_that_was_not_noticed_is_not_mended():
    """Found by a run: connecting again before the cut was noticed lost the connection for good."""
    town = Town()
    town.asterisk.cut(noticed_after_ms=500)
    town.pass_ms(100)
    town.asterisk.link()
    town.pass_ms(400)
    assert town.told() == [NodeDisconnected(NODE)]
    town.asterisk.link()
    town.pass_ms(300)
    assert [type(each) for each in town.told()] == [NodeConnected]
