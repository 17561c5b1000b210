"""Any lawful history, cut anywhere, sent twice and more, through crashes: the same tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from random import Random  # noqa: TID251 - given by hypothesis, or seeded
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from engine.adapters.db import SqlFactStore
from engine.adapters.db.project import project
from engine.adapters.db.rows import Part
from engine.adapters.db.tables import HISTORIES, MOMENTS
from engine.app.ports import StoreUnavailable
from engine.core.facts import Fact, SurveyEnd
from tests.db.core_walk import CoreWalk
from tests.db.databases import KINDS, Database, DatabaseMaker, everything
from tests.db.model_waiting import WaitingModel

pytestmark = pytest.mark.db

MISHAPS = ("none", "none", "lost before the commit", "died after the commit", "sent from earlier")

_epochs = itertools.count(1)


@pytest.fixture(scope="module")
def both(databases: DatabaseMaker) -> list[Database]:
    """One of each kind for all examples: every example is an epoch of its own."""
    return [databases.fresh(kind) for kind in KINDS]


def expected(facts: Sequence[Fact]) -> dict[str, list[dict[str, Any]]]:
    """The record as one would write it by hand: fact after fact, no batches, no database."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for fact in facts:
        op = project(fact)
        if op is None:
            continue
        if op.part is Part.MOMENT:
            moment = {"seq": op.seq, "at_ms": op.at_ms, **op.values}
            rows[op.grain.value, str(op.seq)] = moment
            continue
        key = (op.grain.value, op.row_id)
        if op.part is Part.START:
            assert key not in rows
            columns = [c.name for c in everything()[op.grain.value].columns]
            rows[key] = dict.fromkeys(each for each in columns if each != "epoch_no")
            rows[key][HISTORIES[op.grain].row_id] = op.row_id
        edge = "started" if op.part is Part.START else "ended"
        rows[key].update({f"{edge}_at_ms": op.at_ms, f"{edge}_seq": op.seq, **op.values})
    record: dict[str, list[dict[str, Any]]] = {}
    for (table, _), row in rows.items():
        record.setdefault(table, []).append(row)
    return record


def send(url: str, epoch: str, facts: Sequence[Fact], plan: Iterator[tuple[int, str]]) -> None:
    """Sends facts in batches as the plan says, with its mishaps, as the outbox would."""
    store = SqlFactStore(url)
    sent = 0
    for size, mishap in plan:
        if sent >= len(facts):
            break
        first = max(0, sent - size) if mishap == "sent from earlier" else sent
        batch = facts[first : sent + size]
        if mishap == "lost before the commit":
            _lose(store, epoch, batch)
        store.write(epoch, batch)
        if mishap == "died after the commit":
            store.close()
            store = SqlFactStore(url)
            store.write(epoch, batch)
        sent += size
    store.write(epoch, facts[sent:])
    assert store.counts.rejected == store.counts.starts_missing == store.counts.ends_missing == 0
    store.close()


def _lose(store: SqlFactStore, epoch: str, batch: Sequence[Fact]) -> None:
    def fail(_: Any) -> None:
        raise OSError("the machine lost power")

    event.listen(store._engine, "commit", fail)
    with pytest.raises(StoreUnavailable):
        store.write(epoch, batch)
    event.remove(store._engine, "commit", fail)


plans = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(MISHAPS)), max_size=30)


@pytest.mark.timeout(240)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 250), plan=plans)
def test_any_split_with_any_mishap_gives_the_same_tables(
    rng: Random, steps: int, plan: list[tuple[int, str]], both: list[Database]
) -> None:
    facts = WaitingModel(rng).tell(steps)
    epoch = f"e{next(_epochs)}"
    should_be = expected(facts)
    for database in both:
        send(database.url, epoch, facts, iter(plan))
        assert database.dump(epoch) == should_be


def test_the_model_tells_everything(both: list[Database]) -> None:
    """The property means little if the histories do not reach every table, open and ended."""
    facts = WaitingModel(Random(1)).tell(2_500)
    record = expected(facts)
    assert set(record) >= {history.table.name for history in HISTORIES.values()}
    assert set(record) >= {table.name for table in MOMENTS.values()} - {"auto_pauses"}
    visits = record["queue_visits"]
    assert {row["outcome"] for row in visits} >= {"answered", "missed", "abandoned"}
    assert any(row["visit_id"].endswith("-v3") for row in visits)
    assert {row["outcome"] for row in record["callbacks"]} == {"succeeded", "failed", None}
    assert {row["attempt"] for row in record["callback_attempts"]} == {1, 2, 3}
    assert {row["why"] for row in record["surveys"]} == {each.value for each in SurveyEnd}
    for name in record:
        assert any(row.get("ended_seq", row.get("seq")) is not None for row in record[name]), name
    assert any(row.get("ended_seq", 0) is None for row in itertools.chain(*record.values()))
    for database in both:
        send(database.url, "all", facts, iter([(1, "none")] * len(facts)))
        assert database.dump("all") == record


@pytest.mark.parametrize("seed", range(5))
def test_what_the_real_core_tells_breaks_no_law(seed: int, both: list[Database]) -> None:
    """The core's own facts, fact by fact: no index may see a moment that the core never means."""
    facts = CoreWalk(seed).tell(600)
    epoch = f"core {seed}"
    for database in both:
        send(database.url, epoch, facts, iter([(1, "none")] * len(facts)))
        assert database.dump(epoch) == expected(facts)
