"""Databases for tests: fresh ones with Usher's tables, SQLite and PostgreSQL alike."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.pool import NullPool

from engine.adapters.db import schema
from engine.adapters.db.tables import HISTORIES, MOMENTS, epochs, facts_rejected
from scripts.lab.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")
TEMPLATE = "usher_template"

_numbers = itertools.count(1)


class Database:
    """One database, by its URL, and a look into it that does not use the code under test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url, poolclass=NullPool)

    @property
    def kind(self) -> str:
        return self.engine.dialect.name

    def rows(self, table: str, epoch: str | None = None) -> list[dict[str, Any]]:
        """All rows of a table (of one epoch), in the order of their facts."""
        source = everything()[table]
        query = select(source)
        if epoch is not None:
            query = query.join(epochs, epochs.c.number == source.c.epoch_no).where(
                epochs.c.epoch == epoch
            )
        with self.engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return sorted(rows, key=_order)

    def dump(self, epoch: str) -> dict[str, list[dict[str, Any]]]:
        """The record of one epoch, without the number that the database gave to it."""
        record = {name: self.rows(name, epoch) for name in everything()}
        for rows in record.values():
            for row in rows:
                del row["epoch_no"]
        return {name: rows for name, rows in record.items() if rows}

    def old_rows(self, table: str, where: str) -> list[dict[str, Any]]:
        """Rows of a table that may lack newer columns, in the order of their ids."""
        query = text(f"SELECT * FROM {table} WHERE {where} ORDER BY 1")
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def execute(self, statement: str, **parameters: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), parameters)

    def scalar(self, statement: str, **parameters: Any) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(text(statement), parameters).scalar()

    def connect(self) -> Connection:
        return self.engine.connect()


def everything() -> dict[str, Any]:
    """All tables that hold facts, by name."""
    tables = [history.table for history in HISTORIES.values()]
    tables += [*MOMENTS.values(), facts_rejected]
    return {table.name: table for table in tables}


def _order(row: dict[str, Any]) -> int:
    for name in ("seq", "started_seq", "ended_seq"):
        if row.get(name) is not None:
            return int(row[name])
    raise AssertionError(row)


class DatabaseMaker:
    """Makes databases of either kind; those with tables are copies of one that was migrated."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.folder = folder
        self.server = server
        self._template_file = folder / "template.db"
        schema.upgrade(f"sqlite:///{self._template_file}")
        schema.upgrade(server.create_database(TEMPLATE))

    def fresh(self, kind: str) -> Database:
        """A database with Usher's tables, and nothing in them."""
        name = f"usher_{next(_numbers)}"
        if kind == "sqlite":
            shutil.copy(self._template_file, self.folder / f"{name}.db")
            return Database(f"sqlite:///{self.folder / name}.db")
        self._admin(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return Database(self.server.url(name))

    def empty(self, kind: str) -> Database:
        """A database without any tables."""
        name = f"usher_{next(_numbers)}"
        if kind == "sqlite":
            return Database(f"sqlite:///{self.folder / name}.db")
        self._admin(f"CREATE DATABASE {name}")
        return Database(self.server.url(name))

    def _admin(self, statement: str) -> None:
        engine = create_engine(self.server.url(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
