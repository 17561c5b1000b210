"""Whom the core rings: rows R-01 to R-07, W-01, W-02, in a small centre driven by hand."""

from __future__ import annotations

import pytest

from engine.core.facts import OfferEnded, OfferOutcome, OfferReason, VisitEnded
from engine.core.model.line import effective_weight
from engine.core.policy import Strategy
from tests.support.centre import Centre, dynamic, queue, static

pytestmark = pytest.mark.unit


def answered_and_over(centre: Centre, agent: str) -> None:
    """The agent picks up, talks and hangs up; nothing of the call remains."""
    leg_id = centre.answer(agent)
    centre.wait(1_000)
    centre.end_leg(leg_id)
    centre.obey()


def rung_for_next_call(centre: Centre, number: str = "6400") -> list[str]:
    """A caller dials; returns who is rung, and lets the caller hang up again."""
    call_id = centre.call(number)
    rung = centre.rang()
    centre.hang_up(call_id)
    centre.obey()
    return rung


@pytest.mark.row("R-01")
def test_ring_all_rings_everybody_who_is_free() -> None:
    centre = Centre(queue("6400", *static("1001", "1002", "1003"), strategy=Strategy.RING_ALL))
    centre.reach("1002", reachable=False)
    centre.call("6400")
    assert centre.rang() == ["1001", "1003"]


@pytest.mark.row("R-01")
def test_ring_all_lets_an_agent_who_becomes_free_join_the_ringing() -> None:
    centre = Centre(queue("6400", *static("1001", "1002"), strategy=Strategy.RING_ALL))
    centre.reach("1002", reachable=False)
    centre.call("6400")
    centre.wait(3_000)
    centre.reach("1002")
    assert centre.rang() == ["1002"]
    centre.answer("1002")
    assert [e.reason for e in centre.of(OfferEnded)] == [
        OfferReason.ANSWERED_ELSEWHERE,
        OfferReason.ANSWERED,
    ]


@pytest.mark.row("R-01")
def test_ring_all_rings_again_after_the_retry_interval() -> None:
    centre = Centre(
        queue(
            "6400",
            *static("1001", "1002"),
            strategy=Strategy.RING_ALL,
            ring_timeout_ms=10_000,
            retry_interval_ms=4_000,
        )
    )
    centre.call("6400")
    centre.wait(10_000)
    assert {e.outcome for e in centre.of(OfferEnded)} == {OfferOutcome.MISSED}
    centre.obey()
    centre.wait(3_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert sorted(centre.ringing()) == ["1001", "1002"]


def test_ring_all_where_everybody_refuses_rests_before_ringing_again() -> None:
    centre = Centre(
        queue("6400", *static("1001"), strategy=Strategy.RING_ALL, retry_interval_ms=7_000),
        failed_offer_pause_ms=1_000,
    )
    centre.call("6400")
    centre.end_leg(centre.ringing()["1001"], cause=21)
    centre.wait(6_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("R-02")
def test_least_recent_rings_whoever_was_offered_nothing_for_longest() -> None:
    centre = Centre(queue("6400", *static("1001", "1002", "1003"), strategy=Strategy.LEAST_RECENT))
    assert [rung_for_next_call(centre)[0] for _ in range(6)] == [
        "1001",
        "1002",
        "1003",
        "1001",
        "1002",
        "1003",
    ]


@pytest.mark.row("R-02")
def test_least_recent_counts_offers_of_the_agents_other_queues() -> None:
    centre = Centre(
        queue("6400", *static("1001", "1002"), strategy=Strategy.LEAST_RECENT),
        queue("6401", *static("1001"), strategy=Strategy.LEAST_RECENT),
    )
    assert rung_for_next_call(centre, "6401") == ["1001"]
    assert rung_for_next_call(centre, "6400") == ["1002"]


@pytest.mark.row("R-03")
def test_fewest_answered_prefers_whoever_answered_fewer_calls() -> None:
    centre = Centre(queue("6400", *static("1001", "1002"), strategy=Strategy.FEWEST_ANSWERED))
    centre.call("6400")
    answered_and_over(centre, "1001")
    centre.call("6400")
    assert centre.rang() == ["1002"]
    answered_and_over(centre, "1002")
    centre.call("6400")
    assert centre.rang() == ["1001"]
    answered_and_over(centre, "1001")
    centre.call("6400")
    assert centre.rang() == ["1002"]


@pytest.mark.row("R-02", "R-03")
@pytest.mark.parametrize("strategy", [Strategy.FEWEST_ANSWERED, Strategy.LEAST_RECENT])
def test_a_phone_nobody_answers_is_not_rung_for_ever(strategy: Strategy) -> None:
    """FreePBX#40, mikopbx#409: the same dead phone was tried again and again for one caller."""
    centre = Centre(
        queue(
            "6400",
            *static("1001", "1002"),
            strategy=strategy,
            ring_timeout_ms=5_000,
            retry_interval_ms=1_000,
        )
    )
    centre.call("6400")
    assert centre.rang() == ["1001"]
    centre.wait(5_000)
    centre.obey()
    centre.wait(1_000)
    assert list(centre.ringing()) == ["1002"]
    centre.wait(5_000)
    centre.obey()
    centre.wait(1_000)
    assert list(centre.ringing()) == ["1001"], "after everybody had a chance a new round begins"


@pytest.mark.row("R-04")
def test_random_rings_everybody_in_time_and_the_seed_decides() -> None:
    def order(seed: int) -> list[str]:
        members = static("1001", "1002", "1003")
        centre = Centre(queue("6400", *members, strategy=Strategy.RANDOM), seed=seed)
        return [rung_for_next_call(centre)[0] for _ in range(60)]

    rung = order(seed=7)
    assert order(seed=7) == rung
    assert order(seed=8) != rung
    assert all(10 <= rung.count(agent) <= 30 for agent in ("1001", "1002", "1003"))


@pytest.mark.row("R-05")
def test_round_robin_goes_on_after_the_last_rung_and_prefers_static_agents() -> None:
    centre = Centre(
        queue(
            "6400",
            *static("1001", "1002"),
            *dynamic("1003", "1004"),
            strategy=Strategy.ROUND_ROBIN,
        )
    )
    centre.log_in("1004", "1003", queue_id="6400")
    assert [rung_for_next_call(centre)[0] for _ in range(3)] == ["1001", "1002", "1001"]
    centre.reach("1001", reachable=False)
    centre.reach("1002", reachable=False)
    assert [rung_for_next_call(centre)[0] for _ in range(3)] == ["1004", "1003", "1004"]
    centre.reach("1001")
    centre.reach("1002")
    assert rung_for_next_call(centre) == ["1002"], "the static agents' memory was kept"


@pytest.mark.row("R-06")
@pytest.mark.parametrize(
    ("members", "logged_in", "expected"),
    [
        (static("1003", "1001", "1002"), (), "1003"),
        (dynamic("1003", "1001"), ("1001", "1003"), "1001"),
        ((*dynamic("1003"), *static("1002")), ("1003",), "1002"),
    ],
    ids=["static only: list order", "dynamic only: log-in order", "mixed: log-in order"],
)
def test_linear_rings_the_first_free_in_order(members, logged_in, expected) -> None:
    centre = Centre(queue("6400", *members, strategy=Strategy.LINEAR))
    centre.log_in(*logged_in, queue_id="6400")
    assert [rung_for_next_call(centre)[0] for _ in range(2)] == [expected, expected]


@pytest.mark.row("R-06", "Q-05")
def test_static_order_follows_the_list_when_it_is_reordered() -> None:
    first = queue("6400", *static("1001", "1002"), strategy=Strategy.LINEAR)
    centre = Centre(first)
    assert rung_for_next_call(centre) == ["1001"]
    centre.apply(queue("6400", *static("1002", "1001"), strategy=Strategy.LINEAR))
    assert rung_for_next_call(centre) == ["1002"]


@pytest.mark.row("R-07")
def test_skills_the_highest_level_with_a_free_agent_is_rung() -> None:
    members = (*static("1001", level=2), *static("1002", "1003", level=1))
    centre = Centre(queue("6400", *members, strategy=Strategy.LINEAR, skill_based=True))
    centre.call("6400")
    assert centre.rang() == ["1002"]
    centre.call("6400")
    assert centre.rang() == ["1003"], "same level, next by the same-level strategy"
    centre.call("6400")
    assert centre.rang() == ["1001"], "nobody free at level 1: next level down"


@pytest.mark.row("R-07", "R-01")
def test_skills_with_ring_all_ring_one_level_at_a_time() -> None:
    members = (*static("1001", "1002", level=1), *static("1003", level=2))
    centre = Centre(queue("6400", *members, strategy=Strategy.RING_ALL, skill_based=True))
    centre.call("6400")
    assert centre.rang() == ["1001", "1002"]
    centre.call("6400")
    assert centre.rang() == ["1003"], "the next caller gets the next level"


@pytest.mark.row("W-01")
def test_the_queue_with_the_higher_weight_is_served_first_ties_by_entry() -> None:
    centre = Centre(
        queue("6400", *static("1001"), weight=1),
        queue("6401", *static("1001"), weight=5),
        queue("6402", *static("1001"), weight=5),
    )
    centre.reach("1001", reachable=False)
    centre.call("6400")
    second, third = centre.call("6402"), centre.call("6401")
    centre.reach("1001")
    served = []
    for _ in range(3):
        leg_id = centre.ringing()["1001"]
        served.append(centre.core.state.legs[leg_id].call_id)
        answered_and_over(centre, "1001")
    assert served == [second, third, "c1"]


@pytest.mark.row("W-02")
def test_the_worked_example_of_acceleration() -> None:
    """A Support call that waited 120 s (1 + 2 = 3) beats a VIP call that just arrived (2)."""
    support = queue("6400", *static("1001"), weight=1, accelerate_ms=60_000)
    vip = queue("6401", *static("1001"), weight=2)
    centre = Centre(support, vip)
    centre.reach("1001", reachable=False)
    waited = centre.call("6400")
    centre.wait(120_000)
    centre.call("6401")
    centre.reach("1001")
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == waited


@pytest.mark.row("W-02")
@pytest.mark.parametrize(
    ("waited_ms", "weight"), [(0, 1), (29_999, 1), (30_000, 2), (89_999, 2), (90_000, 3)]
)
def test_effective_weight_rounds_half_up(waited_ms: int, weight: int) -> None:
    assert effective_weight(queue("6400", accelerate_ms=60_000), waited_ms) == weight


@pytest.mark.row("W-01")
def test_a_heavy_queue_whose_caller_cannot_use_the_agent_does_not_starve_a_light_one() -> None:
    """asterisk#1561: the light queue's caller waited although its agent was free."""
    centre = Centre(
        queue("6400", *static("1001"), weight=9, retry_interval_ms=60_000, ring_timeout_ms=5_000),
        queue("6401", *static("1001"), weight=1, ring_timeout_ms=5_000),
    )
    heavy = centre.call("6400")
    light = centre.call("6401")
    centre.wait(5_000)
    centre.obey()
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == light
    answered_and_over(centre, "1001")
    centre.wait(60_000)
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == heavy


def test_first_in_first_offered_also_after_a_vain_ringing() -> None:
    centre = Centre(queue("6400", *static("1001"), ring_timeout_ms=5_000, retry_interval_ms=1_000))
    first, second = centre.call("6400"), centre.call("6400")
    centre.wait(5_000)
    centre.obey()
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == second
    centre.wait(5_000)
    centre.obey()
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == first
    assert centre.of(VisitEnded) == []


@pytest.mark.row("R-07")
@pytest.mark.parametrize("strategy", [Strategy.LINEAR, Strategy.RING_ALL])
def test_skills_level_one_is_rung_again_while_it_is_free_although_it_did_not_answer(
    strategy: Strategy,
) -> None:
    members = (*static("1001", level=1), *static("1002", level=2))
    options = {"ring_timeout_ms": 5_000, "retry_interval_ms": 1_000, "skill_based": True}
    centre = Centre(queue("6400", *members, strategy=strategy, **options))
    centre.call("6400")
    centre.wait(5_000)
    centre.obey()
    centre.wait(1_000)
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("R-05")
def test_round_robins_memory_follows_the_agent_through_a_changed_list() -> None:
    members = static("1001", "1002", "1003")
    centre = Centre(queue("6400", *members, strategy=Strategy.ROUND_ROBIN))
    assert [rung_for_next_call(centre)[0] for _ in range(2)] == ["1001", "1002"]
    centre.apply(queue("6400", *static("1009"), *members, strategy=Strategy.ROUND_ROBIN))
    assert rung_for_next_call(centre) == ["1003"]
