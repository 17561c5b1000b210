"""When two spellings are one telephone number: a judgement of the auditor's own, not the core's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.core.policy import NumberingPlan

_DIGITS_MIN: Final = 5
"""Shorter numbers are services or the house's own."""


def same_line(plan: NumberingPlan | None, one: str, other: str) -> bool:
    """Tells whether both lead to one line of the public network."""
    if one == other:
        return True
    if plan is None or not (_is_number(one) and _is_number(other)):
        return False
    return not set(_spellings(plan, one)).isdisjoint(_spellings(plan, other))


def _is_number(text: str) -> bool:
    return all(sign in "0123456789" for sign in text.removeprefix("+"))


def _spellings(plan: NumberingPlan, number: str) -> Iterator[str]:
    """Yields the ways to write that line with its country code, and the one that was written."""
    yield number
    signs = ["+"] if not plan.international_prefix else ["+", plan.international_prefix]
    for sign in signs:
        if number.startswith(sign):
            rest = number[len(sign) :]
            if _DIGITS_MIN <= len(rest) <= 15:
                yield from (each + rest for each in signs)
            return
    rest = _without_prefix(plan, number)
    if len(rest) >= _DIGITS_MIN and len(plan.country_code + rest) <= 15:
        yield from (each + plan.country_code + rest for each in signs)


def _without_prefix(plan: NumberingPlan, number: str) -> str:
    prefix, length, country = plan.national_prefix, plan.national_digits, plan.country_code
    if number.startswith(prefix) and (length is None or prefix[:1] == "0"):
        return number[len(prefix) :]
    if len(number) == length:
        return number
    for head in (prefix, country):
        if number.startswith(head) and len(number) - len(head) == length:
            return number[len(head) :]
    return ""
