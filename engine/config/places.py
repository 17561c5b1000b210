"""What is wrong, and where: `Place`, `Problem`, and the error that carries problems."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from typing_extensions import override

Key = str | int
"""One step on the way to a value: a key of a mapping, or an index (from 0) into a list."""

KeyPath = tuple[Key, ...]
"""The way to a value from the top of the configuration."""

_PATH_KEY_LENGTH_MAX: Final = 60
_EASY_KEY: Final = re.compile(r"[\w*#+-]+")


class Severity(StrEnum):
    """Whether a problem keeps the configuration from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line (from 1) of a file. For a problem with a directory, `file` is the directory, line 0."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, where, and what would be right. Printed as one line."""

    place: Place
    path: str
    message: str
    severity: Severity = Severity.ERROR

    @override
    def __str__(self) -> str:
        """Returns `file:line: path - message`, with `warning:` before a warning's message.

        Of a directory there is no line.
        """
        mark = "warning: " if self.severity is Severity.WARNING else ""
        where = f"{self.path} - " if self.path else ""
        line = f":{self.place.line}" if self.place.line else ""
        return _on_one_line(f"{self.place.file}{line}: {where}{mark}{self.message}")


class ConfigError(Exception):
    """The configuration cannot be used.

    Attributes:
        problems: all that is wrong, errors and warnings, by file and line.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keeps the problems; as text they are one line each."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Returns the problems sorted by file and line, each once."""
    return sorted(set(problems))


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Returns the problems that keep the configuration from being used."""
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def warnings_of(problems: Iterable[Problem]) -> list[Problem]:
    """Returns the problems that do not."""
    return [problem for problem in problems if problem.severity is Severity.WARNING]


def _on_one_line(text: str) -> str:
    """Returns the text with everything escaped that would not show, or would end the line."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def path_text(path: Iterable[Key]) -> str:
    """Returns a path as people read it: `queues.6400.members[2].agent` (indexes count from 0)."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + key_text(key)
    return text


def key_text(key: str) -> str:
    """Returns a key as it is, or, if it is odd or long, quoted, shortened and on one line."""
    if len(key) > _PATH_KEY_LENGTH_MAX:
        key = key[:_PATH_KEY_LENGTH_MAX] + "..."
    return key if _EASY_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=not key.isprintable())
