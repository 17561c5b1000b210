"""Figures per queue (and agent), added up from rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.core.ids import AgentId, QueueId
from engine.reports.definitions_callbacks import CallbackTally
from engine.reports.definitions_surveys import SurveyTally
from engine.reports.rows import VisitRow
from engine.reports.rows_callbacks import CallbackRow, CallbackSummaryRow
from engine.reports.rows_surveys import SurveyRow, SurveySummaryRow


def summarise_callbacks(
    callbacks: Iterator[CallbackRow], visits: Iterator[VisitRow]
) -> tuple[CallbackSummaryRow, ...]:
    """Returns a row per queue that had a callback, by number, and the total of these last (T-04)."""
    queues: dict[QueueId, CallbackTally] = {}
    for callback in callbacks:
        queues.setdefault(callback.queue_id, CallbackTally()).add(callback)
    calls = dict.fromkeys(queues, 0)
    for visit in visits:
        if visit.queue_id in calls:
            calls[visit.queue_id] += 1
    rows = [
        CallbackSummaryRow(
            queue_id,
            tally.requests,
            tally.succeeded,
            tally.failed,
            tally.open,
            tally.unknown,
            calls[queue_id],
        )
        for queue_id, tally in sorted(queues.items())
    ]
    names = [each.name for each in dataclasses.fields(CallbackSummaryRow)][1:]
    total = CallbackSummaryRow(
        None, **{name: sum(getattr(row, name) for row in rows) for name in names}
    )
    return (*rows, total)


def summarise_surveys(surveys: Iterator[SurveyRow]) -> tuple[SurveySummaryRow, ...]:
    """Returns a row per queue that asked, by number, and after each those of its agents (T-06)."""
    queues: dict[QueueId, SurveyTally] = {}
    agents: dict[QueueId, dict[AgentId, SurveyTally]] = {}
    for survey in surveys:
        queues.setdefault(survey.queue_id, SurveyTally()).add(survey)
        of_queue = agents.setdefault(survey.queue_id, {})
        of_queue.setdefault(survey.agent_id, SurveyTally()).add(survey)
    rows: list[SurveySummaryRow] = []
    for queue_id, tally in sorted(queues.items()):
        rows.append(_survey_row(queue_id, None, tally))
        rows += [_survey_row(queue_id, *each) for each in sorted(agents[queue_id].items())]
    return tuple(rows)


def _survey_row(
    queue_id: QueueId, agent_id: AgentId | None, tally: SurveyTally
) -> SurveySummaryRow:
    return SurveySummaryRow(
        queue_id,
        agent_id,
        tally.asked,
        tally.keys,
        tally.total_keys,
        tally.total_score,
        tally.score_average,
    )
