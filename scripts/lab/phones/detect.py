"""Which of some tones are in a piece of audio, block by block: what `matrix` and `wav` rest on.

Audio is judged in Hann-windowed blocks of 80 ms, one every 40 ms. A tone is in a block if it is
loud enough and stands out by a factor of three from 50 Hz to either side (zeros of the window for a
pure tone), so noise and clicks are none. It is heard where three blocks in a row have it with the
same loudness and with unbroken phase, so to within 2.5 Hz: for 160 ms. Measured over all of Asterisk's
music and every third of its English prompts, two hours of blocks for seven tones: no false one.
Tones must be 100 Hz apart or more.
"""

import cmath
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import Final, NamedTuple

from scripts.lab.phones.tone import RATE

BLOCK: Final = 640
"""Samples in a block: 80 ms."""
HOP: Final = 320
"""From one block to the next: 40 ms."""
APART_HZ: Final = 100
FLOOR: Final = 0.006
"""Amplitude (of full scale) from which on a tone counts: -44 dBFS, 32 dB below what phones send."""
LEAST_BLOCKS: Final = 3
LEAST_MS: Final = 160
"""The shortest sound that counts."""
_STANDS_OUT: Final = 3.0
_PHASE: Final = 0.6
"""Radians by which the phase may be off from one block to the next: 2.4 Hz."""
_LOUDER: Final = 1.66
_BESIDE_HZ: Final = 50

TONES: Final = (2033, 3242, 3060, 2424, 1285, 960, 1814)
"""For up to seven parties. The multiples, sums and differences that clipping and G.711 make of the
first five are 50 Hz or more from each of them (of all seven 25 Hz); none is near a note of the musical scale."""


@lru_cache(maxsize=256)
def _waves(hertz: float, size: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    step = 2 * math.pi * hertz / RATE
    hann = [1 - math.cos(2 * math.pi * (n + 0.5) / size) for n in range(size)]
    scale = 2 / size / 32768
    return (
        tuple(scale * hann[n] * math.cos(step * n) for n in range(size)),
        tuple(scale * hann[n] * math.sin(step * n) for n in range(size)),
    )


class Stretch(NamedTuple):
    """One tone without a break."""

    hertz: int
    from_ms: float
    to_ms: float


def _wave(block: Sequence[int], hertz: float) -> complex:
    """Amplitude (as a fraction of full scale) and phase of one frequency in a block."""
    real, imaginary = _waves(hertz, len(block))
    return complex(sum(map(mul, block, real)), -sum(map(mul, block, imaginary)))


def level(block: Sequence[int], hertz: float) -> float:
    """The amplitude of one frequency in a block, as a fraction of full scale."""
    return abs(_wave(block, hertz))


def _in_block(block: Sequence[int], hertz: float) -> complex | None:
    """The tone as `_wave` has it, or None if it is not in there."""
    wave = _wave(block, hertz)
    loud = abs(wave)
    if loud < FLOOR:
        return None
    for off in (-_BESIDE_HZ, _BESIDE_HZ):
        if level(block, hertz + off) * _STANDS_OUT >= loud:
            return None
    return wave


def _goes_on(before: complex, after: complex, hertz: float) -> bool:
    """Whether two neighbouring blocks hold one and the same tone."""
    turn = after / before * cmath.exp(-2j * math.pi * hertz * HOP / RATE)
    return abs(cmath.phase(turn)) < _PHASE and 1 / _LOUDER < abs(turn) < _LOUDER


def stretches(samples: Sequence[int], tones: Iterable[int]) -> list[Stretch]:
    """Where each tone is heard in an unbroken run of samples, in order of their beginnings.

    The edges are those of the blocks, so up to 80 ms too wide.
    """
    found: list[Stretch] = []
    for hertz in tones:
        run = 0
        before: complex | None = None
        for at in range(0, len(samples) - BLOCK + 1, HOP):
            wave = _in_block(samples[at : at + BLOCK], hertz)
            on = wave is not None and before is not None and _goes_on(before, wave, hertz)
            run = run + 1 if on else int(wave is not None)
            before = wave
            start, end = at - (run - 1) * HOP, at + BLOCK
            if run > LEAST_BLOCKS:
                found[-1] = Stretch(hertz, found[-1].from_ms, end * 1000 / RATE)
            elif run == LEAST_BLOCKS:
                found.append(Stretch(hertz, start * 1000 / RATE, end * 1000 / RATE))
    return sorted(found, key=lambda stretch: (stretch.from_ms, stretch.hertz))


def check_apart(tones: Iterable[int]) -> None:
    """Refuse tones that cannot be told from each other.

    Raises:
        ValueError: two are the same or too close, or one is outside the telephone band.
    """
    order = sorted(tones)
    for low, high in pairwise(order):
        if high - low < APART_HZ:
            raise ValueError(f"tones {low} and {high} Hz are less than {APART_HZ} Hz apart")
    if order and not 200 <= order[0] <= order[-1] <= 3400:
        raise ValueError(f"tones must be between 200 and 3400 Hz: {order}")
