"""What the invariants refuse: each state here is broken by hand, and none of it comes about by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.commands import SendToDialplan
from engine.core.ids import CallId, QueueId
from engine.core.model.call import Call
from engine.core.model.dialogue import Prompt, Purpose
from engine.core.model.state import State
from engine.core.model.whereabouts import Parked, Trip
from engine.core.places import ToQueue
from tests.support.centre import NODE, Centre, queue

pytestmark = pytest.mark.unit

SENT = SendToDialplan(NODE, CallId("c1"), "flow", "s", ())
ONWARD = ToQueue(QueueId("6400"))


def _slot(state: State, call: Call) -> None:
    state.parked["701"] = call.call_id


def _gone(state: State, call: Call) -> None:
    state.parked["701"] = CallId("nobody")


def _parked(state: State, call: Call) -> None:
    call.parked = Parked("701", "p")


def _other_slot(state: State, call: Call) -> None:
    state.parked["701"] = call.call_id
    call.parked = Parked("702", "p")


def _sent(state: State, call: Call) -> None:
    call.trip = Trip(1, "flow", SENT)


def _nowhere(state: State, call: Call) -> None:
    call.prompt = Prompt(None, ("sound:hello",), Purpose.BEFORE)


def _elsewhere(state: State, call: Call) -> None:
    call.prompt = Prompt(None, ("sound:hello",), Purpose.JOIN, ONWARD)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (_slot, "kept by a caller who is elsewhere"),
        (_gone, "kept by a caller who is gone"),
        (_parked, "who is parked has no slot"),
        (_other_slot, "who is parked has no slot"),
        (_sent, "on the way elsewhere"),
        (_nowhere, "a prompt leads nowhere"),
        (_elsewhere, "a prompt leads nowhere"),
    ],
)
def test_a_state_that_cannot_be_is_refused(
    broken: Callable[[State, Call], None], says: str
) -> None:
    centre = Centre(queue("6400"))
    call_id = centre.call("6400")
    centre.core.check()
    broken(centre.core.state, centre.core.state.calls[call_id])
    with pytest.raises(AssertionError, match=says):
        centre.core.check()


@pytest.mark.parametrize("purpose", [Purpose.JOIN, Purpose.ANNOUNCEMENT, Purpose.QUESTION])
def test_what_a_listening_caller_hears_is_followed_by_something(purpose: Purpose) -> None:
    centre = Centre(queue("6400"))
    call_id = centre.call("nowhere")
    centre.core.check()
    call = centre.core.state.calls[call_id]
    assert call.prompt is not None
    assert call.prompt.purpose is Purpose.CLOSING
    call.prompt.purpose = purpose
    with pytest.raises(AssertionError, match="nothing follows what a caller hears"):
        centre.core.check()
