"""Asking callers: a question plays, keys come or do not. What they mean is their kind's business.

A key cuts the question off. After the question, or after the last key, `Asking.timeout_ms` without
a key is silence. What is pressed to choose one of several is put together here (`choose`).

What can be none of the choices is wrong only when no key has followed it for `SETTLE_MS`: who dials a
wrong number of four digits has made one mistake, not four. Keys beyond `DIGITS_MAX` are not heard, so
that no flood of them keeps a call for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from engine.core.model.call import Call
from engine.core.model.dialogue import Asking, Dialogue, Prompt, Purpose
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.places import Media
from engine.core.prompting.hearing import (
    answer_call,
    end_unseen_prompt,
    forget_prompt,
    play,
    prompt_of,
    stop_prompt,
)

END: Final = "#"
"""Ends a number that could be longer."""

SETTLE_MS: Final = 1_000
DIGITS_MAX: Final = 32


def ask(state: State, call: Call, dialogue: Dialogue, media: Media) -> None:
    """Asks a question, from its beginning; an unfinished answer is forgotten."""
    state.timers.cancel(TimerKind.INPUT, call.call_id)
    call.dialogue = dialogue
    dialogue.tries += 1
    dialogue.digits = ""
    if media:
        play(state, call, media, Purpose.QUESTION)
    else:
        stop_prompt(state, call)
        call.prompt = Prompt(call.playback_id, media, Purpose.QUESTION)
        if not call.answered:
            answer_call(state, call)
        wait_for_key(state, call)


def ask_again(state: State, call: Call) -> None:
    """Asks the question anew that was asked last: what was heard or pressed is not known."""
    dialogue = call.dialogue
    assert dialogue is not None
    state.timers.cancel(TimerKind.INPUT, call.call_id)
    dialogue.digits = ""
    dialogue.tries -= 1
    end_unseen_prompt(state, call)
    ask(state, call, dialogue, prompt_of(call).media)


class Choices(Protocol):
    """What can be pressed in answer to a question."""

    def __contains__(self, pressed: object) -> bool:
        """Tells whether this is one of them."""

    def has_longer(self, pressed: str) -> bool:
        """Tells whether one of them begins with this and is longer."""


class Keys:
    """A few answers, one by one."""

    def __init__(self, answers: Iterable[str]) -> None:
        """Takes them; most often each is a single key."""
        self._answers = tuple(answers)

    def __contains__(self, pressed: object) -> bool:
        """As `Choices`."""
        return pressed in self._answers

    def has_longer(self, pressed: str) -> bool:
        """As `Choices`."""
        return any(each.startswith(pressed) and each != pressed for each in self._answers)


def choose(state: State, call: Call, digit: str, choices: Choices) -> str | None:
    """Takes a key of an answer that is one of `choices`; returns that choice once it is clear.

    It is clear when no longer one begins like it, or with `#` after it. Until then keys are waited
    for; `settled` says what they come to if none follows.
    """
    dialogue = call.dialogue
    assert dialogue is not None
    if len(dialogue.digits) >= DIGITS_MAX:
        return None
    hear_key(state, call)
    if digit == END and dialogue.digits in choices and dialogue.digits + END not in choices:
        return dialogue.digits
    dialogue.digits += digit
    pressed = dialogue.digits
    longer = choices.has_longer(pressed)
    if pressed in choices and not longer:
        return pressed
    if pressed not in choices and not longer:
        settle_ms = min(SETTLE_MS, dialogue.timeout_ms)
        state.timers.set(TimerKind.INPUT, call.call_id, state.now_ms + settle_ms)
    return None


def settled(dialogue: Asking, choices: Choices) -> str | None:
    """Returns the choice that was made when no key follows any more, or None."""
    return dialogue.digits if dialogue.digits in choices else None


def wait_for_key(state: State, call: Call) -> None:
    """Waits for a key, from now on for the dialogue's timeout."""
    assert call.dialogue is not None
    state.timers.set(TimerKind.INPUT, call.call_id, state.now_ms + call.dialogue.timeout_ms)


def hear_key(state: State, call: Call) -> None:
    """A key came: the question is cut off, the time for the next key runs anew."""
    stop_prompt(state, call)
    wait_for_key(state, call)


def end_dialogue(state: State, call: Call, *, quietly: bool = False) -> None:
    """Ends a dialogue, if there is one, and its question.

    `quietly`: Asterisk needs no word, because the channel is gone or what comes next cuts it off.
    """
    if call.dialogue is None:
        return
    call.dialogue = None
    state.timers.cancel(TimerKind.INPUT, call.call_id)
    if quietly:
        forget_prompt(state, call)
    else:
        stop_prompt(state, call)
