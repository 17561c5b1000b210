"""Menus of keys (IVR): a caller hears what there is, presses, and goes there (Q-03, R-08).

* A key cuts the prompt off. With `direct_dial` numbers of queues and extensions can be dialled as well
  as keys pressed: of what is dialled the longest that exists counts, and as long as a longer one is
  possible more digits are waited for; `#` ends it.
* A wrong answer or none plays the menu's words for that and asks again, `tries` times in all. Then the
  same words are heard once more, and the caller goes to `wrong` or `silence`: by what was the last.
* A reload changes nothing for who is in a menu: the keys do what the caller was told. A destination
  that is gone by then says so.
* After a restart, or a lost connection, the question is asked again.
"""

from __future__ import annotations

from engine.core.callers.reach import inside
from engine.core.directions import Next, ToDestinationAfter
from engine.core.facts import RouteReason
from engine.core.model.call import Call, CallEvent
from engine.core.model.dialogue import MenuDialogue
from engine.core.model.state import State
from engine.core.places import Destination, Media, Menu, ToMenu
from engine.core.prompting.hearing import stop_waiting_sound
from engine.core.prompting.questions import Choices, Keys, ask, choose, end_dialogue, settled
from engine.core.routing.destinations import words_of
from engine.core.routing.sending import no_such_place, route


def enter_menu(state: State, call: Call, to: ToMenu) -> None:
    """Lets a caller choose."""
    menu = state.menus.get(to.menu)
    if menu is None:
        no_such_place(state, call, words_of(to))
        return
    stop_waiting_sound(state, call)
    call.advance(CallEvent.ASKED)
    call.language = menu.language or call.language
    ask(state, call, MenuDialogue(menu.timeout_ms, menu=menu), menu.media)


def key_pressed(state: State, call: Call, dialogue: MenuDialogue, digit: str) -> None:
    """A key in a menu."""
    menu = dialogue.menu
    chosen = choose(state, call, digit, _choices(state, menu))
    if chosen is not None:
        _go(state, call, menu, chosen)


def no_key(state: State, call: Call, dialogue: MenuDialogue) -> None:
    """No key came, or no more of them."""
    menu = dialogue.menu
    chosen = settled(dialogue, _choices(state, menu))
    if chosen is not None:
        _go(state, call, menu, chosen)
    elif dialogue.digits:
        _once_more(state, call, dialogue, menu.wrong_media, menu.wrong, RouteReason.MENU_WRONG)
    else:
        silence = menu.silence_media, menu.silence
        _once_more(state, call, dialogue, *silence, RouteReason.MENU_SILENCE)


def _choices(state: State, menu: Menu) -> Choices:
    keys = Keys(each.key for each in menu.keys)
    return _KeysAndNumbers(state, keys) if menu.direct_dial else keys


class _KeysAndNumbers:
    """A menu's keys, and the numbers of all queues and extensions, which may be thousands."""

    def __init__(self, state: State, keys: Keys) -> None:
        self._state = state
        self._keys = keys

    def __contains__(self, pressed: object) -> bool:
        return pressed in self._keys or inside(self._state, str(pressed)) is not None

    def has_longer(self, pressed: str) -> bool:
        return self._keys.has_longer(pressed) or self._state.has_longer_number(pressed)


def _go(state: State, call: Call, menu: Menu, chosen: str) -> None:
    """Sends a caller where the key or the number leads; a key goes before a number like it."""
    for key in menu.keys:
        if key.key == chosen:
            if key.priority is not None:
                call.priority = key.priority
            if key.required_skills is not None:
                call.required_skills = key.required_skills
            _leave(state, call, menu, key.destination, RouteReason.MENU_KEY, chosen)
            return
    onward = inside(state, chosen)
    assert onward is not None
    _leave(state, call, menu, onward, RouteReason.MENU_DIALLED, chosen)


def _once_more(
    state: State,
    call: Call,
    dialogue: MenuDialogue,
    words: Media,
    last: Destination,
    why: RouteReason,
) -> None:
    menu = dialogue.menu
    if dialogue.tries < menu.tries:
        ask(state, call, dialogue, words + menu.media)
        return
    pressed = dialogue.digits
    _leave(state, call, menu, ToDestinationAfter(words, last) if words else last, why, pressed)


def _leave(
    state: State, call: Call, menu: Menu, onward: Next, why: RouteReason, pressed: str
) -> None:
    end_dialogue(state, call)
    call.advance(CallEvent.DECIDED)
    route(state, call, onward, why, menu.name, pressed)
