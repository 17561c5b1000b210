"""Surveys: what a caller answered after a talk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import AgentId, CallId, QueueId, TalkId


class SurveyEnd(StrEnum):
    """How a survey ended (P-12)."""

    ANSWERED = "answered"
    WRONG_KEYS = "wrong_keys"
    SILENCE = "silence"
    CALLER_HUNG_UP = "caller_hung_up"
    FAILED = "failed"
    """The questions could not be played, or the node was lost."""


@dataclass(frozen=True, slots=True)
class SurveyEnded:
    """A caller was asked after a talk (P-12). `key` and `score` are set where it was answered."""

    seq: int
    at_ms: int
    talk_id: TalkId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    why: SurveyEnd
    key: str = ""
    score: int | None = None
