"""Asking to be called back while waiting: keys, offers, numbers, and the place in line (C-01, C-02)."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.causes import CONGESTION
from engine.core.commands import HangUpCall, PlayPrompt, StartWaitingSound, StopPrompt
from engine.core.facts import (
    CallbackEnded,
    CallbackReason,
    CallbackRequested,
    CallbackTrigger,
    CallEnded,
    CallStarted,
    InputIgnored,
    SourceKind,
    TalkStarted,
    VisitEnded,
    VisitOutcome,
    VisitReason,
    VisitStarted,
)
from engine.core.ids import CallId
from engine.core.inputs import CommandFailed
from engine.core.model.call import CallState
from engine.core.model.timers import TimerKind
from engine.core.places import ToExtension
from engine.core.policy import OutboundRoute
from engine.core.prompting.hearing import RINGING
from engine.core.speech import Phrase, phrase
from engine.core.waiting import Announcements, CallbackPolicy, KeyEvent
from tests.support.callback import DID, NUMBER, Callbacks, terms
from tests.support.centre import NODE, START_MS, TRUNK, changed, static

pytestmark = pytest.mark.unit


def say(which, **parts):
    return phrase("en", which, **parts)


ENTER = say(Phrase.CALLBACK_ENTER_NUMBER)
INVALID = say(Phrase.CALLBACK_INVALID_NUMBER)
NOT_CALLABLE = say(Phrase.CALLBACK_NOT_CALLABLE)


@pytest.mark.row("C-01")
def test_key_at_any_time_asks_whether_the_calling_number_is_right():
    centre = Callbacks()
    call_id = centre.dial()
    centre.wait(7_000)
    centre.press(call_id, "2")
    assert centre.hears(call_id) == say(Phrase.CALLBACK_CONFIRM, number=NUMBER)
    assert centre.line() == [call_id], "the caller stays in line meanwhile"


@pytest.mark.row("C-02")
def test_confirmed_the_visit_ends_and_a_callback_keeps_its_place():
    centre = Callbacks()
    first, asking, last = centre.dial("05555"), centre.dial(), centre.dial("06666")
    centre.wait(10_000)
    centre.keys(asking, "21")
    (requested,) = centre.told(CallbackRequested)
    assert requested.call_id == asking
    assert requested.visit_id == f"{asking}-v1"
    assert requested.number == NUMBER
    assert requested.trigger is CallbackTrigger.KEY
    assert requested.entered_ms == START_MS
    (ended,) = centre.told(VisitEnded)
    assert (ended.outcome, ended.reason) == (VisitOutcome.MISSED, VisitReason.CALLBACK)
    assert centre.hears(asking) == say(Phrase.CALLBACK_REGISTERED)
    waiting = centre.pending
    assert waiting.call_id == requested.waiting_call_id
    assert requested.callback_id == f"{waiting.call_id}-v1"
    assert centre.line() == [first, waiting.call_id, last]
    (started,) = centre.told(CallStarted)
    assert (started.source, started.parent_id) == (SourceKind.CALLBACK, asking)
    assert len(centre.of(VisitStarted)) == 3, "a callback's stay is not a visit of its own"
    centre.heard(asking)
    assert [each.call_id for each in centre.told(HangUpCall)] == [asking]
    centre.obey()
    assert [each.call_id for each in centre.of(CallEnded)] == [asking]
    assert centre.line() == [first, waiting.call_id, last]


@pytest.mark.row("C-02")
def test_who_hangs_up_during_the_goodbye_is_called_back_all_the_same():
    centre = Callbacks()
    call_id = centre.dial()
    centre.keys(call_id, "21")
    centre.hang_up(call_id)
    assert centre.pending.caller_number == NUMBER


@pytest.mark.row("C-02")
def test_who_hangs_up_before_confirming_has_abandoned():
    centre = Callbacks()
    call_id = centre.dial()
    centre.press(call_id, "2")
    centre.hang_up(call_id)
    assert not centre.core.state.callbacks
    (ended,) = centre.of(VisitEnded)
    assert ended.outcome is VisitOutcome.ABANDONED
    assert not centre.told(StopPrompt), "there is no channel any more"


@pytest.mark.row("C-02")
@pytest.mark.parametrize("keys", ["22004912345#1", "2219*004912345#1"])
def test_another_number_is_entered_spoken_back_and_confirmed(keys):
    centre = Callbacks()
    call_id = centre.dial("Anonymous" if keys.startswith("221") else NUMBER)
    if keys.startswith("221"):
        keys = "2" + keys[2:]  # A withheld number is not proposed.
    centre.keys(call_id, keys[:-1])
    assert centre.hears(call_id) == say(Phrase.CALLBACK_CONFIRM_OTHER, number="004912345")
    centre.press(call_id, "1")
    assert centre.pending.caller_number == "004912345"
    assert centre.pending.caller_name == "", "the name belongs to the other number"


@pytest.mark.row("C-02")
def test_a_pause_after_the_last_digit_ends_the_number():
    centre = Callbacks()
    call_id = centre.dial("anonymous")
    centre.press(call_id, "2")
    assert centre.hears(call_id) == ENTER
    centre.keys(call_id, "01234")
    centre.wait(5_000)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_CONFIRM_OTHER, number="01234")


@pytest.mark.row("C-02")
@pytest.mark.parametrize("entered", ["0123#", "#", "0" * 21 + "#", "0" * 40])
def test_what_is_no_number_is_said_so_three_times_and_then_there_is_music(entered):
    centre = Callbacks()
    call_id = centre.dial("")
    centre.press(call_id, "2")
    for _ in range(2):
        centre.keys(call_id, entered)
        assert centre.hears(call_id) == INVALID + ENTER
    centre.keys(call_id, entered)
    assert centre.hears(call_id) == INVALID
    centre.heard(call_id)
    assert centre.told(StartWaitingSound)
    assert centre.core.state.calls[call_id].dialogue is None
    assert centre.line() == [call_id]


@pytest.mark.row("C-05")
@pytest.mark.row("C-02")
def test_a_number_that_no_route_takes_is_refused_at_once():
    centre = Callbacks()
    call_id = centre.dial("71234567")
    centre.press(call_id, "2")
    assert centre.hears(call_id) == NOT_CALLABLE + ENTER
    centre.keys(call_id, "5123456#")
    assert centre.hears(call_id) == NOT_CALLABLE + ENTER
    centre.keys(call_id, "01234#1")
    assert centre.pending.caller_number == "01234"


@pytest.mark.row("C-02")
def test_silence_is_asked_again_and_ends_in_music():
    centre = Callbacks()
    call_id = centre.dial()
    centre.press(call_id, "2")
    for _ in range(3):
        assert centre.told(PlayPrompt)
        centre.heard(call_id)
        centre.wait(5_000)
    assert centre.told(StartWaitingSound)
    assert centre.core.state.calls[call_id].dialogue is None


@pytest.mark.row("C-02")
def test_wrong_keys_at_the_confirmation_are_asked_again_and_end_in_music():
    centre = Callbacks()
    call_id = centre.dial()
    centre.keys(call_id, "2999")
    assert centre.core.state.calls[call_id].dialogue is None
    assert centre.told(StartWaitingSound)


@pytest.mark.row("C-06")
def test_spellings_that_end_in_the_same_call_are_one_number():
    centre = Callbacks()
    anything = OutboundRoute("anywhere", "9.", TRUNK, strip=1)
    centre.reload(dataclasses.replace(centre.policy, outbound_routes=(anything,)))
    queued = dataclasses.replace(
        centre.policy.queues[0],
        callback=CallbackPolicy(key="2", prefix="9", outbound_routes=("anywhere",)),
    )
    centre.reload(dataclasses.replace(centre.policy, queues=(queued,)))
    centre.keys(centre.dial("+4915123456"), "21")
    again = centre.dial("004915123456")
    centre.keys(again, "21")
    assert centre.hears(again) == say(Phrase.CALLBACK_ALREADY)


@pytest.mark.row("C-06")
def test_a_number_has_one_callback_in_a_queue_also_after_a_restart():
    centre = Callbacks()
    centre.requested()
    centre.core = type(centre.core).restore(centre.core.snapshot())
    again = centre.dial()
    centre.keys(again, "21")
    assert centre.hears(again) == say(Phrase.CALLBACK_ALREADY)
    assert centre.line()[1:] == [again], "stays in line"
    centre.heard(again)
    assert centre.told(StartWaitingSound)
    centre.keys(again, "2201234#1")
    assert len(centre.core.state.callbacks) == 2


@pytest.mark.row("C-01")
def test_offered_after_its_time_from_entry_and_taken_by_key():
    centre = Callbacks(callback=terms(offer_after_ms=30_000))
    call_id = centre.dial()
    centre.wait(29_999)
    assert not centre.of(PlayPrompt)
    centre.wait(1)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_OFFER, key="2")
    centre.keys(call_id, "21")
    (requested,) = centre.of(CallbackRequested)
    assert requested.trigger is CallbackTrigger.OFFERED


@pytest.mark.row("C-01")
def test_offered_without_a_key_of_its_own_it_is_taken_by_1_and_only_then():
    centre = Callbacks(callback=terms(key=None, offer_after_ms=30_000))
    call_id = centre.dial()
    centre.press(call_id, "1")
    assert centre.told(InputIgnored)
    centre.wait(30_000)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_OFFER, key="1")
    centre.keys(call_id, "11")
    assert centre.pending.caller_number == NUMBER


@pytest.mark.row("C-01")
@pytest.mark.parametrize("key", ["", "7"])
def test_an_offer_that_is_not_taken_is_over_and_not_repeated(key):
    centre = Callbacks(callback=terms(offer_after_ms=30_000))
    call_id = centre.dial()
    centre.wait(30_000)
    if key:
        centre.press(call_id, key)
    else:
        centre.heard(call_id)
        centre.wait(5_000)
    assert centre.told(StartWaitingSound)
    centre.wait(600_000)
    assert len(centre.of(PlayPrompt)) == 1


@pytest.mark.row("C-01")
def test_a_key_that_declines_the_offer_when_the_longest_wait_is_over_leads_nowhere_else():
    """The caller is out of the queue by then: the key, which leads somewhere there, came too late."""
    centre = Callbacks(
        callback=terms(offer_after_ms=20_000, timeout_ms=600_000),
        wait_ms_max=22_000,
        key_events=(KeyEvent("7", ToExtension("1001")),),
    )
    call_id = centre.dial()
    centre.wait(23_000)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_OFFER, key="2")
    assert not centre.of(VisitEnded), "who is asked may wait on"
    centre.press(call_id, "7")
    (ended,) = centre.told(VisitEnded)
    assert ended.reason is VisitReason.MAX_WAIT
    assert [each.call_id for each in centre.told(HangUpCall)] == [call_id]


@pytest.mark.row("C-01")
def test_the_offer_follows_a_changed_configuration():
    centre = Callbacks()
    call_id = centre.dial()
    centre.change(changed(centre.policy.queues[0], callback=terms(offer_after_ms=20_000)))
    centre.wait(20_000)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_OFFER, key="2")
    centre.change(changed(centre.policy.queues[0], callback=None))
    centre.press(call_id, "2")
    assert centre.core.state.calls[call_id].dialogue is None
    centre.press(call_id, "2")
    assert centre.told(InputIgnored)


@pytest.mark.row("C-01")
def test_a_declined_offer_is_not_made_again_by_a_reload():
    centre = Callbacks(callback=terms(offer_after_ms=30_000))
    call_id = centre.dial()
    centre.wait(30_000)
    centre.press(call_id, "7")
    centre.change(
        changed(centre.policy.queues[0], callback=terms(offer_after_ms=20_000, attempts=3))
    )
    centre.wait(60_000)
    assert len(centre.of(PlayPrompt)) == 1


@pytest.mark.row("C-01", "P-06")
def test_an_offer_cuts_no_announcement_off():
    centre = Callbacks(
        callback=terms(offer_after_ms=10_000),
        announcements=Announcements(queue=("sound:long",), queue_every_ms=9_000),
    )
    call_id = centre.dial()
    centre.wait(10_000)
    assert centre.hears(call_id) == ("sound:long",)
    assert not centre.of(StopPrompt)
    centre.heard(call_id)
    centre.wait(5_000)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_OFFER, key="2")


@pytest.mark.row("C-03")
def test_a_phone_of_the_house_is_called_back_only_where_it_may_dial_itself():
    centre = Callbacks()
    call_id = centre.dial("1001", source="1001")
    centre.keys(call_id, "2201234567#")
    assert centre.hears(call_id) == (*NOT_CALLABLE, *ENTER)
    allowed = [
        dataclasses.replace(each, outbound_routes=("mobile",)) for each in centre.policy.extensions
    ]
    centre.reload(dataclasses.replace(centre.policy, extensions=tuple(allowed)))
    centre.keys(call_id, "01234567#1")
    assert centre.pending.caller_number == "01234567"


def test_callbacks_that_wait_take_no_place_in_the_house():
    centre = Callbacks()
    centre.requested("01512345")
    centre.requested("01612345")
    settings = dataclasses.replace(centre.policy.settings, calls_max=1)
    centre.reload(dataclasses.replace(centre.policy, settings=settings))
    call_id = centre.dial("0171234567")
    assert centre.core.state.calls[call_id].visit is not None
    refused = centre.dial("0181234567")
    assert [each.cause for each in centre.told(HangUpCall)] == [CONGESTION]
    assert centre.core.state.calls[refused].visit is None


@pytest.mark.row("P-02")
def test_a_music_class_that_is_not_there_is_ringing_instead():
    centre = Callbacks()
    call_id = centre.dial()
    (command,) = centre.of(StartWaitingSound)
    centre.give(CommandFailed(command, 500, "no such class"))
    assert [each.sound for each in centre.told(StartWaitingSound)] == [RINGING]
    centre.give(CommandFailed(centre.told(StartWaitingSound)[0], 500, "no"))
    assert not centre.told(StartWaitingSound)
    assert centre.core.state.calls[call_id].sound is None


def test_an_offer_waits_while_an_agent_has_just_picked_up():
    centre = Callbacks(
        *static("1001"), callback=terms(offer_after_ms=10_000), agent_prompt="sound:x"
    )
    call_id = centre.dial()
    leg_id = centre.answer("1001")
    centre.wait(10_000)
    assert centre.hears(leg_id) == ("sound:x",)
    assert not [each for each in centre.of(PlayPrompt) if each.channel_id == call_id]
    centre.press(call_id, "2")
    assert centre.core.state.calls[call_id].dialogue is None
    centre.end_leg(leg_id)
    centre.wait(5_000)
    assert centre.hears(call_id) == say(Phrase.CALLBACK_OFFER, key="2")


@pytest.mark.row("C-02")
def test_agents_are_rung_on_and_a_connection_ends_the_questions():
    centre = Callbacks(*static("1001"))
    call_id = centre.dial()
    centre.press(call_id, "2")
    centre.answer("1001")
    assert centre.told(TalkStarted)
    call = centre.core.state.calls[call_id]
    assert call.state is CallState.TALKING
    assert call.dialogue is None
    centre.press(call_id, "1")
    assert not centre.core.state.callbacks


def test_keys_mean_nothing_while_the_agent_hears_the_prompt():
    """Who has picked up is not sent away because the caller confirms in the same moment."""
    centre = Callbacks(*static("1001"), agent_prompt="sound:x")
    call_id = centre.dial()
    centre.press(call_id, "2")
    leg_id = centre.answer("1001")
    centre.press(call_id, "1")
    assert not centre.core.state.callbacks
    centre.heard(leg_id)
    assert centre.told(TalkStarted)


def test_an_offer_that_rings_at_the_confirmation_goes_to_the_callback():
    centre = Callbacks(*static("1001"))
    call_id = centre.dial()
    assert "1001" in centre.ringing()
    waiting = centre.ask(call_id)
    assert centre.core.state.legs[centre.ringing()["1001"]].call_id == waiting.call_id


def test_who_asks_is_not_sent_away_by_the_longest_wait_if_the_callback_may_wait_longer():
    centre = Callbacks(callback=terms(timeout_ms=600_000), wait_ms_max=10_000)
    call_id = centre.dial()
    centre.wait(8_000)
    centre.press(call_id, "2")
    centre.wait(4_000)
    centre.press(call_id, "1")
    assert centre.pending.caller_number == NUMBER
    other = centre.dial("0155555")
    centre.wait(8_000)
    centre.keys(other, "2")
    centre.wait(4_000)
    centre.keys(other, "999")
    (gone,) = [each for each in centre.of(VisitEnded) if each.call_id == other]
    assert gone.reason is VisitReason.MAX_WAIT, "done asking, and too long here"


def test_the_longest_wait_counts_where_the_callback_may_not_wait_longer():
    centre = Callbacks(wait_ms_max=10_000)
    call_id = centre.dial()
    centre.wait(8_000)
    centre.press(call_id, "2")
    centre.wait(2_000)
    (ended,) = centre.of(VisitEnded)
    assert ended.reason is VisitReason.MAX_WAIT


def test_a_phone_of_the_house_is_called_back_by_its_own_number():
    centre = Callbacks()
    call_id = centre.dial("1005", source="1005")
    centre.keys(call_id, "2")
    assert centre.hears(call_id) == say(Phrase.CALLBACK_CONFIRM, number="1005")
    centre.press(call_id, "1")
    assert centre.pending.endpoint == "1005"


def test_keys_without_callbacks_mean_nothing():
    centre = Callbacks()
    call_id = centre.dial()
    centre.change(changed(centre.policy.queues[0], callback=None))
    centre.press(call_id, "2")
    (ignored,) = centre.told(InputIgnored)
    assert ignored.why == "that key means nothing in this queue"


def test_a_callback_has_no_channel_that_could_do_anything():
    centre = Callbacks()
    waiting = centre.requested()
    for channel_id in (waiting.call_id, CallId("nobody")):
        centre.press(channel_id, "2")
        assert centre.told(InputIgnored)
        centre.hang_up(channel_id)
        assert centre.told(InputIgnored)
        centre.end_leg(channel_id)
        assert centre.told(InputIgnored)
    assert centre.pending is waiting
    assert waiting.node == NODE
    assert not centre.of(CallbackEnded)


@pytest.mark.row("C-04")
def test_a_callback_waits_no_longer_than_its_own_time_from_the_request():
    centre = Callbacks(callback=terms(timeout_ms=60_000), wait_ms_max=20_000)
    call_id = centre.dial()
    centre.wait(15_000)
    centre.ask(call_id)
    centre.wait(59_999)
    assert not centre.of(CallbackEnded)
    centre.wait(1)
    (ended,) = centre.of(CallbackEnded)
    assert ended.reason is CallbackReason.NO_AGENT
    assert ended.wait_ms == 75_000
    assert not centre.core.state.calls
    assert not centre.line()


@pytest.mark.row("C-04")
def test_without_a_time_of_its_own_the_queues_longest_wait_counts_from_entry():
    centre = Callbacks(wait_ms_max=20_000)
    call_id = centre.dial()
    centre.wait(15_000)
    centre.ask(call_id)
    centre.wait(5_000)
    (ended,) = centre.of(CallbackEnded)
    assert (ended.reason, ended.wait_ms) == (CallbackReason.NO_AGENT, 20_000)
    assert len(centre.of(VisitEnded)) == 1, "the caller's, and no other"


@pytest.mark.row("C-04")
def test_a_changed_configuration_holds_for_callbacks_that_wait():
    centre = Callbacks(callback=terms(timeout_ms=600_000))
    waiting = centre.requested()
    centre.change(changed(centre.policy.queues[0], callback=None))
    assert centre.core.state.timers.is_set(TimerKind.CALLBACK, waiting.call_id)
    centre.change(changed(centre.policy.queues[0], callback=terms(), wait_ms_max=30_000))
    centre.wait(30_000)
    (ended,) = centre.of(CallbackEnded)
    assert ended.reason is CallbackReason.NO_AGENT


@pytest.mark.row("C-05")
def test_a_removed_queue_ends_its_callbacks():
    centre = Callbacks()
    centre.requested()
    centre.change()
    (ended,) = centre.of(CallbackEnded)
    assert (ended.reason, ended.queue_id) == (CallbackReason.NO_AGENT, DID)
    assert not centre.core.state.calls


@pytest.mark.row("C-02")
@pytest.mark.parametrize("calling", ["anonymous", "ring-me", "1234", "0" * 40, "١٢٣٤٥٦٧"])
def test_a_calling_number_that_cannot_be_one_is_not_proposed(calling):
    centre = Callbacks()
    call_id = centre.dial(calling)
    centre.press(call_id, "2")
    assert centre.hears(call_id) == ENTER


@pytest.mark.row("C-02")
def test_keys_that_are_no_digits_are_no_part_of_a_number():
    centre = Callbacks()
    call_id = centre.dial("")
    centre.keys(call_id, "2A0B1C2D34567#")
    assert centre.hears(call_id) == say(Phrase.CALLBACK_CONFIRM_OTHER, number="01234567")


def test_a_key_that_declines_after_the_longest_wait_means_nothing_more() -> None:
    """The offer put the end of the wait off; declined, the caller is on the way elsewhere."""
    back = terms(offer_after_ms=10_000, timeout_ms=60_000)
    centre = Callbacks(*static("1001"), callback=back, wait_ms_max=12_000)
    centre.reach("1001", reachable=False)
    caller = centre.dial()
    centre.wait(13_000)
    assert centre.core.state.calls[caller].dialogue is not None
    centre.press(caller, "5")
    assert centre.core.state.calls[caller].visit is None
    centre.obey()
    assert centre.core.state.calls == {}
