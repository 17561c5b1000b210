"""Menus: what keys, wrong keys, silence and floods of digits do (Q-03, R-08)."""

from __future__ import annotations

import json

import pytest

from engine.core.causes import CONGESTION
from engine.core.commands import AnswerCall, HangUpCall, PlayPrompt, StopPrompt
from engine.core.facts import CallEnd, CallEnded, RouteReason, VisitStarted
from engine.core.ids import QueueId
from engine.core.inputs import (
    CommandFailed,
    EngineStarted,
    NodeConnected,
    NodeDisconnected,
    SeenChannel,
)
from engine.core.model.call import CallState
from engine.core.places import (
    HangUp,
    PlayThenHangUp,
    ToCallFlow,
    ToExtension,
    ToMenu,
    ToQueue,
    ToRingGroup,
)
from engine.core.places import MenuKey as Key
from engine.core.prompting.questions import DIGITS_MAX, SETTLE_MS
from engine.core.router import RoutingCore
from tests.support.centre import NODE, TRUNK, Centre, queue, static
from tests.support.places import (
    MENU,
    call_of,
    furnish,
    heard,
    house,
    is_in,
    menu,
    prompt_ends,
    routes,
)

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-03")]

SALES = ToQueue(QueueId("6400"))
DIALS = {"55": ToMenu("main")}
WRONG, SILENT = ("sound:wrong",), ("sound:silent",)


def main_menu(**options):
    options.setdefault("wrong_media", WRONG)
    options.setdefault("silence_media", SILENT)
    options.setdefault("wrong", HangUp(1))
    options.setdefault("silence", HangUp(2))
    keys = (
        Key("1", SALES, priority=5, required_skills=("french",)),
        Key("2", ToExtension("1005")),
        Key("9", ToMenu("main")),
    )
    return menu("main", *keys, **options)


def centre_with(**options) -> Centre:
    return house(queue("6400", *static("1001")), menus=(main_menu(**options),), dials=DIALS)


@pytest.fixture
def centre() -> Centre:
    return centre_with()


def test_a_caller_is_answered_and_hears_the_prompt(centre):
    call_id = centre.call("55")
    assert [type(each) for each in centre.commands[-2:]] == [AnswerCall, PlayPrompt]
    assert heard(centre) == [MENU]
    assert is_in(centre, call_id, CallState.DECIDING)


def test_a_key_after_the_prompt_leads_on(centre):
    call_id = centre.call("55")
    prompt_ends(centre, call_id)
    centre.press(call_id, "2")
    assert centre.rang() == ["1005"]
    assert routes(centre) == [("main", "1005", RouteReason.MENU_KEY, "2")]


def test_a_key_during_the_prompt_cuts_it_off(centre):
    call_id = centre.call("55")
    centre.press(call_id, "2")
    assert centre.told(StopPrompt)
    assert centre.rang() == ["1005"]


@pytest.mark.row("R-08")
def test_a_key_sets_priority_and_skills_of_the_call(centre):
    call_id = centre.call("55")
    centre.press(call_id, "1")
    call = call_of(centre, call_id)
    assert (call.priority, call.required_skills) == (5, ("french",))
    assert call.visit.priority == 5
    assert centre.of(VisitStarted)[0].queue_id == "6400"


@pytest.mark.row("R-08")
def test_a_key_without_them_leaves_both_as_they_were(centre):
    call_id = centre.call("55")
    call_of(centre, call_id).priority = 3
    centre.press(call_id, "2")
    assert call_of(centre, call_id).priority == 3


def test_a_wrong_key_says_so_and_asks_again_and_at_last_leads_elsewhere(centre):
    call_id = centre.call("55")
    for _ in range(2):
        centre.press(call_id, "7")
        centre.wait(SETTLE_MS)
        assert heard(centre)[-1] == WRONG + MENU
    centre.press(call_id, "7")
    centre.wait(SETTLE_MS)
    assert heard(centre)[-1] == WRONG
    assert routes(centre) == [("main", "hang_up", RouteReason.MENU_WRONG, "7")]
    prompt_ends(centre, call_id)
    assert centre.told(HangUpCall)[0].cause == 1


def test_silence_asks_again_and_at_last_leads_elsewhere(centre):
    call_id = centre.call("55")
    prompt_ends(centre, call_id)
    for _ in range(2):
        centre.wait(5_000)
        assert heard(centre)[-1] == SILENT + MENU
        prompt_ends(centre, call_id)
    centre.wait(5_000)
    assert routes(centre) == [("main", "hang_up", RouteReason.MENU_SILENCE, "")]
    assert heard(centre)[-1] == SILENT
    prompt_ends(centre, call_id)
    assert centre.told(HangUpCall)[0].cause == 2


def test_silence_costs_no_more_than_tries_times_timeout():
    centre = centre_with(tries=3, silence_media=())
    call_id = centre.call("55")
    begun_ms = centre.now_ms
    for _ in range(3):
        prompt_ends(centre, call_id)
        centre.wait(5_000)
    assert is_in(centre, call_id, CallState.ENDING)
    assert centre.now_ms - begun_ms == 15_000


def test_what_was_last_decides_whether_it_was_wrong_or_silence():
    centre = centre_with(tries=2)
    call_id = centre.call("55")
    centre.press(call_id, "7")
    centre.wait(SETTLE_MS)
    prompt_ends(centre, call_id)
    centre.wait(5_000)
    assert routes(centre)[0][2] is RouteReason.MENU_SILENCE


def test_a_menu_without_words_waits_for_a_key_at_once():
    centre = centre_with(media=())
    call_id = centre.call("55")
    assert centre.told(AnswerCall)
    assert not heard(centre)
    centre.press(call_id, "2")
    assert centre.rang() == ["1005"]


def test_the_menu_speaks_its_language_and_so_does_what_follows():
    centre = house(
        menus=(
            menu("main", Key("1", PlayThenHangUp(("sound:bye",))), language="zh"),
            menu("plain", Key("1", ToMenu("main"))),
        ),
        dials={"55": ToMenu("plain")},
    )
    call_id = centre.call("55")
    centre.press(call_id, "1")
    centre.press(call_id, "1")
    assert [each.language for each in centre.of(PlayPrompt)] == ["en", "zh", "zh"]


class TestDirectDial:
    """Numbers of extensions and queues, beside the keys."""

    @pytest.fixture
    def centre(self) -> Centre:
        return centre_with(direct_dial=True)

    def dial(self, centre: Centre, digits: str):
        call_id = centre.call("55")
        for digit in digits:
            centre.press(call_id, digit)
        return call_id

    def test_an_extension_is_dialled_at_its_last_digit(self, centre):
        self.dial(centre, "1003")
        assert centre.rang() == ["1003"]
        assert routes(centre) == [("main", "1003", RouteReason.MENU_DIALLED, "1003")]

    def test_so_is_a_queue(self, centre):
        self.dial(centre, "6400")
        assert centre.of(VisitStarted)[0].queue_id == "6400"

    def test_a_key_that_begins_a_number_waits_for_more(self, centre):
        call_id = self.dial(centre, "1")
        assert not routes(centre)
        centre.wait(5_000)
        assert routes(centre) == [("main", "6400", RouteReason.MENU_KEY, "1")]
        assert is_in(centre, call_id, CallState.WAITING)

    def test_hash_ends_it(self, centre):
        self.dial(centre, "1#")
        assert routes(centre) == [("main", "6400", RouteReason.MENU_KEY, "1")]

    def test_a_key_that_begins_no_number_leads_on_at_once(self, centre):
        self.dial(centre, "2")
        assert centre.rang() == ["1005"]

    def test_an_unfinished_number_is_wrong_not_silence(self, centre):
        self.dial(centre, "64")
        centre.wait(5_000)
        assert heard(centre)[-1] == WRONG + MENU

    def test_a_wrong_number_is_one_mistake_not_one_for_each_digit(self, centre):
        call_id = self.dial(centre, "9999")
        # The first 9 led back to the menu: a key. The rest is one wrong number.
        centre.wait(SETTLE_MS)
        assert call_of(centre, call_id).hops <= 5

    def test_a_number_like_no_other_is_one_mistake(self, centre):
        call_id = self.dial(centre, "7777")
        centre.wait(SETTLE_MS)
        assert call_of(centre, call_id).dialogue.tries == 2
        assert heard(centre) == [MENU, WRONG + MENU]

    def test_a_longer_number_goes_before_a_shorter_one(self):
        centre = house(
            queue("100", *static("1001")),
            menus=(main_menu(direct_dial=True),),
            dials=DIALS,
        )
        self.dial(centre, "1002")
        assert centre.rang() == ["1002"]
        self.dial(centre, "100")
        centre.wait(5_000)
        assert centre.of(VisitStarted)[0].queue_id == "100"

    def test_without_it_numbers_are_wrong(self):
        centre = centre_with()
        call_id = self.dial(centre, "7003")
        centre.wait(SETTLE_MS)
        assert heard(centre)[-1] == WRONG + MENU
        assert is_in(centre, call_id, CallState.DECIDING)


def test_hundreds_of_digits_are_one_wrong_answer_and_cost_no_memory(centre):
    call_id = centre.call("55")
    for _ in range(500):
        centre.press(call_id, "7")
    call = call_of(centre, call_id)
    assert len(call.dialogue.digits) == DIGITS_MAX
    assert call.dialogue.tries == 1
    centre.wait(SETTLE_MS)
    assert heard(centre) == [MENU, WRONG + MENU]


def test_keys_that_never_stop_do_not_keep_a_call_for_ever(centre):
    call_id = centre.call("55")
    for _ in range(4 * DIGITS_MAX + 100):
        if not is_in(centre, call_id, CallState.DECIDING):
            break
        centre.press(call_id, "7")
        centre.wait(SETTLE_MS - 1)
    assert routes(centre)[0][2] is RouteReason.MENU_WRONG


def test_a_menu_that_leads_to_itself_ends_with_congestion_and_is_reported(centre):
    call_id = centre.call("55")
    for _ in range(30):
        if is_in(centre, call_id, CallState.DECIDING):
            centre.press(call_id, "9")
    assert is_in(centre, call_id, CallState.ENDING)
    assert routes(centre)[-1] == ("", "hang_up", RouteReason.LOOP, "")
    assert centre.of(HangUpCall)[-1].cause == CONGESTION


def test_menus_in_a_circle_of_silence_end_too():
    circle = (
        menu("a", silence=ToMenu("b"), tries=1),
        menu("b", silence=ToMenu("a"), tries=1),
    )
    centre = house(menus=circle, dials={"55": ToMenu("a")})
    call_id = centre.call("55")
    for _ in range(30):
        if is_in(centre, call_id, CallState.DECIDING):
            prompt_ends(centre, call_id)
            centre.wait(5_000)
    assert routes(centre)[-1][2] is RouteReason.LOOP


def test_a_menu_that_is_not_there_is_told(centre):
    furnish(centre, dials=DIALS)
    centre.call("55")
    assert heard(centre) == [("sound:pbx-invalid",)]
    assert routes(centre) == [("menu main", "prompt", RouteReason.NO_SUCH_PLACE, "")]


def test_who_is_in_a_removed_menu_goes_where_they_were_told(centre):
    call_id = centre.call("55")
    furnish(centre, menus=(menu("main", Key("2", HangUp())),), dials=DIALS)
    centre.press(call_id, "2")
    assert centre.rang() == ["1005"]


def test_a_destination_removed_meanwhile_is_told(centre):
    call_id = centre.call("55")
    centre.apply()
    centre.press(call_id, "1")
    assert heard(centre)[-1] == ("sound:pbx-invalid",)
    assert [each[2] for each in routes(centre)] == [
        RouteReason.MENU_KEY,
        RouteReason.NO_SUCH_PLACE,
    ]


def test_after_a_restart_the_question_is_asked_again(centre):
    call_id = centre.call("55")
    prompt_ends(centre, call_id)
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())
    centre.press(call_id, "2")
    assert not centre.rang(), "its node cannot be commanded"
    centre.wait(60_000)
    assert is_in(centre, call_id, CallState.DECIDING)
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "55"),)))
    assert [each.media for each in centre.told(PlayPrompt)] == [MENU]
    assert call_of(centre, call_id).dialogue.tries == 1
    centre.press(call_id, "2")
    assert centre.rang() == ["1005"]


def test_a_question_that_played_on_meanwhile_is_ended_before_it_is_asked_again(centre):
    """Otherwise the new one would wait behind it, and a key would cut off the new one only."""
    call_id = centre.call("55")
    (first,) = centre.of(PlayPrompt)
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "55"),)))
    assert [each for each in centre.commands if isinstance(each, StopPrompt | PlayPrompt)][-2:] == [
        StopPrompt(NODE, first.playback_id, call_id),
        centre.of(PlayPrompt)[-1],
    ]
    assert centre.of(PlayPrompt)[-1].playback_id != first.playback_id


def test_half_a_number_is_forgotten_by_then():
    centre = centre_with(direct_dial=True)
    call_id = centre.call("55")
    centre.press(call_id, "1")
    centre.give(NodeDisconnected(NODE))
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, True, None, TRUNK, "55"),)))
    centre.wait(4_000)
    assert not routes(centre)


def test_a_prompt_that_cannot_be_played_does_not_keep_keys_from_working(centre):
    call_id = centre.call("55")
    centre.give(CommandFailed(centre.of(PlayPrompt)[-1], 500, "no such file"))
    centre.press(call_id, "2")
    assert centre.rang() == ["1005"]


def test_the_caller_hangs_up_in_the_middle(centre):
    call_id = centre.call("55")
    centre.hang_up(call_id)
    assert centre.of(CallEnded)[0].ended_by is CallEnd.CALLER
    assert centre.core.next_deadline() is None


def test_from_a_queue_to_a_menu_the_music_stops():
    centre = house(
        queue("6400", wait_ms_max=1_000, failure=ToMenu("main")),
        menus=(main_menu(),),
        dials=DIALS,
    )
    call_id = centre.call("6400")
    centre.wait(1_000)
    assert is_in(centre, call_id, CallState.DECIDING)
    assert call_of(centre, call_id).sound is None


@pytest.mark.parametrize("to", [ToRingGroup("gone"), ToCallFlow("gone"), ToMenu("gone")])
def test_a_key_to_nowhere_is_told(to):
    centre = house(menus=(menu("main", Key("1", to)),), dials=DIALS)
    call_id = centre.call("55")
    centre.press(call_id, "1")
    assert heard(centre)[-1] == ("sound:pbx-invalid",)
