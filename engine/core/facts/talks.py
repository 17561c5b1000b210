"""Talks: caller and another party are connected; and the holds inside a talk."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.facts.calls import CallEnd
from engine.core.ids import AgentId, CallId, QueueId, TalkId, VisitId


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """Caller and another party were connected.

    `visit_id` and `queue_id` are set for a queue call; `party` is the agent's or extension's
    number, or the external number dialled.
    """

    seq: int
    at_ms: int
    talk_id: TalkId
    call_id: CallId
    visit_id: VisitId | None
    queue_id: QueueId | None
    agent_id: AgentId | None
    party: str


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """They talk no more. Holds are inside `talk_ms`."""

    seq: int
    at_ms: int
    talk_id: TalkId
    call_id: CallId
    ended_by: CallEnd
    talk_ms: int


@dataclass(frozen=True, slots=True)
class HoldStarted:
    """One side of a talk put the other on hold. `by_caller` tells which."""

    seq: int
    at_ms: int
    hold_id: str
    talk_id: TalkId
    call_id: CallId
    by_caller: bool


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """That hold ended (by taking back, or with the talk)."""

    seq: int
    at_ms: int
    hold_id: str
    talk_id: TalkId
    call_id: CallId
    hold_ms: int
