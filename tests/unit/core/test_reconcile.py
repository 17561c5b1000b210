"""Restarts, cut connections, a killed Asterisk: what is believed meets what exists."""

from __future__ import annotations

import dataclasses
import json

import pytest

from engine.core.commands import (
    AnswerCall,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.facts import (
    CallEnd,
    CallEnded,
    OfferEnded,
    OfferReason,
    TalkEnded,
    VisitEnded,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import CallId, NodeId, QueueId
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    EngineStarted,
    LegAnswered,
    NodeConnected,
    NodeDisconnected,
    PolicyApplied,
    SeenChannel,
    TimePassed,
)
from engine.core.places import ToExtension, ToQueue
from engine.core.router import RoutingCore
from tests.support.centre import NODE, TRUNK, Centre, queue, static

pytestmark = pytest.mark.unit


def seen(*channels: str, up: bool = True, bridge: str | None = None) -> tuple[SeenChannel, ...]:
    return tuple(SeenChannel(c, up, bridge, TRUNK, "6400") for c in channels)


def reborn(centre: Centre) -> None:
    """kill -9 and a new process: the state comes from a snapshot."""
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())


def test_a_restart_adopts_a_ringing_offer_that_was_answered_meanwhile() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    leg_id = centre.ring("1001")
    reborn(centre)
    centre.wait(3_000)
    centre.give(NodeConnected(NODE, seen(call_id, leg_id)))
    assert [c.leg_id for c in centre.told(Connect)] == [leg_id]
    assert centre.of(VisitEnded)[0].outcome is VisitOutcome.ANSWERED


def test_a_longest_wait_that_ran_out_unseen_is_not_held_against_the_next_queue() -> None:
    """The overflow at the reconnection had dealt with it; the late timer then threw the caller out."""
    first = queue("6400", *static("1001"), wait_ms_max=1_500, failure=ToQueue(QueueId("6401")))
    centre = Centre(first, queue("6401", *static("1002")))
    call_id = centre.call("6400")
    centre.ring("1001")
    centre.give(NodeDisconnected(NODE))
    centre.wait(10_000)
    centre.give(NodeConnected(NODE, seen(call_id)))
    centre.wait(1_000)
    assert [(e.queue_id, e.reason) for e in centre.of(VisitEnded)] == [
        ("6400", VisitReason.MAX_WAIT)
    ]
    assert centre.of(HangUpCall) == []
    assert list(centre.ringing()) == ["1002"]


def test_a_limit_that_is_lifted_while_its_late_timer_waits_throws_nobody_out() -> None:
    """Q-02 with a reload during an outage: there is no longest wait any more."""
    centre = Centre(queue("6400", wait_ms_max=1_500))
    call_id = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.wait(10_000)
    centre.apply(queue("6400", wait_ms_max=0))
    centre.give(NodeConnected(NODE, seen(call_id)))
    centre.wait(1_000)
    assert centre.of(VisitEnded) == []


def test_a_ringing_offer_rings_on_and_its_timeout_waits_for_the_connection() -> None:
    centre = Centre(queue("6400", *static("1001"), ring_timeout_ms=5_000))
    call_id = centre.call("6400")
    leg_id = centre.ring("1001")
    centre.give(NodeDisconnected(NODE))
    centre.wait(10_000)
    assert centre.of(OfferEnded) == []
    centre.give(NodeConnected(NODE, (*seen(call_id), *seen(leg_id, up=False))))
    assert centre.of(OfferEnded) == []
    centre.give(TimePassed())
    assert [e.reason for e in centre.of(OfferEnded)] == [OfferReason.NO_ANSWER]


def test_waiting_callers_keep_their_order_and_time_and_nothing_is_said_twice() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.reach("1001", reachable=False)
    calls = [centre.call("6400") for _ in range(3)]
    reborn(centre)
    centre.wait(5_000)
    centre.reach("1001")
    assert centre.rang() == [], "nobody is rung while the node is out of reach"
    centre.give(NodeConnected(NODE, seen(*calls)))
    assert centre.rang() == ["1001"]
    assert centre.told(AnswerCall) == centre.told(StartWaitingSound) == []
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == calls[0]
    centre.answer("1001")
    assert centre.of(VisitEnded)[0].wait_ms == 5_000


def test_a_caller_whose_answer_got_lost_is_answered_again() -> None:
    centre = Centre(queue("6400"))
    call_id = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, seen(call_id, up=False)))
    assert centre.told(AnswerCall)
    assert centre.told(StartWaitingSound)


def test_callers_and_agents_who_left_unseen() -> None:
    centre = Centre(queue("6400", *static("1001", "1002")))
    talking, gone = centre.call("6400"), centre.call("6400")
    leg_id = centre.answer("1001")
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, seen(talking)))
    assert [v.outcome for v in centre.of(VisitEnded)][-1] is VisitOutcome.ABANDONED
    assert [t.ended_by for t in centre.of(TalkEnded)] == [CallEnd.AGENT]
    assert [c.call_id for c in centre.told(HangUpCall)] == [talking]
    assert leg_id not in centre.core.state.legs
    assert gone not in centre.core.state.calls


def test_talkers_talk_on_and_a_broken_bridge_is_mended() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    leg_id = centre.answer("1001")
    whole = seen(call_id, leg_id, bridge=f"talk-{leg_id}")
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, whole, (f"talk-{leg_id}",)))
    assert centre.last == []
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, seen(call_id, leg_id)))
    assert [c.leg_id for c in centre.told(Connect)] == [leg_id]


def test_asterisk_restarted_every_record_closes_and_every_agent_is_freed() -> None:
    centre = Centre(queue("6400", *static("1001", "1002")))
    centre.give(NodeConnected(NODE, (), (), boot_id="monday"))
    centre.call("6400")
    centre.answer("1001")
    centre.call("6400")
    centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, (), (), boot_id="tuesday"))
    assert {c.ended_by for c in centre.of(CallEnded)} == {CallEnd.LOST}
    assert len(centre.of(CallEnded)) == 3
    reasons = [v.reason for v in centre.of(VisitEnded)]
    assert reasons == [VisitReason.CONNECTED, VisitReason.LOST, VisitReason.LOST]
    assert [o.reason for o in centre.of(OfferEnded)] == [OfferReason.ANSWERED, OfferReason.LOST]
    assert not centre.core.state.calls
    assert not centre.core.state.legs
    assert sorted(centre.core.state.lines["6400"].available) == ["1001", "1002"]


def test_a_restart_forgets_the_ended_calls_of_that_asterisk_alone() -> None:
    """Their names may begin alike, and so do their channels' ids."""
    centre = Centre(queue("6400", *static("1001")))
    short, long = NodeId("a"), NodeId("a-b")
    for node in (short, long):
        centre.give(NodeConnected(node, (), (), boot_id="monday"))
        call_id = CallId(f"{node}-17.1")
        centre.give(CallArrived(call_id, node, TRUNK, "6400", "0151", "Ann", centre.now_ms))
        centre.give(CallerHungUp(call_id, 16))
    centre.give(NodeConnected(short, (), (), boot_id="tuesday"))
    assert list(centre.core.state.ended) == ["a-b-17.1"]
    centre.give(NodeConnected(long, (), (), boot_id="tuesday"))
    assert not centre.core.state.ended


def test_strangers_are_met_callers_taken_in_legs_and_bridges_cleared() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.give(NodeDisconnected(NODE))
    found = (*seen("new-caller", up=False), *seen("leg-old-1"))
    centre.give(NodeConnected(NODE, found, ("talk-leg-old-1", "somebody-elses")))
    assert [c.leg_id for c in centre.told(HangUpLeg)] == ["leg-old-1"]
    assert [c.bridge_id for c in centre.told(DestroyBridge)] == ["talk-leg-old-1"]
    assert [c.call_id for c in centre.told(RingPhone)] == ["new-caller"]


def test_hang_ups_and_prompts_are_said_again() -> None:
    centre = Centre(queue("6400", *static("1001")))
    spoken = centre.call("999")
    ended = centre.call("6400")
    leg_id = centre.answer("1001")
    centre.end_leg(leg_id)
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, seen(spoken, ended)))
    assert [c.call_id for c in centre.told(HangUpCall)] == [ended]
    assert [c.channel_id for c in centre.told(PlayPrompt)] == [spoken]


def test_a_restored_core_goes_on_exactly_like_the_old_one() -> None:
    options = {"ring_timeout_ms": 5_000, "retry_interval_ms": 2_000, "wrapup_ms": 3_000}
    centre = Centre(queue("6400", *static("1001", "1002"), **options))
    for _ in range(4):
        centre.call("6400")
    centre.end_leg(centre.answer("1001"))
    twin = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    for at_ms in range(centre.now_ms, centre.now_ms + 30_000, 500):
        assert centre.core.handle(at_ms, TimePassed()) == twin.handle(at_ms, TimePassed())
    assert centre.core.snapshot() == twin.snapshot()


def test_a_queue_removed_while_its_node_is_away_drains_when_it_is_back() -> None:
    """Its callers cannot be sent anywhere before: a destination that is commanded now is lost."""
    gone = queue("6400", failure=ToExtension("1002"))
    centre = Centre(gone)
    call_id, leaves = centre.call("6400"), centre.call("6400")
    reborn(centre)
    centre.apply()
    assert [(v.outcome, v.reason) for v in centre.of(VisitEnded)] == [
        (VisitOutcome.MISSED, VisitReason.QUEUE_REMOVED)
    ] * 2
    assert not centre.told(RingPhone)
    centre.wait(2_000)
    centre.give(NodeConnected(NODE, seen(call_id)))
    assert [(ring.call_id, ring.endpoint) for ring in centre.told(RingPhone)] == [(call_id, "1002")]
    assert [(e.call_id, e.ended_by) for e in centre.of(CallEnded)] == [(leaves, CallEnd.CALLER)]


@pytest.mark.row("Q-02", "Q-10")
def test_a_longest_wait_put_off_while_the_node_was_away_dies_with_its_reason() -> None:
    """Found in review: the caller entered the next queue and was thrown out of it at once."""
    first = queue("6400", wait_ms_max=10_000, failure=ToQueue(QueueId("6401")))
    second = queue("6401")
    centre = Centre(first, second)
    call_id = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.wait(15_000)
    centre.apply(second)
    centre.give(NodeConnected(NODE, seen(call_id)))
    centre.wait(60_000)
    assert [v.reason for v in centre.of(VisitEnded)] == [VisitReason.QUEUE_REMOVED]
    assert centre.core.state.calls[call_id].visit is not None


@pytest.mark.row("Q-10")
def test_a_node_that_leaves_the_configuration_lets_its_calls_and_agents_go() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.call("6400")
    centre.answer("1001")
    other = dataclasses.replace(centre.policy, nodes=(NodeId("n2"),))
    centre.give(PolicyApplied(other))
    assert [t.ended_by for t in centre.of(TalkEnded)] == [CallEnd.LOST]
    assert [c.ended_by for c in centre.of(CallEnded)] == [CallEnd.LOST]
    assert not centre.core.state.legs
    assert list(centre.core.state.nodes) == ["n2"]


def test_a_channel_whose_end_is_never_told_is_ended_again_and_then_given_up() -> None:
    """One lost event must not keep an agent in use until the next reconnection."""
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    centre.hang_up(call_id)
    centre.wait(60_000)
    assert len(centre.of(HangUpLeg)) == 5
    assert "1001" in centre.core.state.lines["6400"].available


def test_a_caller_known_to_be_gone_who_is_still_listed_is_hung_up() -> None:
    centre = Centre(queue("6400"))
    call_id = centre.call("6400")
    centre.hang_up(call_id)
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, seen(call_id)))
    assert [c.call_id for c in centre.told(HangUpCall)] == [call_id]
    assert not centre.core.state.calls


def test_who_was_not_answered_yet_is_answered_before_being_connected() -> None:
    """The engine died when both had been said and neither was done."""
    centre = Centre(queue("6400", *static("1001"), waiting_max=1))
    call_id = centre.call("1001", source="1005")
    (leg_id,) = centre.core.state.legs
    centre.give(LegAnswered(leg_id))
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=False), SeenChannel(leg_id, up=True))))
    said = [type(each).__name__ for each in centre.last if not hasattr(each, "seq")]
    assert said.index("AnswerCall") < said.index("Connect")
    assert said.count("AnswerCall") == said.count("Connect") == 1


def test_a_connection_that_got_lost_is_said_again_with_the_end_of_the_music() -> None:
    """Both were lost together: with the music going on the caller would not hear the agent."""
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    leg_id = centre.answer("1001")
    (connect,) = centre.told(Connect)
    (stop,) = centre.told(StopWaitingSound)
    centre.give(NodeDisconnected(NODE))
    for lost in (stop, connect):
        centre.give(CommandFailed(lost, 0, "connection lost"))
    centre.give(NodeConnected(NODE, seen(call_id, leg_id)))
    stopped = {
        (each.call_id, each.sound.music_class is None) for each in centre.told(StopWaitingSound)
    }
    assert stopped == {(each, ringing) for each in (call_id, leg_id) for ringing in (False, True)}
    said = [each for each in centre.last if isinstance(each, StopWaitingSound | Connect)]
    assert said[-1] == connect
