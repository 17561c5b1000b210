"""The step in progress: what was heard, what became true, what Asterisk was told."""

from __future__ import annotations

from engine.core.commands import Connect
from engine.core.inputs import NodeConnected
from engine.sim.audit.books import CallBook, LegBook, VisitBook


class Step:
    """Everything that the end of the step must look at; empty between steps.

    `attention` says that there is something, so that the many quiet steps cost nothing.
    """

    __slots__ = (
        "answered",
        "attention",
        "calls_over",
        "connects",
        "destroyed",
        "ended",
        "gone",
        "hung_up",
        "left",
        "prompts",
        "reconciled",
        "talks_begun",
        "talks_over",
        "turned_away",
        "unanswered",
        "unwanted",
    )

    def __init__(self) -> None:
        """Begins empty."""
        self.attention = False
        self.left: list[CallBook] = []
        """Callers who are gone: their calls end."""
        self.ended: list[LegBook] = []
        """Phones whose channels are gone: their offers and talks end."""
        self.gone: dict[str, LegBook] = {}
        """The same by name, for the facts that end them."""
        self.answered: list[LegBook] = []
        """Phones picked up first: they are connected, or hear the prompt."""
        self.unanswered: list[CallBook] = []
        """Callers whose answering failed: they are answered again."""
        self.reconciled: NodeConnected | None = None
        self.unwanted: list[LegBook] = []
        """Phones that are to stop ringing."""
        self.talks_begun: list[LegBook] = []
        self.talks_over: list[LegBook] = []
        self.calls_over: list[CallBook] = []
        self.turned_away: list[VisitBook] = []
        """Visits that found the queue full: they end at once."""
        self.connects: dict[str, Connect] = {}
        self.destroyed: dict[str, None] = {}
        self.prompts: dict[str, tuple[str, ...]] = {}
        self.hung_up: dict[str, bool] = {}
        """Channels told to end; for legs: whether as answered elsewhere."""

    def clear(self) -> None:
        """The step is over and all was well."""
        self.attention = False
        self.reconciled = None
        self.left.clear()
        self.ended.clear()
        self.gone.clear()
        self.answered.clear()
        self.unanswered.clear()
        self.unwanted.clear()
        self.talks_begun.clear()
        self.talks_over.clear()
        self.calls_over.clear()
        self.turned_away.clear()
        self.connects.clear()
        self.destroyed.clear()
        self.prompts.clear()
        self.hung_up.clear()
