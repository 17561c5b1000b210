"""What a running engine has taken in, read from its journal: the way to know that news has arrived.

A test that registers a phone and then calls would race the two through different connections. The
journal has each input before anything follows from it, so whoever waits for it there is safe.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Input = dict[str, Any]
"""One input as the journal has it: `t` is its kind, `at_ms` (added here) when it was posted."""


class JournalReader:
    """Follows the journal in an engine's data directory, across restarts."""

    def __init__(self, data: Path) -> None:
        """Reads nothing yet."""
        self._data = data
        self._offsets: dict[str, int] = {}
        self._inputs: list[Input] = []

    def inputs(self) -> list[Input]:
        """Returns all inputs so far, oldest first."""
        for path in sorted(self._data.glob("journal-*.jsonl")):
            self._follow(path)
        return self._inputs

    def _follow(self, path: Path) -> None:
        offset = self._offsets.get(path.name, 0)
        try:
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:  # Rotated away between the two looks.
            return
        whole = data.rfind(b"\n") + 1
        self._offsets[path.name] = offset + whole
        for line in data[:whole].splitlines():
            entry = json.loads(line)
            if isinstance(entry, list):  # The rest are headers and marks.
                at_ms, happened = entry
                self._inputs.append({**happened, "at_ms": at_ms})
