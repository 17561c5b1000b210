"""Telephone numbers: like which pattern (`policy.InboundRoute`), and whose line whatever the spelling."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from engine.core.policy import NumberingPlan

LINE_DIGITS_MIN: Final = 5
"""What has fewer digits is no line of the public network: a service, an emergency call."""
LINE_DIGITS_MAX: Final = 15
"""With the country code (ITU-T E.164)."""

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


def line_known_by(plan: NumberingPlan | None, number: str) -> str | None:
    """Returns 00, country code and national number for a number however it is spelled.

    None where that cannot be told: then it is like no other spelling.
    """
    digits = number.removeprefix("+")
    if plan is None or not (digits.isascii() and digits.isdecimal()):
        return None
    abroad = plan.international_prefix
    if digits != number:
        whole = digits
    elif abroad and digits.startswith(abroad):
        whole = digits.removeprefix(abroad)
    else:
        national = _national(plan, digits)
        whole = plan.country_code + national if len(national) >= LINE_DIGITS_MIN else ""
    return "00" + whole if LINE_DIGITS_MIN <= len(whole) <= LINE_DIGITS_MAX else None


def _national(plan: NumberingPlan, digits: str) -> str:
    """Returns a national number without what stands before it; "" for what is none.

    Numbers of the plan's length are also written without the prefix, or with the country code and no
    sign before it. Where the prefix is a 0 it says enough by itself; another digit may as well begin the
    number (8 125 551234 in Russia), and the length decides.
    """
    prefix, length = plan.national_prefix, plan.national_digits
    if prefix.startswith("0") and digits.startswith(prefix):
        return digits.removeprefix(prefix)
    for before in (prefix,) if length is None else ("", prefix, plan.country_code):
        if digits.startswith(before) and length in (None, len(digits) - len(before)):
            return digits.removeprefix(before)
    return ""
