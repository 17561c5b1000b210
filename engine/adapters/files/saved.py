"""Reads snapshots and journals back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.adapters.files.directory import StateDirectory
from engine.adapters.files.journal import FAILED_MARK, FORMAT, JOURNAL, SNAPSHOT
from engine.app.ports import Entry, Saved, StateDamaged
from engine.core.codec import CodecError, decode
from engine.core.inputs import Input


class _Garbage(StateDamaged):
    """Not written by any version of Usher."""


class FileSavedState:
    """Reads a state directory."""

    def __init__(self, directory: StateDirectory) -> None:
        """Reads nothing yet. `notes` gathers what was found and tolerated, for the log."""
        self._directory = directory
        self.notes: list[str] = []

    def snapshots(self) -> Iterable[Saved]:
        """Returns the readable snapshots, newest first.

        Raises:
            StateDamaged: there is saved state, but no readable snapshot; or another version's.
        """
        unreadable = []
        found_one = False
        for number in reversed(self._directory.numbers(*SNAPSHOT)):
            path = self._directory.file(SNAPSHOT[0], number, SNAPSHOT[1])
            try:
                lines = path.read_bytes().splitlines()
                header = _header(lines[0], "usher_snapshot", f"{path.name}:1")
                state = dict(json.loads(lines[1]))
            except (_Garbage, IndexError, ValueError, TypeError, RecursionError) as error:
                unreadable.append(f"{path.name}: not readable ({error})")
                self.notes.append(unreadable[-1])
                continue
            found_one = True
            yield Saved(path.name, number, header["epoch"], header["inputs"], state)

        if not found_one:
            if unreadable:
                raise StateDamaged("; ".join(unreadable))
            self._refuse_lonely_journals()

    def _refuse_lonely_journals(self) -> None:
        for number in self._directory.numbers(*JOURNAL):
            path = self._directory.file(JOURNAL[0], number, JOURNAL[1])
            if next(iter(JournalFile(path).entries()), None) is not None:
                raise StateDamaged(f"{path.name}: the snapshot that it starts from is missing")

    def entries(self, after: Saved) -> Iterator[Entry]:
        """Returns the inputs since that snapshot. Raises `StateDamaged` where the chain is broken."""
        expected = after.inputs
        numbers = [n for n in self._directory.numbers(*JOURNAL) if n >= after.segment]
        for number in numbers:
            path = self._directory.file(JOURNAL[0], number, JOURNAL[1])
            segment = JournalFile(path)
            header = segment.header()
            if header is None:  # Torn while it was being started: nothing was acted upon.
                self.notes.append(f"{path.name}: empty")
                continue
            if header["epoch"] != after.epoch or header["inputs"] != expected:
                raise StateDamaged(
                    f"{path.name}: starts after input {header['inputs']} of {header['epoch']}, "
                    f"but what is there before it ends at input {expected} of {after.epoch}"
                )
            for entry in segment.entries():
                yield entry
                expected += 1
            if segment.torn:
                self.notes.append(f"{path.name}: the last line is torn (never acted upon)")

    def entries_of(self, start: Saved) -> Iterator[Entry]:
        """Returns the inputs of that snapshot's own segment alone, whatever became of the next.

        Raises:
            StateDamaged: at once, if the segment is of another history; later, where a line makes
                no sense.
            OSError: there is no such segment.
        """
        path = self._directory.file(JOURNAL[0], start.segment, JOURNAL[1])
        segment = JournalFile(path)
        header = segment.header()
        if header is not None and header["epoch"] != start.epoch:
            raise StateDamaged(f"{path.name}: {start.place} is of another history")
        return segment.entries()

    def set_aside(self, at_ms: int) -> str:
        """Moves snapshots and journals into a directory of their own; returns its path."""
        target = self._directory.path / f"set-aside-{at_ms}"
        target.mkdir(parents=True, exist_ok=True)
        for kind in (SNAPSHOT, JOURNAL):
            for number in self._directory.numbers(*kind):
                path = self._directory.file(kind[0], number, kind[1])
                path.replace(target / path.name)
        return str(target)


class JournalFile:
    """One journal segment; `torn` is true once a last line without its end was met."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises `OSError` where that is not possible."""
        self._name = path.name
        lines = path.read_bytes().split(b"\n")
        self.torn = lines[-1] != b""
        self._lines = lines[:-1]

    def header(self) -> dict[str, Any] | None:
        """Returns the first line, None in an empty or torn file."""
        if not self._lines:
            return None
        return _header(self._lines[0], "usher_journal", f"{self._name}:1")

    def entries(self) -> Iterator[Entry]:
        """Returns the inputs. Raises `StateDamaged` at a line that makes no sense."""
        for index in range(1, len(self._lines)):
            line = self._lines[index]
            if line == FAILED_MARK:
                continue  # It is about the input before it.
            failed = index + 1 < len(self._lines) and self._lines[index + 1] == FAILED_MARK
            yield self._entry(line, f"{self._name}:{index + 1}", failed=failed)

    def _entry(self, line: bytes, place: str, *, failed: bool) -> Entry:
        try:
            now_ms, value = json.loads(line)
            if type(now_ms) is not int:
                raise CodecError(f"expected a time in milliseconds, got {type(now_ms).__name__}")
            happened: Input = decode(Input, value)
        except (ValueError, TypeError, RecursionError) as error:
            raise StateDamaged(f"{place}: {error}") from None
        return Entry(place, now_ms, happened, failed)


def _header(line: bytes, kind: str, place: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
        found = header[kind]
        if found == FORMAT and type(header["inputs"]) is int and type(header["epoch"]) is str:
            return dict(header)
    except (ValueError, KeyError, TypeError):
        # What it says instead is not told: it may be an input, with a caller's number.
        raise _Garbage(f"{place}: not the first line of a {kind} file") from None
    raise StateDamaged(
        f"{place}: written in format {found!r}, this version of usher reads format {FORMAT}"
    )
