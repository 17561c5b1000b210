"""A visit: one caller's stay in one queue."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core.ids import AgentId, LegId, QueueId, VisitId
from engine.core.model.terms import Terms


@dataclass(slots=True, eq=False)
class Visit:
    """One stay in one queue. `place` orders the line: priority, time of entry, order of entry."""

    visit_id: VisitId
    queue_id: QueueId
    entered_ms: int
    order: int
    priority: int = 0
    offers: dict[LegId, None] = field(default_factory=dict)
    """Live offers: phones that ring, or the one that was picked up."""
    tried: dict[AgentId, None] = field(default_factory=dict)
    """Agents who had their chance in this round."""
    chosen: LegId | None = None
    """The offer that was picked up first, while the agent prompt plays."""
    directed: LegId | None = None
    """The offer to somebody who asked for this very call (S-03): nobody else is rung meanwhile."""
    wanting: bool = False
    """Stands in its line's list of calls that want an agent now."""
    resting: bool = False
    """In the pause after a ring timeout."""
    joining: bool = False
    """Hears the join prompt, and no agent is rung before that is over (P-01)."""
    queue_due_ms: int = 0
    """When the queue announcement is due (epoch milliseconds), 0: never; ..."""
    progress_due_ms: int = 0
    """... and when position, estimated wait and thanks are."""
    terms: Terms | None = None
    """Who may be rung, where that is not everybody."""
    kept_for: AgentId | None = None
    """Who served this caller last and has not yet had the chance to do so again."""
    more_timers: bool = False
    """Has had timers that the visits of a plain queue have not."""
    callback_offered: bool = False
    """The caller was offered a callback, once is enough."""
    attempts: int = 0
    """How many offers it has had."""
    ring_ms: int = 0
    """For how long at least one phone rang for it, without the spell that runs."""
    ringing_since_ms: int | None = None
    """Since when (epoch milliseconds) at least one phone rings; None while none does."""

    @property
    def place(self) -> tuple[int, int, int]:
        """The key by which callers stand in line: higher priority first, then who came first."""
        return (-self.priority, self.entered_ms, self.order)
