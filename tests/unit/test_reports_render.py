"""Reports as text and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.cli import REPORTS
from engine.core.ids import (
    AgentId,
    CallId,
    LegId,
    MonitorId,
    QueueId,
    RecordingId,
    TalkId,
    VisitId,
)
from engine.reports import (
    BadQuery,
    Query,
    Report,
    ReportKind,
    make_report,
    render_json,
    render_text,
)
from engine.reports.build import SummaryRow
from engine.reports.columns import COLUMNS
from engine.reports.render_text import shown_duration
from engine.reports.rows import CallRow, OfferRow, ParkingRow, Status, TransferRow, VisitRow
from engine.reports.rows_callbacks import CallbackRow, CallbackSummaryRow
from engine.reports.rows_people import ActionRow, PresenceRow
from engine.reports.rows_surveys import SurveyRow, SurveySummaryRow
from engine.reports.rows_talks import MonitorRow, RecordingRow
from engine.reports.rows_ways import RouteRow

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
T0 = 1_735_689_600_000  # 2025-01-01T00:00:00Z
QUERY = Query(T0, T0 + 86_400_000, limit=2)

CALL = CallRow(
    call_id=CallId("c1"),
    started_at_ms=T0 + 7,
    ended_at_ms=T0 + 60_007,
    source="trunk",
    endpoint="provider",
    caller_number="5550100",
    caller_name="王芳",
    dialled="6400",
    status=Status.ANSWERED,
    queues=(QueueId("6400"), QueueId("6401")),
    parties=("1001",),
    wait_ms=5_000,
    ring_ms=3_000,
    talk_ms=45_999,
    hold_ms=0,
    ended_by="caller",
    cause=16,
)
VISIT = VisitRow(
    visit_id=VisitId("c1-v1"),
    call_id=CallId("c1"),
    queue_id=QueueId("6400"),
    started_at_ms=None,
    ended_at_ms=T0 + 5_000,
    caller_number=None,
    caller_name=None,
    status=Status.ABANDONED,
    reason="caller_hung_up",
    agent_id=None,
    offers=0,
    wait_ms=5_000,
    ring_ms=0,
    talk_ms=None,
    hold_ms=None,
    talk_ended_by=None,
    entry_position=None,
    exit_position=1,
)
OFFER = OfferRow(
    offer_id=LegId("leg-c1-1"),
    visit_id=VisitId("c1-v1"),
    call_id=CallId("c1"),
    queue_id=QueueId("6400"),
    agent_id=AgentId("1001"),
    started_at_ms=T0,
    ended_at_ms=T0 + 20_000,
    caller_number="5550100",
    caller_name="Ann",
    attempt=1,
    status=Status.MISSED,
    reason="no_answer",
    ring_ms=20_000,
    cause=19,
    visit_status=Status.ABANDONED,
)
TRANSFER = TransferRow(
    at_ms=T0 + 7,
    call_id=CallId("c1"),
    caller_number="5550100",
    caller_name="Ann",
    kind="attended",
    by="1001",
    target="1003",
    other_call_id=CallId("c2"),
)
PARKING = ParkingRow(
    park_id="park-1",
    call_id=CallId("c1"),
    started_at_ms=T0,
    ended_at_ms=T0 + 30_000,
    caller_number="5550100",
    caller_name="Ann",
    slot="701",
    park_by="1001",
    status=Status.ENDED,
    reason="retrieved",
    unpark_by="1002",
    duration_ms=30_000,
)
MONITOR = MonitorRow(
    monitor_id=MonitorId("spy-c9-1"),
    supervisor_call_id=CallId("c9"),
    call_id=CallId("c1"),
    started_at_ms=T0,
    ended_at_ms=None,
    caller_number="5550100",
    caller_name="Ann",
    by="1009",
    agent_id=AgentId("1001"),
    queue_id=None,
    mode="whisper",
    status=Status.OPEN,
    duration_ms=None,
)
RECORDING = RecordingRow(
    recording_id=RecordingId("rec-leg-c1-1-1"),
    call_id=CallId("c1"),
    talk_id=TalkId("leg-c1-1"),
    started_at_ms=T0,
    ended_at_ms=T0 + 30_000,
    caller_number="5550100",
    caller_name="Ann",
    queue_id=QueueId("6400"),
    agent_id=AgentId("1001"),
    name="2025/01/01/c1-1",
    stereo=False,
    status=Status.ENDED,
    ok=True,
    why=None,
    pauses=1,
    paused_ms=10_000,
    duration_ms=20_000,
    start_by="engine",
    stop_by="1001",
)
PRESENCE = PresenceRow(T0, AgentId("1001"), "lunch", "code", "1001")
ACTION = ActionRow(
    at_ms=T0,
    outcome="refused",
    action="hang_up",
    by="1001",
    agent_id="1002",
    queue_id=None,
    call_id="c1",
    detail=None,
    why="not allowed",
    request_id="r1",
)


class Shelf:
    """A `ReportStore` that has these rows, newest first, and remembers what it was asked."""

    def __init__(self, *rows: Any) -> None:
        self.rows = rows
        self.asked: list[Query] = []

    def _give(self, query: Query) -> Iterator[Any]:
        self.asked.append(query)
        yield from self.rows[: query.limit]

    calls = visits = offers = transfers = _give
    parkings = monitors = recordings = presence = actions = _give
    callbacks = surveys = routes = _give

    def close(self) -> None:
        pass


CALLS_TEXT = """
Calls, 2025-01-01 01:00:00 to 2025-01-02 01:00:00, Europe/Berlin

started              call  from      caller   name  dialled  status    queues     talked with     wait     ring     talk     hold  ended by  rest of  asked by
2025-01-01 01:00:00  c1    provider  5550100  王芳  6400     answered  6400 6401  1001         0:00:05  0:00:03  0:00:45  0:00:00  caller    -        -
2025-01-01 01:00:00  c1    provider  5550100  Ann   6400     answered  -          -                  -  0:00:03  0:00:45  0:00:00  caller    c0       1009

2 in all
"""

ROWS: dict[ReportKind, Any] = {
    ReportKind.CALLS: CALL,
    ReportKind.VISITS: VISIT,
    ReportKind.OFFERS: OFFER,
    ReportKind.TRANSFERS: TRANSFER,
    ReportKind.RECORDINGS: RECORDING,
    ReportKind.MONITORS: MONITOR,
    ReportKind.PARKINGS: PARKING,
    ReportKind.PRESENCE: PRESENCE,
    ReportKind.ACTIONS: ACTION,
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(("stored", "truncated"), [(0, False), (2, False), (3, True)])
def test_a_limit_that_cuts_is_told(kind: ReportKind, stored: int, *, truncated: bool) -> None:
    report = make_report(Shelf(*[ROWS[kind]] * stored), kind, QUERY)
    assert (len(report.rows), report.truncated) == (min(stored, 2), truncated)
    shown = json.loads(render_json(report, BERLIN))
    assert (len(shown["rows"]), shown["truncated"], shown["limit"]) == (
        min(stored, 2),
        truncated,
        2,
    )
    last = render_text(report, BERLIN).splitlines()[-1]
    assert last == ("the latest 2; there are more (--limit)" if truncated else last)
    assert (last == "none") is (stored == 0)


def test_without_a_limit_everything_comes() -> None:
    query = dataclasses.replace(QUERY, limit=None)
    report = make_report(Shelf(*[CALL] * 50), ReportKind.CALLS, query)
    assert (len(report.rows), report.truncated) == (50, False)
    assert render_text(report, BERLIN).endswith("50 in all")


def test_a_summary_is_of_all_visits_whatever_the_limit() -> None:
    shelf = Shelf(*[VISIT] * 5)
    report = make_report(shelf, ReportKind.SUMMARY, QUERY)
    assert shelf.asked == [dataclasses.replace(QUERY, limit=None)]
    shown = json.loads(render_json(report, BERLIN))
    assert "limit" not in shown
    assert shown["sla_ms"] == 60_000
    assert [row["queue_id"] for row in shown["rows"]] == ["6400"]
    assert "queue_id" not in shown["total"]
    assert shown["total"]["abandoned"] == 5
    assert shown["total"]["answered_percent"] == 0
    assert shown["total"]["talk_ms_average"] is None


def test_json_of_a_call() -> None:
    query = dataclasses.replace(QUERY, queues=(QueueId("6400"),), agents=(AgentId("1001"),))
    shown = json.loads(render_json(make_report(Shelf(CALL), ReportKind.CALLS, query), BERLIN))
    assert shown == {
        "report": "calls",
        "from": "2025-01-01T01:00:00.000+01:00",
        "from_ms": T0,
        "to": "2025-01-02T01:00:00.000+01:00",
        "to_ms": T0 + 86_400_000,
        "zone": "Europe/Berlin",
        "queues": ["6400"],
        "agents": ["1001"],
        "limit": 2,
        "truncated": False,
        "rows": [
            {
                "started_at": "2025-01-01T01:00:00.007+01:00",
                "started_at_ms": T0 + 7,
                "ended_at": "2025-01-01T01:01:00.007+01:00",
                "ended_at_ms": T0 + 60_007,
                "call_id": "c1",
                "source": "trunk",
                "endpoint": "provider",
                "caller_number": "5550100",
                "caller_name": "王芳",
                "dialled": "6400",
                "status": "answered",
                "queues": ["6400", "6401"],
                "parties": ["1001"],
                "wait_ms": 5_000,
                "ring_ms": 3_000,
                "talk_ms": 45_999,
                "hold_ms": 0,
                "ended_by": "caller",
                "cause": 16,
                "parent_id": None,
                "by": None,
                "routes": [],
            }
        ],
    }


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (ReportKind.CALLS, CallRow),
        (ReportKind.VISITS, VisitRow),
        (ReportKind.OFFERS, OfferRow),
        (ReportKind.SUMMARY, SummaryRow),
        (ReportKind.TRANSFERS, TransferRow),
        (ReportKind.RECORDINGS, RecordingRow),
        (ReportKind.MONITORS, MonitorRow),
        (ReportKind.PARKINGS, ParkingRow),
        (ReportKind.PRESENCE, PresenceRow),
        (ReportKind.ACTIONS, ActionRow),
        (ReportKind.CALLBACKS, CallbackRow),
        (ReportKind.CALLBACK_SUMMARY, CallbackSummaryRow),
        (ReportKind.SURVEYS, SurveyRow),
        (ReportKind.SURVEY_SUMMARY, SurveySummaryRow),
        (ReportKind.ROUTES, RouteRow),
    ],
)
def test_json_has_every_field_of_a_row_once(kind: ReportKind, row: type[Any]) -> None:
    names = [column.name for column in COLUMNS[kind]]
    assert sorted(names) == sorted(field.name for field in dataclasses.fields(row))


def test_what_was_never_told_is_null_and_a_dash() -> None:
    report = make_report(Shelf(VISIT), ReportKind.VISITS, QUERY)
    [row] = json.loads(render_json(report, BERLIN))["rows"]
    assert (row["started_at"], row["started_at_ms"], row["agent_id"]) == (None, None, None)
    line = render_text(report, BERLIN).splitlines()[-3]
    assert line.split() == (
        [
            "-",
            "6400",
            "-",
            "-",
            "abandoned",
            "caller_hung_up",
            "-",
            "0",
            "0:00:05",
            "0:00:00",
            "-",
            "-",
            "-",
        ]
    )


def test_text_of_calls() -> None:
    plain = dataclasses.replace(
        CALL,
        caller_name="Ann",
        queues=(),
        parties=(),
        wait_ms=None,
        parent_id=CallId("c0"),
        by="1009",
    )
    report = make_report(Shelf(CALL, plain), ReportKind.CALLS, QUERY)
    assert render_text(report, BERLIN) == CALLS_TEXT.strip()


def test_text_of_a_summary() -> None:
    answered = dataclasses.replace(
        VISIT, status=Status.ANSWERED, agent_id=AgentId("1001"), talk_ms=3_600_000, hold_ms=0
    )
    query = dataclasses.replace(QUERY, queues=(QueueId("6400"),), agents=(AgentId("1001"),))
    report = make_report(Shelf(answered, VISIT, VISIT), ReportKind.SUMMARY, query, sla_ms=20_000)
    lines = render_text(report, BERLIN).splitlines()
    assert lines[1:4] == [
        "queues: 6400",
        "agents: 1001",
        "SLA: answered in less than 20 s, of all visits",
    ]
    assert lines[-2].split() == [
        "6400",
        "3",
        "1",
        "0",
        "2",
        "0",
        "1:00:00",
        "0:00:05",
        "0:00:05",
        "0:00:05",
        "1:00:00",
        "0:00:00",
        "33.33",
        "0.00",
        "66.67",
        "33.33",
    ]
    assert lines[-1].split()[:5] == ["total", "3", "1", "0", "2"]


def test_a_caller_cannot_write_to_the_terminal() -> None:
    """A display name is whatever the caller's phone says."""
    rude = dataclasses.replace(CALL, caller_name="\x1b[2J\nAnn\t\u202e", caller_number="")
    text = render_text(make_report(Shelf(rude), ReportKind.CALLS, QUERY), BERLIN)
    assert "?[2J?Ann??" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 6


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [(0, "0:00:00"), (999, "0:00:00"), (61_000, "0:01:01"), (360_000_000, "100:00:00")],
)
def test_durations(duration_ms: int, shown: str) -> None:
    assert shown_duration(duration_ms) == shown


def test_a_report_is_a_value() -> None:
    one = make_report(Shelf(OFFER), ReportKind.OFFERS, QUERY)
    assert one == Report(ReportKind.OFFERS, QUERY, (OFFER,))


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_is_at_least_one(limit: int) -> None:
    with pytest.raises(ValueError, match="--limit"):
        dataclasses.replace(QUERY, limit=limit)


@pytest.mark.parametrize(
    ("kind", "title", "cells"),
    [
        (ReportKind.TRANSFERS, "Transfers", "c1 5550100 Ann attended 1001 1003 c2"),
        (
            *(ReportKind.RECORDINGS, "Recordings"),
            "6400 1001 5550100 Ann 2025/01/01/c1-1 ended yes - 0:00:20 1 0:00:10 engine 1001",
        ),
        (
            *(ReportKind.MONITORS, "Monitoring"),
            "c1 1009 whisper 1001 - 5550100 Ann open -",
        ),
        (
            *(ReportKind.PARKINGS, "Parked calls"),
            "c1 5550100 Ann 701 1001 ended retrieved 1002 0:00:30",
        ),
        (ReportKind.PRESENCE, "Changes of presence", "1001 lunch code 1001"),
        (ReportKind.ACTIONS, "Actions", "refused hang_up 1001 1002 - c1 - not allowed"),
    ],
)
def test_texts_of_what_people_do(kind: ReportKind, title: str, cells: str) -> None:
    text = render_text(make_report(Shelf(ROWS[kind]), kind, QUERY), BERLIN)
    head, _, _, line, *_ = text.splitlines()
    assert head.startswith(f"{title}, 2025-01-01")
    assert " ".join(line.split()) == f"2025-01-01 01:00:00 {cells}"


def test_json_of_a_recording() -> None:
    report = make_report(Shelf(RECORDING), ReportKind.RECORDINGS, QUERY)
    [row] = json.loads(render_json(report, BERLIN))["rows"]
    assert (row["ok"], row["stereo"], row["why"]) == (True, False, None)
    assert (row["duration_ms"], row["started_at"]) == (20_000, "2025-01-01T01:00:00.000+01:00")


def test_actions_of_a_queue_say_that_those_done_are_not_among_them() -> None:
    note = "refused actions only: of those that were done the queue is not recorded"
    query = dataclasses.replace(QUERY, queues=(QueueId("6400"),))
    for asked, noted in ((query, True), (QUERY, False)):
        text = render_text(make_report(Shelf(ACTION), ReportKind.ACTIONS, asked), BERLIN)
        assert (note in text.splitlines()) is noted


def test_presence_is_of_no_queue() -> None:
    query = dataclasses.replace(QUERY, queues=(QueueId("6400"),))
    with pytest.raises(BadQuery, match="--queue: presence is of a person"):
        make_report(Shelf(PRESENCE), ReportKind.PRESENCE, query)


def test_the_command_line_offers_every_report() -> None:
    assert set(REPORTS) == set(ReportKind)
