"""A waiting caller asks to be called back: by key at any time, or when it is offered (C-01, C-02).

The caller stays in line meanwhile, in their place, and agents are rung on: who is connected in the
middle of the questions just talks. At the confirmation the visit ends, the caller hears a goodbye,
and a callback stands in their place from the same moment on. Whatever goes wrong, the caller is back
in the music, never in silence.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from engine.core.facts import (
    CallbackRequested,
    CallbackTrigger,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import EndpointName, visit_id_of
from engine.core.inputs import NO_ENDPOINT
from engine.core.model.call import Call
from engine.core.model.dialogue import Callback, CallbackDialogue, Purpose, Step
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.model.visit import Visit
from engine.core.places import Media, PlayThenHangUp
from engine.core.prompting.hearing import hears_prompt, play
from engine.core.prompting.questions import ask, end_dialogue, hear_key
from engine.core.queueing.announcing import back_to_music
from engine.core.queueing.attempts import is_waited_for, line_of, way_to
from engine.core.queueing.offers import want_again
from engine.core.queueing.pending import next_call_id, replace, set_offer, stand_in
from engine.core.queueing.ringing import Phone
from engine.core.queueing.visits import leave_queue, limit_again
from engine.core.routing.sending import follow
from engine.core.speech import Phrase, phrase
from engine.core.waiting import CallbackPolicy

KEY_MS: Final = 5_000
"""For so long a key is waited for; after a number's last digit, too, so that # can be left out."""
TRIES_MAX: Final = 3
"""How often a question is asked, and a number asked for, in one dialogue."""
DIGITS_MIN: Final = 5
DIGITS_MAX: Final = 20
KEYS_MAX: Final = 40
"""After so many keys a number counts as finished, and as wrong."""
YES: Final = "1"
OTHER: Final = "2"
FINISHED: Final = "#"
ANEW: Final = "*"
OFFER_KEY: Final = "1"
"""By which an offer is taken where the queue has no key for callbacks."""
OFFER_LATER_MS: Final = 5_000
"""After so long an offer is looked at again that came when an agent had just picked up."""


def key_pressed(state: State, call: Call, digit: str) -> bool:
    """Begins the dialogue if this is the queue's callback key; False if it means something else."""
    terms = _terms(state, call)
    if terms is None or call.callback is not None or digit != terms.key:
        return False
    if _visit(call).chosen is None:  # Else an agent is as good as on the line.
        _join_at_once(state, call)
        _begin(state, call, terms, CallbackDialogue(KEY_MS, trigger=CallbackTrigger.KEY))
    return True


def _join_at_once(state: State, call: Call) -> None:
    """Lets agents be rung for who cuts the join prompt off by asking."""
    visit = _visit(call)
    if visit.joining:
        visit.joining = False
        want_again(state, call)


def offer_is_due(state: State, call: Call) -> None:
    """Offers a callback to who has waited for so long, unless they are asking for one."""
    terms = _terms(state, call)
    if terms is None or terms.offer_after_ms == 0 or call.callback is not None:
        return
    if call.dialogue is not None:
        return
    if _visit(call).chosen is not None or hears_prompt(state, call):
        again_ms = state.now_ms + OFFER_LATER_MS
        state.timers.set(TimerKind.CALLBACK_OFFER, call.call_id, again_ms)
        return
    dialogue = CallbackDialogue(KEY_MS, trigger=CallbackTrigger.OFFERED)
    media = phrase(call.language, Phrase.CALLBACK_OFFER, key=terms.key or OFFER_KEY)
    _visit(call).callback_offered = True
    _ask(state, call, dialogue, media, Step.OFFER)


def offer_anew(state: State, call: Call) -> None:
    """Brings a changed configuration to a caller who waits already."""
    line = state.lines[_visit(call).queue_id]
    state.timers.cancel(TimerKind.CALLBACK_OFFER, call.call_id)
    set_offer(state, call, line)


def answered(state: State, call: Call, dialogue: CallbackDialogue, digit: str) -> bool:
    """Takes a key in answer to a question; False if it declines the offer and means something else."""
    terms = _terms(state, call)
    if terms is None:  # The queue was changed meanwhile.
        _back_to_line(state, call)
        return True
    if _visit(call).chosen is not None:
        return True  # An agent is as good as on the line. If not, the question comes again.
    match dialogue.step:
        case Step.OFFER if digit == (terms.key or OFFER_KEY):
            _begin(state, call, terms, dialogue)
        case Step.OFFER:
            _back_to_line(state, call)
            return False
        case Step.ENTER:
            _digit(state, call, terms, dialogue, digit)
        case Step.CONFIRM | Step.CONFIRM_OTHER if digit == YES:
            _confirmed(state, call, terms, dialogue)
        case Step.CONFIRM | Step.CONFIRM_OTHER if digit == OTHER:
            _ask_for_number(state, call, dialogue)
        case Step.CONFIRM | Step.CONFIRM_OTHER:
            _confirm(state, call, dialogue)
    return True


def silent(state: State, call: Call, dialogue: CallbackDialogue) -> None:
    """No key came in answer to a question."""
    terms = _terms(state, call)
    if terms is None or dialogue.step is Step.OFFER:
        _back_to_line(state, call)
    elif dialogue.step is not Step.ENTER:
        _confirm(state, call, dialogue)
    elif dialogue.digits:
        _entered(state, call, terms, dialogue)
    else:
        _ask_for_number(state, call, dialogue)


def _visit(call: Call) -> Visit:
    assert call.visit is not None
    return call.visit


def _terms(state: State, call: Call) -> CallbackPolicy | None:
    return state.lines[_visit(call).queue_id].policy.callback


def _ask(state: State, call: Call, dialogue: CallbackDialogue, media: Media, step: Step) -> None:
    """Asks a question; the tries of each are counted by themselves."""
    if dialogue.step is not step:
        dialogue.step, dialogue.tries = step, 0
    ask(state, call, dialogue, media)


def _begin(state: State, call: Call, terms: CallbackPolicy, dialogue: CallbackDialogue) -> None:
    """Proposes the number from which the call comes, if it can be called; else asks for one."""
    number = call.caller_number
    if not _is_number(state, call, number):
        _ask_for_number(state, call, dialogue)
    elif _way(state, call, terms, number) is None:
        _ask_for_number(state, call, dialogue, _say(call, Phrase.CALLBACK_NOT_CALLABLE))
    else:
        dialogue.number = number
        _confirm(state, call, dialogue, Step.CONFIRM)


def _confirm(
    state: State, call: Call, dialogue: CallbackDialogue, step: Step | None = None
) -> None:
    """Asks whether the number is right, for the first time (`step`) or again."""
    if step is None:
        step = dialogue.step
        if dialogue.tries >= TRIES_MAX:
            _back_to_line(state, call)
            return
    which = Phrase.CALLBACK_CONFIRM if step is Step.CONFIRM else Phrase.CALLBACK_CONFIRM_OTHER
    _ask(state, call, dialogue, phrase(call.language, which, number=dialogue.number), step)


def _ask_for_number(
    state: State, call: Call, dialogue: CallbackDialogue, before: Media = ()
) -> None:
    """Asks for a number, after saying why the last one was none; not for ever."""
    if dialogue.rounds >= TRIES_MAX:
        _back_to_line(state, call, before)
        return
    dialogue.rounds += 1
    _ask(state, call, dialogue, before + _say(call, Phrase.CALLBACK_ENTER_NUMBER), Step.ENTER)


def _digit(
    state: State, call: Call, terms: CallbackPolicy, dialogue: CallbackDialogue, digit: str
) -> None:
    if digit == FINISHED:
        _entered(state, call, terms, dialogue)
        return
    hear_key(state, call)
    if digit == ANEW:
        dialogue.digits = ""
    elif digit.isdecimal():
        dialogue.digits += digit
        if len(dialogue.digits) >= KEYS_MAX:
            _entered(state, call, terms, dialogue)


def _entered(state: State, call: Call, terms: CallbackPolicy, dialogue: CallbackDialogue) -> None:
    number = dialogue.digits
    if not _is_number(state, call, number):
        _ask_for_number(state, call, dialogue, _say(call, Phrase.CALLBACK_INVALID_NUMBER))
    elif _way(state, call, terms, number) is None:
        _ask_for_number(state, call, dialogue, _say(call, Phrase.CALLBACK_NOT_CALLABLE))
    else:
        dialogue.number = number
        _confirm(state, call, dialogue, Step.CONFIRM_OTHER)


def _confirmed(state: State, call: Call, terms: CallbackPolicy, dialogue: CallbackDialogue) -> None:
    number = dialogue.number
    queue_id = _visit(call).queue_id
    way = _way(state, call, terms, number)
    line = line_of(state, terms, number, _own_phone(state, call))
    if way is None:  # The configuration was changed meanwhile.
        _ask_for_number(state, call, dialogue, _say(call, Phrase.CALLBACK_NOT_CALLABLE))
    elif is_waited_for(state, queue_id, line):
        _back_to_line(state, call, _say(call, Phrase.CALLBACK_ALREADY))
    else:
        _register(state, call, number, line, way, dialogue.trigger)


def _register(
    state: State, call: Call, number: str, line: str, way: Phone, trigger: CallbackTrigger
) -> None:
    """Lets a callback take the caller's place; the caller hears a goodbye."""
    visit = _visit(call)
    waiting_id = next_call_id(state)
    terms = state.lines[visit.queue_id].policy.callback
    callback = Callback(
        visit_id_of(waiting_id, 1),
        number,
        state.now_ms,
        terms=terms,
        line=line,
    )
    state.note(
        CallbackRequested,
        callback.callback_id,
        visit.visit_id,
        call.call_id,
        waiting_id,
        visit.queue_id,
        number,
        trigger,
        visit.entered_ms,
    )
    rest_until_ms = state.timers.due_ms(TimerKind.RETRY, call.call_id) if visit.resting else None
    rest = None if rest_until_ms is None else (TimerKind.RETRY, rest_until_ms)
    leave_queue(state, call, VisitOutcome.MISSED, VisitReason.CALLBACK)
    follow(state, call, PlayThenHangUp(_say(call, Phrase.CALLBACK_REGISTERED)))
    place = Visit(
        callback.callback_id,
        visit.queue_id,
        visit.entered_ms,
        visit.order,
        visit.priority,
        tried=visit.tried,
        kept_for=visit.kept_for,
    )
    own = way.number is None
    name = call.caller_name if number == call.caller_number else ""
    agent_id = call.agent_id if own else None
    waiting = replace(state, call, waiting_id, way.endpoint, agent_id, number, name)
    stand_in(state, waiting, callback, place, rest)


def _back_to_line(state: State, call: Call, media: Media = ()) -> None:
    """Ends the dialogue; the caller hears why, if there is something to say, then the music."""
    end_dialogue(state, call)
    if media:
        play(state, call, media, Purpose.ANNOUNCEMENT)
    else:
        back_to_music(state, call)
    limit_again(state, call)


def _say(call: Call, which: Phrase) -> Media:
    return phrase(call.language, which)


def _is_number(state: State, call: Call, number: str) -> bool:
    """Tells whether this can be a telephone number; a phone of the house is called by its own."""
    if number != "" and number == _own_phone(state, call):
        return True
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return False
    return DIGITS_MIN <= len(digits) <= DIGITS_MAX


def _own_phone(state: State, call: Call) -> EndpointName:
    return call.endpoint if call.endpoint in state.extensions else NO_ENDPOINT


def _way(state: State, call: Call, terms: CallbackPolicy, number: str) -> Phone | None:
    """Returns how this number is called; a phone of the house reaches by it what it may dial itself."""
    own = state.extensions.get(call.endpoint)
    if own is not None:
        may = tuple(name for name in terms.outbound_routes if name in own.outbound_routes)
        terms = dataclasses.replace(terms, outbound_routes=may)
    return way_to(state, terms, number, _own_phone(state, call))
