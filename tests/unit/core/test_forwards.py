"""Phones that forward (SIP 302) and phones that vanish in mid-ring (A-07, Q-06)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.core.commands import HangUpCall, HangUpLeg, RingPhone
from engine.core.facts import (
    AgentAutoPaused,
    CallEnded,
    CallTransferred,
    OfferEnded,
    OfferMade,
    OfferReason,
    TalkStarted,
    TransferKind,
    WrapupStarted,
)
from engine.core.ids import AgentId, LegId
from engine.core.inputs import AgentAction, LegAnswered, LegEnded, PolicyApplied
from engine.core.policy import OutboundRoute, Strategy
from engine.core.talking.legs import VANISHED_MS
from tests.support.centre import TRUNK, Centre, queue, static

pytestmark = pytest.mark.unit

MOBILE = "00171555"


def centre_of(*agents: str, others: Any = (), **options: Any) -> Centre:
    """A linear queue that follows forwards; 1001 may dial outside, the others may not."""
    options.setdefault("follow_forward", True)
    options.setdefault("strategy", Strategy.LINEAR)
    options.setdefault("ring_timeout_ms", 20_000)
    centre = Centre(queue("6400", *static(*agents), **options), *others)
    policy = dataclasses.replace(
        centre.policy,
        outbound_routes=(
            OutboundRoute("out", "0.", TRUNK, strip=1, prepend="+", caller_number="030"),
        ),
        extensions=tuple(
            dataclasses.replace(each, outbound_routes=("out",)) if each.number == "1001" else each
            for each in centre.policy.extensions
        ),
    )
    centre.give(PolicyApplied(policy))
    return centre


def forward(centre: Centre, agent: str, target: str) -> LegId:
    """The agent's phone answers 302."""
    leg_id = centre.ringing()[agent]
    centre.give(LegEnded(leg_id, 0, forward_to=target))
    return leg_id


def ends(centre: Centre) -> list[tuple[str, str, str]]:
    """How offers ended."""
    return [(e.agent_id, e.outcome.value, e.reason.value) for e in centre.of(OfferEnded)]


@pytest.mark.row("A-06")
@pytest.mark.parametrize(
    ("allowed", "target"),
    [(False, "1005"), (True, ""), (True, "4711"), (True, "6400"), (True, "1001"), (False, "")],
)
def test_a_forward_that_is_not_followed_is_a_missed_offer(allowed: bool, target: str) -> None:
    centre = centre_of("1001", "1002", follow_forward=allowed)
    centre.call("6400")
    forward(centre, "1001", target)
    assert ends(centre) == [("1001", "missed", "forwarded")]
    assert list(centre.ringing()) == ["1002"], "the next agent, at once"
    assert centre.core.state.agents[AgentId("1001")].backing_off
    assert centre.of(CallTransferred) == []


@pytest.mark.row("Q-06")
def test_forwards_that_are_not_followed_count_for_auto_pause() -> None:
    centre = centre_of("1001", follow_forward=False, autopause_after=2)
    centre.call("6400")
    for _ in range(2):
        forward(centre, "1001", "1005")
        centre.wait(10_000)
    assert [each.agent_id for each in centre.of(AgentAutoPaused)] == ["1001"]


@pytest.mark.row("A-06")
def test_a_forward_inside_rings_there_for_the_same_agent() -> None:
    centre = centre_of("1001", "1002", wrapup_ms=5_000)
    centre.call("6400")
    centre.wait(4_000)
    first = forward(centre, "1001", "1005")
    assert ends(centre) == [("1001", "cancelled", "forwarded")]
    (moved,) = centre.told(CallTransferred)
    assert (moved.by, moved.kind, moved.to) == ("1001", TransferKind.FORWARD, "1005")
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.number, ring.timeout_ms) == ("1005", None, 16_000 + 10_000)
    (offer,) = centre.told(OfferMade)
    assert (offer.agent_id, offer.attempt) == ("1001", 2)
    assert offer.offer_id != first
    leg_id = centre.answer("1001")
    (talk,) = centre.told(TalkStarted)
    assert (talk.agent_id, talk.party) == ("1001", "1005")
    centre.end_leg(leg_id)
    assert [each.agent_id for each in centre.told(WrapupStarted)] == ["1001"]


def test_the_phone_to_which_a_call_was_forwarded_is_in_use_by_it() -> None:
    centre = centre_of("1001", others=[queue("6401", *static("1005", "1006"))])
    centre.call("6400")
    forward(centre, "1001", "1005")
    centre.call("6401")
    assert centre.rang() == ["1006"]
    leg_id = centre.answer("1001")
    centre.end_leg(leg_id)
    centre.obey()
    centre.call("6401")
    assert centre.rang() == ["1005"], "free again"


def test_a_forward_outside_goes_where_that_extension_may_dial() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    forward(centre, "1001", MOBILE)
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.number, ring.caller_number) == (TRUNK, "+0171555", "030")
    centre.answer("1001")
    assert centre.told(TalkStarted)[0].party == MOBILE


def test_a_forward_outside_that_this_extension_may_not_dial_is_missed() -> None:
    centre = centre_of("1002", "1001")
    centre.call("6400")
    forward(centre, "1002", MOBILE)
    assert ends(centre) == [("1002", "missed", "forwarded")]


def test_a_forward_is_followed_once() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    forward(centre, "1001", "1005")
    forward(centre, "1001", "1006")
    assert ends(centre)[1:] == [("1001", "missed", "forwarded")]
    assert list(centre.ringing()) == ["1002"]


def test_the_ring_timeout_counts_from_the_first_ring() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    centre.wait(15_000)
    forward(centre, "1001", "1005")
    centre.wait(4_999)
    assert list(centre.ringing()) == ["1001"]
    centre.wait(1)
    assert ends(centre)[-1] == ("1001", "missed", "no_answer")
    (ended,) = [each for each in centre.of(OfferEnded) if each.reason is OfferReason.NO_ANSWER]
    assert ended.ring_ms == 5_000


def test_what_the_forwarded_phone_does_counts_as_the_agents_doing() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    forward(centre, "1001", "1005")
    centre.end_leg(centre.ringing()["1001"], cause=17)
    assert ends(centre)[-1] == ("1001", "missed", "busy")


def test_nobody_is_rung_twice_by_a_forward() -> None:
    centre = centre_of("1001", "1005", strategy=Strategy.RING_ALL)
    centre.call("6400")
    forward(centre, "1001", "1005")
    assert ends(centre) == [("1001", "missed", "forwarded")]
    assert list(centre.ringing()) == ["1005"]


def test_the_callers_own_phone_is_not_rung_by_a_forward() -> None:
    centre = centre_of("1001")
    centre.call("6400", source="1005")
    forward(centre, "1001", "1005")
    assert ends(centre) == [("1001", "missed", "forwarded")]


def test_in_a_ringing_of_all_the_others_ring_on_and_a_forward_rings_to_the_same_end() -> None:
    centre = centre_of("1001", "1002", strategy=Strategy.RING_ALL)
    centre.call("6400")
    centre.wait(12_000)
    forward(centre, "1001", "1005")
    assert sorted(centre.ringing()) == ["1001", "1002"]
    centre.wait(8_000)
    assert centre.ringing() == {}
    assert ends(centre)[1:] == [("1002", "missed", "no_answer"), ("1001", "missed", "no_answer")]


def test_a_forward_in_a_progressive_ringing_takes_no_step() -> None:
    centre = centre_of("1001", "1002", strategy=Strategy.PROGRESSIVE, progressive_step_ms=5_000)
    centre.call("6400")
    forward(centre, "1001", "1005")
    assert sorted(centre.ringing()) == ["1001"]
    centre.wait(5_000)
    assert sorted(centre.ringing()) == ["1001", "1002"]


def test_an_agent_whose_phone_another_was_forwarded_to_may_log_out_or_pause() -> None:
    centre = centre_of("1001", "1005")
    centre.call("6400")
    forward(centre, "1001", "1005")
    centre.act("1005", "6400", AgentAction.PAUSE)
    assert list(centre.ringing()) == ["1001"], "that call is not theirs"
    centre.act("1001", "6400", AgentAction.PAUSE)
    assert centre.ringing() == {}


def test_the_caller_hangs_up_while_the_forwarded_phone_rings() -> None:
    centre = centre_of("1001")
    call_id = centre.call("6400")
    forward(centre, "1001", "1005")
    centre.hang_up(call_id)
    assert len(centre.told(HangUpLeg)) == 1
    centre.obey()
    assert centre.core.state.legs == {}
    assert not centre.core.state.agents[AgentId("1005")].legs


def dial(centre: Centre, number: str) -> LegId:
    """Extension 1009 dials this one; returns the leg."""
    centre.call(number, source="1009")
    (ring,) = centre.told(RingPhone)
    return ring.leg_id


@pytest.mark.row("A-06")
def test_a_direct_call_follows_a_forward_once() -> None:
    centre = centre_of("1003")
    leg_id = dial(centre, "1001")
    centre.wait(10_000)
    centre.give(LegEnded(leg_id, 0, forward_to=MOBILE))
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.number, ring.timeout_ms) == (TRUNK, "+0171555", 20_000 + 10_000)
    (moved,) = centre.told(CallTransferred)
    assert (moved.by, moved.kind, moved.to) == ("1001", TransferKind.FORWARD, MOBILE)
    assert not centre.core.state.agents[AgentId("1001")].legs
    centre.give(LegAnswered(ring.leg_id))
    (talk,) = centre.told(TalkStarted)
    assert (talk.agent_id, talk.party) == (None, MOBILE)


def test_a_direct_call_that_is_forwarded_twice_or_nowhere_fails_with_the_cause() -> None:
    centre = centre_of("1003")
    leg_id = dial(centre, "1001")
    centre.give(LegEnded(leg_id, 0, forward_to="1002"))
    (ring,) = centre.told(RingPhone)
    centre.give(LegEnded(ring.leg_id, 21, forward_to="1004"))
    assert centre.told(CallEnded)[0].cause == 21
    assert centre.told(HangUpCall)[0].cause == 21
    leg_id = dial(centre, "1002")
    centre.give(LegEnded(leg_id, 21, forward_to=MOBILE))
    assert centre.told(CallEnded)[0].cause == 21, "1002 may not dial outside"


def test_a_forwarded_direct_call_ends_with_the_first_phones_time() -> None:
    centre = centre_of("1003")
    leg_id = dial(centre, "1001")
    centre.wait(29_000)
    centre.give(LegEnded(leg_id, 0, forward_to="1002"))
    centre.wait(999)
    assert centre.of(CallEnded) == []
    centre.wait(1)
    assert len(centre.of(CallEnded)) == 1


@pytest.mark.row("Q-06")
def test_a_phone_that_vanishes_in_mid_ring_costs_the_caller_half_a_second() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    centre.ring("1001")
    centre.wait(3_000)
    centre.reach("1001", reachable=False)
    centre.wait(VANISHED_MS - 1)
    assert list(centre.ringing()) == ["1001"]
    centre.wait(1)
    assert ends(centre) == [("1001", "missed", "unreachable")]
    assert list(centre.ringing()) == ["1002"]
    assert centre.of(AgentAutoPaused) == []


def test_a_phone_that_only_registers_anew_rings_on() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    centre.reach("1001", reachable=False)
    centre.wait(20)
    centre.reach("1001")
    centre.wait(10_000)
    assert list(centre.ringing()) == ["1001"]
    assert ends(centre) == []


def test_an_answer_from_a_phone_that_seems_to_be_gone_counts() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    centre.reach("1001", reachable=False)
    centre.answer("1001")
    centre.wait(VANISHED_MS)
    assert [each.agent_id for each in centre.of(TalkStarted)] == ["1001"]


def test_the_agents_own_phone_may_vanish_while_the_forwarded_one_rings() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    forward(centre, "1001", MOBILE)
    centre.reach("1001", reachable=False)
    centre.wait(5_000)
    assert list(centre.ringing()) == ["1001"]


def test_the_forwarded_phone_may_vanish_too() -> None:
    centre = centre_of("1001", "1002")
    centre.call("6400")
    forward(centre, "1001", "1005")
    centre.reach("1005", reachable=False)
    centre.wait(VANISHED_MS)
    assert ends(centre)[-1] == ("1001", "missed", "unreachable")


def test_a_phone_dialled_directly_that_vanishes_fails_the_call() -> None:
    centre = centre_of("1003")
    dial(centre, "1001")
    centre.reach("1001", reachable=False)
    centre.wait(VANISHED_MS)
    assert [each.cause for each in centre.of(CallEnded)] == [20]
