"""Which tones are in a recorded file, and when: what a recording has and what it leaves out."""

import array
import sys
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from scripts.lab.phones.detect import TONES, Stretch, check_apart, level, stretches
from scripts.lab.phones.tone import RATE

_EDGE: Final = 320
"""Samples (40 ms) of the blocks in which an edge is looked for."""
_STEP: Final = 40
_MERGE_MS: Final = 100
"""Stretches of one tone that are no further apart are one: a cut in it, not a pause."""


def tones_in_file(path: Path, tones: Iterable[int] = TONES) -> list[list[Stretch]]:
    """For each channel of a WAV file (mono: one), the tones in it in order: (hertz, from, to) in ms.

    Edges are good to some 10 ms; what is shorter than 160 ms does not count. 16-bit PCM with 8000 or
    16000 samples a second (the latter are halved; fine for tones below 3400 Hz).

    Args:
        path: a finished file (Asterisk writes the header's length at the end).
        tones: what to look for.

    Raises:
        ValueError: it is another kind of file, or the tones cannot be told apart.
    """
    wanted = tuple(tones)
    check_apart(wanted)
    return [_timeline(channel, wanted) for channel in channels_of(path)]


def channels_of(path: Path) -> list[list[int]]:
    """The samples of each channel, 8000 a second.

    Raises:
        ValueError: it is no WAV file of the kinds that are read here.
    """
    try:
        with wave.open(str(path)) as file:
            width, rate, count = file.getsampwidth(), file.getframerate(), file.getnchannels()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as reason:
        raise ValueError(f"{path}: no WAV file ({reason})") from None
    if width != 2 or rate not in {RATE, 2 * RATE}:
        raise ValueError(f"{path}: {8 * width} bit at {rate} Hz; wanted is 16 bit at 8 or 16 kHz")
    samples = array.array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    found = [samples[channel::count].tolist() for channel in range(count)]
    return found if rate == RATE else [_halved(channel) for channel in found]


def _halved(samples: Sequence[int]) -> list[int]:
    return [(one + two) // 2 for one, two in zip(samples[::2], samples[1::2], strict=False)]


def _timeline(samples: Sequence[int], tones: Sequence[int]) -> list[Stretch]:
    merged: list[Stretch] = []
    for hertz in tones:
        for found in stretches(samples, [hertz]):
            if (
                merged
                and merged[-1].hertz == hertz
                and found.from_ms - merged[-1].to_ms <= _MERGE_MS
            ):
                merged[-1] = merged[-1]._replace(to_ms=found.to_ms)
            else:
                merged.append(found)
    return sorted((_sharpened(samples, one) for one in merged), key=lambda one: one.from_ms)


def _sharpened(samples: Sequence[int], coarse: Stretch) -> Stretch:
    """The same stretch with its edges where the tone has half of its usual loudness."""
    first, last = (round(ms * RATE / 1000) for ms in (coarse.from_ms, coarse.to_ms))
    places = range(max(0, first - _EDGE // 2), min(len(samples), last + _EDGE) - _EDGE + 1, _STEP)
    levels = [level(samples[at : at + _EDGE], coarse.hertz) for at in places]
    half = median(levels) / 2
    loud = [at for at, value in zip(places, levels, strict=True) if value >= half]
    begin = 0 if loud[0] == 0 else loud[0] + _EDGE // 2
    end = len(samples) if loud[-1] + _EDGE + _STEP > len(samples) else loud[-1] + _EDGE // 2
    return Stretch(coarse.hertz, begin * 1000 / RATE, end * 1000 / RATE)
