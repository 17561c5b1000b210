"""The tables refuse what the machine must never do, whoever writes: CHECKs and unique indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from engine.adapters.db import SqlFactStore
from engine.core.facts import ParkEnd
from tests.db.databases import KINDS, Database, DatabaseMaker, everything
from tests.db.story import T0, answered_call
from tests.db.waiting import WaitingStory

pytestmark = pytest.mark.db


@pytest.fixture(scope="module", params=KINDS)
def shared(request: pytest.FixtureRequest, databases: DatabaseMaker) -> Database:
    """A database with one answered call, so that every table has a row to copy."""
    database = databases.fresh(request.param)
    story = WaitingStory()
    story.login("s1", "1001")
    answered_call(story, "c1")
    story.requested("c1", "own-c1")
    story.wait(1).callback_over("c1", "own-c1", agent="1001")
    story.park("c1", "701", "1001")
    story.wait(1).unpark("c1", "701", ParkEnd.RETRIEVED, "1002")
    story.monitor("c9", 1, "c1", "1001")
    story.wait(1).monitor_over("c9", 1, "c1")
    story.record("c1", "1001")
    story.wait(1).record_over("c1")
    story.pause("p1", "1001", "Lunch")
    story.resume("p1", "1001")
    story.logout("s1", "1001")
    store = SqlFactStore(database.url)
    store.write("e1", story.facts)
    store.close()
    return database


class Told:
    """That database within a transaction that will be rolled back."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.kind = database.kind
        self._connection = connection
        self._rows = database.rows

    def copy(self, table: str, **changes: Any) -> dict[str, Any]:
        """A lawful row under another id, with changes."""
        [row] = self._rows(table)
        return {**row, IDS[table]: "another", **changes}

    def opened(self, table: str, **changes: Any) -> dict[str, Any]:
        """The same, with its end still to come."""
        nothing = dict.fromkeys(("ended_at_ms", "ended_seq", *ENDS[table]))
        return self.copy(table, **nothing, **changes)

    def add(self, table: str, row: dict[str, Any]) -> None:
        with self._connection.begin_nested():
            self._connection.execute(insert(everything()[table]), [row])

    def scalar(self, statement: str) -> Any:
        return self._connection.exec_driver_sql(statement).scalar()


@pytest.fixture
def told(shared: Database) -> Iterator[Told]:
    with shared.connect() as connection:
        if shared.kind == "sqlite":
            connection.connection.dbapi_connection.isolation_level = None
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            connection.exec_driver_sql("BEGIN")
        yield Told(shared, connection)
        if shared.kind == "sqlite":
            connection.exec_driver_sql("ROLLBACK")


IDS = {
    "calls": "call_id",
    "queue_visits": "visit_id",
    "offers": "offer_id",
    "talk_segments": "talk_id",
    "holds": "hold_id",
    "agent_logins": "spell_id",
    "pauses": "spell_id",
    "wrapups": "wrapup_id",
    "parkings": "park_id",
    "monitors": "monitor_id",
    "recordings": "recording_id",
    "callbacks": "callback_id",
}
ENDS: dict[str, tuple[str, ...]] = {
    "calls": ("ended_by", "cause"),
    "queue_visits": ("outcome", "reason", "agent_id", "wait_ms", "ring_ms", "exit_position"),
    "offers": ("outcome", "reason", "ring_ms", "cause"),
    "talk_segments": ("ended_by", "talk_ms"),
    "holds": ("hold_ms",),
    "agent_logins": ("logout_how", "logout_by"),
    "pauses": ("ended_why", "resume_how", "resume_by"),
    "wrapups": ("ended_why",),
    "parkings": ("ended_why", "unpark_by"),
    "monitors": (),
    "recordings": ("ok", "why", "stop_by"),
    "callbacks": ("outcome", "reason", "last_call_id", "agent_id", "attempts", "wait_ms"),
}


@pytest.mark.parametrize("table", IDS)
def test_a_lawful_row_is_taken(table: str, told: Told) -> None:
    """So that the refusals below are for their reasons, not for something else."""
    told.add(table, told.copy(table))
    told.add(table, told.opened(table, **{IDS[table]: "a third"}))
    assert told.scalar(f"SELECT count(*) FROM {table}") == 3


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        *((table, {"ended_at_ms": T0 - 1_000_000}) for table in IDS),
        *((table, {"ended_seq": None}) for table in IDS),
        *((table, {"started_at_ms": None}) for table in IDS),
        *((table, {ENDS[table][0]: None}) for table in IDS if ENDS[table]),
        *((table, {IDS[table]: None}) for table in IDS),
        *((table, {"epoch_no": None}) for table in IDS),
        ("queue_visits", {"outcome": "lost"}),
        ("queue_visits", {"reason": "max_wait"}),
        ("queue_visits", {"reason": None}),
        ("queue_visits", {"outcome": "missed", "agent_id": None}),
        ("queue_visits", {"outcome": "abandoned", "agent_id": None}),
        ("queue_visits", {"agent_id": None}),
        ("queue_visits", {"ring_ms": -1}),
        ("queue_visits", {"wait_ms": 1_000, "ring_ms": 1_001}),
        ("queue_visits", {"entry_position": 0}),
        ("queue_visits", {"exit_position": -1}),
        ("queue_visits", {"call_id": None}),
        ("offers", {"outcome": "missed"}),
        ("offers", {"outcome": "lost", "reason": "lost"}),
        ("offers", {"reason": "no_answer"}),
        ("offers", {"ring_ms": -1}),
        ("offers", {"attempt": 0}),
        ("offers", {"agent_id": None}),
        ("talk_segments", {"talk_ms": -1}),
        ("holds", {"hold_ms": -1}),
        ("parkings", {"slot": None}),
        ("monitors", {"call_id": None}),
        ("recordings", {"call_id": None}),
        ("callbacks", {"queue_id": None}),
        ("callbacks", {"outcome": "answered"}),
        ("callbacks", {"outcome": "failed"}),
        ("callbacks", {"reason": "no_agent"}),
        ("callbacks", {"reason": None}),
        ("callbacks", {"attempts": -1}),
        ("callbacks", {"wait_ms": -1}),
    ],
)
def test_an_unlawful_row_is_refused(table: str, changes: dict[str, Any], told: Told) -> None:
    with pytest.raises(IntegrityError):
        told.add(table, told.copy(table, **changes))


@pytest.mark.parametrize("table", IDS)
def test_a_row_needs_a_fact_and_an_epoch(table: str, told: Told) -> None:
    untold = told.opened(table, started_at_ms=None, started_seq=None)
    with pytest.raises(IntegrityError):
        told.add(table, untold)
    with pytest.raises(IntegrityError):
        told.add(table, told.copy(table, epoch_no=99))


@pytest.mark.parametrize("table", [table for table in IDS if table not in ("calls", "recordings")])
def test_two_open_rows_that_exclude_each_other_are_refused(table: str, told: Told) -> None:
    """One open visit and talk per call, offer per agent, spell per agent and queue, call per slot..."""
    told.add(table, told.opened(table))
    again = told.opened(table, **{IDS[table]: "yet another"})
    with pytest.raises(IntegrityError):
        told.add(table, again)
    told.add(table, {**again, "overtaken_seq": 1})


def test_moments_are_counted_from_one(told: Told) -> None:
    row = {"epoch_no": 1, "seq": 1, "at_ms": T0, "agent_id": "1", "queue_id": "2", "missed": 1}
    with pytest.raises(IntegrityError):
        told.add("auto_pauses", {**row, "missed": 0})
    told.add("auto_pauses", row)
    with pytest.raises(IntegrityError):
        told.add("auto_pauses", row)


@pytest.mark.parametrize(
    "changes",
    [
        {"why": "answered", "pressed": None, "score": None},
        {"why": "silence", "pressed": "1", "score": 1},
        {"why": "answered", "pressed": None, "score": 1},
    ],
)
def test_an_answered_survey_has_a_key_and_a_score(changes: dict[str, Any], told: Told) -> None:
    row = {"epoch_no": 1, "seq": 1, "at_ms": T0, "talk_id": "t", "call_id": "c"}
    row |= {"queue_id": "2", "agent_id": "1", "why": "answered", "pressed": "1", "score": 0}
    told.add("surveys", {**row, "seq": 2})
    with pytest.raises(IntegrityError):
        told.add("surveys", {**row, **changes})


def test_times_are_readable_in_the_views(told: Told) -> None:
    assert told.scalar("SELECT started_at FROM queue_visits_utc") == "2025-01-01T00:00:00.000Z"
    assert told.scalar("SELECT ended_at FROM offers_utc") == "2025-01-01T00:00:05.000Z"
    # Milliseconds that binary fractions could round the wrong way.
    for ms in (1, 7, 9, 57, 99, 290, 499, 500, 501, 570, 999):
        changed = f"UPDATE calls SET arrived_at_ms = {T0 + 86_400_000 + ms}"
        told._connection.exec_driver_sql(changed)
        assert told.scalar("SELECT arrived_at FROM calls_utc") == f"2025-01-02T00:00:00.{ms:03}Z"
