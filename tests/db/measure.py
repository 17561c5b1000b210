"""How fast facts are stored and reports are read, on both databases.

    python -m tests.db.measure [--calls 3000] [--batch 200] [--folder /var/tmp]

A hundred calls overlap at any time, so that starts and ends of a row mostly come in different
batches. PostgreSQL is a private one that does not sync to the disk, SQLite does (one fsync a batch).
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from random import Random  # noqa: TID251 - seeded

from engine.adapters.db import SqlFactStore, SqlReportStore, schema
from engine.core.facts import Fact
from engine.reports import Query, ReportKind, make_report
from scripts.lab.postgres import PostgresServer
from tests.db.story import T0, Story, answered_call

OVERLAPPING = 100


def overlapping(calls: int) -> list[Fact]:
    """Facts of many calls, interleaved at random but each call's in order."""
    rng = Random(7)
    running: list[list[Fact]] = []
    facts: list[Fact] = []
    made = 0
    while running or made < calls:
        while made < calls and len(running) < OVERLAPPING:
            made += 1
            story = Story(T0 + made * 1_000)
            # An agent of its own, as an agent has one offer at a time.
            answered_call(story, f"usher-n1-1735689600.{made}", f"{made}", f"{6400 + made % 10}")
            running.append(story.facts[::-1])
        mine = rng.choice(running)
        fact = mine.pop()
        facts.append(type(fact)(len(facts) + 1, *_rest(fact)))
        if not mine:
            running.remove(mine)
    return facts


def _rest(fact: Fact) -> list[object]:
    return [getattr(fact, name) for name in type(fact).__slots__[1:]]


def measure(url: str, facts: list[Fact], batch: int) -> None:
    """Prints facts a second, and what reports take."""
    schema.upgrade(url)
    store = SqlFactStore(url)
    store.write("warm", facts[:batch])
    began = time.perf_counter()
    for start in range(0, len(facts), batch):
        store.write("e", facts[start : start + batch])
    took = time.perf_counter() - began
    assert store.counts.rejected == store.counts.ends_missing == 0
    store.close()
    kind = url.partition(":")[0]
    print(f"{kind}: {len(facts)} facts in batches of {batch}: {len(facts) / took:.0f} facts/s")
    archive = SqlReportStore(url)
    query = Query(T0, T0 + 1_000_000_000, limit=1_000)
    for report in ReportKind:
        began = time.perf_counter()
        rows = make_report(archive, report, query).rows
        took_ms = 1_000 * (time.perf_counter() - began)
        print(f"{kind}: {report.value}, {len(rows)} rows: {took_ms:.0f} ms")
    archive.close()


def main() -> None:
    """Measures both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=3_000)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    facts = overlapping(options.calls)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(f"sqlite:///{folder}/usher.db", facts, options.batch)
    with PostgresServer() as server:
        measure(server.create_database("usher"), facts, options.batch)


if __name__ == "__main__":
    main()
