"""Typed rows of surveys. As in `rows`: milliseconds, None."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import AgentId, CallId, QueueId, TalkId


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """One survey after one talk. `key` and `score` are set where it was answered (`why`).

    `entered_at_ms` is when the caller had joined the queue, `at_ms` when the survey ended.
    """

    at_ms: int
    entered_at_ms: int | None
    talk_id: TalkId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    caller_number: str | None
    caller_name: str | None
    why: str
    key: str | None
    score: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How often a key was pressed for a score. A key whose score was changed is there for each."""

    key: str
    score: int
    count: int


@dataclass(frozen=True, slots=True)
class SurveySummaryRow:
    """What callers said of a queue (without `agent_id`), or of an agent in it.

    `asked` are all surveys, `total_keys` those that were answered, over which the average is.
    """

    queue_id: QueueId
    agent_id: AgentId | None
    asked: int
    keys: tuple[KeyCount, ...]
    total_keys: int
    total_score: int
    score_average: float | None
