"""What the house says, by each language's grammar: as Asterisk media URIs, `sound:` ones only.

Door: the functions here (`number`, `digits`, `position`, `wait`, `phrase` and so on), each with a
language first, `Phrase`, and `names` (every sound that a language may need). English is joined
from Asterisk's core sounds; Chinese from sounds that `engine.core.speech.texts` gives the words of.
A language that the house does not know is spoken by English grammar.
Must not: know whether a file exists, play anything.
"""

from __future__ import annotations

from typing import Final

from engine.core.speech.chinese import CHINESE
from engine.core.speech.english import ENGLISH
from engine.core.speech.grammar import (
    Grammar,
    Media,
    Unit,
    checked,
    duration_in,
    media_of,
    phrase_in,
    spelt,
    wait_in,
)
from engine.core.speech.phrases import Phrase

__all__ = [
    "LANGUAGES",
    "Media",
    "Phrase",
    "agent_id",
    "digits",
    "duration",
    "grammar_of",
    "minutes",
    "names",
    "number",
    "phrase",
    "position",
    "seconds",
    "thanks",
    "wait",
]

_GRAMMARS: Final[dict[str, Grammar]] = {"en": ENGLISH, "zh": CHINESE}

LANGUAGES: Final = tuple(_GRAMMARS)
"""The languages that the house speaks by a grammar of their own."""


def grammar_of(language: str) -> str:
    """Returns by which of `LANGUAGES` a language such as `zh_CN` is spoken; `en` where by none."""
    base = language.replace("-", "_").partition("_")[0]
    return base if base in _GRAMMARS else "en"


def _grammar(language: str) -> Grammar:
    return _GRAMMARS[grammar_of(language)]


def number(language: str, n: int) -> Media:
    """Returns `n` as a number, "one hundred one".

    Raises:
        ValueError: it is not within 0..999,999,999.
    """
    return media_of(_grammar(language).number(checked(n)))


def digits(_language: str, text: str) -> Media:
    """Returns a text sign by sign: digits, `+`, `*` and `#`. Other signs are left out."""
    return media_of(spelt(text))


def seconds(language: str, n: int) -> Media:
    """Returns "one second", "two seconds"."""
    return media_of(_grammar(language).counted(checked(n), Unit.SECOND))


def minutes(language: str, n: int) -> Media:
    """Returns "one minute", "two minutes"."""
    return media_of(_grammar(language).counted(checked(n), Unit.MINUTE))


def duration(language: str, ms: int) -> Media:
    """Returns how long `ms` is, rounded to what is said: seconds below a minute, then minutes.

    From an hour (where the language has no word for one, from two) on: hours and minutes.
    """
    return media_of(duration_in(_grammar(language), ms))


def position(language: str, n: int) -> Media:
    """Returns the caller's place in line, from 1; the first hears words of their own.

    Raises:
        ValueError: it is not within 1..999,999,999.
    """
    grammar = _grammar(language)
    return media_of(grammar.first if checked(n, 1) == 1 else grammar.place(n))


def wait(language: str, ms: int | None) -> Media:
    """Returns the estimated wait: "less than one minute", or whole minutes, rounded up.

    Rounded up, as who is told two minutes and waits one is content, and the other way round not.
    None (no estimate) is nothing to say: ().
    """
    return () if ms is None else media_of(wait_in(_grammar(language), ms))


def thanks(language: str) -> Media:
    """Returns "thank you for your patience"."""
    return phrase(language, Phrase.THANKS)


def agent_id(language: str, number: str) -> Media:
    """Returns "agent 1 0 0 1", as both sides hear it on answer (P-07)."""
    return phrase(language, Phrase.AGENT_ID, number=number)


def phrase(language: str, which: Phrase, *, key: str = "", number: str = "") -> Media:
    """Returns a whole sentence. `key` and `number` are spoken sign by sign where it has them.

    Raises:
        ValueError: the sentence has a place for one of them that is not given, or has none for
            one that is.
    """
    return media_of(phrase_in(_grammar(language), which, key=key, number=number))


def names(language: str) -> frozenset[str]:
    """Returns the names of all sounds (without `sound:`) that this language's grammar may use."""
    return _grammar(language).names()
