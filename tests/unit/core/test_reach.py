"""Destinations that people name, and numbers that lead to them, from everywhere (Q-03)."""

from __future__ import annotations

import pytest

from engine.core.facts import ActionDone, ActionRefused, CallTransferred, SurveyEnded
from engine.core.ids import QueueId
from engine.core.inputs import BY_SYSTEM, CallActionRequested, LegAnswered, Redirect, Transfer
from engine.core.model.call import CallState
from engine.core.places import (
    Destination,
    HangUp,
    PlayThenHangUp,
    RingGroup,
    ToCallFlow,
    ToExtension,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
)
from engine.core.waiting import SurveyKey, SurveyPolicy
from tests.support.callback import Callbacks
from tests.support.centre import Centre, dynamic, queue, static
from tests.support.places import call_of, heard, house, is_in, menu

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-03")]

ALL: list[tuple[Destination, CallState, str]] = [
    (HangUp(), CallState.ENDING, "hang_up"),
    (ToExtension("1005"), CallState.DIALLING, "1005"),
    (ToQueue(QueueId("6401")), CallState.WAITING, "6401"),
    (PlayThenHangUp(("sound:bye",)), CallState.LISTENING, "prompt"),
    (ToVoicemail("8000"), CallState.AWAY, "voicemail 8000"),
    (ToMenu("main"), CallState.DECIDING, "menu main"),
    (ToCallFlow("shop"), CallState.AWAY, "call_flow shop"),
    (ToRingGroup("desk"), CallState.DIALLING, "ring_group desk"),
]
GONE: list[Destination] = [
    ToExtension("1077"),
    ToQueue(QueueId("6477")),
    ToVoicemail("1003"),
    ToMenu("gone"),
    ToCallFlow("gone"),
    ToRingGroup("gone"),
]


@pytest.fixture
def centre() -> Centre:
    return house(
        queue("6400", *static("1001")),
        queue("6401", *static("1002")),
        menus=(menu("main"),),
        groups=(RingGroup("desk", ("1006", "1007")),),
    )


def ask(centre: Centre, call_id, action) -> None:
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, action, BY_SYSTEM, version))


@pytest.mark.row("S-03")
@pytest.mark.parametrize(("to", "state", "words"), ALL)
def test_a_waiting_caller_can_be_redirected_anywhere(centre, to, state, words):
    call_id = centre.call("6400")
    ask(centre, call_id, Redirect(to))
    assert centre.told(ActionDone)[0].detail == words
    assert is_in(centre, call_id, state)


@pytest.mark.row("S-03")
@pytest.mark.parametrize(("to", "state", "words"), ALL)
def test_a_talking_caller_can_be_transferred_anywhere(centre, to, state, words):
    call_id = centre.call("6400")
    centre.answer("1001")
    ask(centre, call_id, Transfer(to))
    assert centre.told(CallTransferred)[0].to == words
    assert is_in(centre, call_id, state)


@pytest.mark.row("S-03")
@pytest.mark.parametrize("to", GONE)
def test_where_nothing_is_a_wish_is_refused_and_nothing_changes(centre, to):
    call_id = centre.call("6400")
    ask(centre, call_id, Redirect(to))
    assert centre.last == centre.told(ActionRefused)
    assert is_in(centre, call_id, CallState.WAITING)


@pytest.mark.parametrize(("to", "state", "words"), ALL)
def test_a_queue_can_fail_to_anywhere(to, state, words):
    centre = house(
        queue("6400", wait_ms_max=1_000, failure=to),
        queue("6401", *static("1002")),
        menus=(menu("main"),),
        groups=(RingGroup("desk", ("1006", "1007")),),
    )
    call_id = centre.call("6400")
    centre.wait(1_000)
    assert is_in(centre, call_id, state)


def test_a_called_party_who_is_transferred_to_voicemail_leaves_the_message(centre):
    """1005 called 1001 and sends 1001 to the box: the leg's channel becomes the caller's."""
    call_id = centre.call("1001", source="1005")
    leg_id = next(iter(centre.core.state.legs))
    centre.give(LegAnswered(leg_id))
    version = call_of(centre, call_id).version
    centre.give(CallActionRequested("r", call_id, Transfer(ToVoicemail("8000")), "1005", version))
    assert call_of(centre, leg_id).state is CallState.AWAY


@pytest.mark.row("P-12")
def test_a_customer_who_was_called_back_is_asked_too():
    survey = SurveyPolicy(("sound:rate",), (SurveyKey("1", 1),))
    centre = Callbacks(*dynamic("1001"), survey=survey)
    waiting = centre.requested()
    centre.log_in("1001", queue_id="6400")
    leg_id = centre.agent_takes("1001")
    centre.customer_answers()
    centre.end_leg(leg_id)
    assert heard(centre)[-1] == ("sound:rate",)
    centre.press(waiting.call_id, "1")
    assert centre.of(SurveyEnded)[0].score == 1
