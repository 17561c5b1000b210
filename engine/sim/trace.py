"""The trace of a run: its fingerprint, its last lines, and the journal from which to replay it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

from engine.core.codec import CodecError, decode, encode
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.inputs import Input

Output = Command | Fact
Step = tuple[int, Input, Sequence[Output]]

_COMMANDS = get_args(Command)
_ENCODER = json.JSONEncoder(default=repr, check_circular=False)
"""JSON rather than repr: its encoder is in C, and writes an enum as its value."""
LINES_KEPT = 50
_BUFFERED = 512
_FORMAT = "usher-simulation-journal"
_VERSION = 1


class Trace:
    """Everything that went into the core and came out of it, as a SHA-256 and the last lines."""

    def __init__(self) -> None:
        """Begins empty."""
        self.steps = 0
        self._hash = hashlib.sha256()
        self._fresh: list[Step] = []
        self._hashed: list[Step] = []
        """The steps hashed last, kept for `last_lines`."""
        self._values: dict[type, Callable[[Any], Any]] = {}

    def record(self, now_ms: int, happened: Input, outputs: Sequence[Output]) -> None:
        """Takes one step of the core. Nobody may change `outputs` afterwards."""
        self.steps += 1
        self._fresh.append((now_ms, happened, outputs))
        if len(self._fresh) >= _BUFFERED:
            self._flush()

    def sha256(self) -> str:
        """Returns the fingerprint of all steps so far, in hexadecimal.

        It depends on the steps alone, not on when it was asked for.
        """
        self._flush()
        return self._hash.hexdigest()

    def last_lines(self) -> list[str]:
        """Returns the last steps as text, one line each, callers' numbers left out."""
        lines = []
        for now_ms, happened, outputs in (self._hashed + self._fresh)[-LINES_KEPT:]:
            line = f"{now_ms} {_told(happened)}"
            for output in outputs:
                line += f"\n    {_told(output)}"
            lines.append(line)
        return lines

    def _flush(self) -> None:
        """Hashes the steps in one go, as the inside of one long JSON array."""
        values = self._values
        told: list[Any] = []
        for now_ms, happened, outputs in self._fresh:
            kind: type = type(happened)
            told.append(now_ms)
            told.append(kind.__name__)
            told.append((values.get(kind) or self._getter(kind))(happened))
            for output in outputs:
                kind = type(output)
                told.append(kind.__name__)
                told.append((values.get(kind) or self._getter(kind))(output))
        if told:
            # Without the brackets, so that it does not matter where one flush ends.
            self._hash.update(f"{_ENCODER.encode(told)[1:-1]}, ".encode())
        self._hashed = self._fresh
        self._fresh = []

    def _getter(self, kind: type) -> Callable[[Any], Any]:
        names = [field.name for field in dataclasses.fields(kind)]
        if kind in _COMMANDS:
            names = names[:3]  # Node and ids; the rest follows from the facts. It is faster.
        getter: Callable[[Any], Any] = attrgetter(*names) if names else _nothing
        self._values[kind] = getter
        return getter


def _nothing(_: object) -> None:
    return None


_UNTOLD = ("policy", "caller_number", "caller_name", "channels")


def _told(thing: Input | Output) -> str:
    parts = []
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if field.name == "channels":
            parts.append(f"channels={[seen.channel_id for seen in value]}")
        elif field.name == "command":
            parts.append(f"command=({_told(value)})")
        elif field.name not in _UNTOLD:
            parts.append(f"{field.name}={value}")
    return f"{type(thing).__name__} {' '.join(parts)}"


class Journal:
    """All inputs of a run, in memory until they are wanted."""

    def __init__(self, epoch: str, core_seed: int) -> None:
        """`epoch` and `core_seed` are those of the core that is fed."""
        self.epoch = epoch
        self.core_seed = core_seed
        self.entries: list[tuple[int, Input]] = []

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Writes a header line (with `about`), then one line for each input."""
        header = {
            "format": _FORMAT,
            "version": _VERSION,
            "epoch": self.epoch,
            "core_seed": self.core_seed,
            **about,
        }
        with path.open("w", encoding="utf-8") as file:
            file.write(json.dumps(header) + "\n")
            for now_ms, happened in self.entries:
                file.write(json.dumps([now_ms, encode(happened)]) + "\n")

    @classmethod
    def load(cls, path: Path) -> tuple[Journal, dict[str, Any]]:
        """Reads a journal; returns it with its header.

        Raises:
            ValueError: not such a file; the message names the line.
        """
        with path.open(encoding="utf-8") as file:
            try:
                header = json.loads(file.readline())
            except ValueError as error:
                raise ValueError(f"{path}:1: not JSON: {error}") from None
            if not isinstance(header, dict) or header.get("format") != _FORMAT:
                raise ValueError(f"{path}:1: not a journal of `usher simulate`")
            if header.get("version") != _VERSION:
                raise ValueError(f"{path}:1: version {header.get('version')}, not {_VERSION}")
            journal = cls(str(header["epoch"]), int(header["core_seed"]))
            for number, line in enumerate(file, start=2):
                try:
                    now_ms, value = json.loads(line)
                    journal.entries.append((int(now_ms), decode(Input, value)))
                except (ValueError, TypeError, CodecError) as error:
                    raise ValueError(f"{path}:{number}: {error}") from None
        return journal, header
