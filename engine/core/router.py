"""The only door of the brain: `RoutingCore.handle(now, input) -> outputs`. (Being built.)"""

from __future__ import annotations

from typing import Any

from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.inputs import Input

Output = Command | Fact


class RoutingCore:
    """Queues, agents, calls and offers, as a function of (time, input).

    Args:
        epoch: names this history; with a fact's `seq` it is the fact's id.
        seed: for the random strategy.
    """

    def __init__(self, epoch: str, seed: int) -> None:
        """Makes an empty core; feed it `PolicyApplied` first."""
        self.epoch = epoch
        self.fact_seq = 0
        """`seq` of the last fact given out."""
        self.now_ms = 0
        """The time of the last input."""
        self._seed = seed

    def handle(self, now_ms: int, happened: Input) -> list[Output]:
        """Takes one input at epoch milliseconds `now_ms` (never less than before); returns what follows.

        Never raises for an outside cause: a meaningless input gives the fact `InputIgnored`.
        """
        raise NotImplementedError

    def next_deadline(self) -> int | None:
        """Returns when `TimePassed` is wanted (epoch ms; maybe in the past), or None."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """Returns the whole state as a JSON value; `restore` makes an equal core from it."""
        raise NotImplementedError

    @classmethod
    def restore(cls, snapshot: dict[str, Any]) -> RoutingCore:
        """Makes a core from a snapshot. Raises `CodecError` if it is not one of this version."""
        raise NotImplementedError

    def check(self) -> None:
        """Raises AssertionError, naming the invariant, if the state breaks one. O(everything)."""
        raise NotImplementedError
