"""Several files to one tree: sections may be spread, but each key is written once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.config.places import Place, Problem, path_text
from engine.config.tree import Entry, Node, Scalar, Table


def join(directory: Path, documents: Iterable[Table]) -> tuple[Table, list[Problem]]:
    """Returns one table of sections, in the files' order, and what is written twice.

    A section without content (`queues:` and nothing below) is an empty section.
    """
    joined = Table(directory, 1)
    problems: list[Problem] = []
    for document in documents:
        for name, entry in document.entries.items():
            section = _filled(entry)
            first = joined.entries.get(name)
            if first is None:
                joined.entries[name] = section
            else:
                joined.entries[name] = _joined(name, first, section, problems)
    return joined, problems


def _filled(entry: Entry) -> Entry:
    node: Node = entry.node
    if isinstance(node, Scalar) and node.value is None:
        node = Table(node.file, node.line)
    elif isinstance(node, Table):  # A copy: joining adds to it.
        node = Table(node.file, node.line, dict(node.entries))
    return Entry(entry.file, entry.line, node)


def _joined(name: str, first: Entry, second: Entry, problems: list[Problem]) -> Entry:
    """Returns the joined section; one that is no mapping wins, so that it gets its own problem."""
    if not isinstance(first.node, Table):
        return first
    if not isinstance(second.node, Table):
        return second
    for key, entry in second.node.entries.items():
        earlier = first.node.entries.setdefault(key, entry)
        if earlier is not entry:
            problems.append(
                Problem(
                    Place(entry.file, entry.line),
                    path_text((name, key)),
                    f"stands twice: first in {earlier.file}:{earlier.line}",
                )
            )
    return first
