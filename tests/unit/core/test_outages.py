"""A node that does not come back: its calls end in the record, and it is harmless if it does."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from engine.core.causes import NETWORK_OUT_OF_ORDER
from engine.core.commands import DestroyBridge, HangUpCall, HangUpLeg, RingPhone
from engine.core.facts import (
    CallEnd,
    CallEnded,
    CallStarted,
    HoldEnded,
    MonitorEnded,
    OfferEnded,
    RecordingEnded,
    TalkEnded,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    WrapupStarted,
)
from engine.core.ids import EndpointName, NodeId, QueueId, bridge_id_of
from engine.core.inputs import (
    DeviceState,
    EngineStarted,
    HoldChanged,
    NodeConnected,
    NodeDisconnected,
    PhoneDevice,
    SeenChannel,
)
from engine.core.model.agent import Agent
from engine.core.model.timers import TimerKind
from engine.core.policy import MonitorMode, RecordingPolicy, Right, StickyPolicy
from engine.core.router import RoutingCore
from tests.support.callback import Callbacks, terms
from tests.support.centre import NODE, START_MS, Centre, policy, queue, static

pytestmark = pytest.mark.unit

HOUR_MS = 3_600_000
OTHER = NodeId("other")


def house(**settings: Any) -> Centre:
    """Two agents; a node is lost after an hour."""
    settings.setdefault("lost_node_ms", HOUR_MS)
    return Centre(queue("6400", *static("1001", "1002")), **settings)


def away(centre: Centre) -> None:
    """The connection is lost."""
    centre.give(NodeDisconnected(NODE))


def seen(*channels: str, bridge: str | None = None) -> tuple[SeenChannel, ...]:
    return tuple(SeenChannel(each, True, bridge) for each in channels)


def test_who_waits_and_who_talks_ends_as_lost_when_the_time_is_over() -> None:
    centre = house()
    talker = centre.call("6400")
    centre.answer("1001")
    ringing = centre.call("6400")
    centre.ring("1002")
    waiting = centre.call("6400")
    away(centre)
    centre.wait(HOUR_MS - 1)
    assert not centre.of(CallEnded), "nothing is decided before"
    centre.wait(1)
    ended = {each.call_id: (each.ended_by, each.cause) for each in centre.of(CallEnded)}
    lost = (CallEnd.LOST, NETWORK_OUT_OF_ORDER)
    assert ended == {talker: lost, ringing: lost, waiting: lost}
    visits = {(each.outcome, each.reason) for each in centre.of(VisitEnded)[1:]}
    assert visits == {(VisitOutcome.MISSED, VisitReason.LOST)}
    (talk,) = centre.of(TalkEnded)
    assert talk.ended_by is CallEnd.LOST
    state = centre.core.state
    assert not state.calls
    assert not state.legs
    centre.core.check()


def test_a_node_that_is_back_in_time_has_lost_nothing() -> None:
    centre = house()
    call_id = centre.call("6400")
    away(centre)
    centre.wait(HOUR_MS - 1)
    centre.give(NodeConnected(NODE, seen(call_id)))
    centre.wait(2 * HOUR_MS)
    assert not centre.of(CallEnded)


def test_without_a_limit_they_stay() -> None:
    centre = house(lost_node_ms=0)
    centre.call("6400")
    away(centre)
    centre.wait(1_000 * HOUR_MS)
    assert not centre.of(CallEnded)


def test_each_absence_counts_for_itself() -> None:
    centre = house()
    call_id = centre.call("6400")
    for _ in range(3):
        away(centre)
        centre.wait(HOUR_MS // 2)
        centre.give(NodeConnected(NODE, seen(call_id)))
    assert not centre.of(CallEnded)


def test_a_changed_limit_counts_from_when_the_node_was_lost() -> None:
    centre = house(lost_node_ms=0)
    centre.call("6400")
    away(centre)
    centre.wait(HOUR_MS)
    centre.reload(policy(*centre.policy.queues, lost_node_ms=2 * HOUR_MS))
    centre.wait(HOUR_MS - 1)
    assert not centre.of(CallEnded)
    centre.wait(1)
    assert centre.of(CallEnded)


@pytest.mark.parametrize("was_away", [False, True])
def test_a_new_engine_gives_every_node_its_time(was_away: bool) -> None:
    centre = house()
    centre.call("6400")
    if was_away:
        away(centre)
    saved = json.loads(json.dumps(centre.core.snapshot()))
    centre.core = RoutingCore.restore(saved)
    centre.now_ms += 3 * HOUR_MS
    centre.give(EngineStarted())
    centre.wait(HOUR_MS - 1)
    assert not centre.of(CallEnded)
    centre.wait(1)
    assert centre.of(CallEnded)


@pytest.mark.parametrize("restored", [False, True])
def test_what_a_node_that_comes_back_still_has_of_them_is_ended_and_nobody_arrives_twice(
    restored: bool,
) -> None:
    centre = house()
    talker = centre.call("6400")
    leg_id = centre.answer("1001")
    waiting = centre.call("6400")
    away(centre)
    centre.wait(100 * HOUR_MS)
    if restored:
        centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    bridge = bridge_id_of(leg_id)
    there = seen(talker, leg_id, bridge=bridge) + seen(waiting)
    outputs = centre.give(NodeConnected(NODE, there, (bridge,)))
    told = [each for each in outputs if isinstance(each, HangUpCall | HangUpLeg | DestroyBridge)]
    assert {each.call_id for each in told if isinstance(each, HangUpCall)} == {talker, waiting}
    assert {each.leg_id for each in told if isinstance(each, HangUpLeg)} == {leg_id}
    assert [each.bridge_id for each in told if isinstance(each, DestroyBridge)] == [bridge]
    assert not [each for each in outputs if isinstance(each, CallStarted)]
    assert not centre.core.state.calls
    centre.call("6400")
    assert "1001" in centre.ringing() or "1002" in centre.ringing()


def test_another_asterisk_in_its_place_may_use_their_ids() -> None:
    centre = house()
    centre.give(NodeConnected(NODE, (), boot_id="one"))
    call_id = centre.call("6400")
    away(centre)
    centre.wait(HOUR_MS)
    centre.give(NodeConnected(NODE, seen(call_id), boot_id="two"))
    assert call_id in centre.core.state.calls


@pytest.mark.row("C-06")
def test_a_callback_waits_on_and_an_attempt_there_has_failed() -> None:
    centre = Callbacks(*static("1001"), callback=terms(attempts=2, spacing_ms=1_000))
    settings = dataclasses.replace(centre.policy.settings, lost_node_ms=HOUR_MS)
    centre.reload(dataclasses.replace(centre.policy, settings=settings))
    centre.requested("01512345")
    centre.agent_takes("1001")
    away(centre)
    centre.wait(HOUR_MS)
    assert centre.pending.absent
    assert centre.pending.callback is not None
    assert centre.pending.callback.attempts == 1
    centre.core.check()
    before = len(centre.of(RingPhone))
    centre.give(NodeConnected(NODE, ()))
    centre.wait(1_000)
    assert len(centre.of(RingPhone)) == before + 1, "an agent is rung for it again"


def test_a_node_that_is_removed_meanwhile_leaves_no_timer() -> None:
    centre = house()
    away(centre)
    assert centre.core.state.timers.is_set(TimerKind.LOST_NODE, NODE)
    centre.reload(dataclasses.replace(centre.policy, nodes=(OTHER,)))
    assert not centre.core.state.timers.is_set(TimerKind.LOST_NODE, NODE)


def busy_house(**settings: Any) -> Centre:
    """A talk of 20 s that is on hold for 5, recorded and heard; a caller who has waited for 8 s, rung for 3."""
    settings.setdefault("lost_node_ms", HOUR_MS)
    options: Any = {
        "wrapup_ms": 10_000,
        "recording": RecordingPolicy(),
        "sticky": StickyPolicy(1_000 * HOUR_MS, 0),
        "managers": ("1009",),
        "manager_rights": (Right.MONITOR,),
    }
    centre = Centre(queue("6400", *static("1001", "1002"), **options), **settings)
    talker = centre.call("6400")
    leg_id = centre.answer("1001")
    centre.supervise("1009", talker, MonitorMode.LISTEN)
    centre.wait(12_000)
    centre.reach("1002", reachable=False)
    centre.call("6400")
    centre.wait(3_000)
    centre.give(HoldChanged(leg_id, held=True))
    centre.wait(2_000)
    centre.reach("1002")
    centre.ring("1002")
    centre.wait(3_000)
    return centre


def test_what_a_node_lost_ended_when_the_node_was_seen_last() -> None:
    centre = busy_house()
    away_ms = centre.now_ms
    away(centre)
    centre.wait(HOUR_MS)
    (talk,) = centre.of(TalkEnded)
    (hold,) = centre.of(HoldEnded)
    visit, offer = centre.of(VisitEnded)[-1], centre.of(OfferEnded)[-1]
    assert talk.talk_ms == away_ms - START_MS == 20_000
    assert hold.hold_ms == 5_000
    assert (visit.wait_ms, visit.ring_ms) == (8_000, 3_000)
    assert offer.ring_ms == 3_000
    ended: tuple[Any, ...] = (
        TalkEnded,
        HoldEnded,
        VisitEnded,
        OfferEnded,
        RecordingEnded,
        MonitorEnded,
        CallEnded,
    )
    for kind in ended:
        assert centre.of(kind), kind
        assert centre.of(kind)[-1].at_ms == away_ms, kind


def test_what_is_decided_then_is_of_that_moment() -> None:
    centre = busy_house()
    away(centre)
    centre.wait(HOUR_MS)
    assert centre.of(WrapupStarted)[-1].at_ms == centre.now_ms, (
        "the agent is left alone from now on"
    )


def test_a_removed_node_lost_its_calls_when_it_was_seen_last() -> None:
    centre = busy_house()
    away(centre)
    centre.wait(HOUR_MS // 2)
    centre.reload(dataclasses.replace(centre.policy, nodes=(OTHER,)))
    (talk,) = centre.of(TalkEnded)
    assert talk.talk_ms == 20_000


def test_a_new_engine_knows_when_a_node_was_seen_last() -> None:
    centre = busy_house()
    away(centre)
    centre.wait(HOUR_MS // 2)
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())
    centre.wait(HOUR_MS)
    (talk,) = centre.of(TalkEnded)
    assert talk.talk_ms == 20_000


def test_the_house_learns_nothing_from_what_a_node_lost() -> None:
    centre = busy_house()
    line = centre.core.state.lines[QueueId("6400")]
    before = dataclasses.asdict(line.pace)
    away(centre)
    centre.wait(HOUR_MS)
    assert dataclasses.asdict(line.pace) == before
    assert centre.core.state.house.count == 0
    assert not line.served
    assert agent_of(centre, "1001").memberships[QueueId("6400")].talk_ms == 0


def test_nor_how_long_a_talk_was_that_ended_with_an_asterisk() -> None:
    centre = busy_house()
    centre.give(
        NodeConnected(NODE, seen(*centre.core.state.calls, *centre.core.state.legs), boot_id="one")
    )
    line = centre.core.state.lines[QueueId("6400")]
    away(centre)
    centre.wait(HOUR_MS // 2)
    centre.give(NodeConnected(NODE, (), boot_id="two"))
    assert centre.of(TalkEnded)[-1].ended_by is CallEnd.LOST
    assert line.pace.talks.count == 0
    assert agent_of(centre, "1001").memberships[QueueId("6400")].talk_ms == 0
    assert line.served, "who served the caller is known"


def agent_of(centre: Centre, agent: str) -> Agent:
    return centre.core.state.phone(EndpointName(agent))


def test_phones_of_lost_calls_are_free_and_what_is_known_of_others_stays() -> None:
    centre = house()
    centre.call("6400")
    centre.answer("1001")
    for agent in ("1001", "1003"):
        centre.give(PhoneDevice(NODE, EndpointName(agent), DeviceState.INUSE))
    away(centre)
    centre.wait(HOUR_MS)
    assert not agent_of(centre, "1001").in_use
    assert agent_of(centre, "1003").in_use, "only changes are told: it would never be known again"
    assert NODE in agent_of(centre, "1001").reachable_at


def broken(centre: Centre, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        centre.core.check()


def test_a_node_that_is_away_is_counted_as_long_as_it_has_calls() -> None:
    centre = house()
    centre.call("6400")
    away(centre)
    centre.core.state.timers.cancel(TimerKind.LOST_NODE, NODE)
    broken(centre, "have no end")


def test_a_node_that_is_there_is_not_missed() -> None:
    centre = house()
    node = centre.core.state.nodes[NODE]
    centre.core.state.timers.set(TimerKind.LOST_NODE, NODE, centre.now_ms + 1)
    broken(centre, "is missed")
    centre.core.state.timers.cancel(TimerKind.LOST_NODE, NODE)
    node.lost["c1"] = None
    broken(centre, "not dealt with")
    node.lost.clear()
    node.down_ms = centre.now_ms
    broken(centre, "there and away")


def test_what_begins_while_a_node_is_away_ends_no_earlier_and_ends() -> None:
    centre = house()
    away(centre)
    centre.wait(2 * HOUR_MS)
    begun_ms = centre.now_ms
    centre.call("6400")
    centre.wait(HOUR_MS)
    assert [each.at_ms for each in centre.of(CallEnded)] == [begun_ms]
