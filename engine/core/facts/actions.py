"""What people asked for, by code or service: done, or refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionDone:
    """A service action was accepted and is under way or done (S-03)."""

    seq: int
    at_ms: int
    request_id: str
    action: str
    by: str
    call_id: str
    agent_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class ActionRefused:
    """An agent's code or a service action was refused; nothing changed."""

    seq: int
    at_ms: int
    agent_id: str
    queue_id: str
    action: str
    why: str
    by: str
    request_id: str = ""
    call_id: str = ""
