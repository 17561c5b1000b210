"""What is played to who waits, and when: the join prompt, then announcements amid the music.

One timer per caller, set to the next moment at which something is due; nothing is done in between.
The join prompt comes first, the waiting sound after it (P-01, P-02). Then the queue announcement
and the progress (position, estimated wait, thanks) each come at their interval, counted from entry
and from then on from start to start (P-04, P-05). What is due at the same moment is joined into one
prompt, progress first: the announcement, which may name keys, is what the caller hears last.

Prompts never overlap, and the music that they pause begins again after them (P-06). What comes due
while something else is heard waits for it to end, and for `MUSIC_MS_MIN` of music after it. Nothing
is announced while an agent who has picked up hears the agent prompt, nor in a dialogue. What was
missed while the caller's Asterisk was out of reach is not made up for. Connecting cuts a prompt off,
so none ever delays an agent. A callback that waits without a channel hears nothing.
"""

from __future__ import annotations

from typing import Final

from engine.core import speech
from engine.core.commands import PlayToTalk
from engine.core.estimate.forecast import wait_ms
from engine.core.ids import bridge_id_of, playback_id_of
from engine.core.model.call import Call
from engine.core.model.dialogue import Purpose
from engine.core.model.leg import Leg
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.places import Media
from engine.core.prompting.hearing import hears_prompt, play, prompt_of, sound_again, stop_prompt
from engine.core.queueing.offers import want_again
from engine.core.waiting import Announcements

MUSIC_MS_MIN: Final = 5_000
"""So long a caller hears music before a prompt that had to wait for another to end."""


def welcome(state: State, call: Call, line: Line) -> None:
    """Plays the join prompt to who has just entered, if there is one, and plans announcements."""
    visit = call.visit
    assert visit is not None
    if call.callback is not None:
        return
    what = line.policy.announcements
    if what.join:
        visit.joining = what.join_first
        play(state, call, what.join, Purpose.JOIN, later=True)
    plan(state, call, line)


def plan(state: State, call: Call, line: Line) -> None:
    """Works out, from the configuration and counted from entry, what is due when."""
    visit = call.visit
    assert visit is not None
    if call.callback is not None:
        return
    what = line.policy.announcements
    visit.queue_due_ms = _next_ms(visit.entered_ms, _queue_every_ms(what), state.now_ms)
    visit.progress_due_ms = _next_ms(visit.entered_ms, _progress_every_ms(what), state.now_ms)
    _set_timer(state, call, visit)


def announce(state: State, call: Call) -> None:
    """Plays what is due now, unless something else is heard: then it is tried again later."""
    visit = call.visit
    assert visit is not None
    engaged = call.dialogue is not None or visit.chosen is not None or hears_prompt(state, call)
    if not engaged:
        line = state.lines[visit.queue_id]
        call.language = line.policy.language
        media = _due(state, line, visit)
        if media:
            play(state, call, media, Purpose.ANNOUNCEMENT)
    _set_timer(state, call, visit)


def back_to_music(state: State, call: Call) -> None:
    """Lets the music begin again for a waiting caller, after a prompt or a dialogue.

    After the join prompt agents may be rung, if they were not to be before.
    """
    visit = call.visit
    assert visit is not None
    sound_again(state, call)
    _set_timer(state, call, visit)
    if visit.joining:
        visit.joining = False
        want_again(state, call)


def catch_up(state: State, call: Call, line: Line) -> None:
    """Goes on with a caller's wait after it was out of reach.

    A prompt that may or may not have been heard to its end counts as heard; what came due meanwhile
    is passed over.
    """
    visit = call.visit
    assert visit is not None
    if hears_prompt(state, call) and prompt_of(call).purpose is not Purpose.QUESTION:
        stop_prompt(state, call)
        sound_again(state, call)
    visit.joining = False
    what = line.policy.announcements
    if 0 < visit.queue_due_ms <= state.now_ms:
        visit.queue_due_ms = _next_ms(visit.queue_due_ms, _queue_every_ms(what), state.now_ms)
    if 0 < visit.progress_due_ms <= state.now_ms:
        every_ms = _progress_every_ms(what)
        visit.progress_due_ms = _next_ms(visit.progress_due_ms, every_ms, state.now_ms)
    _set_timer(state, call, visit)


def say_agent(state: State, leg: Leg) -> None:
    """Tells both sides of a queue's talk that has just begun who the agent is (P-07)."""
    line = None if leg.queue_id is None else state.lines.get(leg.queue_id)
    if line is None or leg.agent_id is None or not line.policy.announcements.agent_id:
        return
    bridge_id, language = bridge_id_of(leg.leg_id), line.policy.language
    media = speech.agent_id(language, leg.agent_id)
    playback_id = playback_id_of(bridge_id, 1)
    state.tell(PlayToTalk(leg.node, playback_id, bridge_id, media, language))


def _due(state: State, line: Line, visit: Visit) -> Media:
    """Returns what is to be said now, all in one, and sets each of it to its next moment."""
    what, now_ms = line.policy.announcements, state.now_ms
    media: Media = ()
    if 0 < visit.progress_due_ms <= now_ms:
        visit.progress_due_ms = now_ms + _progress_every_ms(what)
        media += _progress(state, line, visit)
    if 0 < visit.queue_due_ms <= now_ms:
        visit.queue_due_ms = now_ms + _queue_every_ms(what)
        media += what.queue
    return media


def _progress(state: State, line: Line, visit: Visit) -> Media:
    what, language = line.policy.announcements, line.policy.language
    media: Media = ()
    if what.position:
        media += speech.position(language, line.position(visit))
    if what.wait:
        media += speech.wait(language, wait_ms(state, line, visit))
    if what.thanks:
        media += speech.thanks(language)
    return media


def _queue_every_ms(what: Announcements) -> int:
    return what.queue_every_ms if what.queue else 0


def _progress_every_ms(what: Announcements) -> int:
    return what.progress_every_ms if what.position or what.wait or what.thanks else 0


def _next_ms(begin_ms: int, every_ms: int, now_ms: int) -> int:
    """Returns the next moment after now that is a whole number of intervals after a beginning."""
    if every_ms == 0:
        return 0
    return begin_ms + (max(0, now_ms - begin_ms) // every_ms + 1) * every_ms


def _set_timer(state: State, call: Call, visit: Visit) -> None:
    """Sets the timer to what is due next; what is due already has to wait for music."""
    dues = [each for each in (visit.queue_due_ms, visit.progress_due_ms) if each > 0]
    if not dues:
        state.timers.cancel(TimerKind.ANNOUNCE, call.call_id)
        return
    due_ms = min(dues)
    if due_ms <= state.now_ms:
        due_ms = state.now_ms + MUSIC_MS_MIN
    state.timers.set(TimerKind.ANNOUNCE, call.call_id, due_ms)
