"""Connections: one URL, two databases, the settings without which neither is safe."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS: Final = 5_000
"""How long SQLite waits for another process's write to finish."""
CONNECT_TIMEOUT_S: Final = 10
LOCK_TIMEOUT_MS: Final = 10_000
WRITE_TIMEOUT_MS: Final = 30_000
READ_TIMEOUT_MS: Final = 300_000
"""The longest that one statement of the facts' writer, or of a report, may take on PostgreSQL."""
IDLE_TIMEOUT_MS: Final = 60_000
"""PostgreSQL ends the transaction of a client that fell silent in it: its locks are let go."""
SILENCE_TIMEOUT_MS: Final = 30_000
"""After this long without an acknowledgement a TCP connection to PostgreSQL counts as lost."""


class BadDatabaseUrl(ValueError):
    """The database's URL is not one that Usher can use; the message says what would be right."""


def parse_url(text: str) -> URL:
    """Returns the URL with the driver that Usher uses.

    Raises:
        BadDatabaseUrl: not a URL, another kind of database, or SQLite without a file.
    """
    examples = "sqlite:////var/lib/usher/usher.db or postgresql://usher@localhost/usher"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Not quoted: what is wrong may be the place where the password starts.
        raise BadDatabaseUrl(f"the database's URL is not a URL; examples: {examples}") from None
    kind = url.get_backend_name()
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise BadDatabaseUrl(f"the database's URL names {kind!r}; examples: {examples}")
    if url.database in (None, "", ":memory:") or url.query.get("mode") == "memory":
        raise BadDatabaseUrl(f"SQLite needs a file in the database's URL; example: {examples}")
    return url.set(drivername="sqlite")


def shown(url: URL) -> str:
    """Returns the URL for messages, without its password."""
    return url.render_as_string(hide_password=True)


def writing_engine(text: str, *, create: bool = False) -> Engine:
    """Returns an engine whose transactions write; SQLite's writer lock is taken at their start.

    Args:
        text: the URL.
        create: make SQLite's file if there is none; otherwise connecting is a FileNotFoundError.

    Raises:
        BadDatabaseUrl: see `parse_url`.
    """
    engine = _engine(text, WRITE_TIMEOUT_MS, begin="BEGIN IMMEDIATE")
    if not create:
        _expect_file(engine)
    if engine.dialect.name == "sqlite":
        _notice_replacement(engine)
    return engine


def reading_engine(text: str) -> Engine:
    """Returns an engine whose transactions see one moment of the data and cannot change it.

    Raises:
        BadDatabaseUrl: see `parse_url`.
    """
    engine = _engine(text, READ_TIMEOUT_MS, begin="BEGIN")
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    _expect_file(engine)
    event.listen(engine, "connect", _refuse_writes)
    return engine


def _engine(text: str, statement_timeout_ms: int, *, begin: str) -> Engine:
    url = parse_url(text)
    if url.get_backend_name() == "postgresql":
        return _postgresql(url, statement_timeout_ms)
    # hide_parameters: callers' numbers must not reach the logs by way of an error message.
    engine = create_engine(url, hide_parameters=True, execution_options={"preserve_rowcount": True})
    event.listen(engine, "connect", _prepare_sqlite)

    def begin_by_hand(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", begin_by_hand)
    return engine


def _postgresql(url: URL, statement_timeout_ms: int) -> Engine:
    settings = {
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_MS,
    }
    wanted: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": "usher",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENCE_TIMEOUT_MS,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        hide_parameters=True,
        execution_options={"preserve_rowcount": True},
        connect_args={key: value for key, value in wanted.items() if key not in url.query},
    )


def _expect_file(engine: Engine) -> None:
    """Keeps SQLite from making an empty database where a path is wrong."""
    if engine.dialect.name != "sqlite":
        return

    def look(*_: object) -> None:
        if not sqlite_file(engine.url).exists():
            raise FileNotFoundError(str(sqlite_file(engine.url)))

    event.listen(engine, "do_connect", look)


def _notice_replacement(engine: Engine) -> None:
    """Has a connection made anew when its file was removed or replaced (a backup put in place).

    SQLite would go on writing into the file that has no name any more, and report success.
    """
    path = sqlite_file(engine.url)

    def identity() -> tuple[int, int] | None:
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def remember(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["file"] = identity()

    def compare(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        now = identity()
        if now is None:
            raise FileNotFoundError(str(path))
        if record.info.get("file") != now:
            raise DisconnectionError(f"{path} is another file now")  # The pool connects again.

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", compare)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit that was acknowledged outlives a power cut, so the outbox may forget.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
    finally:
        cursor.close()


def _refuse_writes(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def sqlite_file(url: URL) -> Path:
    """Returns the file of a SQLite URL."""
    assert url.database is not None
    return Path(url.database)
