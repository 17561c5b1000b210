"""Where calls are, or were, when they neither wait nor talk: in the dialplan, in a parking slot.

A call that was never there has none of these.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.commands import SendToDialplan
from engine.core.ids import QueueId
from engine.core.places import CallFlow


@dataclass(slots=True, eq=False)
class Trip:
    """A call's way to the dialplan, and back. Where the dialplan had it before we knew of it: 0."""

    ordinal: int = 0
    """How often it was sent there; the dialplan shows the trip from which a caller comes back."""
    to: str = ""
    """Where the dialplan has it, or had it, in the record's words."""
    sent: SendToDialplan | None = None
    """How it was sent; None when it is back, or nobody knows."""
    flow: CallFlow | None = None
    """The call flow that has it, as it was when it was sent there, if that may keep it only for so long."""
    fetches: int = 0
    """How often it was to be taken back from there."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A call is in this slot; `park_id` names the spell."""

    slot: str
    park_id: str


@dataclass(slots=True, eq=False)
class WayBack:
    """Where a parked call goes that nobody retrieves: to who parked it, at last to a queue.

    Still known when it is out of its slot: who parked it may not pick up.
    """

    by: str = ""
    """Who parked it last."""
    queue_id: QueueId | None = None
    """The queue of the talk from which it was parked."""
    rounds: int = 0
    """How often it went back to who parked it, since it last talked to somebody."""
