"""G.711, tones and their detection, in plain Python (the standard library's audioop is gone in 3.13).

Samples are signed 16 bit at 8000 Hz; levels are amplitudes as a fraction of full scale: a sine
from `sine(440, level=0.25)` is heard with level 0.25, however long the window.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

RATE: Final = 8000
FRAME: Final = 160
"""Samples, and G.711 bytes, in 20 ms."""
_FULL: Final = 32768.0


def _mu_to_linear(code: int) -> int:
    code = ~code & 0xFF
    value = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - value if code & 0x80 else value - 0x84


def _a_to_linear(code: int) -> int:
    code ^= 0x55
    value = (code & 0x0F) << 4
    exponent = (code & 0x70) >> 4
    value = value + 8 if exponent == 0 else (value + 0x108) << (exponent - 1)
    return value if code & 0x80 else -value


MU_LAW: Final = tuple(_mu_to_linear(code) for code in range(256))
A_LAW: Final = tuple(_a_to_linear(code) for code in range(256))
MU_SILENCE: Final = 0xFF
A_SILENCE: Final = 0xD5


@lru_cache(maxsize=2)
def _coder(table: tuple[int, ...]) -> bytes:
    """The nearest code for each of 65536 >> 3 sample values."""
    order = sorted(range(256), key=lambda code: table[code])
    codes = bytearray()
    at = 0
    for sample in range(-32768, 32768, 8):
        while at < 255 and abs(table[order[at + 1]] - sample) <= abs(table[order[at]] - sample):
            at += 1
        codes.append(order[at])
    return bytes(codes)


def encode(samples: Iterable[int], table: tuple[int, ...] = MU_LAW) -> bytes:
    """Linear samples to G.711 bytes."""
    codes = _coder(table)
    return bytes(codes[(max(-32768, min(32767, sample)) + 32768) >> 3] for sample in samples)


def decode(data: bytes, table: tuple[int, ...] = MU_LAW) -> list[int]:
    """G.711 bytes to linear samples."""
    return [table[code] for code in data]


def sine(hertz: float, samples: int = RATE, level: float = 0.25) -> list[int]:
    """A tone."""
    step = 2 * math.pi * hertz / RATE
    return [round(level * 32767 * math.sin(step * n)) for n in range(samples)]


@lru_cache(maxsize=64)
def frames_of(hertz: int, table: tuple[int, ...] = MU_LAW) -> tuple[bytes, ...]:
    """One second of a whole-Hz tone in 20 ms frames; played round and round it has no seam."""
    data = encode(sine(hertz), table)
    return tuple(data[at : at + FRAME] for at in range(0, RATE, FRAME))


def goertzel(pcm: Sequence[int], hertz: float) -> float:
    """The level of one frequency; resolution is about 8000/len(pcm) Hz."""
    if not pcm:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for sample in pcm:
        before, last = last, sample + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * math.sqrt(max(0.0, power)) / len(pcm) / _FULL


def tones_heard(pcm: Sequence[int], candidates: Iterable[float]) -> dict[float, float]:
    """The level of each candidate frequency."""
    return {hertz: goertzel(pcm, hertz) for hertz in candidates}


def loudness(pcm: Sequence[int]) -> float:
    """Root mean square as a fraction of full scale; a sine of level x has x/sqrt(2)."""
    if not pcm:
        return 0.0
    return math.sqrt(sum(sample * sample for sample in pcm) / len(pcm)) / _FULL


def has_tone(pcm: Sequence[int], hertz: float, floor: float = 0.02) -> bool:
    """Whether a pure tone is in there: loud enough, and standing out from its neighbourhood.

    Music and speech are loud at many frequencies at once, a party's tone only at its own; so the
    level 50 Hz to either side must be well below. Parties' tones should be 100 Hz apart or more.
    """
    level = goertzel(pcm, hertz)
    if level < floor:
        return False
    return all(goertzel(pcm, hertz + off) * 3 < level for off in (-50, 50))
