"""Dial patterns (their language is told at `policy.InboundRoute`): is a number like one?"""

from __future__ import annotations

import re
from functools import cache

_LETTERS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}
_ENDINGS = {".": ".+", "!": ".*"}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    body, ending = pattern, ""
    if pattern and pattern[-1] in _ENDINGS:
        body, ending = pattern[:-1], _ENDINGS[pattern[-1]]
    parts = [_LETTERS.get(letter, re.escape(letter)) for letter in body]
    return re.compile("".join(parts) + ending, re.DOTALL)


def matches(pattern: str, number: str) -> bool:
    """Tells whether the whole of `number` is like `pattern`."""
    return _compiled(pattern).fullmatch(number) is not None
