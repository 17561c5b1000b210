"""What a caller hears: the answer, the waiting sound, prompts. One at a time.

A prompt pauses the waiting sound, which begins again after it (`sound_again`): Asterisk's music ends
for good when something else is played.
"""

from __future__ import annotations

from typing import Final

from engine.core.commands import (
    AnswerCall,
    PlayPrompt,
    StartWaitingSound,
    StopPrompt,
    StopWaitingSound,
)
from engine.core.directions import Next
from engine.core.ids import CallId, NodeId, playback_id_of
from engine.core.model.call import Call
from engine.core.model.dialogue import Prompt, Purpose
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.places import Media
from engine.core.waiting import WaitingSound

RINGING: Final = WaitingSound(music_class=None)

PROMPT_MS_MAX: Final = 600_000
"""After this a prompt counts as played even if nobody says so."""


def answer_call(state: State, call: Call, *, later: bool = False) -> None:
    """Tells Asterisk to answer the caller; `later`: after all else of this step."""
    call.answered = True
    call.counts.answers += 1
    command = AnswerCall(call.node, call.call_id)
    (state.tell_later if later else state.tell)(command)


def start_sound(state: State, call: Call, sound: WaitingSound) -> None:
    """Lets a waiting sound begin, after all else of this step; told again it does no harm.

    While a prompt plays it begins after that.
    """
    if call.sound == sound:
        return
    call.sound = sound
    if not hears_prompt(state, call):
        state.tell_later(StartWaitingSound(call.node, call.call_id, sound))


def sound_again(state: State, call: Call) -> None:
    """Lets the waiting sound begin again after a prompt, where there is one."""
    if call.sound is not None:
        state.tell_later(StartWaitingSound(call.node, call.call_id, call.sound))


def stop_waiting_sound(state: State, call: Call) -> None:
    """Ends what the caller hears while waiting, if anything."""
    if call.sound is not None:
        state.tell(StopWaitingSound(call.node, call.call_id, call.sound))
        call.sound = None


def no_sound(state: State, node: NodeId, channel_id: str) -> None:
    """Ends whatever waiting sound there may be at a channel of which nobody knows what it hears.

    Asterisk plays it on beside a talk: who hears it hears nobody else.
    """
    for sound in (WaitingSound(), RINGING):
        state.tell(StopWaitingSound(node, CallId(channel_id), sound))


def play(
    state: State,
    call: Call,
    media: Media,
    purpose: Purpose,
    *,
    after: Next | None = None,
    later: bool = False,
) -> None:
    """Plays media, which must not be empty, to a caller; a prompt that plays is cut off by it.

    `engine.core.talking.prompted` says what follows, by the purpose; `after` is where the
    call goes then (`Purpose.BEFORE`). `later`: after all else of this step.
    """
    assert media, "a prompt of nothing would never end"
    stop_prompt(state, call)
    _begin(state, call, media, purpose, after, later=later)


def play_again(state: State, call: Call) -> None:
    """Plays the call's prompt from its beginning, after a time in which nobody watched."""
    end_unseen_prompt(state, call)
    heard = prompt_of(call)
    _begin(state, call, heard.media, heard.purpose, heard.after)


def _begin(
    state: State,
    call: Call,
    media: Media,
    purpose: Purpose,
    after: Next | None,
    *,
    later: bool = False,
) -> None:
    if not call.answered:
        answer_call(state, call, later=later)
    call.counts.prompts += 1
    playback_id = playback_id_of(call.call_id, call.counts.prompts)
    call.prompt = Prompt(playback_id, media, purpose, after)
    tell = state.tell_later if later else state.tell
    tell(PlayPrompt(call.node, playback_id, call.call_id, media, call.language))
    state.timers.set(TimerKind.CALL_PROMPT, call.call_id, state.now_ms + PROMPT_MS_MAX)


def hears_prompt(state: State, call: Call) -> bool:
    """Tells whether a prompt plays to this caller."""
    return state.timers.is_set(TimerKind.CALL_PROMPT, call.call_id)


def stop_prompt(state: State, call: Call) -> None:
    """Cuts off the prompt that plays, if one does; nothing follows it."""
    if hears_prompt(state, call):
        state.timers.cancel(TimerKind.CALL_PROMPT, call.call_id)
        stop_playback(state, call)


def end_unseen_prompt(state: State, call: Call) -> None:
    """Ends the last prompt, which may have played on while nobody watched; nothing follows it.

    Otherwise the next one would wait in Asterisk until it is over.
    """
    forget_prompt(state, call)
    stop_playback(state, call)


def stop_playback(state: State, call: Call) -> None:
    """Tells Asterisk to stop what was played last, which may be over."""
    if call.playback_id is not None:
        state.tell(StopPrompt(call.node, call.playback_id, call.call_id))


def prompt_of(call: Call) -> Prompt:
    """Returns what this caller hears, or heard last; there is something."""
    assert call.prompt is not None, "a caller has heard nothing"
    return call.prompt


def forget_prompt(state: State, call: Call) -> None:
    """Takes a prompt for over without a word to Asterisk: it ended, or is cut off with the channel."""
    state.timers.cancel(TimerKind.CALL_PROMPT, call.call_id)
