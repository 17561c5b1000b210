"""Hours: a queue opens and closes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import QueueId
from engine.core.waiting import HoursKind


@dataclass(frozen=True, slots=True)
class QueueHoursChanged:
    """A queue is open or closed from now on. `by` is who overrode its hours, "" the calendar."""

    seq: int
    at_ms: int
    queue_id: QueueId
    kind: HoursKind
    holiday: str
    overridden: bool
    by: str
