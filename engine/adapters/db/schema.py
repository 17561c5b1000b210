"""The tables' life: made, upgraded, checked. What `usher db` calls; Alembic is spoken here only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engine.adapters.db.connect import parse_url, shown, sqlite_file, writing_engine
from engine.adapters.db.errors import DatabaseErrors, unavailable
from engine.adapters.db.revision import SchemaMismatch, require_known, revision_of
from engine.adapters.db.tables import SCHEMA_REVISION, metadata
from engine.app.ports import StoreUnavailable

__all__ = ["SchemaMismatch", "check", "current", "downgrade", "newest", "require", "upgrade"]

_PLACES: Final = (
    Path(__file__).resolve().parents[3] / "migrations",
    Path(sys.prefix) / "share" / "usher" / "migrations",
)
"""A checkout has the migrations beside the package, an installation among its shared data."""


def newest() -> str:
    """Returns the revision that this Usher works with."""
    return SCHEMA_REVISION


def current(url: str) -> str | None:
    """Returns the revision of a database's tables, None where there are none yet.

    Raises:
        StoreUnavailable: it cannot be reached.
        BadDatabaseUrl: the URL is not one of a database that Usher can use.
    """
    if _is_missing(url):
        return None
    with _connection(url) as connection:
        return revision_of(connection)


def require(url: str) -> None:
    """Makes sure, before a start, that the tables are exactly those that this Usher knows.

    Raises:
        SchemaMismatch: they are missing, older or newer; the message says what to do.
        StoreUnavailable: the database cannot be reached.
        BadDatabaseUrl: the URL is not one of a database that Usher can use.
    """
    name = shown(parse_url(url))
    if _is_missing(url):
        raise SchemaMismatch(f"the database {name} does not exist yet: run `usher db upgrade`")
    with _connection(url) as connection:
        require_known(connection, name)


def upgrade(url: str) -> str:
    """Brings a database's tables up to date, in one transaction; makes a SQLite file if need be.

    Returns the revision that they have now. Several processes may do this at once, but not several
    threads of one (Alembic keeps its context in a global).

    Raises:
        SchemaMismatch: the tables are newer than this Usher; nothing was changed.
        StoreUnavailable: the database cannot be reached or changed.
        BadDatabaseUrl: the URL is not one of a database that Usher can use.
    """
    _make_file(url)
    with _connection(url) as connection:
        found = revision_of(connection)
        if found is not None and found > SCHEMA_REVISION:
            require_known(connection, shown(parse_url(url)))
        command.upgrade(_alembic(connection), SCHEMA_REVISION)
    return SCHEMA_REVISION


def downgrade(url: str, revision: str) -> None:
    """Takes a database's tables back to an older revision ("base": none).

    What only newer tables hold is lost.

    Raises:
        StoreUnavailable: the database cannot be reached or changed.
        BadDatabaseUrl: the URL is not one of a database that Usher can use.
    """
    with _connection(url) as connection:
        command.downgrade(_alembic(connection), revision)


def check(url: str) -> list[str]:
    """Returns how a database differs from what this Usher expects, one line each; empty: it is sound.

    Raises:
        StoreUnavailable: the database cannot be reached.
        BadDatabaseUrl: the URL is not one of a database that Usher can use.
    """
    try:
        require(url)
    except SchemaMismatch as error:
        return [str(error)]
    with _connection(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def migrations() -> ScriptDirectory:
    """Returns the migrations that belong to this Usher.

    Raises:
        FileNotFoundError: they are not installed.
    """
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    for place in _PLACES:
        if (place / "env.py").is_file():
            config = Config()
            # Alembic interpolates: a lone % in a path would be an error.
            config.set_main_option("script_location", str(place).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            return config
    tried = ", ".join(str(place) for place in _PLACES)
    raise FileNotFoundError(f"Usher's migrations are not installed; looked in {tried}")


def _alembic(connection: Connection) -> Config:
    config = _config()
    config.attributes["connection"] = connection
    return config


def _is_missing(url: str) -> bool:
    parsed = parse_url(url)
    return parsed.get_backend_name() == "sqlite" and not sqlite_file(parsed).exists()


def _make_file(url: str) -> None:
    """Makes an empty SQLite file for its owner and group only: callers' numbers will be in it."""
    if _is_missing(url):
        try:
            sqlite_file(parse_url(url)).touch(mode=0o640)
        except OSError as error:
            words = f"the database {shown(parse_url(url))} cannot be made: {error.strerror}"
            raise StoreUnavailable(words) from error


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = writing_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseErrors as error:
        raise unavailable(engine.url, error) from error
    finally:
        engine.dispose()
