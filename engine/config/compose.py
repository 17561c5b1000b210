"""Text of one YAML file to a tree that knows its lines, with words for what is wrong in it.

YAML here is the plain kind: one document, a mapping at the top; scalars by the rules of YAML 1.2
(so `yes`, `on` and `12:30` are texts, as in editors), without tags. Anchors, aliases and `<<` work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

import yaml

from engine.config.places import Key, Place, Problem, path_text
from engine.config.syntax import syntax_words
from engine.config.tree import BROKEN, Entry, Node, PlainScalar, Scalar, Series, Table

DEPTH_MAX: Final = 32
NODES_MAX: Final = 1_000_000
"""Values in one file, aliases counted as if written out: an alias bomb does not go off."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT: Final = re.compile(
    r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE][-+]?[0-9]{1,4})?"
)
_WORDS: Final[dict[str, PlainScalar]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _GiveUp(Exception):
    """Nothing more can be read from this file; its problem is noted."""


def compose(file: Path, text: str) -> tuple[Table | None, list[Problem]]:
    """Reads one YAML document.

    Returns:
        The tree, None if it could not be made, and all problems found. A value with a problem is
        `BROKEN` in the tree, so that later checks can leave it alone.
    """
    composer = _Composer(file, text)
    try:
        return composer.document(), composer.problems
    except _GiveUp:
        return None, composer.problems
    except yaml.MarkedYAMLError as error:
        line, message = syntax_words(error, text, _LOADER)
        composer.problems.append(Problem(Place(file, line), "", message))
        return None, composer.problems


class _Composer:
    """Makes the tree from the parser's events, which know their lines."""

    def __init__(self, file: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._lines = text.count("\n") + (not text.endswith("\n"))
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, Node | None] = {}
        self._path: list[Key] = []

    def document(self) -> Table | None:
        """Returns the file's only document: a mapping, empty if there are only comments."""
        next(self._events)  # The stream's start.
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Table(self._file, 1)
        event = next(self._events)
        root = self._node(event)
        next(self._events)  # The document's end.
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._note(event, "one document per file: remove this ---")
            raise _GiveUp
        if isinstance(root, Scalar) and root.value is None:
            return Table(self._file, 1)
        if isinstance(root, Table):
            return root
        self._note(event, "must be a mapping of sections such as queues: and trunks:", root.line)
        return None

    def _note(self, event: yaml.Event, message: str, line: int | None = None) -> None:
        place = Place(self._file, min(line or _line(event), self._lines))
        self.problems.append(Problem(place, path_text(self._path), message))

    def _too_deep(self, event: yaml.Event) -> NoReturn:
        self._path.clear()
        self._note(event, f"nested more than {DEPTH_MAX} deep")
        raise _GiveUp

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if len(self._path) > DEPTH_MAX:
            self._too_deep(event)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._series(event)
        else:
            node = self._table(event)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent) -> Node:
        name = str(event.anchor)
        target = self._anchors.get(name)
        if target is not None:
            return target
        inside = name in self._anchors
        words = "stands inside what it repeats" if inside else "is not defined above"
        self._note(event, f"*{name} {words}")
        return Scalar(self._file, _line(event), BROKEN, "")

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        line, text = _line(event), event.value
        value: PlainScalar = text
        if event.tag is not None and event.tag not in {"!", "tag:yaml.org,2002:str"}:
            self._note(event, "tags (words after !) are not used here: remove it")
            return Scalar(self._file, line, BROKEN, text)
        if event.implicit[0]:
            if text in _WORDS:
                value = _WORDS[text]
            elif _INTEGER.fullmatch(text):
                value = int(text)
                if text != str(value):
                    self._note(event, f'is this a number or a text? Write {value} or "{text}"')
                    return Scalar(self._file, line, BROKEN, text)
            elif _FLOAT.fullmatch(text):
                value = float(text)
        return Scalar(self._file, line, value, text)

    def _count(self, node: Series | Table, child: Node, event: yaml.Event) -> None:
        node.size += child.size
        node.depth = max(node.depth, child.depth + 1)
        if node.size > NODES_MAX:
            self._path.clear()
            self._note(event, f"more than {NODES_MAX} values, aliases counted as written out")
            raise _GiveUp
        if node.depth > DEPTH_MAX:
            self._too_deep(event)

    def _series(self, event: yaml.Event) -> Series:
        series = Series(self._file, _line(event))
        self._refuse_tag(event)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            self._path.append(len(series.items))
            child = self._node(event)
            self._count(series, child, event)
            series.items.append((len(series.items), child))
            self._path.pop()
        return series

    def _table(self, event: yaml.Event) -> Table:
        table = Table(self._file, _line(event))
        self._refuse_tag(event)
        merged: list[Table] = []
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            key = self._key(event)
            self._path.append("?" if key is None else key)
            if key in seen:
                self._note(event, f"stands twice in this mapping: first in line {seen[key]}")
            child = self._node(next(self._events))
            self._count(table, child, event)
            self._path.pop()
            if key is None or key in seen:
                continue
            seen[key] = line
            if key == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                merged += self._merge_sources(event, child)
            else:
                table.entries[key] = Entry(self._file, line, child)
        for source in merged:
            for key, entry in source.entries.items():
                table.entries.setdefault(key, entry)
        return table

    def _refuse_tag(self, event: yaml.Event) -> None:
        if getattr(event, "tag", None) is not None:
            self._note(event, "tags (words after !) are not used here: remove it")

    def _key(self, event: yaml.Event) -> str | None:
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor is not None:
                self._anchors[event.anchor] = self._scalar(event)
            if event.value == "" and event.implicit[0]:
                self._note(event, "a key is missing before the colon")
                return None
            return str(event.value)
        self._note(event, "a key must be a simple text")
        self._path.append("?")
        self._node(event)
        self._path.pop()
        return None

    def _merge_sources(self, event: yaml.Event, child: Node) -> list[Table]:
        children = [item for _, item in child.items] if isinstance(child, Series) else [child]
        tables = [each for each in children if isinstance(each, Table)]
        if len(tables) < len(children):
            self._note(event, "<< takes a mapping, such as *name, or a list of these")
        return tables


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else mark.line + 1
