"""Weighted and least-talk strategies (R-08), in a small centre driven by hand."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from engine.core.facts import OfferMade
from engine.core.ids import AgentId
from engine.core.inputs import AgentAction
from engine.core.matching.shares import OWED_MAX
from engine.core.policy import Member, MemberKind, Strategy
from tests.support.centre import Centre, changed, dynamic, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("R-08")]


def shared(*shares: int, level: int = 1) -> tuple[Member, ...]:
    """Static members 1001, 1002, ... with these shares."""
    return tuple(
        Member(AgentId(str(1001 + i)), MemberKind.STATIC, level, share)
        for i, share in enumerate(shares)
    )


def rung_for_a_call(centre: Centre) -> str:
    """A caller dials and hangs up again; returns who was rung."""
    call_id = centre.call("6400")
    (rung,) = centre.rang()
    centre.hang_up(call_id)
    centre.obey()
    return rung


def balances(centre: Centre) -> dict[str, int]:
    """What the strategy owes each agent."""
    return {
        str(agent.agent_id): membership.balance
        for agent in centre.core.state.agents.values()
        for membership in agent.memberships.values()
    }


@pytest.mark.parametrize(
    "shares", [(1, 1), (3, 1), (5, 3, 2), (1, 1, 1, 97), (50, 30, 20), (7, 7, 1, 2, 11, 3)]
)
def test_shares_agree_within_one_offer_at_every_moment(shares: tuple[int, ...]) -> None:
    centre = Centre(queue("6400", *shared(*shares), strategy=Strategy.WEIGHTED))
    total = sum(shares)
    rung: Counter[str] = Counter()
    for offers in range(1, 3 * total + 1):
        rung[rung_for_a_call(centre)] += 1
        for index, share in enumerate(shares):
            off = rung[str(1001 + index)] * total - offers * share
            assert abs(off) < total, f"after {offers} offers: {rung}"
    assert [rung[str(1001 + i)] for i in range(len(shares))] == [3 * share for share in shares]


def test_offers_of_a_large_share_are_spread_and_not_in_one_block() -> None:
    centre = Centre(queue("6400", *shared(2, 1, 1), strategy=Strategy.WEIGHTED))
    rung = [rung_for_a_call(centre) for _ in range(8)]
    assert rung[:4] == rung[4:]
    assert "1001 1001 1001" not in " ".join(rung)


def test_who_was_busy_is_owed_some_offers_but_not_all_that_were_missed() -> None:
    centre = Centre(queue("6400", *shared(1, 1), strategy=Strategy.WEIGHTED))
    centre.call("6400")
    leg_id = centre.answer("1001")
    assert [rung_for_a_call(centre) for _ in range(20)] == ["1002"] * 20
    centre.end_leg(leg_id)
    centre.obey()
    rung = [rung_for_a_call(centre) for _ in range(20)]
    block = rung.index("1002")
    assert 1 < block <= 2 * OWED_MAX + 1
    assert Counter(rung[block + 4 :]).most_common()[0][1] <= (20 - block) // 2 + 1


def test_who_is_away_is_owed_nothing_more() -> None:
    centre = Centre(queue("6400", *shared(1, 1, 1), strategy=Strategy.WEIGHTED))
    centre.act("1003", "6400", AgentAction.PAUSE)
    before = balances(centre)["1003"]
    for _ in range(10):
        rung_for_a_call(centre)
    assert balances(centre)["1003"] == before


def test_a_log_in_begins_with_a_clean_sheet() -> None:
    centre = Centre(queue("6400", *dynamic("1001", "1002"), strategy=Strategy.WEIGHTED))
    centre.log_in("1001", "1002", queue_id="6400")
    centre.call("6400")
    centre.answer("1001")
    for _ in range(5):
        rung_for_a_call(centre)
    assert balances(centre)["1002"] < 0
    centre.act("1002", "6400", AgentAction.LOG_OUT)
    centre.act("1002", "6400", AgentAction.LOG_IN)
    assert balances(centre)["1002"] == 0


def test_new_shares_hold_from_the_next_offer_on() -> None:
    line = queue("6400", *shared(1, 1), strategy=Strategy.WEIGHTED)
    centre = Centre(line)
    for _ in range(4):
        rung_for_a_call(centre)
    centre.apply(changed(line, members=shared(9, 1)))
    rung = Counter(rung_for_a_call(centre) for _ in range(20))
    assert rung == {"1001": 18, "1002": 2}


def test_shares_are_those_of_one_skill_level() -> None:
    first = shared(3, 1)
    second = dataclasses.replace(shared(1, 1, 90)[2], skill_level=2)
    centre = Centre(queue("6400", *first, second, strategy=Strategy.WEIGHTED, skill_based=True))
    assert Counter(rung_for_a_call(centre) for _ in range(8)) == {"1001": 6, "1002": 2}


def test_a_vain_ringing_is_an_offer_too_and_the_round_goes_on() -> None:
    centre = Centre(
        queue(
            "6400",
            *shared(5, 1),
            strategy=Strategy.WEIGHTED,
            ring_timeout_ms=5_000,
            retry_interval_ms=0,
        )
    )
    centre.call("6400")
    centre.wait(5_000)
    centre.obey()
    assert [each.agent_id for each in centre.of(OfferMade)] == ["1001", "1002"]


def test_least_talk_rings_who_talked_least_in_this_queue() -> None:
    centre = Centre(
        queue("6400", *static("1001", "1002"), strategy=Strategy.LEAST_TALK),
        queue("6401", *static("1002")),
    )
    centre.call("6401")
    other = centre.answer("1002")
    centre.wait(90_000)
    centre.end_leg(other)  # An hour elsewhere counts for nothing here.
    for talk_ms in (10_000, 4_000):
        centre.call("6400")
        (agent,) = centre.ringing()
        leg_id = centre.answer(agent)
        centre.wait(talk_ms)
        centre.end_leg(leg_id)
        centre.obey()
    assert [each.agent_id for each in centre.of(OfferMade)][1:] == ["1001", "1002"]
    rung = []
    for _ in range(3):  # 1001: 10 s, 1002: 4 s and then 3 s more each time.
        centre.call("6400")
        (agent,) = centre.ringing()
        rung.append(agent)
        leg_id = centre.answer(agent)
        centre.wait(3_000)
        centre.end_leg(leg_id)
        centre.obey()
    assert rung == ["1002", "1002", "1001"]


def test_least_talk_counts_from_the_log_in_and_ties_go_to_the_least_recent() -> None:
    centre = Centre(queue("6400", *dynamic("1001", "1002"), strategy=Strategy.LEAST_TALK))
    centre.log_in("1001", "1002", queue_id="6400")
    centre.call("6400")
    leg_id = centre.answer("1001")
    centre.wait(60_000)
    centre.end_leg(leg_id)
    centre.obey()
    assert rung_for_a_call(centre) == "1002"
    centre.act("1001", "6400", AgentAction.LOG_OUT)
    centre.act("1001", "6400", AgentAction.LOG_IN)
    assert rung_for_a_call(centre) == "1001", "rung longest ago, and both have talked for nothing"
