"""Service actions on calls: who may, on what, in which state; what happens and what is refused."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.commands import Connect, HangUpCall, HangUpLeg, PlayPrompt, RingPhone
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    AgentAutoPaused,
    CallEnd,
    CallEnded,
    CallTransferred,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferReason,
    TalkEnded,
    TalkStarted,
    TransferKind,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    WrapupStarted,
)
from engine.core.ids import CallId, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    AgentAction,
    CallAction,
    HangUpNow,
    LegAnswered,
    LegEnded,
    Monitor,
    NodeDisconnected,
    Park,
    PickUp,
    PlaybackEnded,
    PolicyApplied,
    Record,
    RecordingAction,
    Redirect,
    Transfer,
)
from engine.core.model.call import CallState
from engine.core.places import HangUp, PlayThenHangUp, ToExtension, ToExternal, ToQueue
from engine.core.policy import MonitorMode, Right, Strategy
from engine.core.prompting.hearing import PROMPT_MS_MAX
from tests.support.asking import BOSS, ask, make_centre, refusal, talk
from tests.support.centre import NODE, Centre, changed, dynamic, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("S-03")]

EVERYTHING: list[CallAction] = [
    PickUp(),
    Redirect(ToQueue(QueueId("6401"))),
    Transfer(ToQueue(QueueId("6401"))),
    Park(),
    HangUpNow(),
    Monitor(MonitorMode.LISTEN),
    Record(RecordingAction.PAUSE),
]


@pytest.fixture
def centre() -> Centre:
    return make_centre()


def end_of_visit(centre: Centre) -> tuple[VisitOutcome, VisitReason]:
    last = centre.of(VisitEnded)[-1]
    return last.outcome, last.reason


# What is refused, whatever the action.


@pytest.mark.parametrize("action", EVERYTHING)
def test_a_call_that_does_not_exist_is_refused(centre, action):
    answer = ask(centre, CallId("nobody"), action)
    assert refusal(answer) == "no such call"
    assert answer.call_id == "nobody"
    assert answer.by == BOSS


@pytest.mark.parametrize("action", EVERYTHING)
def test_a_call_that_moved_on_meanwhile_is_refused_with_its_present_version(centre, action):
    call_id = centre.call("6400")
    seen = centre.core.state.calls[call_id].version
    centre.answer("1001")
    before = centre.core.snapshot()
    answer = ask(centre, call_id, action, seen=seen)
    now = centre.core.state.calls[call_id].version
    assert refusal(answer) == f"changed meanwhile (version {now})"
    assert {**before, "fact_seq": 0} == {**centre.core.snapshot(), "fact_seq": 0}


@pytest.mark.parametrize("action", EVERYTHING)
@pytest.mark.row("S-01")
def test_without_the_right_nothing_is_done(centre, action):
    waits = isinstance(action, PickUp | Redirect)
    call_id = centre.call("6400") if waits else talk(centre)[0]
    before = centre.core.snapshot()
    for by in ("1008", "stranger", ""):
        assert refusal(ask(centre, call_id, action, by)) == "not allowed"
    assert {**before, "fact_seq": 0} == {**centre.core.snapshot(), "fact_seq": 0}


@pytest.mark.parametrize("action", EVERYTHING)
@pytest.mark.row("S-01")
def test_a_manager_of_another_queue_has_no_say(centre, action):
    centre.apply(
        changed(centre.policy.queues[0], managers=("1008",)),
        changed(centre.policy.queues[1], managers=(BOSS,)),
    )
    waits = isinstance(action, PickUp | Redirect)
    call_id = centre.call("6400") if waits else talk(centre)[0]
    assert refusal(ask(centre, call_id, action)) == "not allowed"


@pytest.mark.parametrize("action", EVERYTHING)
def test_a_call_whose_asterisk_is_away_is_left_alone(centre, action):
    call_id = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    assert refusal(ask(centre, call_id, action)) == "its Asterisk cannot be reached"


@pytest.mark.parametrize("action", [PickUp(), Redirect(HangUp())])
def test_what_is_for_waiting_calls_is_refused_for_a_talking_one(centre, action):
    call_id, _ = talk(centre)
    assert refusal(ask(centre, call_id, action)) == "the call is talking, not waiting"


@pytest.mark.parametrize("action", [a for a in EVERYTHING if not isinstance(a, HangUpNow)][2:])
def test_what_is_for_talking_calls_is_refused_for_a_waiting_one(centre, action):
    call_id = centre.call("6400")
    assert refusal(ask(centre, call_id, action)) == "the call is waiting, not talking"


@pytest.mark.parametrize(
    ("destination", "why"),
    [
        (ToQueue(QueueId("6499")), "unknown queue"),
        (ToExtension("1234"), "unknown extension"),
        (ToExternal("0123", "in"), "that route does not go to that number"),
        (ToExternal("123", "out"), "that route does not go to that number"),
    ],
)
def test_a_destination_that_does_not_exist_is_refused(centre, destination, why):
    waiting = centre.call("6401")
    talking, _ = talk(centre)
    assert refusal(ask(centre, waiting, Redirect(destination))) == why
    assert refusal(ask(centre, talking, Transfer(destination))) == why


def test_who_may_not_dial_out_by_a_route_may_not_send_callers_there(centre):
    centre.apply(changed(centre.policy.queues[0], managers=("1008", BOSS)))
    centre = make_centre(managers=(BOSS, "1008"))
    call_id = centre.call("6400")
    wish = Redirect(ToExternal("0123", "out"))
    assert refusal(ask(centre, call_id, wish, "1008")) == "no right to dial out by that route"
    assert isinstance(ask(centre, call_id, wish), ActionDone)
    (ring,) = centre.told(RingPhone)
    assert (ring.endpoint, ring.number) == ("provider", "123")


# Waiting calls.


def test_a_redirected_call_is_missed_in_one_queue_and_waits_in_the_other(centre):
    call_id = centre.call("6400")
    ringing = centre.ringing()["1001"]
    answer = ask(centre, call_id, Redirect(ToQueue(QueueId("6401"))))
    assert isinstance(answer, ActionDone)
    assert (answer.action, answer.by, answer.detail) == ("redirect", BOSS, "6401")
    assert end_of_visit(centre) == (VisitOutcome.MISSED, VisitReason.REDIRECTED)
    assert centre.told(HangUpLeg)[0].leg_id == ringing
    assert centre.rang() == ["1005"]
    (visit,) = [c.visit for c in centre.core.state.calls.values()]
    assert visit is not None
    assert visit.queue_id == "6401"


@pytest.mark.parametrize("destination", [HangUp(17), PlayThenHangUp(("sound:bye",))])
def test_a_waiting_call_can_be_sent_to_its_end(centre, destination):
    call_id = centre.call("6400")
    ask(centre, call_id, Redirect(destination))
    centre.wait(PROMPT_MS_MAX)
    centre.obey()
    assert [f.ended_by for f in centre.of(CallEnded)] == [CallEnd.SYSTEM]


def test_a_call_can_be_redirected_more_often_than_a_loop_of_queues_would_last(centre):
    call_id = centre.call("6400")
    for turn in range(30):
        number = "6401" if turn % 2 == 0 else "6400"
        assert isinstance(ask(centre, call_id, Redirect(ToQueue(QueueId(number)))), ActionDone)
        centre.obey()
    assert centre.core.state.calls[call_id].state is CallState.WAITING


def test_an_agent_who_has_just_picked_up_keeps_the_call():
    centre = make_centre(agent_prompt="sound:x")
    call_id = centre.call("6400")
    centre.answer("1001")
    for action in (PickUp(), Redirect(HangUp())):
        assert refusal(ask(centre, call_id, action)) == "an agent has just picked it up"


@pytest.mark.parametrize("strategy", [Strategy.RING_ALL, Strategy.LEAST_RECENT])
def test_a_manager_who_is_no_agent_picks_up_a_call_that_rings_elsewhere(strategy):
    centre = make_centre(strategy=strategy)
    call_id = centre.call("6400")
    answer = ask(centre, call_id, PickUp())
    assert centre.rang() == [BOSS]
    (ended,) = centre.told(OfferEnded)
    assert (ended.agent_id, ended.outcome) == ("1001", OfferOutcome.CANCELLED)
    assert ended.reason is OfferReason.PICKED_UP
    assert isinstance(answer, ActionDone)
    centre.obey()
    assert list(centre.ringing()) == [BOSS], "nobody else is rung meanwhile"
    centre.answer(BOSS)
    assert end_of_visit(centre) == (VisitOutcome.ANSWERED, VisitReason.CONNECTED)
    assert centre.of(VisitEnded)[-1].agent_id == BOSS
    (started,) = centre.told(TalkStarted)
    assert (started.agent_id, started.party, started.queue_id) == (BOSS, BOSS, "6400")
    centre.end_leg(centre.told(Connect)[0].leg_id)
    assert not centre.of(WrapupStarted), "who is no agent has no after-call work"


def test_of_two_managers_who_pick_up_at_once_the_first_gets_the_call():
    centre = make_centre(managers=(BOSS, "1008"))
    call_id = centre.call("6400")
    seen = centre.core.state.calls[call_id].version
    ask(centre, call_id, PickUp())
    answer = ask(centre, call_id, PickUp(), "1008", seen=seen)
    assert refusal(answer).startswith("changed meanwhile")
    assert list(centre.ringing()) == [BOSS]


def test_an_agent_of_the_queue_picks_up_and_wraps_up_as_ever():
    centre = make_centre(agent_rights=(Right.PICK_UP,))
    centre.apply(changed(centre.policy.queues[0], members=static("1001", "1002")))
    call_id = centre.call("6400")
    assert list(centre.ringing()) == ["1001"]
    assert isinstance(ask(centre, call_id, PickUp(), "1002"), ActionDone)
    leg_id = centre.answer("1002")
    centre.end_leg(leg_id)
    assert [w.agent_id for w in centre.of(WrapupStarted)] == ["1002"]


def test_an_agent_may_pick_up_even_while_paused_or_logged_out():
    centre = make_centre(agent_rights=(Right.PICK_UP,))
    call_id = centre.call("6400")
    centre.hang_up(call_id)
    centre.obey()
    centre.act("1001", "6400", AgentAction.PAUSE)
    call_id = centre.call("6400")
    assert not centre.ringing()
    ask(centre, call_id, PickUp(), "1001")
    assert list(centre.ringing()) == ["1001"]


def test_who_picks_up_while_logged_out_and_does_not_answer_is_not_paused():
    """Auto-pause paused a member who was not logged in. Found by `usher simulate --swarm --seed 29`."""
    line = queue("6400", *dynamic("1001"), autopause_after=1, agent_rights=(Right.PICK_UP,))
    centre = Centre(line)
    call_id = centre.call("6400")
    ask(centre, call_id, PickUp(), "1001")
    assert list(centre.ringing()) == ["1001"]
    centre.wait(20_000)
    assert centre.of(OfferEnded)[-1].outcome is OfferOutcome.MISSED
    assert not centre.of(AgentAutoPaused)


@pytest.mark.parametrize("strategy", [Strategy.RING_ALL, Strategy.LEAST_RECENT])
@pytest.mark.parametrize("how", ["timeout", "busy", "lost"])
def test_a_pick_up_that_fails_is_a_missed_offer_and_the_call_goes_on(strategy, how):
    centre = make_centre(strategy=strategy)
    call_id = centre.call("6400")
    ask(centre, call_id, PickUp())
    centre.obey()
    leg_id = centre.ringing()[BOSS]
    if how == "timeout":
        centre.wait(20_000)
        centre.obey()
    else:
        centre.end_leg(leg_id, 17 if how == "busy" else 20)
    ended = centre.of(OfferEnded)[-1]
    assert (ended.agent_id, ended.outcome) == (BOSS, OfferOutcome.MISSED)
    centre.wait(5_000)
    assert list(centre.ringing()) == ["1001"]
    assert not centre.of(AgentAutoPaused)
    assert [v.call_id for v in centre.of(VisitEnded)] == []


def test_a_second_manager_takes_the_pick_up_over():
    centre = make_centre(managers=(BOSS, "1008"))
    call_id = centre.call("6400")
    ask(centre, call_id, PickUp())
    ask(centre, call_id, PickUp(), "1008")
    centre.obey()
    assert list(centre.ringing()) == ["1008"]
    assert refusal(ask(centre, call_id, PickUp(), "1008")) == "your phone rings for it already"


def test_a_pick_up_of_a_call_in_its_rest_ends_the_rest(centre):
    call_id = centre.call("6400")
    centre.wait(20_000)
    centre.obey()
    assert not centre.ringing()
    ask(centre, call_id, PickUp())
    centre.wait(6_000)
    assert list(centre.ringing()) == [BOSS]


def test_the_longest_wait_goes_on_during_a_pick_up():
    centre = make_centre(wait_ms_max=10_000)
    call_id = centre.call("6400")
    ask(centre, call_id, PickUp())
    centre.wait(10_000)
    assert end_of_visit(centre) == (VisitOutcome.MISSED, VisitReason.MAX_WAIT)


def test_a_new_strategy_in_mid_pick_up_rings_nobody_else():
    centre = make_centre(strategy=Strategy.RING_ALL)
    call_id = centre.call("6400")
    ask(centre, call_id, PickUp())
    centre.obey()
    line = centre.policy.queues[0]
    replaced = (changed(line, strategy=Strategy.LINEAR), centre.policy.queues[1])
    centre.give(PolicyApplied(dataclasses.replace(centre.policy, queues=replaced)))
    assert list(centre.ringing()) == [BOSS]


def test_a_phone_that_cannot_ring_picks_nothing_up(centre):
    call_id = centre.call("6400")
    centre.reach(BOSS, reachable=False)
    assert refusal(ask(centre, call_id, PickUp())) == "your phone cannot be reached"
    centre.reach(BOSS)
    centre.call("1008", source=BOSS)
    assert refusal(ask(centre, call_id, PickUp())) == "your phone is in use"
    assert refusal(ask(centre, call_id, PickUp(), BY_SYSTEM)) == "no extension to ring for you"
    assert list(centre.ringing()) == ["1001"], "and the agent's phone rings on"


def test_a_waiting_call_is_hung_up_as_missed(centre):
    call_id = centre.call("6400")
    assert isinstance(ask(centre, call_id, HangUpNow()), ActionDone)
    assert end_of_visit(centre) == (VisitOutcome.MISSED, VisitReason.HUNG_UP_BY_MANAGER)
    assert [f.ended_by for f in centre.of(CallEnded)] == [CallEnd.SYSTEM]
    assert centre.told(HangUpCall)[0].call_id == call_id
    assert centre.told(HangUpLeg), "and the phone stops ringing"


# Talking calls.


def test_a_transfer_frees_the_agent_into_wrapup_now(centre):
    call_id, leg_id = talk(centre)
    centre.wait(5_000)
    answer = ask(centre, call_id, Transfer(ToQueue(QueueId("6401"))))
    assert isinstance(answer, ActionDone)
    assert (answer.agent_id, answer.detail) == ("1001", "6401")
    (ended,) = centre.told(TalkEnded)
    assert (ended.ended_by, ended.talk_ms) == (CallEnd.TRANSFERRED, 5_000)
    assert centre.told(HangUpLeg)[0].leg_id == leg_id
    assert [w.agent_id for w in centre.told(WrapupStarted)] == ["1001"]
    (moved,) = centre.told(CallTransferred)
    assert (moved.by, moved.kind, moved.to) == (BOSS, TransferKind.SERVICE, "6401")
    centre.answer("1005")
    assert centre.core.state.calls[call_id].state is CallState.TALKING


def test_the_agent_in_the_talk_needs_no_right_for_it(centre):
    call_id, _ = talk(centre)
    wish = Transfer(ToExtension("1005"))
    assert isinstance(ask(centre, call_id, wish, "1001"), ActionDone)
    assert centre.rang() == ["1005"]


def test_who_placed_a_call_sends_the_called_party_on(centre):
    call_id = centre.call("1005", source="1001")
    leg_id = centre.told(RingPhone)[0].leg_id
    centre.give(LegAnswered(leg_id))
    answer = ask(centre, call_id, Transfer(ToQueue(QueueId("6401"))), "1001")
    assert isinstance(answer, ActionDone)
    (moved,) = centre.told(CallTransferred)
    assert (moved.call_id, moved.to) == (leg_id, "6401")
    assert [each.call_id for each in centre.told(HangUpCall)] == [call_id]
    centre.obey()
    assert centre.core.state.calls[CallId(leg_id)].state is CallState.WAITING


def test_who_placed_a_call_parks_the_called_party_and_hears_the_slot(centre):
    call_id = centre.call("1005", source="1001")
    leg_id = centre.told(RingPhone)[0].leg_id
    centre.give(LegAnswered(leg_id))
    answer = ask(centre, call_id, Park(), "1001")
    assert isinstance(answer, ActionDone)
    assert answer.detail == "701"
    (prompt,) = centre.told(PlayPrompt)
    assert (prompt.channel_id, prompt.media) == (call_id, ("digits:701",))
    assert centre.core.state.parked == {"701": leg_id}
    centre.give(PlaybackEnded(prompt.playback_id, ok=True))
    assert [each.call_id for each in centre.told(HangUpCall)] == [call_id]
    centre.obey()
    centre.hang_up(CallId(leg_id))
    assert not centre.core.state.calls


def test_a_transfer_to_the_party_itself_is_refused(centre):
    call_id, _ = talk(centre)
    answer = ask(centre, call_id, Transfer(ToExtension("1001")))
    assert refusal(answer) == "they talk to each other already"


@pytest.mark.parametrize(
    ("by", "ended_by"),
    [(BOSS, CallEnd.SYSTEM), ("1001", CallEnd.AGENT), (BY_SYSTEM, CallEnd.SYSTEM)],
)
def test_a_talk_is_hung_up_and_says_by_whom(centre, by, ended_by):
    call_id, leg_id = talk(centre)
    assert isinstance(ask(centre, call_id, HangUpNow(), by), ActionDone)
    assert [t.ended_by for t in centre.of(TalkEnded)] == [ended_by]
    assert [c.ended_by for c in centre.of(CallEnded)] == [ended_by]
    assert centre.told(HangUpLeg)[0].leg_id == leg_id
    assert centre.told(HangUpCall)[0].call_id == call_id
    centre.obey()
    assert not centre.core.state.calls
    assert not centre.core.state.legs


def test_a_call_of_ones_own_can_be_hung_up_while_it_dials(centre):
    call_id = centre.call("1005", source="1001")
    assert isinstance(ask(centre, call_id, HangUpNow(), "1001"), ActionDone)
    assert [c.ended_by for c in centre.of(CallEnded)] == [CallEnd.CALLER]
    assert centre.told(HangUpLeg)


def test_a_call_outside_of_every_queue_is_nobody_elses_business(centre):
    call_id = centre.call("1005", source="1001")
    centre.give(LegAnswered(centre.told(RingPhone)[0].leg_id))
    for action in (HangUpNow(), Transfer(HangUp()), Park(), Record(RecordingAction.START)):
        assert refusal(ask(centre, call_id, action)) == "not allowed"
    assert refusal(ask(centre, call_id, Monitor(MonitorMode.LISTEN))) == "no queue's talk"
    assert isinstance(ask(centre, call_id, HangUpNow(), BY_SYSTEM), ActionDone)


def test_a_call_that_is_ending_is_no_call_any_more(centre):
    call_id, _ = talk(centre)
    ask(centre, call_id, HangUpNow())
    assert refusal(ask(centre, call_id, HangUpNow())) == "no such call"


def test_every_request_has_exactly_one_answer(centre):
    call_id = centre.call("6400")
    ask(centre, call_id, PickUp())
    ask(centre, call_id, Park())
    assert len(centre.of(ActionDone)) == 1
    assert len(centre.of(ActionRefused)) == 1
    assert len(centre.of(OfferMade)) == 2


def test_a_late_answer_of_a_phone_whose_call_was_picked_up_is_let_go(centre):
    call_id = centre.call("6400")
    before = centre.ringing()["1001"]
    ask(centre, call_id, PickUp())
    centre.give(LegAnswered(before))
    assert list(centre.ringing()) == [BOSS]
    centre.give(LegEnded(before, 26))
    centre.answer(BOSS)
    assert [t.agent_id for t in centre.of(TalkStarted)] == [BOSS]


def test_an_agent_does_not_pick_up_the_call_of_their_own_phone():
    centre = make_centre(agent_rights=(Right.PICK_UP,))
    call_id = centre.call("6400", source="1001")
    assert refusal(ask(centre, call_id, PickUp(), "1001")) == "one's own call"
