"""Fixtures: a private PostgreSQL for the session, and fresh databases of both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.lab.postgres import PostgresServer, PostgresUnavailable
from tests.db.databases import KINDS, Database, DatabaseMaker


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except PostgresUnavailable as error:
        # Not skipped: half of the tests would be missing and nobody would know.
        pytest.fail(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> DatabaseMaker:
    return DatabaseMaker(tmp_path_factory.mktemp("databases"), postgres)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, databases: DatabaseMaker) -> Database:
    """A fresh database with tables; every test that takes it runs on both kinds."""
    return databases.fresh(request.param)
