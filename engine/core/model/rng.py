"""A seeded source of random numbers whose whole state is one integer, so it fits a snapshot.

The generator is SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
OOPSLA 2014): good enough to choose an agent, and the same on every machine.
"""

from __future__ import annotations

_MASK = (1 << 64) - 1


class Rng:
    """Deterministic random numbers. `state` may be read and written to save and restore it."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        """Starts a sequence; equal seeds give equal sequences."""
        self.state = seed & _MASK

    def below(self, limit: int) -> int:
        """Returns an integer from 0 to `limit` - 1 (its bias is under 2**-40 for any queue's size)."""
        assert limit > 0
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) * limit) >> 64
