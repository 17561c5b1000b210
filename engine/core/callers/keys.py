"""What a key means, by where the call is whose phone it was pressed on: one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.core.callers import menus, surveys
from engine.core.ids import CallId
from engine.core.model.call import Call, CallState
from engine.core.model.dialogue import Asking, CallbackDialogue, MenuDialogue, SurveyDialogue
from engine.core.model.state import State
from engine.core.queueing import callbacks
from engine.core.queueing.leaving import leave_by_key
from engine.core.supervision import monitoring

Ignored = str | None


def digit_pressed(state: State, channel_id: str, digit: str) -> Ignored:
    """Takes a key press. Returns why it means nothing, or None."""
    call = state.calls.get(CallId(channel_id))
    if call is None or call.callback is not None:
        return "no such call"
    if not state.node_up(call.node):
        return "its node is out of reach"
    if call.dialogue is not None:
        ANSWERS[type(call.dialogue)](state, call, call.dialogue, digit)
        return None
    does = KEYS.get(call.state)
    return f"call is {call.state}" if does is None else does(state, call, digit)


def _waiting(state: State, call: Call, digit: str) -> Ignored:
    """Lets whoever it concerns take the key of a waiting caller."""
    for takes in WAITING_KEYS:
        if takes(state, call, digit):
            return None
    return "that key means nothing in this queue"


WAITING_KEYS: Final[tuple[Callable[[State, Call, str], bool], ...]] = (
    callbacks.key_pressed,
    leave_by_key,
)
"""What a key of a waiting caller can do, in this order; each tells whether it took the key."""


def _callback_answer(state: State, call: Call, dialogue: CallbackDialogue, digit: str) -> None:
    """A key that only declines the offer of a callback means what it means otherwise.

    Unless the longest wait was over meanwhile: then the caller is out of the queue by that.
    """
    if not callbacks.answered(state, call, dialogue, digit) and call.visit is not None:
        _waiting(state, call, digit)


def silence(state: State, call_id: CallId) -> None:
    """No key came in answer to a question."""
    call = state.calls.get(call_id)
    if call is not None and call.dialogue is not None:
        SILENCES[type(call.dialogue)](state, call, call.dialogue)


KEYS: Final[dict[CallState, Callable[[State, Call, str], Ignored]]] = {
    CallState.MONITORING: monitoring.digit_pressed,
    CallState.WAITING: _waiting,
}
"""Keys outside of dialogues."""

ANSWERS: Final[dict[type[Asking], Callable[[State, Call, Any, str], None]]] = {
    CallbackDialogue: _callback_answer,
    MenuDialogue: menus.key_pressed,
    SurveyDialogue: surveys.key_pressed,
}
"""Keys in answer to a question: each kind of dialogue has who takes them."""

SILENCES: Final[dict[type[Asking], Callable[[State, Call, Any], None]]] = {
    CallbackDialogue: callbacks.silent,
    MenuDialogue: menus.no_key,
    SurveyDialogue: surveys.no_key,
}
"""No key in answer to a question."""
