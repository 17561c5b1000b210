"""Progressive ringing (R-08): one more phone every step, until one answers or time is up."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core.commands import HangUpLeg
from engine.core.facts import AgentAutoPaused, OfferEnded, OfferMade, OfferOutcome, OfferReason
from engine.core.inputs import (
    AgentAction,
    EngineStarted,
    NodeConnected,
    NodeDisconnected,
    SeenChannel,
)
from engine.core.model.timers import TimerKind
from engine.core.policy import Strategy
from tests.support.centre import NODE, Centre, changed, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("R-08")]


def centre_of(*agents: str, **options: Any) -> Centre:
    """A progressive queue of static agents: a step is 5 s, the ring timeout 20 s."""
    options.setdefault("ring_timeout_ms", 20_000)
    options.setdefault("progressive_step_ms", 5_000)
    return Centre(queue("6400", *static(*agents), strategy=Strategy.PROGRESSIVE, **options))


def rung(centre: Centre) -> list[tuple[str, int]]:
    """Who was rung, and when after the first."""
    offers = centre.of(OfferMade)
    return [(str(each.agent_id), each.at_ms - offers[0].at_ms) for each in offers]


def test_every_step_one_more_phone_rings_and_the_others_ring_on() -> None:
    centre = centre_of("1001", "1002", "1003")
    centre.call("6400")
    centre.wait(4_999)
    assert sorted(centre.ringing()) == ["1001"]
    centre.wait(1)
    assert sorted(centre.ringing()) == ["1001", "1002"]
    centre.wait(5_000)
    assert sorted(centre.ringing()) == ["1001", "1002", "1003"]
    assert rung(centre) == [("1001", 0), ("1002", 5_000), ("1003", 10_000)]


def test_the_first_answer_wins_and_no_step_follows() -> None:
    centre = centre_of("1001", "1002", "1003")
    centre.call("6400")
    centre.wait(5_000)
    centre.answer("1002")
    assert [each.reason for each in centre.of(OfferEnded)] == [
        OfferReason.ANSWERED_ELSEWHERE,
        OfferReason.ANSWERED,
    ]
    centre.obey()
    centre.wait(60_000)
    assert len(rung(centre)) == 2


def test_all_stop_at_the_ring_timeout_counted_from_the_first() -> None:
    centre = centre_of("1001", "1002", "1003", retry_interval_ms=3_000)
    centre.call("6400")
    centre.wait(19_999)
    assert len(centre.ringing()) == 3
    centre.wait(1)
    assert centre.ringing() == {}
    assert len(centre.told(HangUpLeg)) == 3
    centre.obey()
    centre.wait(3_000)
    assert sorted(centre.ringing()) == ["1001"], "everybody had a chance: a new round"


def test_who_rang_for_less_than_a_step_has_missed_nothing_and_comes_next() -> None:
    centre = centre_of("1001", "1002", "1003", ring_timeout_ms=12_000, retry_interval_ms=1_000)
    centre.call("6400")
    centre.wait(12_000)
    assert [(each.agent_id, each.outcome, each.reason) for each in centre.of(OfferEnded)] == [
        ("1001", OfferOutcome.MISSED, OfferReason.NO_ANSWER),
        ("1002", OfferOutcome.MISSED, OfferReason.NO_ANSWER),
        ("1003", OfferOutcome.CANCELLED, OfferReason.RANG_SHORTLY),
    ]
    centre.obey()
    centre.wait(1_000)
    assert sorted(centre.ringing()) == ["1003"]


def test_a_step_that_finds_nobody_waits_for_who_becomes_free() -> None:
    centre = centre_of("1001", "1002", "1003")
    centre.reach("1002", reachable=False)
    centre.reach("1003", reachable=False)
    centre.call("6400")
    centre.wait(8_000)
    assert len(centre.core.state.timers) == 1, "the ring timeout; nobody is looked for meanwhile"
    centre.reach("1003")
    assert centre.rang() == ["1003"]
    centre.reach("1002")
    assert centre.rang() == [], "the next step counts from there"
    centre.wait(5_000)
    assert rung(centre) == [("1001", 0), ("1003", 8_000), ("1002", 13_000)]


def test_an_agent_who_becomes_free_before_the_step_is_not_rung_early() -> None:
    centre = centre_of("1001", "1002")
    centre.reach("1002", reachable=False)
    centre.call("6400")
    centre.wait(2_000)
    centre.reach("1002")
    assert centre.rang() == []
    centre.wait(3_000)
    assert sorted(centre.ringing()) == ["1001", "1002"]


def test_a_refusal_lets_the_next_ring_at_once_in_its_place() -> None:
    centre = centre_of("1001", "1002", "1003")
    centre.call("6400")
    centre.wait(5_000)
    centre.end_leg(centre.ringing()["1002"], cause=17)
    assert sorted(centre.ringing()) == ["1001", "1003"]
    centre.wait(14_999)
    assert centre.ringing()
    centre.wait(1)
    assert centre.ringing() == {}, "the first still rang for 20 s"


def test_a_refusal_by_the_only_one_rings_the_next() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    centre.wait(3_000)
    centre.end_leg(centre.ringing()["1001"], cause=21)
    assert rung(centre) == [("1001", 0), ("1002", 3_000)]


def test_who_logs_out_or_pauses_in_mid_ring_makes_room_for_the_next() -> None:
    centre = centre_of("1001", "1002", "1003")
    centre.call("6400")
    centre.wait(5_000)
    centre.act("1001", "6400", AgentAction.PAUSE)
    assert sorted(centre.ringing()) == ["1002", "1003"]


@pytest.mark.row("Q-06")
def test_auto_pause_holds_for_progressive_as_for_all_but_ring_all() -> None:
    centre = centre_of("1001", "1002", autopause_after=2, retry_interval_ms=0)
    centre.call("6400")
    for _ in range(2):
        centre.wait(20_000)
        centre.obey()
    assert [each.agent_id for each in centre.of(AgentAutoPaused)] == ["1001", "1002"]


def test_the_caller_first_in_line_takes_the_free_agent_with_his_step() -> None:
    centre = centre_of("1001", "1002", "1003")
    first = centre.call("6400")
    second = centre.call("6400")
    assert [each.call_id for each in centre.of(OfferMade)] == [first, second]
    centre.wait(5_000)
    assert [each.call_id for each in centre.of(OfferMade)][2] == first


@pytest.mark.row("R-07")
def test_in_a_skill_based_queue_a_step_takes_the_best_who_is_free() -> None:
    centre = Centre(
        queue(
            "6400",
            *static("1003", level=2),
            *static("1001", "1002"),
            strategy=Strategy.PROGRESSIVE,
            skill_based=True,
        )
    )
    centre.call("6400")
    centre.wait(10_000)
    assert [agent for agent, _ in rung(centre)] == ["1001", "1002", "1003"]


def test_a_step_that_comes_due_while_the_node_is_away_is_made_up_for() -> None:
    centre = centre_of("1001", "1002")
    call_id = centre.call("6400")
    leg_id = centre.ringing()["1001"]
    centre.give(NodeDisconnected(NODE))
    centre.wait(6_000)
    assert sorted(centre.ringing()) == ["1001"]
    seen = (SeenChannel(call_id, up=True), SeenChannel(leg_id, up=False))
    centre.give(NodeConnected(NODE, seen))
    centre.wait(0)
    assert sorted(centre.ringing()) == ["1001", "1002"]


def test_a_step_that_is_not_due_yet_is_not_made_early_by_a_reconnection() -> None:
    centre = centre_of("1001", "1002")
    call_id = centre.call("6400")
    leg_id = centre.ringing()["1001"]
    centre.wait(2_000)
    centre.give(EngineStarted())
    seen = (SeenChannel(call_id, up=True), SeenChannel(leg_id, up=False))
    centre.give(NodeConnected(NODE, seen))
    assert sorted(centre.ringing()) == ["1001"]
    centre.wait(3_000)
    assert sorted(centre.ringing()) == ["1001", "1002"]


def test_no_step_of_an_earlier_strategy_is_made() -> None:
    line = queue("6400", *static("1001", "1002"), strategy=Strategy.PROGRESSIVE)
    centre = Centre(line)
    call_id = centre.call("6400")
    centre.apply(changed(line, strategy=Strategy.LINEAR))
    centre.wait(10_000)
    assert sorted(centre.ringing()) == ["1001"]
    centre.hang_up(call_id)
    assert not centre.core.state.timers.is_set(TimerKind.STEP, call_id)
