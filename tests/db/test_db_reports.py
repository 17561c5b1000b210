"""The record read back, on both databases: every figure from its rows, while others write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.adapters.db import SqlFactStore, SqlReportStore, report_store
from engine.app.ports import StoreUnavailable
from engine.core.facts import CallEnd, Fact, OfferOutcome, OfferReason, VisitReason
from engine.core.ids import AgentId, QueueId
from engine.reports import Query, ReportKind, make_report, render_json, render_text
from engine.reports.rows import Status
from tests.db.databases import KINDS, Database, DatabaseMaker
from tests.db.story import T0, Story, answered_call

pytestmark = pytest.mark.db

DAY_MS = 86_400_000
ALL = Query(T0, T0 + DAY_MS)


@pytest.fixture
def archive(database: Database) -> Iterator[SqlReportStore]:
    made = SqlReportStore(database.url)
    yield made
    made.close()


def record(database: Database, facts: list[Fact], epoch: str = "e1") -> None:
    store = SqlFactStore(database.url)
    store.write(epoch, facts)
    store.close()


def busy_hour() -> Story:
    """An answered call, an abandoned one with a missed offer, an overflow, a direct call."""
    story = Story()
    answered_call(story, "c1", "1001", "6400")
    story.wait(60_000).call("c2", "5550102", "Bob")
    story.visit("c2")
    story.offer("c2", "1001")
    story.wait(20_000).offer_over("c2", "1001", 1, OfferOutcome.MISSED, OfferReason.NO_ANSWER)
    story.wait(5_000).abandoned("c2")
    story.call_over("c2")
    story.wait(60_000).call("c3", "5550103", "Cho")
    story.visit("c3", "6400")
    story.wait(30_000).missed("c3", queue="6400", reason=VisitReason.MAX_WAIT)
    story.visit("c3", "6401", 2)
    story.wait(1_000).offer("c3", "1002", 1, queue="6401", n=2, attempt=1)
    story.wait(2_000).answered("c3", "1002", queue="6401", n=2, ring_ms=2_000)
    story.offer_over("c3", "1002", 1, queue="6401", n=2)
    story.talk("c3", "1002", 1, queue="6401", n=2)
    story.wait(9_000).talk_over("c3", 1, CallEnd.AGENT)
    story.call_over("c3", CallEnd.AGENT)
    story.wait(60_000).call("c4", "5550104", "Dee", dialled="1003")
    story.wait(4_000).direct_talk("c4", "1003")
    story.wait(6_000).talk_over("c4")
    story.call_over("c4")
    story.wait(1_000).call("c5", "5550105", "Eve", dialled="999")
    story.call_over("c5", CallEnd.SYSTEM)
    return story


def test_calls(database: Database, archive: SqlReportStore) -> None:
    record(database, busy_hour().facts)
    rows = list(archive.calls(ALL))
    assert [row.call_id for row in rows] == ["c5", "c4", "c3", "c2", "c1"]
    five, four, three, two, one = rows
    assert (one.status, one.queues, one.parties) == (Status.ANSWERED, ("6400",), ("1001",))
    assert (one.wait_ms, one.ring_ms, one.talk_ms, one.hold_ms) == (5_000, 3_000, 20_000, 5_000)
    assert (one.caller_number, one.caller_name, one.dialled) == ("5550100", "Ann", "6400")
    assert (one.source, one.endpoint, one.ended_by, one.cause) == (
        *("trunk", "provider", "caller", 16),
    )
    assert (two.status, two.talk_ms, two.hold_ms, two.parties) == (Status.ABANDONED, None, None, ())
    assert (two.wait_ms, two.queues) == (25_000, ("6400",))
    assert (three.status, three.queues, three.wait_ms) == (
        *(Status.ANSWERED, ("6400", "6401"), 33_000),
    )
    assert (three.talk_ms, three.hold_ms, three.ended_by) == (9_000, 0, "agent")
    assert (four.status, four.queues, four.parties) == (Status.ANSWERED, (), ("1003",))
    assert (four.wait_ms, four.ring_ms, four.talk_ms) == (None, None, 6_000)
    assert (five.status, five.parties, five.ended_by) == (Status.UNANSWERED, (), "system")


def test_visits(database: Database, archive: SqlReportStore) -> None:
    record(database, busy_hour().facts)
    rows = list(archive.visits(ALL))
    assert [row.visit_id for row in rows] == ["c3-v2", "c3-v1", "c2-v1", "c1-v1"]
    overflow, missed, abandoned, answered = rows
    assert (answered.status, answered.reason, answered.agent_id) == (
        *(Status.ANSWERED, "connected", "1001"),
    )
    assert (answered.wait_ms, answered.ring_ms, answered.talk_ms, answered.hold_ms) == (
        *(5_000, 3_000, 20_000, 5_000),
    )
    assert (answered.caller_number, answered.caller_name, answered.offers) == (
        *("5550100", "Ann", 1),
    )
    assert (answered.talk_ended_by, answered.started_at_ms) == ("caller", T0)
    assert (abandoned.status, abandoned.offers, abandoned.talk_ms) == (Status.ABANDONED, 1, None)
    assert (missed.status, missed.reason, missed.offers) == (Status.MISSED, "max_wait", 0)
    assert (overflow.queue_id, overflow.status, overflow.talk_ended_by) == (
        *("6401", Status.ANSWERED, "agent"),
    )


def test_offers(database: Database, archive: SqlReportStore) -> None:
    record(database, busy_hour().facts)
    rows = list(archive.offers(ALL))
    assert [row.offer_id for row in rows] == ["leg-c3-1", "leg-c2-1", "leg-c1-1"]
    missed = rows[1]
    assert (missed.status, missed.reason, missed.ring_ms) == (Status.MISSED, "no_answer", 20_000)
    assert (missed.visit_status, missed.agent_id, missed.attempt) == (Status.ABANDONED, "1001", 1)
    assert (missed.caller_number, missed.caller_name) == ("5550102", "Bob")


def test_summary(database: Database, archive: SqlReportStore) -> None:
    record(database, busy_hour().facts)
    report = make_report(archive, ReportKind.SUMMARY, ALL, sla_ms=4_000)
    first, second, total = report.rows
    assert (first.queue_id, first.total, first.answered, first.missed, first.abandoned) == (
        *("6400", 3, 1, 1, 1),
    )
    assert (first.answered_percent, first.sla_percent, first.wait_ms_max) == (33.33, 0, 30_000)
    assert (second.total, second.sla_percent, second.wait_ms_average) == (1, 100, 3_000)
    assert (total.total, total.answered, total.sla_percent) == (4, 2, 25)
    assert (total.talk_ms_average, total.hold_ms_average) == (14_500, 2_500)
    assert total.handle_ms_average == (23_000 + 11_000) // 2


@pytest.mark.parametrize(
    ("query", "call_ids", "visit_ids", "offer_ids"),
    [
        (
            Query(*(T0, T0 + DAY_MS), queues=(QueueId("6401"),)),
            *(["c3"], ["c3-v2"], ["leg-c3-1"]),
        ),
        (
            Query(*(T0, T0 + DAY_MS), agents=(AgentId("1001"),)),
            *(["c1"], ["c1-v1"], ["leg-c2-1", "leg-c1-1"]),
        ),
        (
            Query(
                *(T0, T0 + DAY_MS),
                queues=(QueueId("6400"), QueueId("6401")),
                agents=(AgentId("1002"), AgentId("1001")),
            ),
            *(["c3", "c1"], ["c3-v2", "c1-v1"], ["leg-c3-1", "leg-c2-1", "leg-c1-1"]),
        ),
        (Query(*(T0, T0 + DAY_MS), limit=1), ["c5"], ["c3-v2"], ["leg-c3-1"]),
        (Query(T0, T0 + 1), ["c1"], ["c1-v1"], []),
        (Query(T0 - DAY_MS, T0), [], [], []),
        (Query(*(T0, T0 + DAY_MS), queues=(QueueId("6499"),)), [], [], []),
    ],
)
def test_what_is_asked_for(
    query: Query,
    call_ids: list[str],
    visit_ids: list[str],
    offer_ids: list[str],
    database: Database,
    archive: SqlReportStore,
) -> None:
    record(database, busy_hour().facts)
    assert [row.call_id for row in archive.calls(query)] == call_ids
    assert [row.visit_id for row in archive.visits(query)] == visit_ids
    assert [row.offer_id for row in archive.offers(query)] == offer_ids


def test_what_has_not_ended_is_open_until_its_history_is_over(
    database: Database, archive: SqlReportStore
) -> None:
    story = Story()
    story.call("c1")
    story.visit("c1")
    story.offer("c1", "1001")
    record(database, story.facts)
    [call], [visit], [offer] = (list(each(ALL)) for each in _three(archive))
    assert (call.status, call.talk_ms, call.wait_ms) == (Status.OPEN, None, None)
    assert (visit.status, visit.wait_ms, visit.offers) == (Status.OPEN, None, 1)
    assert (offer.status, offer.visit_status) == (Status.OPEN, Status.OPEN)
    # The engine lost its state and began a new history: nobody will tell how these ended.
    later = Story(T0 + 60_000)
    later.call("c2")
    record(database, later.facts, "e2")
    assert [row.status for row in archive.calls(ALL)] == [Status.OPEN, Status.UNKNOWN]
    assert [row.status for row in archive.visits(ALL)] == [Status.UNKNOWN]
    assert [row.status for row in archive.offers(ALL)] == [Status.UNKNOWN]
    total = make_report(archive, ReportKind.SUMMARY, ALL).rows[-1]
    assert (total.total, total.open, total.unknown) == (0, 0, 1)


def test_an_end_that_was_lost_is_unknown(database: Database, archive: SqlReportStore) -> None:
    """The call is over, or the agent was rung for another: it is not open any more."""
    story = Story()
    for number in (1, 2, 3):
        answered_call(story, f"c{number}")
    lost = [fact for fact in story.facts if type(fact).__name__ in ("OfferEnded", "CallEnded")]
    told = [fact for fact in story.facts if fact not in (lost[0], lost[1], lost[2])]
    for fact in told:
        record(database, [fact])
    statuses = [row.status for row in archive.offers(ALL)]
    assert statuses == [Status.ANSWERED, Status.UNKNOWN, Status.UNKNOWN]
    assert [row["overtaken_seq"] is None for row in database.rows("offers")] == [
        *(False, False, True),
    ]
    assert [row.status for row in archive.calls(ALL)] == [
        *(Status.ANSWERED, Status.ANSWERED, Status.OPEN),
    ]


def test_an_offer_of_a_call_that_is_over_is_unknown(
    database: Database, archive: SqlReportStore
) -> None:
    story = Story()
    answered_call(story, "c1")
    record(database, [fact for fact in story.facts if type(fact).__name__ != "OfferEnded"])
    assert [row.status for row in archive.offers(ALL)] == [Status.UNKNOWN]


def test_a_running_talk_has_no_length_yet(database: Database, archive: SqlReportStore) -> None:
    story = Story()
    answered_call(story, "c1")
    record(database, story.facts[:8])
    [call], [visit] = list(archive.calls(ALL)), list(archive.visits(ALL))
    assert (visit.status, visit.talk_ms, visit.hold_ms, visit.talk_ended_by) == (
        *(Status.ANSWERED, None, None, None),
    )
    assert (call.status, call.talk_ms, call.hold_ms) == (Status.OPEN, None, None)


def test_a_row_without_its_start_is_found_by_its_end(
    database: Database, archive: SqlReportStore
) -> None:
    story = Story()
    answered_call(story, "c1")
    record(database, [fact for fact in story.facts if "Ended" in type(fact).__name__])
    [call], [visit], [offer] = (list(each(ALL)) for each in _three(archive))
    assert (call.started_at_ms, call.caller_number, call.status) == (None, None, Status.ANSWERED)
    assert (visit.started_at_ms, visit.wait_ms, visit.caller_number) == (None, 5_000, None)
    assert (offer.started_at_ms, offer.attempt, offer.status) == (None, None, Status.ANSWERED)
    before = Query(T0 - DAY_MS, T0)
    assert [list(each(before)) for each in _three(archive)] == [[], [], []]


def _three(archive: SqlReportStore) -> tuple[Any, Any, Any]:
    return archive.calls, archive.visits, archive.offers


def test_many_pages_of_calls(
    database: Database, archive: SqlReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_store, "ROWS_AT_ONCE", 7)
    story = Story()
    for number in range(30):
        answered_call(story, f"c{number}")
    record(database, story.facts)
    rows = list(archive.calls(ALL))
    assert [row.call_id for row in rows] == [f"c{number}" for number in reversed(range(30))]
    assert {(row.talk_ms, row.hold_ms, row.status) for row in rows} == {
        (20_000, 5_000, Status.ANSWERED)
    }
    assert len(list(archive.visits(ALL))) == 30


def test_the_same_report_from_both_databases(databases: DatabaseMaker) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    shown: list[list[str]] = []
    for kind in KINDS:
        database = databases.fresh(kind)
        record(database, busy_hour().facts)
        archive = SqlReportStore(database.url)
        reports = [make_report(archive, each, ALL) for each in ReportKind]
        shown.append(
            [render_json(each, zone) for each in reports]
            + [render_text(each, zone) for each in reports]
        )
        archive.close()
    assert shown[0] == shown[1]
    assert "2025-01-01T08:00:00.000+08:00" in shown[0][0]


def test_a_reader_sees_one_moment_and_holds_nobody_up(database: Database) -> None:
    """A long report is read while facts pour in: it neither mixes moments nor makes the writer wait."""
    story = Story()
    for number in range(1_100):
        answered_call(story, f"c{number}")
    record(database, story.facts)
    archive = SqlReportStore(database.url)
    reading = archive.visits(Query(T0, T0 + 1_000 * DAY_MS, limit=None))
    seen = [next(reading) for _ in range(3)]
    written = threading.Event()

    def write() -> None:
        more = Story(T0 + 500 * DAY_MS)
        for number in range(50):
            answered_call(more, f"d{number}")
        record(database, more.facts, "e2")
        written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(30), "the writer waited for the reader"
    writer.join()
    seen += list(reading)
    assert len(seen) == 1_100
    assert {row.call_id[0] for row in seen} == {"c"}
    later = list(archive.visits(Query(T0, T0 + 1_000 * DAY_MS, limit=None)))
    archive.close()
    assert len(later) == 1_150


def test_a_reader_cannot_write(database: Database, archive: SqlReportStore) -> None:
    with pytest.raises(StoreUnavailable, match="read-only"), archive._reading() as connection:
        connection.exec_driver_sql("DELETE FROM calls")


def test_no_tables_no_file(databases: DatabaseMaker, tmp_path: Path) -> None:
    missing = SqlReportStore(f"sqlite:///{tmp_path}/usher.db")
    with pytest.raises(StoreUnavailable, match="nothing is recorded here, `usher run` makes it"):
        list(missing.calls(ALL))
    assert list(tmp_path.iterdir()) == []
    empty = SqlReportStore(databases.empty("postgresql").url)
    with pytest.raises(StoreUnavailable, match="has no tables yet: run `usher db upgrade`"):
        list(empty.offers(ALL))
    empty.close()
