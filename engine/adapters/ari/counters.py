"""What went over the wire, and what came that made no sense."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

log = logging.getLogger(__name__)

KINDS_MAX: Final = 100
"""Kinds of oddities told apart; what comes after goes under "other"."""


@dataclass(slots=True)
class Counters:
    """Counts since the start of the process, for one node.

    `events` are messages that were no answers; `late` are answers that nobody waited for any more;
    `failed` are commands that failed; `oddities` is what made no sense, by kind.
    """

    node: str
    connections: int = 0
    events: int = 0
    requests: int = 0
    late: int = 0
    failed: int = 0
    oddities: Counter[str] = field(default_factory=Counter)

    def odd(self, kind: str, text: str) -> None:
        """Counts an oddity; the first of each kind is logged.

        Args:
            kind: short, and of few values.
            text: what it is, without anything private in it.
        """
        kind = kind[:40]
        if kind not in self.oddities and len(self.oddities) >= KINDS_MAX:
            kind = "other"
        self.oddities[kind] += 1
        if self.oddities[kind] == 1:
            log.warning("node %s sent %s; counted from now on", self.node, text)
