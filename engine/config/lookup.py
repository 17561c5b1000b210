"""From a path in the configuration back to where it was written: `find`, `Places`."""

from __future__ import annotations

from collections.abc import Iterable, KeysView
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from typing_extensions import override

from engine.config.places import Key, KeyPath, Place, Problem, Severity, path_text
from engine.config.tree import Entry, Node, Scalar, Series, Table


@dataclass(frozen=True, slots=True)
class Found:
    """What is at the end of a path, as far as it leads: the node, its place, the path as written."""

    node: Node
    place: Place
    path: KeyPath
    """The way to it, with indexes as written."""
    steps: KeyPath
    """The way to it in this tree, from which list items may have been cut out."""
    key_place: Place
    """Where its key was written."""


def find(root: Node, path: Iterable[Key]) -> Found:
    """Follows a path as far as the tree goes."""
    node = root
    place = key_place = Place(root.file, root.line)
    shown: list[Key] = []
    steps: list[Key] = []
    for key in path:
        if isinstance(node, Table) and isinstance(key, str) and key in node.entries:
            entry = node.entries[key]
            node = entry.node
            key_place = Place(entry.file, entry.line)
            place = Place(node.file, node.line) if isinstance(node, Scalar) else key_place
            shown.append(key)
            steps.append(key)
        elif isinstance(node, Series) and isinstance(key, int) and key < len(node.items):
            index, node = node.items[key]
            place = key_place = Place(node.file, node.line)
            shown.append(index)
            steps.append(key)
        else:
            break
    return Found(node, place, tuple(shown), tuple(steps), key_place)


_NOTHING: Final[dict[str, Entry]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where each value of a configuration was written.

    Where something stands is no part of what it says: all `Places` are equal, so that two
    configurations are equal if they say the same.
    """

    root: Table = field(default_factory=lambda: Table(Path(), 1))

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places)

    @override
    def __hash__(self) -> int:
        return hash(Places)

    def problem(
        self, path: Iterable[Key], message: str, severity: Severity = Severity.ERROR
    ) -> Problem:
        """Makes a problem with the value at this path, or with the nearest thing around it."""
        wanted = tuple(path)
        found = find(self.root, wanted)
        # What is not written (a default) is named, but stands where its parent does.
        shown = found.path + wanted[len(found.path) :]
        return Problem(found.place, path_text(shown), message, severity)

    def warning(self, path: Iterable[Key], message: str) -> Problem:
        """Makes a problem that does not keep the configuration from being used."""
        return self.problem(path, message, Severity.WARNING)

    def names(self, section: str) -> KeysView[str] | None:
        """Returns the keys written in a section, None if the section was not readable."""
        entry = self.root.entries.get(section)
        if entry is None:
            return _NOTHING.keys()
        return entry.node.entries.keys() if isinstance(entry.node, Table) else None

    def has(self, path: KeyPath) -> bool:
        """Tells whether something other than null was written at this path, right or wrong."""
        found = find(self.root, path)
        return found.steps == path and not (
            isinstance(found.node, Scalar) and found.node.value is None
        )

    def line_of(self, path: Iterable[Key]) -> str:
        """Returns `file:line` of a value's key, for messages about something else."""
        place = find(self.root, path).key_place
        return f"{place.file}:{place.line}"
