"""Chinese numerals below one hundred, as text."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = "零一二三四五六七八九"


def numeral(n: int) -> str:
    """Returns 0 to 99 in Chinese characters: 零, 十, 十一, 二十, 二十一."""
    tens, ones = divmod(n, 10)
    if not tens:
        return _DIGITS[ones]
    head = "" if tens == 1 else _DIGITS[tens]
    return f"{head}十{_DIGITS[ones] if ones else ''}"
