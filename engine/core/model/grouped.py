"""A ring group that rings for a caller: the entity; the verbs are in `engine.core.callers.groups`."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core.ids import LegId
from engine.core.places import RingGroup


@dataclass(slots=True, eq=False)
class GroupRinging:
    """One ringing of one group. `group` is as it was when the caller came: a reload changes nothing."""

    group: RingGroup
    left: list[str] = field(default_factory=list)
    """Members whose turn is yet to come, in order."""
    legs: dict[LegId, None] = field(default_factory=dict)
    """Phones that ring now."""
