"""Which lamp keys there are, as Asterisk's dial patterns that fit these keys and no others (row A-02).

One hint for each key would be 22,000 for 200 agents in 5 queues with 20 reasons, and Asterisk's work
grows with the square of them; one pattern for everything would let a phone watch keys of agents who
are not there, and a lamp that watches such a key is green. Exact patterns are few and say no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.config.models import Configuration

_DIGITS: Final = "0123456789"


def lamps_of(configuration: Configuration) -> tuple[str, ...]:
    """Returns the patterns of all keys of the members of all queues.

    A key is what is dialled when it is pressed: `*7<agent>*<queue>` for the log-in,
    `*07<agent>*<queue>` for the pause, and with `*<reason>` for the pause for that reason. The engine
    sets the states of devices of the same names (`Stasis:*71001*6400`). A code that is switched off
    has no keys.
    """
    codes = configuration.settings.feature_codes
    reasons = ("", *(f"*{pattern}" for pattern in patterns_of(configuration.pause_reasons)))
    queues_of: dict[frozenset[str], list[str]] = {}
    for number, queue in configuration.queues.items():
        queues_of.setdefault(frozenset(each.agent for each in queue.members), []).append(number)
    pairs = [
        f"{agents}*{queues}"
        for members, numbers in queues_of.items()
        for agents in patterns_of(members)
        for queues in patterns_of(numbers)
    ]
    lamps = [f"{codes.login_toggle}{pair}" for pair in pairs if codes.login_toggle]
    if codes.pause_toggle:
        lamps += [f"{codes.pause_toggle}{pair}{reason}" for pair in pairs for reason in reasons]
    return tuple(lamps)


def patterns_of(numbers: Iterable[str]) -> tuple[str, ...]:
    """Returns patterns that fit exactly these strings of digits, each by one pattern only.

    Digits stand for themselves, `X` for any, `[34]` for one of these.
    """
    return _patterns(frozenset(numbers))


def _patterns(numbers: frozenset[str]) -> tuple[str, ...]:
    ends = ("",) if "" in numbers else ()
    digits_of: dict[tuple[str, ...], str] = {}
    for digit in _DIGITS:
        rest = frozenset(each[1:] for each in numbers if each[:1] == digit)
        if rest:
            tail = _patterns(rest)
            digits_of[tail] = digits_of.get(tail, "") + digit
    return ends + tuple(
        _one_of(digits) + pattern for tail, digits in digits_of.items() for pattern in tail
    )


def _one_of(digits: str) -> str:
    if digits == _DIGITS:
        return "X"
    return digits if len(digits) == 1 else f"[{digits}]"
