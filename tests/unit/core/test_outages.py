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
    TalkEnded,
    VisitEnded,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import NodeId, bridge_id_of
from engine.core.inputs import EngineStarted, NodeConnected, NodeDisconnected, SeenChannel
from engine.core.model.timers import TimerKind
from engine.core.router import RoutingCore
from tests.support.callback import Callbacks, terms
from tests.support.centre import NODE, Centre, policy, queue, static

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
