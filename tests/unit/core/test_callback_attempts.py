"""Callbacks at their turn: the agent first, then the customer; outcomes, attempts, fairness."""

from __future__ import annotations

import pytest

from engine.core.commands import (
    Connect,
    HangUpCall,
    HangUpLeg,
    RingPhone,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.core.facts import (
    CallbackAttempted,
    CallbackEnded,
    CallbackOutcome,
    CallbackReason,
    CallEnd,
    CallEnded,
    CallStarted,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferReason,
    TalkStarted,
    VisitStarted,
    WrapupStarted,
)
from engine.core.ids import AgentId, LegId, QueueId
from engine.core.inputs import AgentAction, HangUpNow, LegRinging, PickUp, Redirect, Transfer
from engine.core.model.call import CallState
from engine.core.places import HangUp, ToExtension, ToQueue
from engine.core.policy import Right, Strategy
from engine.core.speech import Phrase, phrase
from engine.core.views import view_call
from tests.support.asking import ask
from tests.support.callback import DID, NUMBER, ROUTES, Callbacks, terms
from tests.support.centre import TRUNK, changed, dynamic, static

pytestmark = pytest.mark.unit

BOSS = "1009"
MANAGED = {
    "managers": (BOSS,),
    "manager_rights": (Right.PICK_UP, Right.DISTRIBUTE, Right.PARK),
}


def busy_centre(*members, **options):
    """A centre whose agents have all logged out; a callback waits there."""
    return Callbacks(*(members or dynamic("1001")), **options)


def ended(centre):
    (fact,) = centre.of(CallbackEnded)
    return fact.outcome, fact.reason


FAILED, SUCCEEDED = CallbackOutcome.FAILED, CallbackOutcome.SUCCEEDED


@pytest.mark.row("C-03")
@pytest.mark.row("C-05")
@pytest.mark.row("C-06")
def test_agent_first_then_the_customer_and_both_talk():
    centre = busy_centre(agent_prompt="sound:x", wrapup_ms=10_000)
    waiting = centre.requested()
    centre.wait(30_000)
    centre.log_in("1001", queue_id=DID)
    (offered,) = centre.told(RingPhone)
    assert (offered.endpoint, offered.caller_number, offered.caller_name) == (
        "1001",
        NUMBER,
        "(QCB) Ann",
    )
    (made,) = centre.told(OfferMade)
    assert made.visit_id == waiting.callback.callback_id
    leg_id = centre.answer("1001")
    assert centre.hears(leg_id) == (
        *phrase("en", Phrase.CALLBACK_FOR_AGENT, number=NUMBER),
        "sound:x",
    )
    assert not centre.called()
    centre.heard(leg_id)
    (rung,) = centre.told(RingPhone)
    assert (rung.leg_id, rung.call_id) == (waiting.call_id, None)
    assert (rung.endpoint, rung.number) == (TRUNK, NUMBER)
    assert (rung.caller_number, rung.caller_name) == (DID, f"queue {DID}")
    (attempted,) = centre.told(CallbackAttempted)
    assert (attempted.attempt, attempted.agent_id) == (1, "1001")
    assert [each.call_id for each in centre.told(StartWaitingSound)] == [leg_id]
    centre.give(LegRinging(LegId(waiting.call_id)))
    centre.wait(3_000)
    centre.customer_answers()
    assert [each.call_id for each in centre.told(StopWaitingSound)] == [leg_id]
    (connect,) = centre.told(Connect)
    assert (connect.call_id, connect.leg_id) == (waiting.call_id, leg_id)
    assert centre.told(TalkStarted)
    assert ended(centre) == (SUCCEEDED, CallbackReason.TALKED)
    (fact,) = centre.of(CallbackEnded)
    assert (fact.agent_id, fact.attempts, fact.wait_ms) == ("1001", 1, 33_000)
    assert not centre.core.state.callbacks
    centre.end_leg(LegId(waiting.call_id))
    assert centre.told(WrapupStarted)
    assert len(centre.of(VisitStarted)) == 1
    centre.obey()
    assert not centre.core.state.calls


@pytest.mark.row("C-03")
@pytest.mark.row("C-02")
def test_the_outbound_route_is_the_first_that_fits_prefix_and_number():
    centre = busy_centre(*static("1001"))
    centre.ask(centre.dial("004412345"))
    centre.agent_takes("1001")
    (rung,) = centre.told(RingPhone)
    assert (rung.endpoint, rung.number, rung.caller_number) == ("carrier", "004412345", "04000")


@pytest.mark.row("C-03")
def test_a_phone_of_the_house_is_rung_directly():
    centre = busy_centre(*static("1001", "1005"))
    call_id = centre.dial("1005", source="1005")
    centre.ask(call_id)
    assert list(centre.ringing()) == ["1001"], "nobody is offered their own callback"
    centre.agent_takes("1001")
    (rung,) = centre.told(RingPhone)
    assert (rung.endpoint, rung.number) == ("1005", None)
    assert centre.core.state.agents[AgentId("1005")].in_use
    centre.customer_answers()
    assert ended(centre) == (SUCCEEDED, CallbackReason.TALKED)


@pytest.mark.row("C-05")
@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (17, CallbackReason.CUSTOMER_NO_ANSWER),
        (19, CallbackReason.CUSTOMER_NO_ANSWER),
        (21, CallbackReason.CUSTOMER_NO_ANSWER),
        (1, CallbackReason.INVALID_NUMBER),
        (28, CallbackReason.INVALID_NUMBER),
    ],
)
def test_a_customer_who_is_not_reached(cause, reason):
    centre = busy_centre(*static("1001"), wrapup_ms=10_000)
    centre.requested()
    leg_id = centre.agent_takes("1001")
    centre.customer_ends(cause)
    assert ended(centre) == (FAILED, reason)
    assert centre.hears(leg_id) == phrase("en", Phrase.CALLBACK_NOT_REACHED)
    assert not centre.told(HangUpLeg), "the agent hears it first"
    centre.heard(leg_id)
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [leg_id]
    centre.obey()
    (over,) = centre.of(OfferEnded)[-1:]
    assert (over.outcome, over.reason) == (
        OfferOutcome.CANCELLED,
        OfferReason.CUSTOMER_NOT_REACHED,
    )
    assert not centre.of(WrapupStarted), "no talk, no wrap-up"
    assert AgentId("1001") in centre.core.state.lines[QueueId(DID)].available
    assert not centre.core.state.calls
    assert not centre.core.state.legs


@pytest.mark.row("C-05")
def test_a_customer_whose_phone_rings_in_vain():
    centre = busy_centre(*static("1001"), callback=terms(ring_timeout_ms=30_000))
    waiting = centre.requested()
    centre.agent_takes("1001")
    centre.wait(29_999)
    assert not centre.of(CallbackEnded)
    centre.wait(1)
    assert ended(centre) == (FAILED, CallbackReason.CUSTOMER_NO_ANSWER)
    assert waiting.call_id in [each.call_id for each in centre.of(HangUpCall)]
    centre.give(LegRinging(LegId(waiting.call_id)))
    centre.obey()
    assert not centre.core.state.calls


@pytest.mark.row("C-05")
def test_attempts_are_calls_of_their_own_and_keep_the_place():
    centre = busy_centre(*static("1001"), callback=terms(attempts=2, spacing_ms=60_000))
    first = centre.requested()
    callback_id = first.callback.callback_id
    centre.agent_takes("1001")
    later = centre.dial("0155555")
    centre.customer_ends(17)
    second = centre.pending
    assert second.call_id != first.call_id
    assert second.callback.callback_id == callback_id
    assert centre.line() == [second.call_id, later]
    started = centre.of(CallStarted)[-1]
    assert (started.call_id, started.parent_id) == (second.call_id, first.call_id)
    assert (centre.of(CallEnded)[-1].call_id, centre.of(CallEnded)[-1].ended_by) == (
        first.call_id,
        CallEnd.FAILED,
    )
    assert not centre.of(CallbackEnded)
    centre.heard(centre.of(OfferMade)[-1].offer_id)
    centre.obey()
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == later
    centre.hang_up(later)
    centre.obey()
    centre.wait(59_999)
    assert not centre.ringing()
    centre.wait(1)
    centre.agent_takes("1001")
    assert centre.of(CallbackAttempted)[-1].attempt == 2
    centre.customer_ends(17)
    assert ended(centre) == (FAILED, CallbackReason.CUSTOMER_NO_ANSWER)
    assert centre.of(CallbackEnded)[0].attempts == 2
    assert len(centre.called()) == 2
    assert len({each.leg_id for each in centre.of(RingPhone)}) == len(centre.of(RingPhone))


@pytest.mark.row("C-05")
@pytest.mark.parametrize("attempts", [1, 2])
def test_an_agent_who_hangs_up_while_the_customers_phone_rings(attempts):
    centre = busy_centre(*static("1001"), callback=terms(attempts=attempts))
    waiting = centre.requested()
    leg_id = centre.agent_takes("1001")
    centre.end_leg(leg_id)
    assert [each.call_id for each in centre.told(HangUpCall)] == [waiting.call_id]
    if attempts == 1:
        assert ended(centre) == (FAILED, CallbackReason.AGENT_HUNG_UP)
    else:
        assert centre.pending.callback.attempts == 1
    (over,) = centre.of(OfferEnded)[-1:]
    assert over.reason is OfferReason.ANSWERED_THEN_LEFT


@pytest.mark.row("C-05")
def test_an_agent_who_does_not_answer_has_missed_an_offer_like_any_other():
    centre = busy_centre(*static("1001", "1002"), ring_timeout_ms=10_000, retry_interval_ms=1_000)
    waiting = centre.requested()
    rung = next(iter(centre.ringing()))
    centre.wait(10_000)
    assert centre.of(OfferEnded)[-1].reason is OfferReason.NO_ANSWER
    centre.obey()
    centre.wait(1_000)
    assert [each for each in centre.ringing() if each != rung], "the other one's turn"
    other = next(iter(centre.ringing()))
    leg_id = centre.answer(other)
    centre.end_leg(leg_id)
    assert centre.pending is waiting
    assert waiting.callback.attempts == 0, "the customer has noticed nothing"


@pytest.mark.row("C-05")
def test_a_route_that_is_gone_at_its_turn():
    centre = busy_centre(*static("1001"))
    centre.requested()
    centre.apply(centre.policy.queues[0])
    assert ROUTES
    centre.agent_takes("1001")
    assert ended(centre) == (FAILED, CallbackReason.NOT_PERMITTED)
    assert not centre.called()
    assert not centre.of(CallbackAttempted)
    assert not centre.core.state.calls


@pytest.mark.row("C-04")
def test_time_does_not_run_out_while_agent_and_customer_are_brought_together():
    centre = busy_centre(*static("1001"), callback=terms(timeout_ms=60_000))
    centre.requested()
    leg_id = centre.answer("1001")
    centre.wait(25_000)
    centre.heard(leg_id)
    centre.wait(40_000)
    centre.customer_answers()
    assert ended(centre) == (SUCCEEDED, CallbackReason.TALKED)


@pytest.mark.row("C-04")
def test_time_that_ran_out_meanwhile_is_looked_at_afterwards():
    centre = busy_centre(*static("1001"), callback=terms(timeout_ms=30_000, attempts=3))
    centre.requested()
    centre.agent_takes("1001")
    centre.wait(40_000)
    centre.customer_ends(17)
    centre.wait(0)
    assert ended(centre) == (FAILED, CallbackReason.CUSTOMER_NO_ANSWER)


@pytest.mark.row("C-02")
@pytest.mark.parametrize("callback", [True, False])
def test_a_callback_waits_as_long_as_its_caller_would_have(callback):
    """The same day twice: the second caller asks for a callback in one, and stays in the other."""
    centre = busy_centre(*static("1001"), wrapup_ms=5_000)
    served = []
    centre.dial("0155555")
    centre.answer("1001")
    second = centre.dial()
    third = centre.dial("0166666")
    centre.wait(9_000)
    if callback:
        second = centre.ask(second).call_id
    for _ in range(3):
        centre.wait(20_000)
        centre.free("1001")
        centre.wait(5_000)
        served += [centre.core.state.legs[each].call_id for each in centre.ringing().values()]
        if centre.ringing():
            centre.answer("1001")
            if callback and served[-1] == second:
                centre.heard(next(iter(centre.core.state.agents[AgentId("1001")].legs)))
                centre.customer_answers()
    assert served == [second, third]
    assert [each.at_ms - centre.of(OfferMade)[0].at_ms for each in centre.of(OfferMade)] == [
        0,
        34_000,
        59_000,
    ]


@pytest.mark.row("C-02")
def test_several_callbacks_come_in_the_order_of_their_calls_not_of_their_requests():
    centre = busy_centre(*dynamic("1001"))
    calls = [centre.dial(f"015555{n}") for n in range(3)]
    order = [centre.ask(calls[n]).caller_number for n in (2, 0, 1)]
    assert order == ["0155552", "0155550", "0155551"]
    centre.log_in("1001", queue_id=DID)
    served = []
    for _ in range(3):
        centre.agent_takes("1001")
        served.append(centre.called()[-1])
        centre.give(LegRinging(LegId(centre.of(RingPhone)[-1].leg_id)))
        centre.end_leg(LegId(centre.of(RingPhone)[-1].leg_id), 17)
        centre.free("1001")
    assert served == ["0155550", "0155551", "0155552"]


def test_who_pauses_is_not_rung_and_a_paused_queue_serves_nobody():
    centre = busy_centre(*static("1001"))
    centre.act("1001", DID, AgentAction.PAUSE)
    centre.requested()
    assert not centre.ringing()
    centre.act("1001", DID, AgentAction.RESUME)
    assert list(centre.ringing()) == ["1001"]


def test_ring_all_the_first_to_pick_up_has_the_callback():
    centre = busy_centre(*static("1001", "1002"), strategy=Strategy.RING_ALL)
    centre.requested()
    assert sorted(centre.ringing()) == ["1001", "1002"]
    centre.agent_takes("1002")
    assert list(centre.ringing()) == ["1002"]
    centre.customer_answers()
    assert centre.of(TalkStarted)[-1].party == "1002"


@pytest.mark.row("C-06")
def test_it_is_shown_among_the_calls_and_marked():
    centre = busy_centre()
    centre.dial("0155555")
    waiting = centre.requested()
    view = view_call(centre.core.state, waiting.call_id)
    assert view is not None
    assert (view.source, view.absent, view.state) == ("callback", True, CallState.WAITING)
    assert (view.queue_id, view.position, view.caller_number) == (DID, 2, NUMBER)


@pytest.mark.row("C-05")
@pytest.mark.parametrize("called", [True, False])
def test_a_manager_cancels(called):
    centre = busy_centre(*static("1001"), **MANAGED)
    waiting = centre.requested()
    if called:
        leg_id = centre.agent_takes("1001")
    answer = ask(centre, waiting.call_id, HangUpNow(), BOSS)
    assert answer.detail == "cancelled"
    assert ended(centre) == (FAILED, CallbackReason.CANCELLED)
    assert [each.call_id for each in centre.told(HangUpCall)] == [waiting.call_id] * called
    if called:
        assert leg_id in [each.leg_id for each in centre.told(HangUpLeg)]
    centre.obey()
    assert not centre.core.state.calls


def test_a_manager_takes_it_to_the_own_phone():
    centre = busy_centre(*dynamic("1001"), **MANAGED)
    waiting = centre.requested()
    ask(centre, waiting.call_id, PickUp(), BOSS)
    assert list(centre.ringing()) == [BOSS]
    centre.agent_takes(BOSS)
    centre.customer_answers()
    assert ended(centre) == (SUCCEEDED, CallbackReason.TALKED)


def test_a_manager_may_take_it_while_it_rests_between_two_attempts():
    centre = busy_centre(*static("1001"), callback=terms(attempts=2), **MANAGED)
    centre.requested()
    centre.agent_takes("1001")
    centre.customer_ends(17)
    ask(centre, centre.pending.call_id, PickUp(), BOSS)
    centre.agent_takes(BOSS)
    centre.customer_answers()
    assert ended(centre) == (SUCCEEDED, CallbackReason.TALKED)


@pytest.mark.parametrize("action", [Redirect(ToQueue(QueueId(DID))), Transfer(ToExtension("1005"))])
def test_what_else_is_asked_of_it_is_refused_with_words(action):
    centre = busy_centre(**MANAGED)
    waiting = centre.requested()
    answer = ask(centre, waiting.call_id, action, BOSS)
    assert answer.why in ("a callback stays in its queue", "the call is waiting, not talking")
    assert centre.pending is waiting


def test_called_back_and_passed_on_it_is_a_call_like_any_other():
    centre = busy_centre(*static("1001"), **MANAGED)
    waiting = centre.requested()
    centre.agent_takes("1001")
    centre.customer_answers()
    ask(centre, waiting.call_id, Transfer(ToQueue(QueueId(DID))), BOSS)
    assert waiting.state is CallState.WAITING
    assert not waiting.absent
    assert len(centre.of(VisitStarted)) == 2, "this time it is on the line"
    centre.end_leg(LegId(waiting.call_id))
    assert waiting.call_id not in centre.core.state.calls


def test_a_configuration_without_callbacks_still_calls_those_back_that_wait():
    centre = busy_centre(*dynamic("1001"))
    centre.requested()
    centre.change(changed(centre.policy.queues[0], callback=None, failure=HangUp(17)))
    centre.log_in("1001", queue_id=DID)
    centre.agent_takes("1001")
    assert centre.called() == [NUMBER]
