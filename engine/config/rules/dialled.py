"""Rules: whatever is dialled with a feature code means one thing.

A code may be the beginning of another (`*7` of `*77`): what counts is whether a whole dialled string,
a code with the numbers after it, could be meant in two ways. `*76400` is queue 6400 at `*7`; it is an
error only if there is a queue 400 too, for `*76`. The sets are compared part by part, so this does
not depend on how many strings there are.

Keys with lamps cannot be confused with what is dialled by the same code: the first part of a key is
an extension's number, that of the other a queue's, and no extension has a queue's number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Final

from engine.config.convert import codes_of
from engine.config.places import KeyPath, Problem
from engine.config.rules.subject import Subject
from engine.core.policy import Presence

_SEPARATOR: Final = "*"
_QUEUE, _EXTENSION, _REASON, _PRESENCE = "queue", "extension", "reason", "presence"
_BOX: Final = "voicemail box"

_SHAPES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "login_toggle": ((_QUEUE,), (_EXTENSION, _QUEUE)),
    "pause_toggle": (
        (_QUEUE,),
        (_QUEUE, _REASON),
        (_EXTENSION, _QUEUE),
        (_EXTENSION, _QUEUE, _REASON),
    ),
    "login_all": ((),),
    "logout_all": ((),),
    "login_last": ((),),
    "wrapup_extend": ((_QUEUE,),),
    "presence": ((_PRESENCE,),),
    "listen": ((_EXTENSION,),),
    "whisper": ((_EXTENSION,),),
    "barge": ((_EXTENSION,),),
    "record_toggle": ((_EXTENSION,),),
    "record_pause_toggle": ((_EXTENSION,),),
    "hours_toggle": ((_QUEUE,),),
    "voicemail": ((), (_BOX,)),
}
"""What follows each code: parts with a * between them."""


def feature_codes(subject: Subject) -> Iterator[Problem]:
    """No string that can be dialled means two things."""
    if not subject.intact(("settings", "feature_codes")):
        return
    codes = {
        name: code
        for name, code in codes_of(subject.configuration.settings.feature_codes).items()
        if code
    }
    numbers = _numbers(subject)
    for first, second in combinations(codes, 2):
        short, long = sorted((first, second), key=lambda name: len(codes[name]))
        if not codes[long].startswith(codes[short]):
            continue
        found = _in_common(short, long, codes[long].removeprefix(codes[short]), numbers)
        if found is None:
            continue
        meant, also = found
        dialled = codes[short] + _SEPARATOR.join(meant)
        path = _whose(
            subject, (second, first), zip(_parts(short, meant, numbers), meant, strict=True)
        )
        yield subject.places.problem(
            path,
            f"{dialled} would mean two things: {_words(short, codes, meant)}, and"
            f" {_words(long, codes, also)}; change a code or a number",
        )


def monitor_digits(subject: Subject) -> Iterator[Problem]:
    """Each key of a monitoring supervisor does one thing."""
    path = ("settings", "monitor_digits")
    if not subject.intact(path):
        return
    first: dict[str, str] = {}
    for name, digit in subject.configuration.settings.monitor_digits.model_dump().items():
        other = first.setdefault(digit, name)
        if other != name:
            written = name if subject.places.has((*path, name)) else other
            yield subject.places.problem(
                (*path, written), f"{digit} is the key of {other} and of {name}: choose another"
            )


def _numbers(subject: Subject) -> dict[str, Collection[str]]:
    """Returns all that can stand for each kind of part, well-formed."""
    made = subject.configuration
    return {
        _QUEUE: made.queues.keys(),
        _EXTENSION: made.extensions.keys(),
        _REASON: made.pause_reasons.keys(),
        _BOX: (
            *made.extensions.keys(),
            *(each.number for each in made.voicemail_groups.values()),
        ),
        _PRESENCE: tuple(str(digit + 1) for digit in range(len(Presence))),
    }


def _in_common(
    short: str, long: str, more: str, numbers: Mapping[str, Collection[str]]
) -> tuple[list[str], list[str]] | None:
    """Finds a string that both codes allow after the shorter one.

    Args:
        short: the name of the code that the other begins with.
        long: the other's name.
        more: by what it is longer.
        numbers: what can stand for each kind of part.

    Returns:
        The parts after the short code, and those after the long one; None if nothing is in common.
    """
    for shape in _SHAPES[short]:
        for other in _SHAPES[long]:
            fields = _fields(more, other, numbers)
            if len(fields) != len(shape):
                continue
            ways = [
                next((way for way in field if way[0] in numbers[kind]), None)
                for kind, field in zip(shape, fields, strict=True)
            ]
            if None not in ways:
                found = [way for way in ways if way is not None]
                return [dialled for dialled, _ in found], [own for _, own in found if own]
    return None


def _fields(
    more: str, shape: tuple[str, ...], numbers: Mapping[str, Collection[str]]
) -> list[list[tuple[str, str]]]:
    """Returns what can be dialled between the *s after a shorter code, each with the number in it.

    The longer code's own end (`more`) makes the first of these fields, and begins the next one.
    """
    *fixed, beginning = more.split(_SEPARATOR)
    fields = [[(each, "")] for each in fixed]
    if shape:
        first, *others = shape
        fields.append([(beginning + each, each) for each in numbers[first]])
        fields += [[(each, each) for each in numbers[kind]] for kind in others]
    elif more:
        fields.append([(beginning, "")])
    return fields


def _parts(name: str, meant: list[str], numbers: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Returns the kinds of the parts that were dialled after a code."""
    return next(
        shape
        for shape in _SHAPES[name]
        if len(shape) == len(meant)
        and all(part in numbers[kind] for part, kind in zip(meant, shape, strict=True))
    )


def _whose(subject: Subject, names: tuple[str, ...], parts: Iterator[tuple[str, str]]) -> KeyPath:
    """Returns the place to change: a code that was written, or a number that meets a usual code."""
    for name in names:
        path = ("settings", "feature_codes", name)
        if subject.places.has(path):
            return path
    sections = {_QUEUE: "queues", _EXTENSION: "extensions", _BOX: "extensions"}
    for kind, number in parts:
        if kind in sections:
            return (sections[kind], number)
    return ("settings", "feature_codes", names[0])


def _words(name: str, codes: Mapping[str, str], parts: list[str]) -> str:
    after = _SEPARATOR.join(parts)
    return f"{name} ({codes[name]})" + (f" with {after}" if after else "")
