"""Where a call can go on to: a destination, or what only the core sends it to."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId, CallId, QueueId, TalkId
from engine.core.places import Destination, Media
from engine.core.policy import MonitorMode


@dataclass(frozen=True, slots=True)
class ToMonitor:
    """On to monitoring the talk of that call."""

    call_id: CallId
    mode: MonitorMode


@dataclass(frozen=True, slots=True)
class ToSlot:
    """On to whoever is parked in that slot."""

    slot: str


@dataclass(frozen=True, slots=True)
class ToParking:
    """On to a parking slot: `slot`, or the lowest free one; `by` is who gets the call back."""

    by: str
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class ToDestinationAfter:
    """On to a destination after a prompt: that of a holiday."""

    media: Media
    destination: Destination


@dataclass(frozen=True, slots=True)
class ToSurvey:
    """On to what a queue asks its callers after a talk."""

    queue_id: QueueId
    agent_id: AgentId
    talk_id: TalkId


@dataclass(frozen=True, slots=True)
class ToMailbox:
    """On to listening to a voicemail box."""

    box: str


Next = Destination | ToMonitor | ToSlot | ToParking | ToDestinationAfter | ToSurvey | ToMailbox
"""Where a call can go on to."""
