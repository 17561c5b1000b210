"""Which revision of the tables a database has, and whether this Usher can work with it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from engine.adapters.db.tables import SCHEMA_REVISION

_version: Final = Table("alembic_version", MetaData(), Column("version_num", Text))


class SchemaMismatch(Exception):
    """The tables are missing, older or newer than this Usher's; the message says what to do."""


def revision_of(connection: Connection) -> str | None:
    """Returns the revision of the database's tables, None where there are none."""
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.execute(select(_version.c.version_num)).scalar_one_or_none()


def require_known(connection: Connection, name: str) -> None:
    """Makes sure that the tables are exactly those that this Usher knows.

    Raises:
        SchemaMismatch: they are not; `name` names the database in the message.
    """
    found = revision_of(connection)
    if found == SCHEMA_REVISION:
        return
    if found is None:
        raise SchemaMismatch(f"the database {name} has no tables yet: run `usher db upgrade`")
    if found < SCHEMA_REVISION:
        raise SchemaMismatch(
            f"the tables of the database {name} are of revision {found}, older than this Usher's"
            f" {SCHEMA_REVISION}: run `usher db upgrade`"
        )
    raise SchemaMismatch(
        f"the tables of the database {name} are of revision {found}, newer than this Usher's"
        f" {SCHEMA_REVISION}: run the Usher that made them, or a newer one"
    )
