"""What became of a changed configuration, read from the engine's log as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LINE: Final = re.compile(r"\S+ (?P<level>[A-Z]+) engine\.app\.reload: (?P<text>.*)")
_PROBLEM: Final = "configuration: "
_WARNING: Final = re.compile(r"(?: - |:\d+: )warning: ")
_PLACE: Final = re.compile(r"(?P<place>.+?:\d+): (?P<what>.*)")


class LogWatch:
    """Tells of reloads: applied, or not applied and the first reason why."""

    def __init__(self, log: Path, config: Path) -> None:
        """Begins at the end of what is in the log now, if it is there already.

        Args:
            log: the engine's log.
            config: the directory of the configuration; its files are named without it.
        """
        self._log = log
        self._config = config
        self._read = log.stat().st_size if log.exists() else 0
        self._error = ""

    def poll(self) -> list[str]:
        """Returns what is new since the last time, in words."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as log:
            log.seek(self._read)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        return [
            text
            for line in whole.decode("utf-8", "replace").split("\n")
            for text in self._told(line)
        ]

    def _told(self, line: str) -> Iterator[str]:
        found = _LINE.fullmatch(line)
        if found is None:
            return
        text = found["text"].replace(f"{self._config}/", "")
        if text.startswith("configuration applied"):
            self._error = ""
            yield "Configuration applied"
        elif text.startswith("configuration not applied,"):
            yield from self._refused()
        elif found["level"] == "ERROR" and text.startswith(_PROBLEM):
            if not self._error and not _WARNING.search(text):
                self._error = text.removeprefix(_PROBLEM)
        elif found["level"] in (
            "WARNING",
            "ERROR",
        ):  # Asterisk was not told, or a restart is needed.
            yield text[:1].upper() + text[1:]

    def _refused(self) -> Iterator[str]:
        """Two lines where there is a place, as terminals are narrow."""
        error, self._error = self._error, ""
        found = _PLACE.fullmatch(error)
        if found is None:
            yield f"Configuration not applied: {error or 'the log says why'}"
        else:
            yield f"Configuration not applied: {found['place']}"
            yield f"  {found['what']}"
