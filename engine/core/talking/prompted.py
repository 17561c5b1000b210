"""What follows a prompt to a caller that is over, by its purpose: one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.core.callers.calls import end_call
from engine.core.causes import NORMAL_CLEARING
from engine.core.facts import CallEnd
from engine.core.ids import CallId, PlaybackId
from engine.core.model.call import Call, CallEvent
from engine.core.model.dialogue import Purpose
from engine.core.model.state import State
from engine.core.prompting.hearing import forget_prompt, hears_prompt, prompt_of, stop_playback
from engine.core.prompting.questions import wait_for_key
from engine.core.queueing.announcing import back_to_music
from engine.core.routing.sending import follow


def playback_ended(
    state: State, call: Call, playback_id: PlaybackId, *, ok: bool = True
) -> str | None:
    """A prompt to a caller is over. Returns why that means nothing, or None.

    One that was not `ok` may have been cut off by a hang-up, of which we hear next: nothing else is done.
    """
    if call.playback_id != playback_id or not hears_prompt(state, call):
        return None if _was_played(call, playback_id) else "that prompt was never played"
    if call.dialogue is not None and prompt_of(call).purpose is Purpose.QUESTION:
        call.dialogue.unheard = not ok
    prompt_is_over(state, call)
    return None


def _was_played(call: Call, playback_id: PlaybackId) -> bool:
    """Tells a prompt that was cut off, of which the end is no news, from nonsense."""
    ordinal = playback_id.rpartition("-")[2]
    return ordinal.isdecimal() and int(ordinal) <= call.counts.prompts


def prompt_is_over(state: State, call: Call) -> None:
    """Goes on after the prompt that plays: it was heard, could not be played, or nobody says so."""
    forget_prompt(state, call)
    FOLLOWS[prompt_of(call).purpose](state, call)


def prompt_timed_out(state: State, call_id: CallId) -> None:
    """Nobody said that a prompt is over, and it should be."""
    call = state.calls.get(call_id)
    if call is not None:
        stop_playback(state, call)  # It may be there, and longer.
        prompt_is_over(state, call)


def _closing(state: State, call: Call) -> None:
    end_call(state, call, CallEnd.SYSTEM, NORMAL_CLEARING)


def _before(state: State, call: Call) -> None:
    after = prompt_of(call).after
    assert after is not None
    call.advance(CallEvent.HEARD)
    follow(state, call, after)


FOLLOWS: Final[dict[Purpose, Callable[[State, Call], None]]] = {
    Purpose.CLOSING: _closing,
    Purpose.BEFORE: _before,
    Purpose.JOIN: back_to_music,
    Purpose.ANNOUNCEMENT: back_to_music,
    Purpose.QUESTION: wait_for_key,
}
"""Each purpose has what follows it."""
