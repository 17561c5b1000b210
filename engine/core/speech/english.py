"""English, joined from the core sounds that Asterisk ships (asterisk-core-sounds-en).

Nothing is recorded for us, so sentences are made of the words that exist. Where no words fit well
(the survey's question), an admin's own prompt will always sound better; docs/prompts.md says so.
There is no "hour" among the core sounds, only "hours": up to 119 minutes are spoken as minutes.
"""

from __future__ import annotations

from typing import Final

from engine.core.speech.grammar import Grammar, Names, Unit
from engine.core.speech.phrases import KEY, NUMBER, Phrase

_SCALES: Final = ((1_000_000, "digits/million"), (1000, "digits/thousand"), (100, "digits/hundred"))


_UNITS: Final = {
    Unit.SECOND: ("second", "seconds"),
    Unit.MINUTE: ("minute", "minutes"),
    Unit.HOUR: ("hours", "hours"),
}

_PHRASES: Final[dict[Phrase, Names]] = {
    Phrase.THANKS: ("queue-thankyou",),
    Phrase.AGENT_ID: ("spy-agent", NUMBER),
    # Press ... for calling your telephone number.
    Phrase.CALLBACK_OFFER: ("vm-press", KEY, "vm-for", "calling", "your", "telephone-number"),
    # The number I have is ... If this is correct, press 1. Press 2 to enter a different number.
    Phrase.CALLBACK_CONFIRM: (
        "vm-num-i-have",
        NUMBER,
        "if-correct-press",
        "digits/1",
        "vm-calldiffnum",
    ),
    Phrase.CALLBACK_CONFIRM_OTHER: (
        "you-entered",
        NUMBER,
        "if-correct-press",
        "digits/1",
        "vm-calldiffnum",
    ),
    Phrase.CALLBACK_ENTER_NUMBER: ("privacy-prompt", "vm-then-pound"),
    Phrase.CALLBACK_INVALID_NUMBER: ("privacy-incorrect",),
    # Your telephone number is waiting to speak with a representative.
    Phrase.CALLBACK_ALREADY: ("your", "telephone-number", "is", "queue-callswaiting"),
    Phrase.CALLBACK_NOT_CALLABLE: ("cannot-complete-as-dialed", "check-number-dial-again"),
    # The number was successfully added. Thank you. Goodbye.
    Phrase.CALLBACK_REGISTERED: (
        "num-was-successfully",
        "added",
        "auth-thankyou",
        "vm-goodbye",
    ),
    Phrase.CALLBACK_FOR_AGENT: ("calling", "telephone-number", NUMBER),
    Phrase.CALLBACK_NOT_REACHED: ("number-not-answering",),
    # For your agent, press 1, 2, 3.
    Phrase.QUEUE_CLOSED: ("number", NUMBER, "is", "disabled"),
    Phrase.QUEUE_OPEN: ("number", NUMBER, "is", "enabled"),
    Phrase.QUEUE_BY_HOURS: ("number", NUMBER, "is-set-to", "hours"),
}


def _number(n: int) -> Names:
    """One hundred one, without "and", as Asterisk's own `number:` has it."""
    for size, name in _SCALES:
        if n >= size:
            count, rest = divmod(n, size)
            return (*_number(count), name, *(_number(rest) if rest else ()))
    if n > 20 and n % 10:
        return (f"digits/{n - n % 10}", f"digits/{n % 10}")
    return (f"digits/{n}",)


def _counted(n: int, unit: Unit) -> Names:
    return (*_number(n), _UNITS[unit][n != 1])


def _place(n: int) -> Names:
    return ("queue-thereare", *_number(n), "queue-callswaiting")


_FIRST: Final = ("queue-youarenext",)
_WAIT: Final = ("queue-holdtime",)
_SHORT_WAIT: Final = (*_WAIT, "queue-less-than", *_counted(1, Unit.MINUTE))

ENGLISH: Final = Grammar(
    number=_number,
    counted=_counted,
    place=_place,
    first=_FIRST,
    wait=_WAIT,
    short_wait=_SHORT_WAIT,
    hours_from=120,
    phrases=_PHRASES,
    words=(
        *(f"digits/{n}" for n in (*range(21), *range(30, 100, 10))),
        *(name for _size, name in _SCALES),
        *(name for names in _UNITS.values() for name in names),
        *(*_FIRST, *_place(2), *_SHORT_WAIT),
    ),
)
"""English as Asterisk's core sounds allow it."""
