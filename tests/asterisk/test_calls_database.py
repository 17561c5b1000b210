"""The database is away while calls go on: nobody notices, and every fact arrives afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.phones import OutgoingCall, Phone
from scripts.lab.postgres import PostgresServer, PostgresUnavailable
from tests.support.draft import MUSIC_HZ, Draft, Queue
from tests.support.floor import Floor, hear_packets, hears_only, opened

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()
AWAY_S = 60
"""The issue's figure for PostgreSQL."""
LOCKED_S = 7
"""Longer than the engine waits for SQLite's lock."""


@pytest.fixture(scope="module")
def worker() -> Iterator[ThreadPoolExecutor]:
    """A thread that stays: when the one that started it ends, PostgreSQL does too."""
    with ThreadPoolExecutor(1) as worker:
        worker.submit(int).result()
        yield worker


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of our own, which can be stopped."""
    try:
        server = PostgresServer()
    except PostgresUnavailable as reason:
        pytest.skip(str(reason))
    with server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_postgres(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveCentre]:
    """A centre whose records go to PostgreSQL."""
    url = postgres.create_database("usher_calls").replace("postgresql+psycopg://usher@/", "")
    async with opened(
        DRAFT,
        tmp_path_factory.mktemp("live"),
        database_url=f"postgresql://usher@localhost/{url}",
    ) as centre:
        yield centre


async def call_after_call(
    floor: Floor, queue: Queue, agent: Phone, seconds: float
) -> list[OutgoingCall]:
    """Has calls answered and ended one after the other for so long, judged by a waiting caller."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    calls = []
    while loop.time() < until:
        call, there = await floor.talking(queue, agent, media="tone:440")
        await hears_only(call, 700, MUSIC_HZ)
        await hear_packets(call, 20)
        there.hang_up()
        await call.ended
        calls.append(call)
    return calls


ON_SQLITE = DRAFT.queue()


async def test_sqlite_is_locked_by_somebody_else(floor: Floor) -> None:
    """Seven seconds of another program's transaction; calls are as quick as ever."""
    ann = await floor.phone(ON_SQLITE, media="tone:700")
    floor.forgiven += ["database does not take facts"]
    path = floor.live.data / "usher.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = len(floor.live.facts.rows("calls"))
        calls = await call_after_call(floor, ON_SQLITE, ann, LOCKED_S)
        assert len(floor.live.facts.rows("calls")) == before, "it was not locked"
        await floor.live.engine_says("database does not take facts", since=floor.log_begin)
        other.execute("ROLLBACK")
    for call in calls:
        assert (await floor.record(call, timeout_s=60)).outcome == ("answered", "connected")


ON_POSTGRES = DRAFT.queue()


async def test_postgresql_is_away_for_a_minute(
    on_postgres: LiveCentre, postgres: PostgresServer, worker: ThreadPoolExecutor
) -> None:
    """The issue's figure: stopped under calls, a minute without, a restart of the engine meanwhile."""
    floor = Floor(on_postgres)
    floor.forgiven += ["database does not take facts"]
    ann = await floor.phone(ON_POSTGRES, media="tone:700")
    (first,) = await call_after_call(floor, ON_POSTGRES, ann, 0.1)
    await floor.record(first)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(worker, postgres.pause)
    calls = await call_after_call(floor, ON_POSTGRES, ann, AWAY_S / 2)
    await on_postgres.engine_says("database does not take facts", since=floor.log_begin)
    talk, there = await floor.talking(ON_POSTGRES, ann, media="tone:440")
    await on_postgres.kill_engine()
    await on_postgres.start_engine()
    await asyncio.gather(talk.wait_until_hears(700), there.wait_until_hears(440))
    there.hang_up()
    await talk.ended
    calls += [talk, *await call_after_call(floor, ON_POSTGRES, ann, AWAY_S / 2)]
    assert floor.live.facts.rows("calls") == []
    await loop.run_in_executor(worker, postgres.resume)
    await on_postgres.facts.until("calls", lambda rows: len(rows) == 1 + len(calls), 45)
    for call in calls:
        assert (await floor.record(call)).outcome == ("answered", "connected")
    assert len(on_postgres.facts.rows("calls")) == 1 + len(calls)
    await floor.leave()
