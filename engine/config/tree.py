"""YAML values that remember where they were written: `Scalar`, `Series`, `Table`.

A tree may share parts (YAML aliases), but never contains itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.config.places import Key, KeyPath

PlainScalar = str | int | float | bool | None
Plain = PlainScalar | list["Plain"] | dict[str, "Plain"] | object


class _Broken:
    """Stands for a value that was already reported as wrong."""


BROKEN: Final = _Broken()


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value; `text` is how it was written (without quotes)."""

    file: Path
    line: int
    value: PlainScalar | _Broken
    text: str

    @property
    def size(self) -> int:
        """One."""
        return 1

    @property
    def depth(self) -> int:
        """Zero."""
        return 0


@dataclass(slots=True, eq=False)
class Series:
    """A list. Each item keeps the index that it had when it was written."""

    file: Path
    line: int
    items: list[tuple[int, Node]] = field(default_factory=list)
    size: int = 1
    """Nodes in it, itself included, aliases counted as if written out."""
    depth: int = 0
    """Levels below it."""


@dataclass(slots=True, eq=False)
class Table:
    """A mapping from text to nodes, with the line of each key."""

    file: Path
    line: int
    entries: dict[str, Entry] = field(default_factory=dict)
    size: int = 1
    """Nodes in it, itself included, aliases counted as if written out."""
    depth: int = 0
    """Levels below it."""


@dataclass(slots=True, eq=False)
class Entry:
    """One key's value in a table. `file` is where the key was written."""

    file: Path
    line: int
    node: Node


Node = Scalar | Series | Table


def plain(node: Node) -> Plain:
    """Returns dicts, lists and scalars without places (`BROKEN` where something was reported)."""
    if isinstance(node, Table):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, Series):
        return [plain(item) for _, item in node.items]
    return node.value


Cuts = dict[Key, "Cuts | None"]
"""What to take out of a tree: key to deeper cuts, or to None for the whole entry."""


def add_cut(cuts: Cuts, path: KeyPath) -> None:
    """Adds the node at this path (positions in the tree, not indexes as written) to the cuts."""
    for key in path[:-1]:
        deeper = cuts.setdefault(key, {})
        if deeper is None:
            return
        cuts = deeper
    cuts[path[-1]] = None


def without(node: Node, cuts: Cuts) -> Node:
    """Returns the tree without what is cut out; the given tree stays as it is."""
    if isinstance(node, Table):
        return Table(node.file, node.line, dict(_kept_entries(node, cuts)), node.size)
    if isinstance(node, Series):
        return Series(node.file, node.line, list(_kept_items(node, cuts)), node.size)
    return node


def _kept_entries(table: Table, cuts: Cuts) -> Iterable[tuple[str, Entry]]:
    for key, entry in table.entries.items():
        if key not in cuts:
            yield key, entry
        elif (deeper := cuts[key]) is not None:
            yield key, Entry(entry.file, entry.line, without(entry.node, deeper))


def _kept_items(series: Series, cuts: Cuts) -> Iterable[tuple[int, Node]]:
    for position, (index, item) in enumerate(series.items):
        if position not in cuts:
            yield index, item
        elif (deeper := cuts[position]) is not None:
            yield index, without(item, deeper)
