"""What a database's error means: this fact is impossible, or nothing can be written now.

The first kind must never hold up the facts behind it; the second must never cost a fact.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import psycopg
from sqlalchemy import exc
from sqlalchemy.engine import URL

from engine.adapters.db.connect import shown
from engine.app.ports import StoreUnavailable

UPGRADE: Final = "run `usher db upgrade`"

DatabaseErrors: Final = (exc.SQLAlchemyError, sqlite3.Error, psycopg.Error, OSError)
"""Everything that SQLAlchemy and the drivers raise for an outside reason."""

_SQLITE_WORDS: Final = {
    "SQLITE_BUSY": "is locked by another process",
    "SQLITE_LOCKED": "is locked by another process",
    "SQLITE_FULL": "cannot grow: its disk is full",
    "SQLITE_READONLY": "cannot be written: it is read-only here",
    "SQLITE_CANTOPEN": "cannot be opened: does its folder exist, and may this user write there?",
    "SQLITE_PERM": "may not be opened by this user",
    "SQLITE_IOERR": "cannot be used: its disk reports errors",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup",
    "SQLITE_NOTADB": "is not a SQLite database",
}

_POSTGRESQL_WORDS: Final = {
    "25006": "cannot be written: it is read-only (a standby?)",
    "28": "does not let this user in",
    "3D000": "does not exist: create it, then " + UPGRADE,
    "40": "is busy: another transaction was in the way",
    "42501": "does not let this user write its tables",
    "53100": "cannot grow: its disk is full",
    "53": "is out of resources",
    "55P03": "is busy: a lock was not let go in time",
    "57014": "is busy: a statement took too long",
    "57": "is being stopped or started",
}


def is_data_error(error: BaseException) -> bool:
    """Tells an error of the values that were to be written from one of the database's state."""
    if isinstance(error, exc.DBAPIError):
        origin = error.orig
        if error.connection_invalidated or origin is None:
            return False
        if isinstance(origin, psycopg.Error):
            # Class 22: the value does not fit its type, 23: it breaks a law of the table. Without
            # a state the driver itself could not take the value.
            state = origin.sqlstate
            if state is None:
                return isinstance(origin, psycopg.ProgrammingError | psycopg.DataError)
            return state[:2] in ("22", "23")
        if isinstance(origin, sqlite3.IntegrityError | sqlite3.DataError):
            return True
        return "binding parameter" in str(origin)
    return isinstance(error, exc.StatementError | OverflowError | TypeError | ValueError)


def in_words(error: BaseException, *, with_values: bool = False) -> str:
    """Returns a short text for an error.

    Args:
        error: of any kind.
        with_values: PostgreSQL's details may quote the row. Never for a log.
    """
    origin = error.orig if isinstance(error, exc.StatementError) and error.orig else error
    text = str(origin)
    if isinstance(origin, psycopg.Error) and not with_values and origin.diag.message_primary:
        text = origin.diag.message_primary
    return f"{type(origin).__name__}: {' '.join(text.split())}"[:500]


def unavailable(url: URL, error: BaseException) -> StoreUnavailable:
    """Returns the exception that tells the office to try again later, and a human what to do."""
    return StoreUnavailable(f"the database {shown(url)} {_trouble(_first(error))}")


def _first(error: BaseException) -> BaseException:
    """Returns the error that the others came from: a full disk makes the roll-back fail as well."""
    while isinstance(error.__context__, DatabaseErrors):
        error = error.__context__
    return error


def _trouble(error: BaseException) -> str:
    origin = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    if isinstance(origin, FileNotFoundError):
        return f"does not exist yet: {UPGRADE}"
    if isinstance(origin, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return f"lacks tables or columns: {UPGRADE}"
    if isinstance(origin, psycopg.Error):
        state = origin.sqlstate or ""
        words = _POSTGRESQL_WORDS.get(state) or _POSTGRESQL_WORDS.get(state[:2])
        return f"{words} ({in_words(error)})" if words else f"cannot be used: {in_words(error)}"
    if isinstance(origin, sqlite3.Error):
        if "no such table" in str(origin) or "no such column" in str(origin):
            return f"lacks tables or columns: {UPGRADE}"
        # Extended names begin with the plain one: SQLITE_READONLY_DBMOVED.
        name = getattr(origin, "sqlite_errorname", "")
        for start, words in _SQLITE_WORDS.items():
            if name.startswith(start):
                return words
    return f"cannot be used: {in_words(error)}"
