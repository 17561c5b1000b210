"""Speech as samples: read from a WAV file of any rate, tidied, written as telephones want it.

Telephones want 8000 samples a second, one channel, 16 bits. The filter is a windowed sinc
(Hann window), one set of weights for each phase of the ratio of the rates; see any textbook on
sampling-rate conversion, for instance Crochiere and Rabiner, "Multirate Digital Signal Processing".
"""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from operator import mul
from typing import Final

RATE: Final = 8000
"""Samples per second."""

_LOBES: Final = 12
"""Half of the filter's length, in samples of the slower rate."""
_SILENCE: Final = 10 ** (-40 / 20)
"""Below this share of the loudest sample (-40 dB) there is nothing to hear."""
_LEAD_S: Final = 0.03
_TAIL_S: Final = 0.06
_SPEECH_RMS: Final = 32768 * 10 ** (-20 / 20)
"""The loudness that is aimed at: -20 dB of full scale, as Asterisk's own core sounds."""
_PEAK: Final = 32768 * 10 ** (-1 / 20)


class NotAudio(ValueError):
    """These bytes are no speech that can be read; the message says why."""


def read_wav(data: bytes) -> tuple[list[float], int]:
    """Returns samples (channels mixed) and their rate.

    Raises:
        NotAudio: it is no WAV file of 16-bit samples, or there are none in it.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            # Programs that write to a pipe cannot know the length: they write the largest there is.
            raw = file.readframes(min(file.getnframes(), len(data)))
    except (wave.Error, EOFError) as error:
        raise NotAudio(f"no WAV file: {str(error) or 'it ends too early'}") from None
    if width != 2:
        raise NotAudio(f"samples of {8 * width} bits instead of 16")
    samples = array.array("h", raw[: len(raw) // (2 * channels) * 2 * channels])
    if sys.byteorder == "big":
        samples.byteswap()
    if not samples:
        raise NotAudio("no sound in it")
    if channels == 1:
        return [float(sample) for sample in samples], rate
    mixed = [sum(samples[at : at + channels]) / channels for at in range(0, len(samples), channels)]
    return mixed, rate


def tidy(samples: list[float], rate: int) -> list[int]:
    """Returns speech at `RATE`, of usual loudness, with next to no silence around it.

    Raises:
        NotAudio: there is nothing but silence.
    """
    if rate != RATE:
        samples = _resample(samples, rate)
    return _level(_trim(samples))


def write_wav(samples: list[int]) -> bytes:
    """Returns a WAV file."""
    raw = array.array("h", samples)
    if sys.byteorder == "big":
        raw.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(raw.tobytes())
    return target.getvalue()


def _resample(samples: list[float], rate: int) -> list[float]:
    """Changes the rate to `RATE`, without what is above half of it."""
    divisor = math.gcd(rate, RATE)
    up, down = RATE // divisor, rate // divisor
    cutoff = min(1.0, RATE / rate)
    half = math.ceil(_LOBES / cutoff)
    phases = [_weights(phase / up, half, cutoff) for phase in range(up)]
    padded = [0.0] * (half - 1) + samples + [0.0] * (half + 1)
    made = []
    for at in range(len(samples) * up // down):
        whole, phase = divmod(at * down, up)
        made.append(sum(map(mul, padded[whole : whole + 2 * half], phases[phase])))
    return made


def _weights(offset: float, half: int, cutoff: float) -> list[float]:
    """Weights for the samples from `half - 1` before to `half` after a point between two samples."""
    weights = []
    for tap in range(2 * half):
        distance = tap - (half - 1) - offset
        angle = math.pi * distance * cutoff
        sinc = 1.0 if abs(angle) < 1e-12 else math.sin(angle) / angle
        window = 0.5 + 0.5 * math.cos(math.pi * distance / half) if abs(distance) < half else 0.0
        weights.append(sinc * window)
    total = sum(weights)
    return [weight / total for weight in weights]


def _trim(samples: list[float]) -> list[float]:
    loudest = max(map(abs, samples), default=0.0)
    if loudest < 1.0:
        raise NotAudio("nothing but silence in it")
    floor = loudest * _SILENCE
    heard = [at for at, sample in enumerate(samples) if abs(sample) > floor]
    first = max(0, heard[0] - int(_LEAD_S * RATE))
    return samples[first : heard[-1] + 1 + int(_TAIL_S * RATE)]


def _level(samples: list[float]) -> list[int]:
    rms = math.sqrt(sum(sample * sample for sample in samples) / len(samples))
    gain = min(_SPEECH_RMS / rms, _PEAK / max(map(abs, samples)))
    return [round(sample * gain) for sample in samples]
