"""Whose voices are in a recorded file."""

from __future__ import annotations

import array
import math
import sys
import wave
from collections.abc import Iterable
from pathlib import Path

from scripts.lab.phones.tone import RATE, has_tone

WINDOW_S = 0.2


class Recorded:
    """A WAV file of one channel, as it was recorded."""

    def __init__(self, path: Path) -> None:
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            self.samples = array.array("h", file.readframes(file.getnframes()))
        if sys.byteorder == "big":
            self.samples.byteswap()

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    def voices(self, candidates_hz: Iterable[int]) -> list[set[int]]:
        """Which tones are in each whole window."""
        size, known = int(WINDOW_S * RATE), tuple(candidates_hz)
        ends = range(size, len(self.samples) + 1, size)
        return [
            {hz for hz in known if has_tone(self.samples[end - size : end], hz)} for end in ends
        ]


def write_tone(path: Path, hz: int, seconds: float = 4.0, loudness: int = 6_000) -> None:
    """Writes a file that Asterisk can play: a tone, 8000 samples a second, 16 bit, mono."""
    count = int(seconds * RATE)
    turns = (2 * math.pi * hz * n / RATE for n in range(count))
    samples = array.array("h", (round(loudness * math.sin(turn)) for turn in turns))
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, count, "NONE", ""))
        file.writeframes(samples.tobytes())
