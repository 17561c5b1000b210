"""What the figures of surveys and callbacks mean, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from engine.core.ids import AgentId, CallId, QueueId, TalkId, VisitId
from engine.reports import Query, Report, ReportKind, render_json, render_text
from engine.reports.definitions import average_truncated
from engine.reports.rows import Status
from engine.reports.rows_callbacks import CallbackRow, CallbackSummaryRow
from engine.reports.rows_surveys import KeyCount, SurveyRow
from engine.reports.summaries import summarise_callbacks, summarise_surveys

pytestmark = pytest.mark.unit

SCORES = {"0": -3, "1": -2, "3": 0, "5": 2}
QUERY = Query(0, 86_400_000, limit=None)


def survey(agent: str, key: str | None, queue: str = "6400") -> SurveyRow:
    return SurveyRow(
        at_ms=0,
        entered_at_ms=None,
        talk_id=TalkId("t"),
        call_id=CallId("c"),
        queue_id=QueueId(queue),
        agent_id=AgentId(agent),
        caller_number="5503301",
        caller_name="",
        why="silence" if key is None else "answered",
        key=key,
        score=None if key is None else SCORES[key],
        source="trunk",
    )


@pytest.mark.row("T-06")
def test_the_manuals_example() -> None:
    rows = summarise_surveys(
        iter([survey("2000", "0"), survey("2000", "5"), survey("2001", "3"), survey("2002", "1")])
    )
    told = [(row.agent_id, row.total_keys, row.total_score, row.score_average) for row in rows]
    assert told == [
        (None, 4, -3, -0.75),
        ("2000", 2, -1, -0.5),
        ("2001", 1, 0, 0.0),
        ("2002", 1, -2, -2.0),
    ]
    assert rows[0].keys == tuple(KeyCount(key, score, 1) for key, score in SCORES.items())


@pytest.mark.row("T-06")
@pytest.mark.parametrize(
    ("total", "count", "average"),
    [(2, 3, 0.66), (-2, 3, -0.66), (1, 8, 0.12), (-1, 300, 0.0), (7, 1, 7.0), (0, 0, None)],
)
def test_averages_are_cut_off_and_not_rounded(
    total: int, count: int, average: float | None
) -> None:
    assert average_truncated(total, count) == average


@pytest.mark.row("T-06")
def test_who_did_not_answer_was_asked_and_has_no_score() -> None:
    queue, agent = summarise_surveys(iter([survey("2000", None), survey("2000", "5")]))
    assert (queue.asked, queue.total_keys, queue.score_average) == (2, 1, 2.0)
    assert (agent.asked, agent.total_keys) == (2, 1)
    [silent, _] = summarise_surveys(iter([survey("2000", None)]))
    assert (silent.asked, silent.keys, silent.score_average) == (1, (), None)


def test_surveys_are_shown_with_their_keys() -> None:
    rows = summarise_surveys(iter([survey("2000", "0"), survey("2000", "5")]))
    report = Report(ReportKind.SURVEY_SUMMARY, QUERY, rows)
    lines = render_text(report, UTC).splitlines()
    assert lines[-1].split() == [
        *("6400", "2000", "2", "0", "(-3):", "1", "5", "(2):", "1", "2", "-1", "-0.50"),
    ]
    shown = json.loads(render_json(report, UTC))
    assert shown["rows"][0]["keys"] == [
        {"key": "0", "score": -3, "count": 1},
        {"key": "5", "score": 2, "count": 1},
    ]
    assert shown["rows"][0]["agent_id"] is None
    assert {"total", "limit", "sla_ms"}.isdisjoint(shown)


def callback(status: Status, queue: str = "6400") -> CallbackRow:
    values: dict[str, Any] = dict.fromkeys(CallbackRow.__slots__)
    values |= {"callback_id": VisitId("v"), "queue_id": QueueId(queue), "status": status}
    return CallbackRow(**values | {"attempts": 0})


def nothing() -> Iterator[Any]:
    return iter(())


@pytest.mark.row("T-04")
def test_each_callback_is_one_of_four() -> None:
    statuses = (Status.SUCCEEDED, Status.FAILED, Status.FAILED, Status.OPEN, Status.UNKNOWN)
    [row, total] = summarise_callbacks(iter(map(callback, statuses)), nothing())
    assert row == CallbackSummaryRow(QueueId("6400"), 5, 1, 2, 1, 1, 0)
    assert total == CallbackSummaryRow(None, 5, 1, 2, 1, 1, 0)
    assert summarise_callbacks(nothing(), nothing()) == (
        CallbackSummaryRow(None, 0, 0, 0, 0, 0, 0),
    )


def test_a_summary_of_callbacks_has_a_total() -> None:
    rows = summarise_callbacks(iter([callback(Status.FAILED)]), nothing())
    report = Report(ReportKind.CALLBACK_SUMMARY, QUERY, rows)
    assert render_text(report, UTC).splitlines()[-1].split() == ["total", "1", "0", "1", "0", "0"]
    shown = json.loads(render_json(report, UTC))
    assert [row["queue_id"] for row in shown["rows"]] == ["6400"]
    assert "queue_id" not in shown["total"]
    assert {"limit", "sla_ms"}.isdisjoint(shown)


def test_a_callback_in_a_table() -> None:
    report = Report(ReportKind.CALLBACKS, QUERY, (callback(Status.OPEN),))
    text = render_text(report, UTC)
    assert text.splitlines()[0].startswith("Callbacks, 1970-01-01")
    assert "open" in text.splitlines()[3]
