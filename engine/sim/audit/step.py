"""The step in progress: what was heard, what became true, what Asterisk was told."""

from __future__ import annotations

from engine.core.commands import Connect
from engine.core.ids import CallId
from engine.core.inputs import CallActionRequested, NodeConnected
from engine.sim.audit.books import CallBook, LegBook, VisitBook


class Step:
    """Everything that the end of the step must look at; empty between steps.

    `attention` says that there is something, so that the many quiet steps cost nothing.
    """

    __slots__ = (
        "answered",
        "asked",
        "attention",
        "away",
        "calls_over",
        "connects",
        "destroyed",
        "doubted",
        "ended",
        "forwarded",
        "gone",
        "handed_on",
        "hung_up",
        "left",
        "moved",
        "passed",
        "prompts",
        "reconciled",
        "recorders",
        "replies",
        "retrieved",
        "talks_begun",
        "talks_over",
        "touched",
        "transferred",
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
        self.away: dict[str, None] = {}
        """Callers who were sent into the dialplan."""
        self.prompts: dict[str, tuple[str, ...]] = {}
        self.asked: CallActionRequested | None = None
        """What somebody asked for by service."""
        self.replies: dict[str, int] = {}
        """How often each request was answered."""
        self.passed: dict[str, str] = {}
        """Calls that were passed on after a consultation, with that."""
        self.retrieved: dict[str, str] = {}
        """Parked calls that were fetched, and by whom."""
        self.forwarded: dict[str, str] = {}
        """Calls whose ringing phone wants another number to be rung, and whose phone that is."""
        self.moved: list[CallBook] = []
        """Callers who left a talk without leaving: they must be somewhere now."""
        self.transferred: list[CallBook] = []
        """Calls that ended because others took over."""
        self.handed_on: dict[str, None] = {}
        """Calls whose other party is the caller of another call now."""
        self.recorders: dict[str, list[str]] = {}
        """What recorders were told."""
        self.touched: dict[CallId, CallBook] = {}
        """Callers to whom something happened that can be heard."""
        self.doubted: list[CallBook] = []
        """Supervisors whom nobody knows to be where they should be: they are let go."""
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
        self.touched.clear()
        self.unwanted.clear()
        self.talks_begun.clear()
        self.talks_over.clear()
        self.calls_over.clear()
        self.turned_away.clear()
        self.connects.clear()
        self.destroyed.clear()
        self.away.clear()
        self.prompts.clear()
        self.asked = None
        self.replies.clear()
        self.passed.clear()
        self.retrieved.clear()
        self.forwarded.clear()
        self.moved.clear()
        self.transferred.clear()
        self.handed_on.clear()
        self.recorders.clear()
        self.doubted.clear()
        self.hung_up.clear()
