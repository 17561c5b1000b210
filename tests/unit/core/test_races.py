"""Two things at the same instant, the wrong order, the vanished phone: each a peer's bug."""

from __future__ import annotations

import pytest

from engine.core.commands import (
    AnswerCall,
    Connect,
    HangUpCall,
    HangUpLeg,
    RingPhone,
    StartWaitingSound,
)
from engine.core.facts import (
    CallEnd,
    CallEnded,
    InputIgnored,
    OfferEnded,
    OfferOutcome,
    OfferReason,
    VisitEnded,
    VisitOutcome,
)
from engine.core.inputs import AgentAction, CommandFailed, LegAnswered
from engine.core.policy import Strategy
from tests.support.centre import Centre, dynamic, queue, static

pytestmark = pytest.mark.unit


@pytest.mark.row("R-01")
def test_two_simultaneous_answers_connect_one_and_let_the_other_go() -> None:
    """asterisk#176: both were connected."""
    centre = Centre(queue("6400", *static("1001", "1002"), strategy=Strategy.RING_ALL))
    centre.call("6400")
    legs = centre.ringing()
    centre.give(LegAnswered(legs["1001"]))
    centre.give(LegAnswered(legs["1002"]))
    assert [c.leg_id for c in centre.of(Connect)] == [legs["1001"]]
    assert [c.leg_id for c in centre.of(HangUpLeg)] == [legs["1002"]]
    centre.end_leg(legs["1002"])
    assert "1002" in centre.core.state.lines["6400"].available


@pytest.mark.row("R-01")
def test_one_agent_answers_and_hangs_up_before_the_bridge_the_caller_is_offered_again() -> None:
    """asterisk#1557: all other ringing legs were dropped and the agent was counted twice."""
    options = {"strategy": Strategy.RING_ALL, "agent_prompt": "sound:x"}
    centre = Centre(queue("6400", *static("1001", "1002"), **options))
    call_id = centre.call("6400")
    leg_id = centre.answer("1001")
    centre.obey()
    centre.end_leg(leg_id)
    reasons = [e.reason for e in centre.of(OfferEnded)]
    assert reasons == [OfferReason.ANSWERED_ELSEWHERE, OfferReason.ANSWERED_THEN_LEFT]
    assert centre.rang() == ["1002"]
    assert centre.core.state.calls[call_id].visit is not None


def test_two_queues_and_one_agent_at_the_same_instant() -> None:
    centre = Centre(queue("6400", *static("1001")), queue("6401", *static("1001")))
    centre.call("6400")
    centre.call("6401")
    assert len(centre.of(RingPhone)) == 1


def test_the_caller_hangs_up_at_the_answer_instant_and_the_agent_is_let_go() -> None:
    """freeswitch#2529: the agent was rung by a caller who had gone."""
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    leg_id = centre.ringing()["1001"]
    centre.hang_up(call_id)
    centre.give(LegAnswered(leg_id))
    assert [type(f) for f in centre.told(InputIgnored)] == [InputIgnored]
    assert centre.of(Connect) == []
    centre.end_leg(leg_id)
    (offer,) = centre.of(OfferEnded)
    assert offer.reason is OfferReason.CALLER_HUNG_UP
    assert centre.of(VisitEnded)[0].outcome is VisitOutcome.ABANDONED


def test_the_answer_first_then_the_hang_up() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    leg_id = centre.answer("1001")
    centre.hang_up(call_id)
    assert [c.leg_id for c in centre.told(HangUpLeg)] == [leg_id]
    assert centre.of(VisitEnded)[0].outcome is VisitOutcome.ANSWERED
    assert len(centre.of(CallEnded)) == 1


def test_the_ring_timeout_and_the_answer_cross() -> None:
    """The core gave up at the instant of the answer: the phone is let go, the caller goes on."""
    options = {"ring_timeout_ms": 5_000, "retry_interval_ms": 1_000}
    centre = Centre(queue("6400", *static("1001", "1002"), **options))
    centre.call("6400")
    leg_id = centre.ringing()["1001"]
    centre.wait(5_000)
    centre.give(LegAnswered(leg_id))
    centre.end_leg(leg_id)
    centre.wait(1_000)
    assert list(centre.ringing()) == ["1002"]
    assert centre.of(OfferEnded)[0].outcome is OfferOutcome.MISSED


def test_duplicates_and_strangers_are_ignored_by_name() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    leg_id = centre.answer("1001")
    centre.give(LegAnswered(leg_id))
    centre.ring_again = centre.give(LegAnswered(leg_id))
    centre.hang_up(call_id)
    centre.hang_up(call_id)
    centre.end_leg(leg_id)
    centre.end_leg(leg_id)
    whys = [f.why for f in centre.of(InputIgnored)]
    assert whys == ["leg is talking", "leg is talking", "unknown call", "unknown leg"]


def test_a_phone_that_cannot_be_rung_costs_the_caller_nothing_but_the_next_agent() -> None:
    centre = Centre(queue("6400", *static("1001", "1002")))
    centre.call("6400")
    (ring,) = centre.told(RingPhone)
    centre.give(CommandFailed(ring, 500, "allocation failed"))
    assert centre.rang() == ["1002"]
    assert centre.of(OfferEnded)[0].reason is OfferReason.UNREACHABLE
    assert [c.leg_id for c in centre.of(HangUpLeg)] == [ring.leg_id]


def test_a_connection_that_fails_is_tried_again_then_both_are_let_go() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.call("6400")
    centre.answer("1001")
    for _ in range(3):
        centre.give(CommandFailed(centre.of(Connect)[-1], 500, "no bridge"))
        centre.wait(100)
    assert len(centre.of(Connect)) == 3
    assert len(centre.of(HangUpCall)) == len(centre.of(HangUpLeg)) == 1
    centre.obey()
    assert not centre.core.state.calls
    assert not centre.core.state.legs


def test_a_connection_that_fails_because_the_caller_is_gone_is_the_callers_end() -> None:
    """Found by real phones: the refusal came before the news of the hang-up."""
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    centre.answer("1001")
    centre.give(CommandFailed(centre.of(Connect)[-1], 404, "channel not found"))
    centre.wait(20)
    centre.hang_up(call_id)
    assert [end.ended_by for end in centre.of(CallEnded)] == [CallEnd.CALLER]
    centre.obey()
    centre.wait(1_000)
    assert len(centre.of(Connect)) == 1


@pytest.mark.parametrize("status", [404, 409])
@pytest.mark.parametrize("kind", [AnswerCall, StartWaitingSound])
def test_a_caller_who_is_just_leaving_is_the_callers_end(kind: type, status: int) -> None:
    """For some ms Asterisk says 409 of who hangs up, until it says that there is nobody."""
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    centre.give(CommandFailed(centre.of(kind)[-1], status, "channel not in Stasis application"))
    assert [end.ended_by for end in centre.of(CallEnded)] == [CallEnd.CALLER]
    told = len(centre.of(kind))
    centre.hang_up(call_id)
    centre.obey()
    assert len(centre.of(kind)) == told
    assert not centre.core.state.calls


def test_a_hang_up_that_fails_is_repeated_and_given_up() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    centre.hang_up(call_id)
    for _ in range(4):
        centre.give(CommandFailed(centre.of(HangUpLeg)[-1], 500, "odd"))
        centre.wait(2_000)
    assert len(centre.of(HangUpLeg)) == 5
    centre.give(CommandFailed(centre.of(HangUpLeg)[-1], 500, "odd"))
    assert not centre.core.state.legs
    assert "1001" in centre.core.state.lines["6400"].available


def test_a_hang_up_of_a_channel_that_is_gone_counts_as_its_end() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    centre.hang_up(call_id)
    centre.give(CommandFailed(centre.of(HangUpLeg)[-1], 404, "no such channel"))
    assert not centre.core.state.legs


@pytest.mark.row("R-01")
def test_ring_all_rings_the_only_agent_again_after_a_log_out_in_mid_ring() -> None:
    """Found by the simulator: an agent once rung counted as tried for ever."""
    centre = Centre(queue("6400", *dynamic("1001"), strategy=Strategy.RING_ALL))
    centre.log_in("1001", queue_id="6400")
    centre.call("6400")
    centre.act("1001", "6400", AgentAction.PAUSE)
    centre.obey()
    centre.act("1001", "6400", AgentAction.RESUME)
    assert centre.rang() == ["1001"]


def test_looking_at_a_caller_in_vain_does_not_begin_a_new_round() -> None:
    """Found by the simulator: an agent was rung twice before another had a first chance."""
    options = {"ring_timeout_ms": 5_000, "retry_interval_ms": 0, "strategy": Strategy.LINEAR}
    centre = Centre(
        queue("6400", *static("1001", "1002"), **options),
        queue("6401", *static("1001"), weight=9),
    )
    centre.reach("1002", reachable=False)
    light = centre.call("6400")
    leg_id = centre.ringing()["1001"]
    centre.wait(5_000)
    heavy = centre.call("6401")
    centre.end_leg(leg_id)
    state = centre.core.state
    assert state.legs[centre.ringing()["1001"]].call_id == heavy
    assert list(state.calls[light].visit.tried) == ["1001"]
    centre.reach("1002")
    assert state.legs[centre.ringing()["1002"]].call_id == light


def test_a_talking_caller_whose_answer_failed_is_answered_again() -> None:
    """Found by the simulator: bridged, but for the network never answered."""
    centre = Centre(queue("6400", *static("1001")))
    centre.call("6400")
    centre.answer("1001")
    for _ in range(3):
        centre.give(CommandFailed(centre.of(AnswerCall)[-1], 500, "odd"))
    assert len(centre.of(AnswerCall)) == 3


@pytest.mark.row("R-01")
def test_who_joins_a_ringing_of_all_late_has_missed_nothing_when_it_ends() -> None:
    options = {"strategy": Strategy.RING_ALL, "ring_timeout_ms": 5_000}
    centre = Centre(queue("6400", *static("1001", "1002"), **options))
    centre.reach("1002", reachable=False)
    centre.call("6400")
    centre.wait(4_900)
    centre.reach("1002")
    centre.wait(100)
    assert {e.agent_id: e.outcome for e in centre.of(OfferEnded)} == {
        "1001": OfferOutcome.MISSED,
        "1002": OfferOutcome.CANCELLED,
    }


def test_a_late_answer_to_the_command_does_not_cut_off_an_agent_who_picked_up() -> None:
    """Found by the simulator: "no answer in time" came after the phone had proved alive."""
    centre = Centre(queue("6400", *static("1001"), agent_prompt="sound:x"))
    centre.call("6400")
    (ring,) = centre.told(RingPhone)
    centre.answer("1001")
    centre.give(CommandFailed(ring, 0, "no answer within 10 s"))
    assert centre.of(OfferEnded) == []
    assert centre.of(HangUpLeg) == []
