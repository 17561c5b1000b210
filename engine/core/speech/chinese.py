"""Chinese (Mandarin), from sounds of our own; `texts` has the words of each.

Decisions, where usage has a choice:

- 2 counts as 两 before a unit of measure when it stands alone (两分钟, 两小时), and at the head of
  a number before 千, 万 and 亿 (两千, 两万, 两亿); else it is 二: 二, 十二, 二十, 二百, 三万二千,
  and always 二 where it names a place in line or is read as a digit.
- 10 to 19 are 十 ... 十九 at the head of a number and 一十 ... after hundreds: 一百一十五.
- A gap between places is 零 once: 一百零一, 一万零一十, 一百万零一.
- Digits are read as numbers, 1 as 一 and never 幺, which callers of other regions do not know.
"""

from __future__ import annotations

from typing import Final

from engine.core.speech.grammar import Grammar, Names, Unit
from engine.core.speech.phrases import KEY, NUMBER, Phrase

_ZERO: Final = "digits/0"
_PAIR: Final = "usher/two-of"
"""两."""
_GROUPS: Final = (
    (100_000_000, ("usher/hundred-million",)),
    (10_000, ("usher/ten-thousand",)),
    (1, ()),
)
_CONFIRM: Final = ("usher/callback-confirm",)


_UNITS: Final = {Unit.SECOND: "seconds", Unit.MINUTE: "minutes", Unit.HOUR: "hours"}

_PHRASES: Final[dict[Phrase, Names]] = {
    Phrase.THANKS: ("queue-thankyou",),
    Phrase.AGENT_ID: ("usher/agent", NUMBER, "usher/at-your-service"),
    Phrase.CALLBACK_OFFER: ("usher/press", KEY, "usher/to-be-called-back"),
    Phrase.CALLBACK_CONFIRM: ("usher/your-number-is", NUMBER, *_CONFIRM),
    Phrase.CALLBACK_CONFIRM_OTHER: ("you-entered", NUMBER, *_CONFIRM),
    Phrase.CALLBACK_ENTER_NUMBER: ("usher/enter-number",),
    Phrase.CALLBACK_INVALID_NUMBER: ("privacy-incorrect",),
    Phrase.CALLBACK_ALREADY: ("usher/callback-already",),
    Phrase.CALLBACK_NOT_CALLABLE: ("usher/callback-not-callable",),
    Phrase.CALLBACK_REGISTERED: ("usher/callback-registered",),
    Phrase.CALLBACK_FOR_AGENT: ("usher/callback-for-agent", NUMBER),
    Phrase.CALLBACK_NOT_REACHED: ("usher/callback-not-reached",),
    Phrase.QUEUE_CLOSED: ("usher/queue", NUMBER, "usher/queue-closed"),
    Phrase.QUEUE_OPEN: ("usher/queue", NUMBER, "usher/queue-open"),
    Phrase.QUEUE_BY_HOURS: ("usher/queue", NUMBER, "usher/queue-by-hours"),
}


def _number(n: int) -> Names:
    """Counts in groups of ten thousand; two-digit numbers are one sound, as that flows better."""
    names: list[str] = []
    gap = False
    for size, scale in _GROUPS:
        group, n = divmod(n, size)
        if not group:
            gap = bool(names)
            continue
        head = not names
        if gap or (not head and group < 1000):
            names.append(_ZERO)
        gap = False
        names += (_PAIR,) if group == 2 and head and scale else _group(group, head=head)
        names += scale
    return tuple(names) or (_ZERO,)


def _group(n: int, *, head: bool) -> Names:
    """Returns 1 to 9999, as the head of a number or within one."""
    names: list[str] = []
    thousands, rest = divmod(n, 1000)
    if thousands:
        names += (_PAIR if thousands == 2 and head else f"digits/{thousands}", "digits/thousand")
        if 0 < rest < 100:
            names.append(_ZERO)
    hundreds, rest = divmod(rest, 100)
    if hundreds:
        names += (f"digits/{hundreds}", "digits/hundred")
        if 0 < rest < 10:
            names.append(_ZERO)
    if 10 <= rest < 20 and (names or not head):
        names.append("digits/1")
    if rest:
        names.append(f"digits/{rest}")
    return tuple(names)


def _counted(n: int, unit: Unit) -> Names:
    return (*((_PAIR,) if n == 2 else _number(n)), _UNITS[unit])


def _place(n: int) -> Names:
    return ("queue-thereare", *_number(n), "queue-callswaiting")


_FIRST: Final = ("queue-youarenext",)
_WAIT: Final = ("queue-holdtime", "usher/about")
_SHORT_WAIT: Final = ("queue-holdtime", "queue-less-than", *_counted(1, Unit.MINUTE))

CHINESE: Final = Grammar(
    number=_number,
    counted=_counted,
    place=_place,
    first=_FIRST,
    wait=_WAIT,
    short_wait=_SHORT_WAIT,
    hours_from=60,
    phrases=_PHRASES,
    words=(
        *(f"digits/{n}" for n in range(100)),
        *("digits/hundred", "digits/thousand", _PAIR),
        *(name for _size, scale in _GROUPS for name in scale),
        *_UNITS.values(),
        *(*_FIRST, *_place(2), *_WAIT, *_SHORT_WAIT),
    ),
)
"""Mandarin; `texts` has the words of its sounds."""
