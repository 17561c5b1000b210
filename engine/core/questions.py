"""Asking callers: a question plays, keys come or do not. What they mean is their kind's business.

A key cuts the question off. After the question, or after the last key, `Dialogue.timeout_ms` without
a key is silence.
"""

from __future__ import annotations

from engine.core.call import Call
from engine.core.dialogue import Dialogue, Purpose
from engine.core.hearing import forget_prompt, play, stop_prompt
from engine.core.places import Media
from engine.core.state import State
from engine.core.timers import TimerKind


def ask(state: State, call: Call, dialogue: Dialogue, media: Media, step: str = "") -> None:
    """Asks a question, from its beginning; an unfinished answer is forgotten."""
    state.timers.cancel(TimerKind.INPUT, call.call_id)
    call.dialogue = dialogue
    if dialogue.step != step:
        dialogue.step, dialogue.tries = step, 0
    dialogue.tries += 1
    dialogue.digits = ""
    play(state, call, media, Purpose.QUESTION)


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
