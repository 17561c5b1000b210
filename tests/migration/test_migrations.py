"""Migrations on both databases: from nothing, with data, back, at once, half done, and too new."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, inspect

from engine.adapters.db import SqlFactStore, schema
from engine.adapters.db.tables import SCHEMA_REVISION, epochs
from engine.app.ports import StoreUnavailable
from engine.core.facts import OfferOutcome, OfferReason, VisitReason, WrapupEnd
from tests.db.databases import KINDS, TEMPLATE, Database, DatabaseMaker
from tests.db.desk import DeskStory, consulted_call, transferred_call
from tests.db.story import Story, answered_call

pytestmark = pytest.mark.migration

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, databases: DatabaseMaker) -> Database:
    return databases.empty(request.param)


def names(engine: Engine) -> set[str]:
    found = inspect(engine)
    return {*found.get_table_names(), *found.get_view_names()}


def shape(engine: Engine) -> dict[str, Any]:
    """Everything that a database can say about its tables, without the order of saying it."""
    found = inspect(engine)
    return {
        table: {
            "columns": sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in found.get_columns(table)
            ),
            "primary key": found.get_pk_constraint(table),
            "foreign keys": found.get_foreign_keys(table),
            "unique": found.get_unique_constraints(table),
            "laws": {law["name"]: law["sqltext"] for law in found.get_check_constraints(table)},
            "indexes": {
                index["name"]: {
                    **{key: index[key] for key in ("column_names", "unique")},
                    **{key: str(value) for key, value in index["dialect_options"].items()},
                }
                for index in found.get_indexes(table)
                if not index.get("duplicates_constraint")
            },
            "options": found.get_table_options(table),
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_from_nothing(empty: Database) -> None:
    assert schema.current(empty.url) is None
    assert schema.upgrade(empty.url) == SCHEMA_REVISION == schema.current(empty.url)
    assert schema.check(empty.url) == []
    schema.require(empty.url)
    assert schema.upgrade(empty.url) == SCHEMA_REVISION


def test_the_tables_are_those_of_the_code(databases: DatabaseMaker, empty: Database) -> None:
    """Down to the words of each CHECK: Alembic's own comparison does not look at these."""
    migrated = databases.fresh(empty.kind)
    epochs.metadata.create_all(empty.engine)
    made, expected = shape(migrated.engine), shape(empty.engine)
    assert sorted(made) == sorted(expected)
    for table, expectation in expected.items():
        assert made[table] == expectation, table
    assert any(each["laws"] for each in made.values())
    assert any("uq_offers_open" in each["indexes"] for each in made.values())


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX ix_offers_visit_id",
        "ALTER TABLE calls ADD COLUMN extra TEXT",
        "CREATE TABLE extra (number INTEGER PRIMARY KEY)",
    ],
)
def test_a_difference_is_found(change: str, database: Database) -> None:
    assert schema.check(database.url) == []
    database.execute(change)
    differences = schema.check(database.url)
    assert len(differences) == 1
    assert "extra" in differences[0] or "ix_offers_visit_id" in differences[0]


def test_back_and_forth(database: Database) -> None:
    newest_first = [each.revision for each in schema.migrations().walk_revisions()]
    before = newest_first[1] if len(newest_first) > 1 else "base"
    schema.downgrade(database.url, before)
    if before == "base":
        assert names(database.engine) == {"alembic_version"}
    assert schema.current(database.url) == (None if before == "base" else before)
    assert schema.upgrade(database.url) == SCHEMA_REVISION
    assert schema.check(database.url) == []


def test_data_outlives_an_upgrade(empty: Database) -> None:
    """From every revision that was ever released; each new one is a case by itself."""
    schema.upgrade(empty.url)
    story = Story()
    answered_call(story, "c1")
    store = SqlFactStore(empty.url)
    store.write("e1", story.facts[:6])
    before = empty.dump("e1")
    for revision in [each.revision for each in schema.migrations().walk_revisions()][1:]:
        schema.downgrade(empty.url, revision)
    assert schema.upgrade(empty.url) == SCHEMA_REVISION
    assert empty.dump("e1") == before
    store.write("e1", story.facts)
    store.close()
    assert empty.rows("calls")[0]["ended_by"] == "caller"


@pytest.mark.parametrize("revision", ["0001"])
def test_the_way_back_leads_to_the_old_tables(
    revision: str, databases: DatabaseMaker, empty: Database
) -> None:
    back = databases.fresh(empty.kind)
    schema.downgrade(back.url, revision)
    with empty.engine.begin() as connection:
        command.upgrade(schema._alembic(connection), revision)
    assert schema.current(empty.url) == revision
    assert shape(back.engine) == shape(empty.engine)
    assert names(back.engine) == names(empty.engine)


def test_the_way_back_finds_words_that_the_old_tables_know(database: Database) -> None:
    """What 0001 cannot say becomes the nearest that it can; nothing stands in the way."""
    story = DeskStory()
    transferred_call(story, "c1")
    consulted_call(story, "c2", "c3")
    story.rest_of_call("c4", "c1")
    story.placed_call("c5", "1009")
    story.visit("c5")
    story.offer("c5", "1001")
    story.offer_over("c5", "1001", 1, OfferOutcome.MISSED, OfferReason.FORWARDED)
    story.offer("c5", "1002", 2)
    story.offer_over("c5", "1002", 2, OfferOutcome.CANCELLED, OfferReason.PICKED_UP)
    story.missed("c5", reason=VisitReason.REDIRECTED)
    story.wrapup_over("w-c1", "1001", WrapupEnd.LOGGED_OUT)
    refusal = story.refused("hang_up", "1001", agent="1002")
    store = SqlFactStore(database.url)
    store.write("e1", story.facts)
    assert store.counts.rejected == 0
    store.close()
    schema.downgrade(database.url, "0001")
    old = database.old_rows
    assert [row["ended_by"] for row in old("calls", "ended_seq IS NOT NULL")] == [
        *("caller", "caller", "agent"),
    ]
    assert [row["source"] for row in old("calls", "call_id = 'c5'")] == ["extension"]
    assert [row["reason"] for row in old("queue_visits", "call_id = 'c5'")] == ["lost"]
    assert [row["reason"] for row in old("offers", "call_id = 'c5'")] == ["failed", "visit_ended"]
    assert [row["ended_why"] for row in old("wrapups", "ended_seq IS NOT NULL")] == ["removed"]
    assert [row["why"] for row in old("action_refusals", "1 = 1")] == [refusal.why]
    assert schema.upgrade(database.url) == SCHEMA_REVISION
    assert schema.check(database.url) == []


def test_revisions_are_numbered_without_gaps() -> None:
    found = [each.revision for each in schema.migrations().walk_revisions()]
    assert found == [f"{number:04}" for number in range(len(found), 0, -1)]
    assert found[0] == schema.newest() == SCHEMA_REVISION


def test_a_failed_upgrade_leaves_nothing(empty: Database) -> None:
    """One transaction: whatever stops it, the database is as it was."""
    empty.execute("CREATE TABLE auto_pauses_utc (foreign_body INTEGER)")
    with pytest.raises(StoreUnavailable, match="auto_pauses_utc"):
        schema.upgrade(empty.url)
    assert names(empty.engine) == {"auto_pauses_utc"}
    assert schema.current(empty.url) is None
    empty.execute("DROP TABLE auto_pauses_utc")
    schema.upgrade(empty.url)
    assert schema.check(empty.url) == []


def test_two_upgrades_at_once(empty: Database) -> None:
    """Two engines of one installation start together."""
    upgrade = (
        "import sys; from engine.adapters.db import schema; print(schema.upgrade(sys.argv[1]))"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", upgrade, empty.url],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ends = [process.communicate(timeout=50) for process in both]
    assert [end[0].strip() for end in ends] == [SCHEMA_REVISION] * 2, ends
    assert schema.check(empty.url) == []


def test_newer_tables_are_refused_and_left_alone(database: Database) -> None:
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    words = "revision 9999, newer than this Usher's"
    with pytest.raises(schema.SchemaMismatch, match=words):
        schema.require(database.url)
    with pytest.raises(schema.SchemaMismatch, match=words):
        schema.upgrade(database.url)
    [difference] = schema.check(database.url)
    assert words in difference
    assert schema.current(database.url) == "9999"


def test_older_and_missing_tables_are_told(empty: Database) -> None:
    with pytest.raises(schema.SchemaMismatch, match="run `usher db upgrade`"):
        schema.require(empty.url)
    [difference] = schema.check(empty.url)
    assert "run `usher db upgrade`" in difference
    schema.upgrade(empty.url)
    empty.execute("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(schema.SchemaMismatch, match=r"revision 0000, older .* run `usher db up"):
        schema.require(empty.url)


def test_a_new_file_is_not_for_everybody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/usher.db"
    assert schema.current(url) is None
    assert list(tmp_path.iterdir()) == []
    schema.upgrade(url)
    assert (tmp_path / "usher.db").stat().st_mode & 0o007 == 0
    with pytest.raises(StoreUnavailable, match="cannot be made: No such file or directory"):
        schema.upgrade(f"sqlite:///{tmp_path}/nowhere/usher.db")


def test_the_template_of_the_tests_is_sound(databases: DatabaseMaker) -> None:
    assert schema.check(databases.server.url(TEMPLATE)) == []


def test_alembics_own_command(empty: Database) -> None:
    """What scripts/check and whoever writes a migration use."""

    def alembic(*words: str, url: str | None = empty.url) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("USHER_DATABASE_URL", None)
        if url is not None:
            environment["USHER_DATABASE_URL"] = url
        return subprocess.run(
            [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", *words],
            check=False,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )

    assert alembic("upgrade", "head").returncode == 0
    assert alembic("check").returncode == 0
    empty.execute("CREATE TABLE extra (number INTEGER PRIMARY KEY)")
    found = alembic("check")
    assert found.returncode != 0
    assert "extra" in found.stdout + found.stderr
    sql = alembic("upgrade", "0001", "--sql")
    assert sql.returncode == 0
    assert "CREATE TABLE queue_visits" in sql.stdout
    unset = alembic("check", url=None)
    assert unset.returncode != 0
    assert unset.stderr.strip() == "set USHER_DATABASE_URL to the database's URL"
