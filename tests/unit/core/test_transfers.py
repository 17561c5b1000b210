"""Transfers that phones ask for: who talks to whom afterwards, and what the facts say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.core.commands import (
    AnswerTransfer,
    Connect,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    RingPhone,
    StartWaitingSound,
    TransferState,
)
from engine.core.facts import (
    ActionRefused,
    CallEnd,
    CallEnded,
    CallStarted,
    CallTransferred,
    CommandRefused,
    TalkEnded,
    TalkStarted,
    TransferKind,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
    WrapupEnded,
    WrapupStarted,
)
from engine.core.ids import CallId, EndpointName, LegId
from engine.core.inputs import (
    CommandFailed,
    HoldChanged,
    LegAnswered,
    LegEnded,
    NodeConnected,
    PolicyApplied,
    SeenChannel,
    TransferRequested,
)
from engine.core.model.call import CallState
from engine.core.policy import MonitorMode, OutboundRoute, ParkingPolicy, Right
from engine.core.router import RoutingCore
from tests.support.centre import NODE, TRUNK, Centre, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("A-07")]


@pytest.fixture
def centre() -> Centre:
    made = Centre(
        queue("6400", *static("1001"), wrapup_ms=10_000),
        queue("6401", *static("1005"), wrapup_ms=20_000),
    )
    made.policy = dataclasses.replace(
        made.policy,
        outbound_routes=(OutboundRoute("out", "0X.", TRUNK, strip=1),),
        extensions=tuple(
            dataclasses.replace(each, outbound_routes=("out",) if each.number == "1001" else ())
            for each in made.policy.extensions
        ),
    )
    made.give(PolicyApplied(made.policy))
    return made


def talk(centre: Centre, number: str = "6400", agent: str = "1001") -> tuple[CallId, LegId]:
    """A caller of a queue talks to its agent."""
    call_id = centre.call(number)
    return call_id, centre.answer(agent)


def dial(centre: Centre, number: str, source: str, *, answer: bool = True) -> tuple[CallId, LegId]:
    """A phone of the house dials another, or the world."""
    call_id = centre.call(number, source=source)
    leg_id = centre.told(RingPhone)[0].leg_id
    if answer:
        centre.give(LegAnswered(leg_id))
    return call_id, leg_id


def transfer(centre: Centre, channel: str, target: str = "", other: str | None = None) -> None:
    centre.give(TransferRequested(channel, target, other))


def answers(centre: Centre) -> list[TransferState]:
    return [each.state for each in centre.told(AnswerTransfer)]


def together(centre: Centre) -> list[tuple[str, str]]:
    """Who was connected by the last input."""
    return [(each.call_id, each.leg_id) for each in centre.told(Connect)]


def test_blind_frees_the_agent_into_wrapup_and_rings_the_target(centre: Centre) -> None:
    call_id, leg_id = talk(centre)
    centre.wait(7_000)
    transfer(centre, leg_id, "1002")
    assert answers(centre) == [TransferState.DONE]
    (ended,) = centre.told(TalkEnded)
    assert (ended.ended_by, ended.talk_ms) == (CallEnd.TRANSFERRED, 7_000)
    (wrapup,) = centre.told(WrapupStarted)
    assert (wrapup.agent_id, wrapup.until_ms) == ("1001", centre.now_ms + 10_000)
    (fact,) = centre.told(CallTransferred)
    assert (fact.by, fact.kind, fact.to) == ("1001", TransferKind.BLIND, "1002")
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [leg_id]
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.caller_number) == ("1002", "0151")
    assert not centre.told(CallEnded)
    centre.give(LegAnswered(ring.leg_id))
    assert together(centre) == [(call_id, ring.leg_id)]
    assert centre.told(TalkStarted)[0].party == "1002"
    centre.end_leg(ring.leg_id)
    assert centre.told(CallEnded)[0].ended_by is CallEnd.AGENT
    assert not centre.told(WrapupStarted)


def test_blind_to_a_queue_is_a_new_visit_whose_wait_begins_now(centre: Centre) -> None:
    call_id, leg_id = talk(centre)
    centre.wait(60_000)
    transfer(centre, leg_id, "6401")
    centre.wait(3_000)
    centre.answer("1005")
    visits = centre.of(VisitEnded)
    assert [(v.queue_id, v.outcome, v.wait_ms) for v in visits] == [
        ("6400", VisitOutcome.ANSWERED, 0),
        ("6401", VisitOutcome.ANSWERED, 3_000),
    ]
    assert {v.call_id for v in visits} == {call_id}


def test_a_caller_who_is_passed_on_many_times_is_in_no_loop(centre: Centre) -> None:
    """Destinations are counted between two talks: who talks between them goes round in no circle."""
    _, leg_id = talk(centre)
    for _ in range(15):
        for phone in ("1002", "1003"):
            transfer(centre, leg_id, phone)
            (ring,) = centre.told(RingPhone)
            leg_id = ring.leg_id
            centre.give(LegAnswered(leg_id))
            assert together(centre)
            centre.obey()
    assert not centre.of(CallEnded)


def test_a_blind_transfer_to_an_empty_chair_comes_back_and_is_not_dropped(centre: Centre) -> None:
    _, leg_id = talk(centre)
    transfer(centre, leg_id, "1002")
    centre.end_leg(leg_id)
    centre.wait(30_000)
    back = [each for each in centre.of(RingPhone) if each.endpoint == "1001"]
    assert len(back) == 2, "the agent who transferred is rung again"
    assert not centre.of(CallEnded)
    centre.give(LegAnswered(back[-1].leg_id))
    assert centre.told(TalkStarted)[0].party == "1001"


def test_if_nobody_takes_it_back_the_call_ends_with_the_cause(centre: Centre) -> None:
    _, leg_id = talk(centre)
    transfer(centre, leg_id, "1002")
    centre.end_leg(centre.told(RingPhone)[0].leg_id, 17)
    assert centre.rang() == ["1001"]
    centre.end_leg(centre.told(RingPhone)[0].leg_id, 17)
    (ended,) = centre.told(CallEnded)
    assert (ended.ended_by, ended.cause) == (CallEnd.FAILED, 17)


def test_blind_to_the_world_goes_by_the_transferring_phones_rights(centre: Centre) -> None:
    _, leg_id = talk(centre)
    transfer(centre, leg_id, "0301234")
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.number) == (TRUNK, "301234")
    _, other = talk(centre, "6401", "1005")
    transfer(centre, other, "0301234")
    assert answers(centre) == [TransferState.REFUSED]
    assert centre.told(ActionRefused)[0].why == "a number that cannot be reached from there"


def test_a_blind_transfer_to_a_slot_parks_there_and_comes_back_from_there(centre: Centre) -> None:
    settings = dataclasses.replace(centre.policy.settings, parking=ParkingPolicy(701, 702, 60_000))
    centre.policy = dataclasses.replace(centre.policy, settings=settings)
    centre.give(PolicyApplied(centre.policy))
    call_id, leg_id = talk(centre)
    transfer(centre, leg_id, "702")
    assert answers(centre) == [TransferState.DONE]
    assert centre.core.state.parked == {"702": call_id}
    assert [w.agent_id for w in centre.told(WrapupStarted)] == ["1001"]
    _, other = talk(centre, "6401", "1005")
    transfer(centre, other, "702")
    assert answers(centre) == [TransferState.REFUSED]
    assert centre.told(ActionRefused)[0].why == "somebody is parked there"
    centre.obey()
    centre.wait(60_000)
    assert [each.endpoint for each in centre.of(RingPhone)][-1] == "1001"


@pytest.mark.parametrize("target", ["", "4711", "*76400", "1001", "9,1", "6400;x=y"])
def test_a_wrong_target_is_refused_and_the_talk_goes_on(centre: Centre, target: str) -> None:
    call_id, leg_id = talk(centre)
    transfer(centre, leg_id, target)
    assert answers(centre) == [TransferState.REFUSED]
    (refused,) = centre.told(ActionRefused)
    assert (refused.agent_id, refused.action, refused.call_id) == ("1001", "transfer", call_id)
    assert centre.core.state.calls[call_id].state is CallState.TALKING


def test_a_caller_of_the_house_transfers_the_called_party(centre: Centre) -> None:
    call_id, leg_id = dial(centre, "0301234", "1001")
    transfer(centre, call_id, "1002")
    (started,) = centre.told(CallStarted)
    assert (started.call_id, started.parent_id) == (leg_id, call_id)
    assert (started.caller_number, started.dialled) == ("0301234", "1002")
    assert [(e.call_id, e.ended_by) for e in centre.told(CallEnded)] == [
        (call_id, CallEnd.TRANSFERRED)
    ]
    assert [each.call_id for each in centre.told(HangUpCall)] == [call_id]
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.call_id) == ("1002", leg_id)
    centre.give(LegAnswered(ring.leg_id))
    assert together(centre) == [(leg_id, ring.leg_id)]
    centre.give(LegEnded(leg_id, 16))
    assert [e.call_id for e in centre.told(CallEnded)] == [leg_id]
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [ring.leg_id]


def test_attended_joins_the_caller_and_who_was_consulted(centre: Centre) -> None:
    call_id, leg_id = talk(centre)
    centre.give(HoldChanged(leg_id, held=True))
    consult, other = dial(centre, "1002", "1001")
    centre.wait(5_000)
    transfer(centre, leg_id, "1002", consult)
    assert answers(centre) == [TransferState.DONE]
    assert together(centre) == [(call_id, other)]
    (fact,) = centre.told(CallTransferred)
    assert (fact.kind, fact.to, fact.other_call_id) == (TransferKind.ATTENDED, "1002", consult)
    assert [(e.call_id, e.ended_by) for e in centre.told(CallEnded)] == [
        (consult, CallEnd.TRANSFERRED)
    ]
    assert {e.talk_id for e in centre.told(TalkEnded)} == {leg_id, other}
    (talks,) = centre.told(TalkStarted)
    assert (talks.talk_id, talks.call_id, talks.party) == (f"{other}-t2", call_id, "1002")
    (wrapup,) = centre.told(WrapupStarted)
    assert (wrapup.agent_id, wrapup.until_ms) == ("1001", centre.now_ms + 10_000)
    centre.obey()
    assert centre.core.state.calls[call_id].state is CallState.TALKING
    centre.hang_up(call_id)
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [other]


def test_attended_while_the_second_phone_still_rings(centre: Centre) -> None:
    call_id, leg_id = talk(centre)
    consult, other = dial(centre, "1002", "1001", answer=False)
    transfer(centre, leg_id, "1002", consult)
    assert answers(centre) == [TransferState.DONE]
    assert [each.call_id for each in centre.told(StartWaitingSound)] == [call_id]
    assert not [each for each in centre.told(HangUpLeg) if each.leg_id == other]
    centre.obey()
    centre.give(LegAnswered(other))
    assert together(centre) == [(call_id, other)]


def test_attended_to_a_ringing_phone_that_nobody_answers_comes_back(centre: Centre) -> None:
    call_id, leg_id = talk(centre)
    consult, _ = dial(centre, "1002", "1001", answer=False)
    transfer(centre, leg_id, "1002", consult)
    centre.obey()
    centre.wait(30_000)
    assert [each.endpoint for each in centre.of(RingPhone)][-1] == "1001"
    assert call_id in centre.core.state.calls


def test_attended_to_a_queue_in_which_the_consultation_waits(centre: Centre) -> None:
    call_id, leg_id = talk(centre)
    talk(centre, "6401", "1005")
    consult = centre.call("6401", source="1001")
    transfer(centre, leg_id, "6401", consult)
    ended = centre.told(VisitEnded)[0]
    assert (ended.call_id, ended.outcome, ended.reason) == (
        consult,
        VisitOutcome.MISSED,
        VisitReason.REDIRECTED,
    )
    waiting = centre.core.state.lines["6401"].waiting  # type: ignore[index]
    assert [each[-1] for each in waiting] == [call_id]


def test_attended_between_two_calls_that_the_phone_placed(centre: Centre) -> None:
    first, first_leg = dial(centre, "0301234", "1001")
    second, second_leg = dial(centre, "1002", "1001")
    transfer(centre, first, "1002", second)
    assert together(centre) == [(first_leg, second_leg)]
    assert {e.call_id for e in centre.told(CallEnded)} == {first, second}
    assert centre.told(CallStarted)[0].parent_id == first
    centre.obey()
    centre.give(LegEnded(second_leg, 16))
    assert [each.call_id for each in centre.told(HangUpCall)] == [first_leg]


def test_attended_from_a_placed_call_to_an_answered_one(centre: Centre) -> None:
    first, first_leg = dial(centre, "1002", "1001")
    call_id, leg_id = _ring_in_use(centre)
    transfer(centre, first, "x", leg_id)
    assert together(centre) == [(call_id, first_leg)]
    assert [e.call_id for e in centre.told(CallEnded)] == [first]


def test_attended_between_two_callers_of_queues(centre: Centre) -> None:
    first, first_leg = talk(centre)
    second, second_leg = _ring_in_use(centre)
    transfer(centre, first_leg, "x", second_leg)
    assert together(centre) == [(first, second)]
    assert {each.leg_id for each in centre.told(HangUpLeg)} == {first_leg, second_leg}
    assert not centre.told(CallEnded), "both callers are still in the system"
    centre.obey()
    centre.hang_up(second)  # Asterisk tells of it as of a caller.
    assert [each.call_id for each in centre.told(HangUpCall)] == [first]
    assert {e.call_id for e in centre.told(CallEnded)} == {first, second}


def _ring_in_use(centre: Centre) -> tuple[CallId, LegId]:
    """A second queue call for 1001, who is on the phone."""
    centre.policy = dataclasses.replace(
        centre.policy,
        queues=(
            dataclasses.replace(centre.policy.queues[0], ring_in_use=True, wrapup_ms=0),
            centre.policy.queues[1],
        ),
    )
    centre.give(PolicyApplied(centre.policy))
    return talk(centre)


def test_another_phones_call_cannot_be_taken_for_a_transfer(centre: Centre) -> None:
    _, leg_id = talk(centre)
    foreign, _ = dial(centre, "1003", "1002")
    transfer(centre, leg_id, "1003", foreign)
    assert answers(centre) == [TransferState.REFUSED]
    transfer(centre, leg_id, "1003", "nobody")
    assert answers(centre) == [TransferState.REFUSED]
    assert len(centre.core.state.calls) == 2


def test_a_transfer_for_a_channel_that_goes_or_never_was_is_ignored(centre: Centre) -> None:
    _, leg_id = talk(centre)
    transfer(centre, leg_id, "1002")
    transfer(centre, leg_id, "1003")
    assert answers(centre) == []
    transfer(centre, "leg-nobody-1", "1002")
    assert answers(centre) == []


def test_a_caller_who_is_still_waiting_cannot_transfer(centre: Centre) -> None:
    centre.call("6400", source="1003")
    consult = centre.call("6400", source="1002")
    transfer(centre, consult, "1004")
    assert answers(centre) == [TransferState.REFUSED]


def test_all_of_it_survives_a_restart_in_the_middle(centre: Centre) -> None:
    first, first_leg = talk(centre)
    second, second_leg = _ring_in_use(centre)
    transfer(centre, first_leg, "x", second_leg)
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.obey()
    channels = tuple(
        SeenChannel(name, up=True, bridge_id=f"talk-{second}", endpoint=EndpointName("provider"))
        for name in (first, second)
    )
    centre.give(NodeConnected(NODE, channels, ()))
    assert not centre.told(HangUpCall)
    assert not centre.told(HangUpLeg)
    assert first in centre.core.state.calls
    centre.wait(1_000)
    assert not centre.told(WrapupEnded)


def test_a_wait_after_a_talk_does_not_count_the_talk(centre):
    """Who was called, joined another after a transfer and then entered a queue, had "waited" all along.

    Found by the simulator's desk (`tests/sim/test_desk_mutations.py`).
    """
    first, _ = dial(centre, "1002", "1005")
    second, third = dial(centre, "1003", "1005")
    centre.give(TransferRequested(first, "1003", second))
    centre.wait(10_000)
    centre.give(TransferRequested(third, "6400"))
    assert centre.of(VisitStarted)[-1].at_ms == centre.core.now_ms


def test_who_is_on_hold_has_music_again_after_a_refusal(centre: Centre) -> None:
    """Asterisk ends the music at the REFER, which the phone does not know: it holds on."""
    call_id, leg_id = talk(centre)
    transfer(centre, leg_id, "8888")
    assert centre.told(HoldMusic) == [], "nobody is on hold"
    centre.give(HoldChanged(leg_id, held=True))
    transfer(centre, leg_id, "8888")
    assert centre.told(HoldMusic) == [HoldMusic(NODE, call_id)]


def test_hold_music_that_cannot_be_played_changes_nothing(centre: Centre) -> None:
    _, leg_id = talk(centre)
    centre.give(HoldChanged(leg_id, held=True))
    transfer(centre, leg_id, "8888")
    before = centre.core.snapshot()
    centre.give(CommandFailed(centre.told(HoldMusic)[0], 500, "because"))
    (fact,) = centre.last
    assert isinstance(fact, CommandRefused)
    assert centre.core.snapshot() == {**before, "fact_seq": fact.seq}


def test_the_party_whom_a_caller_holds_has_music_again_too(centre: Centre) -> None:
    call_id, leg_id = dial(centre, "1002", "1001")
    centre.give(HoldChanged(leg_id, held=True))
    transfer(centre, call_id, "8888")
    assert centre.told(HoldMusic) == [], "the one who transfers holds nobody"
    centre.give(HoldChanged(call_id, held=True))
    transfer(centre, call_id, "8888")
    assert centre.told(HoldMusic) == [HoldMusic(NODE, leg_id)]


def test_who_talks_to_a_barging_supervisor_has_no_music_after_a_refusal() -> None:
    rights: dict[str, Any] = {"managers": ("1009",), "manager_rights": (Right.MONITOR,)}
    centre = Centre(queue("6400", *static("1001"), **rights))
    call_id, leg_id = talk(centre)
    centre.supervise("1009", call_id, MonitorMode.BARGE)
    centre.give(HoldChanged(leg_id, held=True))
    transfer(centre, leg_id, "8888")
    assert answers(centre) == [TransferState.REFUSED]
    assert centre.told(HoldMusic) == []
