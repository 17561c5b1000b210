"""When the database is not there, busy, full or foreign: one clear error, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from engine.adapters.db import BadDatabaseUrl, SqlFactStore, connect, schema
from engine.app.ports import StoreUnavailable
from scripts.lab.postgres import PostgresServer
from tests.db.databases import KINDS, Database, DatabaseMaker
from tests.db.story import Story, answered_call

pytestmark = pytest.mark.db


def _story(calls: int = 2) -> Story:
    story = Story()
    for number in range(calls):
        answered_call(story, f"c{number}")
    return story


@pytest.fixture
def stores() -> Iterator[Any]:
    made: list[SqlFactStore] = []

    def make(url: str) -> SqlFactStore:
        made.append(SqlFactStore(url))
        return made[-1]

    yield make
    for store in made:
        store.close()


def test_without_tables_it_says_what_to_do(databases: DatabaseMaker, stores: Any) -> None:
    for kind in KINDS:
        database = databases.empty(kind)
        database.connect().close()  # SQLite's file is there now, and empty.
        store = stores(database.url)
        with pytest.raises(StoreUnavailable, match="has no tables yet: run `usher db upgrade`"):
            store.write("e1", _story().facts)


def test_older_and_newer_tables_are_not_touched(database: Database, stores: Any) -> None:
    store = stores(database.url)
    database.execute("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(
        StoreUnavailable, match=r"older than this Usher's .* run `usher db upgrade`"
    ):
        store.write("e1", _story().facts)
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer than this Usher's"):
        store.write("e1", _story().facts)
    assert database.dump("e1") == {}


def test_tables_that_vanish_are_missed(database: Database, stores: Any) -> None:
    store = stores(database.url)
    store.write("e1", _story().facts)
    database.execute("DROP VIEW holds_utc")
    database.execute("DROP TABLE holds")
    more = _story(3)
    with pytest.raises(StoreUnavailable, match="lacks tables or columns: run `usher db upgrade`"):
        store.write("e1", more.facts)
    assert len(database.rows("calls")) == 2


@pytest.mark.parametrize("moment", ["before anything", "in the middle", "at the commit"])
def test_a_failure_leaves_nothing_and_the_same_batch_works_later(
    moment: str, database: Database, stores: Any
) -> None:
    """Whenever the database fails, the batch is all in or not at all, and can be sent again."""
    store = stores(database.url)
    failing = True
    statements = 0

    def fail(connection: Any, *_: Any) -> None:
        nonlocal statements
        statements += 1
        wanted = {"before anything": 1, "in the middle": 9, "at the commit": 0}[moment]
        if failing and statements == wanted:
            raise OSError("the wire was cut")

    def fail_commit(connection: Any) -> None:
        if failing and moment == "at the commit":
            raise OSError("the wire was cut")

    event.listen(store._engine, "before_cursor_execute", fail)
    event.listen(store._engine, "commit", fail_commit)
    story = _story()
    with pytest.raises(StoreUnavailable, match="the wire was cut"):
        store.write("e1", story.facts)
    failing = False
    assert database.dump("e1") == {}
    store.write("e1", story.facts)
    store.write("e2", story.facts)
    assert database.dump("e1") == database.dump("e2")


# SQLite


def test_a_locked_file_is_waited_for_and_then_unavailable(
    databases: DatabaseMaker, stores: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_TIMEOUT_MS", 50)
    database = databases.fresh("sqlite")
    store = stores(database.url)
    with database.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="is locked by another process"):
            store.write("e1", _story().facts)
        other.exec_driver_sql("ROLLBACK")
    store.write("e1", _story().facts)
    assert len(database.rows("calls")) == 2


def test_a_full_disk_is_unavailable(databases: DatabaseMaker, stores: Any) -> None:
    database = databases.fresh("sqlite")
    store = stores(database.url)
    pages = database.scalar("PRAGMA page_count")

    def limit(pages: int) -> Any:
        def on_connect(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")

        return on_connect

    event.listen(store._engine, "connect", limit(pages + 2))
    story = _story(200)
    with pytest.raises(StoreUnavailable, match="its disk is full"):
        store.write("e1", story.facts)
    assert database.dump("e1") == {}
    store.close()
    event.listen(store._engine, "connect", limit(100_000))
    store.write("e1", story.facts)
    assert len(database.rows("calls")) == 200


def test_a_file_that_may_not_be_written(databases: DatabaseMaker, stores: Any) -> None:
    database = databases.fresh("sqlite")
    store = stores(database.url)
    event.listen(store._engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA query_only = ON"))
    with pytest.raises(StoreUnavailable, match="it is read-only here"):
        store.write("e1", _story().facts)


def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path, stores: Any) -> None:
    """A wrong path must not become an empty database that looks like a new one."""
    store = stores(f"sqlite:///{tmp_path}/usher.db")
    with pytest.raises(StoreUnavailable, match="does not exist yet: run `usher db upgrade`"):
        store.write("e1", _story().facts)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_replaced_or_removed_under_the_engine(
    databases: DatabaseMaker, stores: Any
) -> None:
    """A backup put in place must get what comes next; SQLite alone writes on into the old file."""
    database, backup = databases.fresh("sqlite"), databases.fresh("sqlite")
    path = connect.sqlite_file(connect.parse_url(database.url))
    store = stores(database.url)
    story = _story(3)
    store.write("e1", story.facts[:10])
    connect.sqlite_file(connect.parse_url(backup.url)).replace(path)
    for left in ("-wal", "-shm"):
        path.with_name(path.name + left).unlink(missing_ok=True)
    store.write("e1", story.facts)
    assert len(database.rows("calls")) == 3
    path.unlink()
    with pytest.raises(StoreUnavailable, match="does not exist yet: run `usher db upgrade`"):
        store.write("e1", _story(4).facts)


def test_a_file_that_cannot_be_opened(tmp_path: Path, stores: Any) -> None:
    (tmp_path / "usher.db").mkdir()
    store = stores(f"sqlite:///{tmp_path}/usher.db")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        store.write("e1", _story().facts)


def test_a_file_that_is_something_else(tmp_path: Path, stores: Any) -> None:
    (tmp_path / "usher.db").write_text("Dear diary, " * 1000)
    store = stores(f"sqlite:///{tmp_path}/usher.db")
    with pytest.raises(StoreUnavailable, match="is not a SQLite database"):
        store.write("e1", _story().facts)


# PostgreSQL


def test_postgresql_stopped_in_the_middle_of_a_batch(stores: Any, databases: DatabaseMaker) -> None:
    """It goes away between two statements, stays away, and comes back: every fact is there once."""
    with PostgresServer() as server:
        # A cluster of its own: the session's one serves other tests.
        database = Database(server.create_database("usher"))
        schema.upgrade(database.url)
        store = stores(database.url)
        story = _story(30)
        store.write("e1", story.facts[:50])
        statements = 0

        def stop(*_: Any) -> None:
            nonlocal statements
            statements += 1
            if statements == 6:
                server.pause()

        event.listen(store._engine, "before_cursor_execute", stop)
        with pytest.raises(StoreUnavailable):
            store.write("e1", story.facts[50:150])
        assert statements >= 6
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="cannot be used"):
                store.write("e1", story.facts[50:150])
        server.resume()
        store.write("e1", story.facts[50:150])
        store.write("e1", story.facts[150:])
        store.write("e2", story.facts)
        assert database.dump("e1") == database.dump("e2")
        assert store.counts.repeated == 0


def test_postgresql_restarted_between_batches_is_not_noticed(stores: Any) -> None:
    with PostgresServer() as server:
        url = server.create_database("usher")
        schema.upgrade(url)
        store = stores(url)
        story = _story(4)
        store.write("e1", story.facts[:10])
        server.pause()
        server.resume()
        store.write("e1", story.facts[10:])
        assert len(Database(url).rows("calls")) == 4


def test_a_commit_whose_answer_was_lost_is_recognised(
    databases: DatabaseMaker, stores: Any
) -> None:
    """The worst moment: PostgreSQL has committed, the connection dies before it can say so."""
    database = databases.fresh("postgresql")
    store = stores(database.url)
    story = _story()
    dialect = store._engine.dialect
    honest = dialect.do_commit

    def commit_and_die(connection: Any) -> None:
        honest(connection)
        connection.dbapi_connection.close()
        connection.dbapi_connection.commit()  # Raises, as when the answer does not come.

    dialect.do_commit = commit_and_die
    with pytest.raises(StoreUnavailable):
        store.write("e1", story.facts)
    dialect.do_commit = honest
    before = database.dump("e1")
    assert len(before["calls"]) == 2
    store.write("e1", story.facts)
    assert database.dump("e1") == before
    assert store.counts.repeated == len(story.facts)


def test_two_writers_of_one_history_take_turns(databases: DatabaseMaker, stores: Any) -> None:
    """Two processes with copies of one outbox: each fact is stored once, nobody deadlocks."""
    database = databases.fresh("postgresql")
    story = _story(40)
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def send(size: int) -> None:
        store = stores(database.url)
        together.wait(10)
        try:
            for start in range(0, len(story.facts), size):
                store.write("e1", story.facts[start : start + size])
        except StoreUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(size,)) for size in (7, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    stores(database.url).write("e2", story.facts)
    assert database.dump("e1") == database.dump("e2")


def test_a_lock_is_not_waited_for_for_ever(
    databases: DatabaseMaker, stores: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "LOCK_TIMEOUT_MS", 50)
    database = databases.fresh("postgresql")
    store = stores(database.url)
    with database.connect() as other, other.begin():
        other.execute(text("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreUnavailable, match="a lock was not let go in time"):
            store.write("e1", _story().facts)
    store.write("e1", _story().facts)
    assert len(database.rows("calls")) == 2


def test_a_database_that_does_not_exist_and_a_server_that_does_not(
    postgres: PostgresServer, stores: Any, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        stores(postgres.url("nothing_here")).write("e1", _story().facts)
    nobody = f"postgresql://usher:secret@/usher?host={tmp_path}"
    with pytest.raises(StoreUnavailable) as caught:
        stores(nobody).write("e1", _story().facts)
    assert "secret" not in str(caught.value)


# URLs


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is not a URL"),
        ("usher.db", "is not a URL"),
        ("mysql://usher:secret@localhost/usher", "names 'mysql'"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("postgresql://usher:secret@localhost:port/usher", "is not a URL"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, words: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=words) as caught:
        SqlFactStore(url)
    assert "secret" not in str(caught.value)
    assert "example" in str(caught.value)


def test_any_driver_name_becomes_ours() -> None:
    for url in ("postgresql://u@h/d", "postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d"):
        assert connect.parse_url(url).drivername == "postgresql+psycopg"
