"""Seeded chance, one stream per purpose.

A stream is named after what it decides (`arrivals`, `patience`, `faults`, ...). Streams do not
share state, so a fault switched on does not change who calls when: two runs of one seed can be
compared call by call.
"""

from __future__ import annotations

import random  # noqa: TID251  Seeded instances only; the ban is meant for the global generator.

Rng = random.Random


class Streams:
    """The streams of one seed."""

    def __init__(self, seed: int) -> None:
        """Makes no stream yet; each is made on first use."""
        self.seed = seed
        self._streams: dict[str, Rng] = {}

    def stream(self, purpose: str) -> Rng:
        """Returns the stream of this purpose; the same object each time.

        A string seeds the generator by SHA-512, so the result does not depend on the process's
        hash seed.
        """
        known = self._streams.get(purpose)
        if known is None:
            known = self._streams[purpose] = random.Random(f"{self.seed}/{purpose}")  # noqa: S311
        return known


def exponential_ms(rng: Rng, mean_ms: float) -> int:
    """Returns an exponentially distributed time of that mean, rounded to whole milliseconds."""
    return int(rng.expovariate(1.0) * mean_ms + 0.5)


def log_normal_ms(rng: Rng, mean_ms: float, sigma: float) -> int:
    """Returns a log-normally distributed time of that mean, rounded to whole milliseconds."""
    return int(rng.lognormvariate(-sigma * sigma / 2, sigma) * mean_ms + 0.5)


def up_to_ms(rng: Rng, max_ms: int) -> int:
    """Returns a whole number of milliseconds from 0 to `max_ms`, all equally likely."""
    return int(rng.random() * (max_ms + 1))
