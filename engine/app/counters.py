"""Counts what happens, for logs and for `status`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from engine.core.facts import CommandRefused, Fact, InputIgnored

log = logging.getLogger(__name__)


class Counters:
    """Counts facts by kind; what was ignored or refused is also logged, the first time of each kind.

    The log would otherwise drown in late hang-ups on a busy day, or say nothing at all.
    """

    def __init__(self) -> None:
        """Starts at zero."""
        self.facts: Counter[str] = Counter()
        """Facts by the name of their class."""
        self.ignored: Counter[str] = Counter()
        """Inputs without a meaning, by kind and reason."""
        self.refused: Counter[str] = Counter()
        """Commands that Asterisk did not carry out, by kind, status and reason."""

    def take(self, facts: Sequence[Fact]) -> None:
        """Counts these."""
        for fact in facts:
            if type(fact) is InputIgnored:
                self._count(self.ignored, f"{fact.kind}: {fact.why}", "input ignored")
            elif type(fact) is CommandRefused:
                what = f"{fact.kind}: {fact.status} {fact.why}"
                self._count(self.refused, what, "command refused")
            else:
                self.facts[type(fact).__name__] += 1

    def _count(self, counter: Counter[str], what: str, title: str) -> None:
        counter[what] += 1
        if counter[what] == 1:
            log.warning("%s: %s (counted from now on, not logged again)", title, what)
