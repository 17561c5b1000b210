"""What the grammars have in common: names of sounds become media, patterns become sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.core.speech.phrases import KEY, NUMBER, Phrase

Media = tuple[str, ...]
"""Asterisk media URIs, to be played in order."""

Names = tuple[str, ...]
"""Names of sounds (files without suffix), to be played in order."""

NUMBER_MAX: Final = 999_999_999
_MINUTE_MS: Final = 60_000
_SIGNS: Final = {
    **{str(digit): f"digits/{digit}" for digit in range(10)},
    "*": "digits/star",
    "#": "digits/pound",
    "+": "letters/plus",
}


class Unit(StrEnum):
    """What is counted."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language: its rules, as functions from numbers to names of sounds."""

    number: Callable[[int], Names]
    """A bare number, from 0 to `NUMBER_MAX`."""
    counted: Callable[[int, Unit], Names]
    """So many of a unit."""
    place: Callable[[int], Names]
    """The place in line, from 2."""
    first: Names
    """The first place in line."""
    wait: Names
    """Before the estimated wait, from a minute on."""
    short_wait: Names
    """The whole sentence for an estimated wait of less than a minute."""
    hours_from: int
    """So many minutes are spoken as hours and minutes."""
    phrases: Mapping[Phrase, Names]
    """Each sentence, with `KEY` and `NUMBER` where these are spoken."""
    words: Collection[str]
    """Every sound that the rules (not the sentences) may use."""

    def names(self) -> frozenset[str]:
        """Returns every sound that this language may need."""
        said = {name for pattern in self.phrases.values() for name in pattern}
        return frozenset((said - {KEY, NUMBER}) | set(_SIGNS.values()) | set(self.words))


def media_of(names: Iterable[str]) -> Media:
    """Returns the media of these sounds."""
    return tuple(f"sound:{name}" for name in names)


def checked(n: int, least: int = 0) -> int:
    """Returns a number that can be spoken.

    Raises:
        ValueError: it cannot.
    """
    if not least <= n <= NUMBER_MAX:
        raise ValueError(f"numbers from {least} to {NUMBER_MAX} can be spoken, not {n}")
    return n


def duration_in(grammar: Grammar, ms: int) -> Names:
    """Returns a duration in the units that one would use for it."""
    seconds = (max(0, ms) + 500) // 1000
    if seconds < 60:
        return grammar.counted(seconds, Unit.SECOND)
    return _long(grammar, (seconds + 30) // 60)


def wait_in(grammar: Grammar, ms: int) -> Names:
    """Returns the estimated wait, in whole minutes, rounded up."""
    if ms < _MINUTE_MS:
        return grammar.short_wait
    return (*grammar.wait, *_long(grammar, -(-ms // _MINUTE_MS)))


def phrase_in(grammar: Grammar, which: Phrase, *, key: str, number: str) -> Names:
    """Returns a sentence with what is spoken in its places."""
    given = {KEY: key, NUMBER: number}
    pattern = grammar.phrases[which]
    for place, text in given.items():
        if (place in pattern) != bool(text):
            wants = "needs" if place in pattern else "has no place for"
            raise ValueError(f"{which.value} {wants} {place}")
    names: list[str] = []
    for part in pattern:
        names.extend(spelt(given[part]) if part in given else (part,))
    return tuple(names)


def spelt(text: str) -> Names:
    """Returns a text sign by sign; signs that have no sound are left out."""
    return tuple(_SIGNS[sign] for sign in text if sign in _SIGNS)


def _long(grammar: Grammar, minutes: int) -> Names:
    minutes = min(minutes, NUMBER_MAX)
    if minutes < grammar.hours_from:
        return grammar.counted(minutes, Unit.MINUTE)
    hours, rest = divmod(minutes, 60)
    after = grammar.counted(rest, Unit.MINUTE) if rest else ()
    return (*grammar.counted(hours, Unit.HOUR), *after)
