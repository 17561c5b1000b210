"""The terminal: lines, or a frame redrawn in place; plain text when nobody is there to watch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, TextIO

NARROW: Final = 40
MARGIN: Final = 1
"""Columns left free at the right, so that no terminal wraps a full line."""


class Ink(StrEnum):
    """How words are set off: ECMA-48 graphic renditions."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"


class Screen:
    """Where the demo prints. Everything is ASCII, whatever the locale.

    Attributes:
        live: the output is a terminal that can redraw, so frames make sense.
    """

    def __init__(self, out: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        """Looks at what `out` is."""
        self._out = out
        terminal = out.isatty()
        self.live = terminal and environ.get("TERM", "dumb") != "dumb"
        self._colours = self.live and not environ.get("NO_COLOR")
        self._frame_lines = 0

    @property
    def width(self) -> int:
        """How many columns a line may have."""
        return max(NARROW, shutil.get_terminal_size((80, 24)).columns - MARGIN)

    @property
    def height(self) -> int:
        """How many lines the terminal has."""
        return shutil.get_terminal_size((80, 24)).lines

    def ink(self, text: str, *inks: Ink) -> str:
        """Returns the text set off, if the terminal can."""
        if not self._colours or not inks or not text:
            return text
        return f"\x1b[{';'.join(inks)}m{text}\x1b[0m"

    def line(self, text: str = "", *inks: Ink) -> None:
        """Prints one line, below everything before it.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        self._frame_lines = 0
        shown = self.ink(ascii_only(text), *inks)
        self._write(shown + "\n")

    def frame(self, lines: Sequence[str]) -> None:
        """Draws the frame, over the one before; only makes sense on a `live` screen."""
        back = f"\x1b[{self._frame_lines}A\r" if self._frame_lines else ""
        fitting = [cut(ascii_only(text), self.width) for text in lines[: self.height - 1]]
        body = "".join(f"{self._set_off(text)}\x1b[K\n" for text in fitting)
        self._frame_lines = len(fitting)
        self._write(f"{back}{body}\x1b[J")

    def _set_off(self, text: str) -> str:
        # Headings of a frame begin in the first column with a capital; all else is indented.
        return self.ink(text, Ink.BOLD) if text[:1].isupper() else text

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def ascii_only(text: str) -> str:
    """Returns the text with what is not ASCII (or would move the cursor) replaced by '?'."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def cut(text: str, columns: int) -> str:
    """Returns the text in at most so many columns, with '...' where something is missing."""
    return text if len(text) <= columns else text[: columns - 3] + "..."


def clock(ms: float) -> str:
    """Returns a duration as people read it: 0:07, 12:30, 1:02:03."""
    seconds = max(0, int(ms // 1000))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def seconds(ms: float) -> str:
    """Returns a duration in seconds with one decimal."""
    return f"{ms / 1000:.1f} s"
