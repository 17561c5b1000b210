"""Typed rows of what people say of themselves and ask for. As in `rows`: milliseconds, None."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """One change of what an extension says of itself."""

    at_ms: int
    agent_id: AgentId
    presence: str
    how: str
    by: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One wish of a person, `done` or `refused` (`outcome`): who, what, on which object.

    `detail` says more of one that was done, `why` of one that was refused.
    """

    at_ms: int
    outcome: str
    action: str
    by: str
    agent_id: str | None
    queue_id: str | None
    call_id: str | None
    detail: str | None
    why: str | None
    request_id: str | None
