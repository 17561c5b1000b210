"""What a queue does with callers: rows Q-01, Q-02, Q-03, Q-07, Q-09, Q-10, P-02."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.commands import (
    AnswerCall,
    Connect,
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
    VisitStarted,
)
from engine.core.ids import CallId, QueueId
from engine.core.inputs import CallArrived, PlaybackEnded, PolicyApplied
from engine.core.places import HangUp, PlayThenHangUp, ToExtension, ToExternal, ToQueue
from engine.core.policy import OutboundRoute
from engine.core.waiting import WaitingSound
from tests.support.centre import NODE, TRUNK, Centre, queue, static

pytestmark = pytest.mark.unit


def outcome(centre: Centre) -> list[tuple[VisitOutcome, VisitReason]]:
    return [(v.outcome, v.reason) for v in centre.of(VisitEnded)]


@pytest.mark.row("Q-01")
def test_a_call_from_a_trunk_is_queued_offered_connected_and_ends() -> None:
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    kinds = [type(output) for output in centre.last]
    assert kinds.index(RingPhone) < kinds.index(AnswerCall) < kinds.index(StartWaitingSound)
    centre.wait(2_000)
    leg_id = centre.answer("1001")
    assert [type(c) for c in centre.told(StopWaitingSound) + centre.told(Connect)] == [
        StopWaitingSound,
        Connect,
    ]
    centre.wait(60_000)
    centre.end_leg(leg_id)
    assert [c.call_id for c in centre.told(HangUpCall)] == [call_id]
    centre.obey()
    (visit,) = centre.of(VisitEnded)
    assert (visit.outcome, visit.wait_ms, visit.ring_ms) == (VisitOutcome.ANSWERED, 2_000, 2_000)
    (talk,) = centre.of(TalkEnded)
    assert (talk.talk_ms, talk.ended_by) == (60_000, CallEnd.AGENT)
    assert [c.ended_by for c in centre.of(CallEnded)] == [CallEnd.AGENT]
    assert not centre.core.state.calls
    assert not centre.core.state.legs


@pytest.mark.row("Q-01")
def test_an_extension_reaches_a_queue_by_its_number() -> None:
    centre = Centre(queue("6400", *static("1001")))
    centre.call("6400", source="1005")
    assert centre.rang() == ["1001"]


@pytest.mark.row("Q-01")
def test_the_callers_wait_counts_from_his_arrival_in_asterisk() -> None:
    """He may have waited for an engine that was being restarted."""

    centre = Centre(queue("6400", *static("1001")))
    centre.give(CallArrived(CallId("early"), NODE, TRUNK, "6400", "1", "", centre.now_ms - 8_000))
    assert centre.of(VisitStarted)[0].at_ms == centre.now_ms - 8_000


@pytest.mark.row("Q-02", "Q-03")
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (HangUp(17), HangUpCall),
        (ToExtension("1009"), RingPhone),
        (ToQueue(QueueId("6401")), VisitStarted),
        (ToExternal("0301234", "out"), RingPhone),
        (PlayThenHangUp(("sound:bye",)), PlayPrompt),
    ],
    ids=["hang up", "extension", "queue", "external", "prompt"],
)
def test_after_the_maximum_wait_the_call_goes_to_the_failure_destination(failure, expected) -> None:

    centre = Centre(queue("6400", wait_ms_max=30_000, failure=failure), queue("6401"))
    route = OutboundRoute("out", "0.", TRUNK, strip=1, prepend="+49")
    centre.give(PolicyApplied(dataclasses.replace(centre.policy, outbound_routes=(route,))))
    centre.call("6400")
    centre.wait(29_999)
    assert outcome(centre) == []
    centre.wait(1)
    assert outcome(centre) == [(VisitOutcome.MISSED, VisitReason.MAX_WAIT)]
    assert centre.told(expected)
    if isinstance(failure, ToExternal):
        assert centre.told(RingPhone)[0].number == "+49301234"


@pytest.mark.row("Q-03")
def test_a_prompt_then_hang_up_plays_to_its_end_first() -> None:
    centre = Centre(queue("6400", waiting_max=1, failure=PlayThenHangUp(("sound:busy",))))
    centre.call("6400")
    centre.call("6400")
    (prompt,) = centre.told(PlayPrompt)
    assert prompt.media == ("sound:busy",)
    assert centre.told(AnswerCall)
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    assert centre.told(HangUpCall)


@pytest.mark.row("Q-02")
def test_max_wait_cancels_the_ringing() -> None:
    centre = Centre(queue("6400", *static("1001"), wait_ms_max=3_000, ring_timeout_ms=20_000))
    centre.call("6400")
    centre.wait(3_000)
    assert [e.reason for e in centre.of(OfferEnded)] == [OfferReason.VISIT_ENDED]
    assert centre.told(HangUpLeg)


@pytest.mark.row("Q-02")
def test_max_wait_does_not_take_the_caller_from_an_agent_who_hears_the_prompt() -> None:
    options = {"wait_ms_max": 3_000, "agent_prompt": "sound:sales"}
    centre = Centre(queue("6400", *static("1001"), **options))
    centre.call("6400")
    leg_id = centre.answer("1001")
    centre.wait(4_000)
    assert outcome(centre) == []
    centre.end_leg(leg_id)
    assert outcome(centre) == [(VisitOutcome.MISSED, VisitReason.MAX_WAIT)]


@pytest.mark.row("Q-07")
def test_a_full_queue_sends_the_next_caller_away() -> None:
    centre = Centre(queue("6400", waiting_max=2, failure=HangUp(17)))
    for _ in range(3):
        centre.call("6400")
    assert outcome(centre) == [(VisitOutcome.MISSED, VisitReason.QUEUE_FULL)]
    assert [c.cause for c in centre.of(HangUpCall)] == [17]
    assert [v.position for v in centre.of(VisitStarted)] == [1, 2, 3]


def test_overflow_loops_end() -> None:
    """A is full and fails to B, B is full and fails to A: bounded, and the caller hears it is over."""
    centre = Centre(
        queue("6400", waiting_max=1, failure=ToQueue(QueueId("6401"))),
        queue("6401", waiting_max=1, failure=ToQueue(QueueId("6400"))),
    )
    centre.call("6400")
    centre.call("6401")
    centre.call("6400")
    assert [c.cause for c in centre.told(HangUpCall)] == [42]
    assert len(centre.told(VisitEnded)) == 20


@pytest.mark.row("Q-09")
def test_alert_info_and_the_caller_go_to_the_agents_phone() -> None:
    centre = Centre(queue("6400", *static("1001"), alert_info="<http://x>;info=sales"))
    centre.call("6400")
    (ring,) = centre.told(RingPhone)
    assert ring.alert_info == "<http://x>;info=sales"
    assert (ring.caller_number, ring.caller_name) == ("0151", "Ann")


@pytest.mark.row("P-02")
@pytest.mark.parametrize("sound", [WaitingSound("jazz"), WaitingSound(None)])
def test_music_or_ringing_while_waiting(sound: WaitingSound) -> None:
    centre = Centre(queue("6400", *static("1001"), waiting_sound=sound))
    centre.call("6400")
    assert [c.sound for c in centre.told(StartWaitingSound)] == [sound]
    centre.answer("1001")
    assert [c.sound for c in centre.told(StopWaitingSound)] == [sound]


@pytest.mark.row("Q-10")
def test_a_removed_queue_drains_and_talks_go_on() -> None:
    gone = queue("6400", *static("1001"), failure=ToQueue(QueueId("6401")))
    kept = queue("6401", *static("1002"))
    centre = Centre(gone, kept)
    talking = centre.call("6400")
    leg_id = centre.answer("1001")
    waiting = centre.call("6400")
    centre.apply(kept)
    assert outcome(centre)[-1] == (VisitOutcome.MISSED, VisitReason.QUEUE_REMOVED)
    assert centre.rang() == ["1002"]
    assert centre.core.state.calls[waiting].visit is not None
    assert centre.told(HangUpCall) == []
    centre.end_leg(leg_id)
    assert [t.call_id for t in centre.of(TalkEnded)] == [talking]


@pytest.mark.row("Q-10")
def test_a_changed_queue_keeps_its_callers_their_order_and_time() -> None:
    centre = Centre(queue("6400"))
    first = centre.call("6400")
    centre.wait(5_000)
    centre.call("6400")
    centre.apply(queue("6400", *static("1001"), weight=7))
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == first
    centre.answer("1001")
    assert centre.of(VisitEnded)[0].wait_ms == 5_000


@pytest.mark.row("Q-02", "Q-10")
def test_a_new_longest_wait_holds_for_callers_who_wait_already() -> None:
    """Counted from entry: shortened, lengthened, and lifted."""
    centre = Centre(queue("6400"))
    centre.call("6400")
    centre.wait(3_000)
    centre.apply(queue("6400", wait_ms_max=5_000))
    centre.apply(queue("6400", wait_ms_max=8_000))
    centre.wait(4_999)
    assert outcome(centre) == []
    centre.wait(1)
    assert outcome(centre) == [(VisitOutcome.MISSED, VisitReason.MAX_WAIT)]

    centre.call("6400")
    centre.wait(10)
    centre.apply(queue("6400"))
    centre.wait(100_000)
    assert len(outcome(centre)) == 1
    centre.apply(queue("6400", wait_ms_max=1_000))
    centre.wait(0)
    assert len(outcome(centre)) == 2


def test_an_unknown_number_hears_a_prompt() -> None:
    centre = Centre(queue("6400"))
    centre.call("999999")
    assert centre.told(PlayPrompt)[0].media == ("sound:pbx-invalid",)
    assert centre.told(AnswerCall)


def test_too_many_calls_are_refused_with_congestion() -> None:
    centre = Centre(queue("6400"), calls_max=2)
    for _ in range(3):
        centre.call("6400")
    assert [c.cause for c in centre.of(HangUpCall)] == [42]


def test_news_of_an_ended_call_raise_no_ghost() -> None:
    """kazoo's "ghost call": a late event of a call that is over rang an agent."""
    centre = Centre(queue("6400", *static("1001")))
    call_id = centre.call("6400")
    centre.hang_up(call_id)
    centre.obey()
    centre.call("6400", call_id=call_id)
    assert centre.rang() == []
    assert not centre.core.state.calls
