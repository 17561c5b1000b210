"""Dial patterns: which ones get in each other's way (which numbers fit: `engine.core.model.numbers`).

The letters are those of `engine.core.policy.InboundRoute`: X is 0-9, Z 1-9, N 2-9; at the end `.`
is one or more of anything and `!` none or more; everything else stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LETTERS: Final = {
    "X": frozenset("0123456789"),
    "Z": frozenset("123456789"),
    "N": frozenset("23456789"),
}


@dataclass(frozen=True, slots=True)
class _Parsed:
    fixed: tuple[frozenset[str], ...]
    """The characters allowed at each place."""
    open: bool
    """Anything may follow."""
    length_min: int


def covers(pattern: str, other: str) -> bool:
    """Tells whether every number that fits `other` fits `pattern` too."""
    wide, narrow = _parse(pattern), _parse(other)
    if len(narrow.fixed) < len(wide.fixed) or narrow.length_min < wide.length_min:
        return False
    if not wide.open and (narrow.open or len(narrow.fixed) > len(wide.fixed)):
        return False
    return all(inner <= outer for inner, outer in zip(narrow.fixed, wide.fixed, strict=False))


def may_begin_with(pattern: str, beginning: str) -> bool:
    """Tells whether a number that fits can begin so; the patterns `.` and `!` do not count."""
    parsed = _parse(pattern)
    if not parsed.fixed or (len(beginning) > len(parsed.fixed) and not parsed.open):
        return False
    return all(digit in allowed for digit, allowed in zip(beginning, parsed.fixed, strict=False))


def may_be_digits_after(pattern: str, beginning: str, digits_min: int) -> bool:
    """Tells whether a number that fits can be `beginning` and then `digits_min` digits or more."""
    parsed = _parse(pattern)
    fixed = [frozenset(digit) for digit in beginning]
    digits = _LETTERS["X"]
    length = max(len(parsed.fixed) if not parsed.open else 0, len(fixed) + digits_min)
    if not parsed.open and length != len(parsed.fixed):
        return False
    asked = [*fixed, *[digits] * (length - len(fixed))]
    return all(wanted & allowed for wanted, allowed in zip(asked, parsed.fixed, strict=False))


def length_min(pattern: str) -> int:
    """Returns the length of the shortest number that fits."""
    return _parse(pattern).length_min


def _parse(pattern: str) -> _Parsed:
    tail = pattern[-1:] if pattern[-1:] in {".", "!"} else ""
    head = pattern.removesuffix(tail)
    fixed = tuple(_LETTERS.get(letter, frozenset(letter)) for letter in head)
    return _Parsed(fixed, tail != "", len(fixed) + (tail == "."))
