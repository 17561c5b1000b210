"""Where things were written, and what is wrong with them: `Place`, `Places`, `Problem`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from typing_extensions import override

Key = str | int
"""One step on the way to a value: a key of a mapping, or an index (from 0) into a list."""

KeyPath = tuple[Key, ...]
"""The way to a value from the top of the configuration."""


class Severity(StrEnum):
    """Whether a problem keeps the configuration from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line (from 1) of a file. For a problem with a directory, `file` is the directory, line 1."""

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
        """Returns `file:line: path - message`, with `warning:` before a warning's message."""
        mark = "warning: " if self.severity is Severity.WARNING else ""
        where = f"{self.path} - " if self.path else ""
        return f"{self.place.file}:{self.place.line}: {where}{mark}{self.message}"


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where each value of a configuration was written.

    Where something stands is no part of what it says: all `Places` are equal, so that two
    configurations are equal if they say the same.
    """

    by_path: Mapping[KeyPath, Place] = field(default_factory=dict)
    directory: Path = field(default_factory=Path)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places)

    @override
    def __hash__(self) -> int:
        return hash(Places)

    def of(self, path: KeyPath) -> Place:
        """Returns the place of a value, or of the nearest thing around it that was written."""
        for length in range(len(path), 0, -1):
            place = self.by_path.get(path[:length])
            if place is not None:
                return place
        return Place(self.directory, 1)

    def problem(self, path: KeyPath, message: str, severity: Severity = Severity.ERROR) -> Problem:
        """Makes a problem with the value at this path."""
        return Problem(self.of(path), path_text(path), message, severity)


def path_text(path: Iterable[Key]) -> str:
    """Returns a path as people read it: `queues.6400.members[2].agent` (indexes count from 0)."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{key}" if text else key
    return text
