"""Agents: log-in, pause, wrap-up and presence, each with by whose hand it changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import AgentId, CallId, QueueId
from engine.core.policy import Presence


class How(StrEnum):
    """By which hand an agent's state changed."""

    CODE = "code"
    SERVICE = "service"
    CONFIG = "config"
    AUTO = "auto"


class PauseEnd(StrEnum):
    """Why a pause spell ended."""

    RESUMED = "resumed"
    REASON_CHANGED = "reason_changed"
    LOGGED_OUT = "logged_out"
    REMOVED = "removed"


class WrapupEnd(StrEnum):
    """Why a wrap-up ended."""

    EXPIRED = "expired"
    ENDED_EARLY = "ended_early"
    REPLACED = "replaced"
    """A new queue call of the same agent ended and its wrap-up took over."""
    LOGGED_OUT = "logged_out"
    REMOVED = "removed"
    """The agent or the queue was removed from the configuration."""


@dataclass(frozen=True, slots=True)
class AgentLoggedIn:
    """A log-in spell of one agent in one queue began."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class AgentLoggedOut:
    """That spell ended."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class PauseStarted:
    """A pause of one agent in one queue began. `reason` is a configured name, None for none."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    reason: str | None
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class PauseEnded:
    """That pause ended."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    why: PauseEnd
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class AgentAutoPaused:
    """An agent missed `missed` offers of a queue in a row and was paused there (Q-06)."""

    seq: int
    at_ms: int
    agent_id: AgentId
    queue_id: QueueId
    missed: int


@dataclass(frozen=True, slots=True)
class WrapupStarted:
    """After-call work began; it is planned to end at `until_ms`."""

    seq: int
    at_ms: int
    wrapup_id: str
    agent_id: AgentId
    queue_id: QueueId
    call_id: CallId
    until_ms: int


@dataclass(frozen=True, slots=True)
class WrapupEnded:
    """After-call work ended."""

    seq: int
    at_ms: int
    wrapup_id: str
    agent_id: AgentId
    queue_id: QueueId
    why: WrapupEnd


@dataclass(frozen=True, slots=True)
class WrapupExtended:
    """After-call work was made longer; it is now planned to end at `until_ms`."""

    seq: int
    at_ms: int
    wrapup_id: str
    agent_id: AgentId
    queue_id: QueueId
    until_ms: int
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """An extension's presence changed."""

    seq: int
    at_ms: int
    agent_id: AgentId
    presence: Presence
    how: How
    by: str
