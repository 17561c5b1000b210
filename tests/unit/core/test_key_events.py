"""Keys that a waiting caller presses (P-11)."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core.callers.keys import ANSWERS
from engine.core.commands import HangUpLeg, PlayPrompt, StartWaitingSound, StopPrompt
from engine.core.facts import (
    CallbackTrigger,
    CallRouted,
    InputIgnored,
    OfferEnded,
    OfferOutcome,
    RouteReason,
    VisitEnded,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import CallId, QueueId
from engine.core.inputs import NodeConnected, NodeDisconnected, SeenChannel
from engine.core.model.call import Call, CallState
from engine.core.model.dialogue import CallbackDialogue
from engine.core.model.state import State
from engine.core.places import Destination, HangUp, PlayThenHangUp, ToExtension, ToQueue
from engine.core.prompting.questions import ask
from engine.core.waiting import Announcements, KeyEvent
from tests.support.centre import NODE, Centre, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("P-11")]

TO_DESK = KeyEvent("4", ToExtension("1005"))


def with_keys(*members: Any, keys: tuple[KeyEvent, ...] = (TO_DESK,), **options: Any) -> Centre:
    return Centre(queue("6400", *members, key_events=keys, **options), queue("6401"))


def left(centre: Centre) -> list[tuple[VisitOutcome, VisitReason]]:
    return [(each.outcome, each.reason) for each in centre.told(VisitEnded)]


@pytest.mark.parametrize(
    ("to", "words", "state"),
    [
        (ToExtension("1005"), "1005", CallState.DIALLING),
        (ToQueue(QueueId("6401")), "6401", CallState.WAITING),
        (PlayThenHangUp(("sound:bye",)), "prompt", CallState.LISTENING),
        (HangUp(16), "hang_up", CallState.ENDING),
    ],
)
def test_a_key_leads_to_its_destination(to: Destination, words: str, state: CallState) -> None:
    centre = with_keys(keys=(KeyEvent("#", HangUp(1)), KeyEvent("*", to)))
    call_id = centre.call("6400")
    centre.press(call_id, "*")
    assert left(centre) == [(VisitOutcome.MISSED, VisitReason.KEY_EVENT)]
    (routed,) = centre.told(CallRouted)
    assert (routed.from_place, routed.to, routed.why, routed.key) == (
        "6400",
        words,
        RouteReason.KEY_EVENT,
        "*",
    )
    assert centre.core.state.calls[call_id].state is state


def test_another_key_means_nothing() -> None:
    centre = with_keys()
    call_id = centre.call("6400")
    centre.press(call_id, "5")
    (ignored,) = centre.told(InputIgnored)
    assert ignored.why == "that key means nothing in this queue"
    assert centre.core.state.calls[call_id].visit is not None


def test_a_key_during_a_prompt_cuts_it_off() -> None:
    for what in (
        Announcements(join=("sound:hello",), join_first=True),
        Announcements(queue=("sound:press-4",), queue_every_ms=1_000),
    ):
        centre = with_keys(announcements=what)
        call_id = centre.call("6400")
        centre.wait(1_000)
        (prompt,) = centre.of(PlayPrompt)
        centre.press(call_id, "4")
        assert [each.playback_id for each in centre.told(StopPrompt)] == [prompt.playback_id]
        assert len(centre.told(StartWaitingSound)) == 1, "ringing is heard in its place"
        centre.wait(20_000)
        assert len(centre.of(PlayPrompt)) == 1


@pytest.mark.parametrize("prompt", [None, "sound:new-call"])
def test_a_key_counts_while_phones_ring_and_while_the_agent_hears_the_prompt(
    prompt: str | None,
) -> None:
    """It is the caller's will, and the caller knows of no agent yet."""
    centre = with_keys(*static("1001"), agent_prompt=prompt)
    call_id = centre.call("6400")
    leg_id = centre.ring("1001") if prompt is None else centre.answer("1001")
    centre.press(call_id, "4")
    assert left(centre) == [(VisitOutcome.MISSED, VisitReason.KEY_EVENT)]
    assert [each.outcome for each in centre.told(OfferEnded)] == [OfferOutcome.CANCELLED]
    assert [each.leg_id for each in centre.told(HangUpLeg)] == [leg_id]
    assert centre.rang() == ["1005"]


def test_within_a_dialogue_keys_are_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str] = []

    def take(_state: State, _call: Call, _dialogue: CallbackDialogue, digit: str) -> None:
        answers.append(digit)

    monkeypatch.setitem(ANSWERS, CallbackDialogue, take)
    centre = with_keys()
    call_id = centre.call("6400")
    state = centre.core.state
    state.out = []
    dialogue = CallbackDialogue(5_000, trigger=CallbackTrigger.KEY)
    ask(state, state.calls[call_id], dialogue, ("sound:q",))
    centre.press(call_id, "4")
    assert answers == ["4"]
    assert left(centre) == []


def test_keys_in_a_talk_are_not_the_queues() -> None:
    centre = with_keys(*static("1001"))
    call_id = centre.call("6400")
    centre.answer("1001")
    centre.press(call_id, "4")
    assert centre.core.state.calls[call_id].state is CallState.TALKING
    assert len(centre.told(InputIgnored)) == 1


def test_while_its_asterisk_is_out_of_reach_a_key_does_nothing() -> None:
    """It cannot come then; were it taken, the caller would be lost between two places."""
    centre = with_keys()
    call_id = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.press(call_id, "4")
    assert [each.why for each in centre.told(InputIgnored)] == ["its node is out of reach"]
    centre.give(NodeConnected(NODE, (SeenChannel(call_id, up=True),)))
    centre.press(CallId(call_id), "4")
    assert left(centre) == [(VisitOutcome.MISSED, VisitReason.KEY_EVENT)]


def test_keys_follow_the_configuration_and_go_round_in_no_endless_loop() -> None:
    again = KeyEvent("1", ToQueue(QueueId("6400")))
    centre = with_keys(keys=())
    call_id = centre.call("6400")
    centre.apply(queue("6400", key_events=(again,)))
    for _ in range(30):
        centre.press(call_id, "1")
    assert centre.of(CallRouted)[-1].why is RouteReason.LOOP
    assert centre.core.state.calls[call_id].state is CallState.ENDING
