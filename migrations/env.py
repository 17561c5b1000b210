"""Alembic's entry: runs migrations on a given connection, or on the database in USHER_DATABASE_URL."""

# ruff: noqa: INP001

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, text

from engine.adapters.db.connect import parse_url, writing_engine
from engine.adapters.db.tables import metadata

URL_VARIABLE = "USHER_DATABASE_URL"
ONE_AT_A_TIME = 0x75736865725F6462
"""Key of PostgreSQL's advisory lock that keeps two upgrades apart ("usher_db")."""


def migrate(connection: Connection) -> None:
    """Runs the asked-for migrations within the connection's transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def database_url() -> str:
    """Returns the URL from the environment."""
    url = os.environ.get(URL_VARIABLE, "")
    if not url:
        message = f"set {URL_VARIABLE} to the database's URL"
        raise SystemExit(message)
    return url


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
elif context.is_offline_mode():
    url = parse_url(database_url())
    context.configure(url=url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with writing_engine(database_url(), create=True).begin() as connection:
        migrate(connection)
