"""Callbacks, surveys and ways taken, stored and read back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import pytest

from engine.adapters.db import SqlFactStore, SqlReportStore
from engine.core.facts import CallbackReason, RouteReason, SurveyEnd, VisitReason
from engine.core.ids import AgentId, QueueId
from engine.core.waiting import HoursKind
from engine.reports import BadQuery, Query, ReportKind, make_report, render_text
from engine.reports.rows import Status
from tests.db.databases import Database
from tests.db.story import T0, answered_call
from tests.db.waiting import WaitingStory, called_back

pytestmark = pytest.mark.db

ALL = Query(T0, T0 + 86_400_000)


@pytest.fixture
def archive(database: Database) -> Iterator[SqlReportStore]:
    made = SqlReportStore(database.url)
    yield made
    made.close()


def record(database: Database, story: WaitingStory, epoch: str = "e1") -> None:
    store = SqlFactStore(database.url)
    store.write(epoch, story.facts)
    assert store.counts.rejected == 0
    store.close()


def of(queue: str | None = None, agent: str | None = None) -> Query:
    return Query(
        ALL.from_ms,
        ALL.to_ms,
        queues=() if queue is None else (QueueId(queue),),
        agents=() if agent is None else (AgentId(agent),),
    )


@pytest.mark.row("T-05", "C-05")
def test_a_callback_that_succeeded(database: Database, archive: SqlReportStore) -> None:
    story = WaitingStory()
    called_back(story)
    record(database, story)
    [row] = archive.callbacks(ALL)
    assert (row.status, row.reason, row.agent_id) == (Status.SUCCEEDED, "talked", "1001")
    # From joining the queue to the customer's answer.
    assert (row.entered_at_ms, row.ended_at_ms, row.wait_ms) == (T0, T0 + 90_000, 90_000)
    assert (row.started_at_ms, row.attempted_at_ms) == (T0 + 20_000, T0 + 83_000)
    assert (row.caller_number, row.number, row.asked_how) == ("5550100", "0555", "key")
    assert (row.caller_call_id, row.call_id, row.attempts) == ("c1", "own-c1", 1)
    assert [each.callback_id for each in archive.callbacks(of(agent="1001"))] == ["c1-cb"]
    assert list(archive.callbacks(of(agent="1002"))) == []
    assert list(archive.callbacks(of(queue="6401"))) == []
    assert list(archive.callbacks(Query(T0, T0 + 20_000))) == [], "it began when it was registered"


@pytest.mark.row("T-02", "C-06")
def test_a_callback_is_no_second_visit(database: Database, archive: SqlReportStore) -> None:
    """One visit, missed; the talk is the agent's, and in no figure of answered visits."""
    story = WaitingStory()
    called_back(story)
    record(database, story)
    [visit] = archive.visits(ALL)
    assert (visit.status, visit.reason, visit.talk_ms) == (Status.MISSED, "callback", None)
    *_, total = make_report(archive, ReportKind.SUMMARY, ALL).rows
    assert (total.total, total.answered, total.missed) == (1, 0, 1)  # type: ignore[union-attr]
    callback, caller = archive.calls(ALL)
    assert (caller.status, caller.parties, caller.queues) == (Status.MISSED, (), ("6400",))
    assert (callback.source, callback.parent_id) == ("callback", "c1")
    assert (callback.status, callback.parties) == (Status.ANSWERED, ("1001",))
    assert (callback.queues, callback.talk_ms) == (("6400",), 30_000)
    [offer] = archive.offers(ALL)
    assert (offer.status, offer.visit_status, offer.source) == (
        *(Status.ANSWERED, Status.ANSWERED, "callback"),
    )
    assert [row.call_id for row in archive.calls(of(agent="1001"))] == ["own-c1"]
    assert [row.call_id for row in archive.calls(of(queue="6400"))] == ["own-c1", "c1"]
    assert list(archive.calls(of(queue="6401"))) == []


@pytest.mark.row("C-06")
def test_the_number_of_a_callbacks_customer_is_marked(
    database: Database, archive: SqlReportStore
) -> None:
    story = WaitingStory()
    called_back(story)
    story.record("own-c1", "1001")
    story.transfer("own-c1", "1001", "1003")
    story.park("own-c1", "701", "1001")
    story.monitor("c9", 1, "own-c1", "1001")
    story.routed("own-c1", "6400", "hang_up")
    record(database, story)
    for kind in (
        *(ReportKind.CALLS, ReportKind.OFFERS, ReportKind.TRANSFERS, ReportKind.RECORDINGS),
        *(ReportKind.MONITORS, ReportKind.PARKINGS, ReportKind.SURVEYS, ReportKind.ROUTES),
    ):
        text = render_text(make_report(archive, kind, ALL), UTC)
        assert "(QCB) 0555" in text, kind
        assert text.count("QCB") == 1, kind


@pytest.mark.row("C-05", "T-05")
@pytest.mark.parametrize(
    "reason", [each for each in CallbackReason if each is not CallbackReason.TALKED]
)
def test_a_callback_that_failed(
    reason: CallbackReason, database: Database, archive: SqlReportStore
) -> None:
    story = WaitingStory()
    story.call("c1")
    story.visit("c1")
    story.wait(30_000).request_callback("c1")
    story.wait(1_000).callback_offer("c1", "own-c1", "1001")
    story.wait(10_000).callback_offer_over("c1", "own-c1", "1001")
    story.callback_over("c1", "own-c1", reason, attempts=0)
    record(database, story)
    [row] = archive.callbacks(ALL)
    assert (row.status, row.reason, row.wait_ms) == (Status.FAILED, reason.value, 41_000)
    assert (row.attempts, row.attempted_at_ms, row.agent_id) == (0, None, None)
    [offer] = archive.offers(ALL)
    assert offer.visit_status is Status.MISSED


def test_each_attempt_is_a_call_of_the_same_callback(
    database: Database, archive: SqlReportStore
) -> None:
    """The next attempt's call is the rest of the one before."""
    story = WaitingStory()
    story.call("c1")
    story.visit("c1")
    story.request_callback("c1")
    story.wait(1).attempt("c1", "own-c1", "1001")
    story.wait(1).callback_call("own-2", "own-c1", "0555")
    story.call_over("own-c1")
    story.wait(1).attempt("c1", "own-2", "1002", 2)
    record(database, story)
    [row] = archive.callbacks(ALL)
    assert (row.attempts, row.attempted_at_ms, row.status) == (2, T0 + 3, Status.OPEN)
    second, first, _ = archive.calls(ALL)
    assert (second.queues, second.parent_id) == (("6400",), "own-c1")
    assert (first.queues, first.status) == (("6400",), Status.UNANSWERED)


@pytest.mark.row("C-06")
def test_a_number_waits_once_in_a_queue(database: Database, archive: SqlReportStore) -> None:
    """What contradicts that means that the first one's end was lost."""
    story = WaitingStory()
    for call_id in ("c1", "c2"):
        story.call(call_id)
        story.visit(call_id)
        story.wait(1).request_callback(call_id)
    record(database, story)
    second, first = archive.callbacks(ALL)
    assert (first.status, second.status) == (Status.UNKNOWN, Status.OPEN)


@pytest.mark.row("T-04")
def test_the_summary_of_callbacks(database: Database, archive: SqlReportStore) -> None:
    story = WaitingStory()
    called_back(story)
    for number, (call_id, queue) in enumerate((("c2", "6400"), ("c3", "6401"), ("c4", "6401"))):
        story.call(call_id, dialled=queue)
        story.visit(call_id, queue)
        story.wait(1).request_callback(call_id, f"0777{number}", queue)
    story.wait(1).callback_over("c2", "own-c2", CallbackReason.NO_AGENT, attempts=0)
    story.callback_over("c3", "own-c3", CallbackReason.CANCELLED, attempts=0, queue="6401")
    answered_call(story, "c5")
    answered_call(story, "c6", queue="6402")
    record(database, story)
    rows = make_report(archive, ReportKind.CALLBACK_SUMMARY, ALL).rows
    told = [
        (row.queue_id, row.requests, row.succeeded, row.failed, row.open, row.total_calls)  # type: ignore[union-attr]
        for row in rows
    ]
    assert told == [
        ("6400", 2, 1, 1, 0, 3),
        ("6401", 2, 0, 1, 1, 2),
        (None, 4, 1, 2, 1, 5),
    ]
    [row, _] = make_report(archive, ReportKind.CALLBACK_SUMMARY, of(queue="6401")).rows
    assert row.queue_id == "6401"  # type: ignore[union-attr]
    with pytest.raises(BadQuery, match="--agent"):
        make_report(archive, ReportKind.CALLBACK_SUMMARY, of(agent="1001"))


@pytest.mark.row("T-07", "P-12")
def test_surveys(database: Database, archive: SqlReportStore) -> None:
    story = WaitingStory()
    answered_call(story, "c1")
    story.survey("c1", "1001", "0", -3)
    story.wait(1_000)
    answered_call(story, "c2", "1002")
    story.survey("c2", "1002", why=SurveyEnd.SILENCE)
    called_back(story, "c3")
    record(database, story)
    callback, silent, first = archive.surveys(ALL)
    assert (first.agent_id, first.key, first.score, first.why) == ("1001", "0", -3, "answered")
    assert (first.entered_at_ms, first.caller_number) == (T0, "5550100")
    assert (silent.key, silent.score, silent.why) == (None, None, "silence")
    assert (callback.caller_number, callback.source) == ("0555", "callback")
    [asked] = archive.callbacks(ALL)
    assert callback.entered_at_ms == asked.entered_at_ms
    assert [row.call_id for row in archive.surveys(of(agent="1002"))] == ["c2"]
    assert list(archive.surveys(of(queue="6401"))) == []


@pytest.mark.row("P-11", "Q-03")
def test_ways_taken(database: Database, archive: SqlReportStore) -> None:
    story = WaitingStory()
    story.call("c1")
    story.routed("c1", "menu main", "6400", RouteReason.MENU_KEY, "1")
    story.visit("c1")
    story.wait(5_000).missed("c1", reason=VisitReason.KEY_EVENT)
    story.routed("c1", "6400", "voicemail 1001", RouteReason.KEY_EVENT, "2")
    story.call("c2")
    story.routed("c2", "6401", "hang_up", RouteReason.CLOSED)
    record(database, story)
    closed, event, menu = archive.routes(ALL)
    assert (menu.from_place, menu.target, menu.why, menu.key) == (
        *("menu main", "6400", "menu_key", "1"),
    )
    assert (event.key, closed.key, closed.caller_number) == ("2", None, "5550100")
    second, first = archive.calls(ALL)
    assert first.routes == (
        "menu main -> 6400 (menu_key 1)",
        "6400 -> voicemail 1001 (key_event 2)",
    )
    assert second.routes == ("6401 -> hang_up (closed)",)
    # Of calls that visited the queue, and from a queue that did not take the call.
    assert [row.call_id for row in archive.routes(of(queue="6400"))] == ["c1", "c1"]
    assert [row.call_id for row in archive.routes(of(queue="6401"))] == ["c2"]
    assert list(archive.routes(of(agent="1001"))) == []


@pytest.mark.row("Q-04")
def test_when_queues_opened_and_closed(database: Database) -> None:
    story = WaitingStory()
    story.hours(HoursKind.OPEN)
    story.wait(1).hours(HoursKind.HOLIDAY, holiday="New Year")
    story.wait(1).hours(HoursKind.CLOSED, by="1007")
    record(database, story)
    told = [
        (row["kind"], row["holiday"], bool(row["overridden"]), row["by"])
        for row in database.rows("queue_hours_changes")
    ]
    assert told == [
        ("open", None, False, ""),
        ("holiday", "New Year", False, ""),
        ("closed", None, True, "1007"),
    ]
