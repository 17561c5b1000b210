"""What people do with calls, stored and read back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.adapters.db import SqlFactStore, SqlReportStore, report_store
from engine.core.facts import CallEnd, ParkEnd
from engine.core.ids import AgentId, QueueId
from engine.core.policy import MonitorMode, Presence
from engine.reports import Query
from engine.reports.rows import Status
from tests.db.databases import Database
from tests.db.desk import DeskStory, consulted_call, transferred_call
from tests.db.story import T0, answered_call

pytestmark = pytest.mark.db

ALL = Query(T0, T0 + 86_400_000)


@pytest.fixture
def archive(database: Database) -> Iterator[SqlReportStore]:
    made = SqlReportStore(database.url)
    yield made
    made.close()


def record(database: Database, story: DeskStory, epoch: str = "e1") -> None:
    store = SqlFactStore(database.url)
    store.write(epoch, story.facts)
    assert store.counts.rejected == 0
    store.close()


def of(**asked: str) -> Query:
    """The day, for one queue or agent."""
    return Query(
        ALL.from_ms,
        ALL.to_ms,
        queues=tuple(QueueId(each) for name, each in asked.items() if name == "queue"),
        agents=tuple(AgentId(each) for name, each in asked.items() if name == "agent"),
    )


@pytest.mark.row("A-07")
def test_a_transferred_call(database: Database, archive: SqlReportStore) -> None:
    story = DeskStory()
    transferred_call(story)
    record(database, story)
    [call] = archive.calls(ALL)
    assert (call.status, call.parties, call.talk_ms) == (
        *(Status.ANSWERED, ("1001", "1003"), 17_000),
    )
    [visit] = archive.visits(ALL)
    # The visit is the answering agent's, with what that agent talked.
    assert (visit.agent_id, visit.talk_ms, visit.talk_ended_by) == ("1001", 10_000, "transferred")
    [transfer] = archive.transfers(ALL)
    assert (transfer.kind, transfer.by, transfer.target) == ("blind", "1001", "1003")
    assert (transfer.at_ms, transfer.caller_number) == (T0 + 15_000, "5550100")
    assert len(list(archive.transfers(of(queue="6400")))) == 1
    assert len(list(archive.transfers(of(agent="1003")))) == 1
    assert list(archive.transfers(of(queue="6401"))) == []
    assert list(archive.transfers(of(agent="1002"))) == []
    assert list(archive.transfers(Query(T0, T0 + 15_000))) == []


@pytest.mark.row("A-07")
def test_two_talks_of_one_leg(database: Database, archive: SqlReportStore) -> None:
    """The consultation's leg talks with the one who asked, then with the caller."""
    story = DeskStory()
    consulted_call(story)
    record(database, story)
    consult, call = archive.calls(ALL)
    assert (call.parties, call.talk_ms, call.hold_ms) == (("1001", "1003"), 22_000, 8_000)
    assert (consult.parties, consult.talk_ms, consult.ended_by) == (
        *(("1003",), 6_000, "transferred"),
    )
    [transfer] = archive.transfers(ALL)
    assert (transfer.call_id, transfer.other_call_id) == ("c1", "c2")
    talks = [(row["talk_id"], row["call_id"]) for row in database.rows("talk_segments")]
    assert talks == [("leg-c1-1", "c1"), ("leg-c2-1", "c2"), ("leg-c2-1-t2", "c1")]


def test_calls_say_whose_rest_they_are_and_who_asked(
    database: Database, archive: SqlReportStore
) -> None:
    story = DeskStory()
    story.call("c1")
    story.rest_of_call("leg-c1-1", "c1")
    story.call_over("c1", CallEnd.TRANSFERRED)
    story.wait(1).placed_call("own-e-1", "1009")
    record(database, story)
    placed, rest, first = archive.calls(ALL)
    assert (placed.source, placed.by, placed.parent_id) == ("usher", "1009", None)
    assert (rest.parent_id, rest.by) == ("c1", None)
    assert (first.ended_by, first.parent_id) == ("transferred", None)


@pytest.mark.row("S-03")
def test_parked_calls(database: Database, archive: SqlReportStore) -> None:
    story = DeskStory()
    story.call("c1")
    story.visit("c1")
    story.missed("c1")
    story.park("c1", "701", "1001")
    story.wait(9_000).unpark("c1", "701", ParkEnd.TIMED_OUT)
    story.wait(1_000).park("c1", "701", "1001", 2)
    story.wait(2_000).unpark("c1", "701", ParkEnd.RETRIEVED, "1002", 2)
    story.call("c2")
    story.wait(1).park("c2", "701", "1003")
    record(database, story)
    waiting, taken, back = archive.parkings(ALL)
    assert (waiting.status, waiting.reason, waiting.duration_ms) == (Status.OPEN, None, None)
    assert (taken.reason, taken.unpark_by, taken.duration_ms) == ("retrieved", "1002", 2_000)
    assert (back.reason, back.unpark_by, back.duration_ms) == ("timed_out", None, 9_000)
    assert {row.slot for row in (waiting, taken, back)} == {"701"}
    assert [row.park_id for row in archive.parkings(of(agent="1002"))] == ["park-c1-2"]
    assert len(list(archive.parkings(of(agent="1001")))) == 2
    assert len(list(archive.parkings(of(queue="6400")))) == 2


@pytest.mark.row("S-02")
def test_monitoring(database: Database, archive: SqlReportStore) -> None:
    story = DeskStory()
    answered_call(story, "c1")
    story.monitor("c9", 1, "c1", "1001")
    story.wait(3_000).monitor_over("c9", 1, "c1")
    story.monitor("c9", 2, "c1", "1001", MonitorMode.BARGE)
    story.wait(4_000).monitor_over("c9", 2, "c1")
    story.monitor("c8", 1, "c2", "1002", by="1008", queue=None)
    record(database, story)
    second, barge, listen = archive.monitors(ALL)
    assert (listen.mode, listen.duration_ms, listen.status) == ("listen", 3_000, Status.ENDED)
    assert (barge.mode, barge.duration_ms, barge.by) == ("barge", 4_000, "1009")
    assert (barge.supervisor_call_id, barge.caller_number) == ("c9", "5550100")
    assert (second.agent_id, second.queue_id, second.status) == ("1002", None, Status.OPEN)
    assert len(list(archive.monitors(of(queue="6400")))) == 2
    assert len(list(archive.monitors(of(agent="1002")))) == 1


@pytest.mark.row("S-04")
def test_recordings(
    database: Database, archive: SqlReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_store, "ROWS_AT_ONCE", 2)
    story = DeskStory()
    story.call("c1")
    story.record("c1", "1001")
    story.wait(5_000).record_pause("c1")
    story.wait(2_000).record_resume("c1")
    story.wait(3_000).record_pause("c1")
    story.wait(1_000).record_over("c1")
    story.wait(1).record("c1", "1001", n=2)
    story.wait(1_000).record_over("c1", n=2, ok=False, why="disk full")
    story.call_over("c1")
    story.wait(1).record("c2", "1002", queue=None, by="1009")
    record(database, story)
    running, failed, whole = archive.recordings(ALL)
    assert (whole.ok, whole.pauses, whole.paused_ms, whole.duration_ms) == (True, 2, 3_000, 8_000)
    assert (whole.name, whole.talk_id, whole.stereo) == ("2025/01/c1-1", "leg-c1-1", False)
    assert (failed.ok, failed.why, failed.duration_ms, failed.pauses) == (
        *(False, "disk full", 1_000, 0),
    )
    assert (running.status, running.ok, running.start_by) == (Status.OPEN, None, "1009")
    assert (running.duration_ms, running.paused_ms) == (None, None)
    assert len(list(archive.recordings(of(agent="1001")))) == 2
    assert len(list(archive.recordings(of(queue="6400")))) == 2
    spells = database.connect()
    query = "SELECT started_at_ms, ended_at_ms, resume_by FROM recording_pauses ORDER BY 1"
    found = spells.exec_driver_sql(query).all()
    spells.close()
    assert [tuple(row) for row in found] == [
        (T0 + 5_000, T0 + 7_000, "1001"),
        (T0 + 10_000, T0 + 11_000, None),
    ]


def test_a_file_may_be_finished_when_the_next_has_begun(
    database: Database, archive: SqlReportStore
) -> None:
    """Stopped and started again by code: Asterisk closes the first file a moment later."""
    story = DeskStory()
    story.call("c1")
    story.record("c1", "1001")
    story.wait(2_000).record("c1", "1001", n=2)
    story.wait(20).record_over("c1")
    story.wait(2_000).call_over("c1")
    for fact in story.facts:
        store = SqlFactStore(database.url)
        store.write("e1", [fact])
        store.close()
        assert (store.counts.rejected, store.counts.ends_missing) == (0, 0)
    second, first = archive.recordings(ALL)
    assert (first.status, first.duration_ms) == (Status.ENDED, 2_020)
    # Its end comes with the file's, perhaps after the call's.
    assert second.status is Status.OPEN


@pytest.mark.row("A-04")
def test_presence(database: Database, archive: SqlReportStore) -> None:
    story = DeskStory()
    story.presence("1001", Presence.LUNCH)
    story.wait(1_000).presence("1002", Presence.AVAILABLE)
    record(database, story)
    told = [(row.agent_id, row.presence, row.how, row.by) for row in archive.presence(ALL)]
    assert told == [("1002", "available", "code", "1002"), ("1001", "lunch", "code", "1001")]
    assert [row.agent_id for row in archive.presence(of(agent="1001"))] == ["1001"]


@pytest.mark.row("S-03")
def test_actions_done_and_refused_are_one_report(
    database: Database, archive: SqlReportStore
) -> None:
    story = DeskStory()
    story.done("pick_up", "1001", call_id="c1")
    story.wait(1).refused("hang_up", "1002", agent="1003")
    story.wait(1).done("log_in", "1009", agent="1003")
    record(database, story)
    login, hang_up, pick_up = archive.actions(ALL)
    assert (pick_up.outcome, pick_up.action, pick_up.by, pick_up.call_id) == (
        *("done", "pick_up", "1001", "c1"),
    )
    assert (pick_up.agent_id, pick_up.detail, pick_up.why, pick_up.request_id) == (
        *(None, "as wished", None, "r0"),
    )
    assert (hang_up.outcome, hang_up.why, hang_up.queue_id, hang_up.call_id) == (
        *("refused", "no right", "6400", None),
    )
    assert (login.outcome, login.agent_id) == ("done", "1003")
    assert [row.action for row in archive.actions(of(agent="1003"))] == ["log_in", "hang_up"]
    assert [row.action for row in archive.actions(of(queue="6400"))] == ["hang_up"]
    assert database.scalar("SELECT count(*) FROM actions WHERE outcome = 'done'") == 2


@pytest.mark.row("A-08")
def test_extensions_of_a_wrapup(database: Database) -> None:
    story = DeskStory()
    story.wrapup("w1", "1001", "c1")
    story.wait(5_000).extend("w1", "1001")
    story.wait(5_000).extend("w1", "1001")
    story.wait(30_000).wrapup_over("w1", "1001")
    story.wrapup("w2", "1002", "c2")
    # In another order than told, as after a loss.
    store = SqlFactStore(database.url)
    for fact in (story.facts[2], *story.facts[3:], *story.facts[:2]):
        store.write("e1", [fact])
    assert store.counts.rejected == 0
    store.close()
    connection = database.connect()
    query = (
        "SELECT planned_end_at_ms, extensions, extended_to_at_ms FROM wrapups_utc"
        " ORDER BY wrapup_id"
    )
    found = [tuple(row) for row in connection.exec_driver_sql(query)]
    connection.close()
    assert found == [(T0 + 10_000, 2, T0 + 40_000), (T0 + 50_000, 0, None)]
