"""The fact store on both databases: every fact once, whole rows, nothing in the way of the next."""

from __future__ import annotations

import dataclasses
import logging
import random  # noqa: TID251 - seeded below
from typing import Any

import pytest

from engine.adapters.db import SqlFactStore, store
from engine.core.facts import (
    ActionRefused,
    AgentAutoPaused,
    CallEnd,
    CommandRefused,
    InputIgnored,
    OfferOutcome,
    OfferReason,
    PauseEnd,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import AgentId, QueueId
from tests.db.databases import Database
from tests.db.story import T0, Story, answered_call

pytestmark = pytest.mark.db


@pytest.fixture
def facts_store(database: Database) -> Any:
    made = SqlFactStore(database.url)
    yield made
    made.close()


def test_a_call_becomes_rows(database: Database, facts_store: SqlFactStore) -> None:
    story = Story()
    answered_call(story, "c1")
    facts_store.write("e1", story.facts)
    record = database.dump("e1")
    assert record["calls"] == [
        {
            "call_id": "c1",
            "node": "n1",
            "source": "trunk",
            "endpoint": "provider",
            "caller_number": "5550100",
            "caller_name": "Ann",
            "dialled": "6400",
            "arrived_at_ms": T0,
            "parent_id": None,
            "by": None,
            "started_at_ms": T0,
            "ended_at_ms": T0 + 25_000,
            "started_seq": 1,
            "ended_seq": 11,
            "overtaken_seq": None,
            "ended_by": "caller",
            "cause": 16,
        }
    ]
    [visit] = record["queue_visits"]
    assert (visit["outcome"], visit["reason"], visit["agent_id"]) == (
        *("answered", "connected", "1001"),
    )
    assert (visit["wait_ms"], visit["ring_ms"]) == (5_000, 3_000)
    assert (visit["entry_position"], visit["exit_position"]) == (1, 1)
    [offer] = record["offers"]
    assert (offer["outcome"], offer["reason"], offer["ring_ms"]) == ("answered", "answered", 3_000)
    [talk] = record["talk_segments"]
    assert (talk["visit_id"], talk["agent_id"], talk["talk_ms"]) == ("c1-v1", "1001", 20_000)
    [hold] = record["holds"]
    assert (hold["by_caller"], hold["hold_ms"]) == (False, 5_000)
    [wrapup] = record["wrapups"]
    assert (wrapup["ended_why"], wrapup["call_id"]) == ("expired", "c1")
    assert facts_store.counts == store.StoreCounts(stored=len(story.facts))


def test_shifts_and_moments_become_rows(database: Database, facts_store: SqlFactStore) -> None:
    story = Story()
    story.login("s1", "1001")
    story.wait(1_000).pause("p1", "1001", "Lunch")
    story.wait(7_000).resume("p1", "1001", PauseEnd.REASON_CHANGED)
    story.pause("p2", "1001", "Break")
    story.wait(10_000).resume("p2", "1001")
    story.wait(1_000).logout("s1", "1001")
    at_ms = story.now_ms
    refused = ActionRefused(7, at_ms, "1001", "6499", "log_in", "no such queue", "1001")
    auto = AgentAutoPaused(8, at_ms, AgentId("1001"), QueueId("6400"), 3)
    facts_store.write("e1", [*story.facts, refused, auto])
    record = database.dump("e1")
    pauses = [(row["reason"], row["ended_why"]) for row in record["pauses"]]
    assert pauses == [("Lunch", "reason_changed"), ("Break", "resumed")]
    [login] = record["agent_logins"]
    assert (login["login_how"], login["ended_at_ms"] - login["started_at_ms"]) == ("code", 19_000)
    assert record["action_refusals"] == [
        {
            "seq": 7,
            "at_ms": at_ms,
            "agent_id": "1001",
            "queue_id": "6499",
            "action": "log_in",
            "why": "no such queue",
            "by": "1001",
            "request_id": None,
            "call_id": None,
        }
    ]
    assert record["auto_pauses"] == [
        {"seq": 8, "at_ms": at_ms, "agent_id": "1001", "queue_id": "6400", "missed": 3}
    ]


def test_the_manuals_pauses_can_be_told_from_their_rows(
    database: Database, facts_store: SqlFactStore
) -> None:
    """reports.md: none 4 s, Break 22 s, Lunch changed after 7 s to Break 10 s: 43 s, 3 pauses."""
    story = Story()
    story.pause("p1", "1001", None)
    story.wait(4_000).resume("p1", "1001")
    story.wait(60_000).pause("p2", "1001", "Break")
    story.wait(22_000).resume("p2", "1001")
    story.wait(60_000).pause("p3", "1001", "Lunch")
    story.wait(7_000).resume("p3", "1001", PauseEnd.REASON_CHANGED)
    story.pause("p4", "1001", "Break")
    story.wait(10_000).resume("p4", "1001")
    facts_store.write("e1", story.facts)
    assert database.scalar("SELECT sum(ended_at_ms - started_at_ms) FROM pauses") == 43_000
    assert database.scalar("SELECT count(*) FROM pauses WHERE ended_why <> 'reason_changed'") == 3


def test_a_batch_sent_again_changes_nothing(database: Database, facts_store: SqlFactStore) -> None:
    """The engine died after the commit, before the outbox noted it."""
    story = Story()
    answered_call(story, "c1")
    facts_store.write("e1", story.facts)
    before = database.dump("e1")
    facts_store.write("e1", story.facts)
    after_restart = SqlFactStore(database.url)
    after_restart.write("e1", story.facts)
    after_restart.close()
    assert database.dump("e1") == before
    assert facts_store.counts.repeated == len(story.facts)
    assert after_restart.counts == store.StoreCounts(repeated=len(story.facts))


def test_old_facts_are_known_in_any_order_and_mixed_with_new_ones(
    database: Database, facts_store: SqlFactStore
) -> None:
    story = Story()
    answered_call(story, "c1")
    answered_call(story, "c2")
    facts_store.write("e1", story.facts)
    expected = database.dump("e1")
    rng = random.Random(5)
    for _ in range(10):
        facts_store.write("e1", rng.sample(story.facts, k=7))
    assert database.dump("e1") == expected
    answered_call(story, "c3")
    shuffled_old = rng.sample(story.facts[:24], k=24)
    facts_store.write("e1", [*shuffled_old, *story.facts[24:]])
    facts_store.write("e2", story.facts)
    assert database.dump("e1") == database.dump("e2")


def test_a_fact_twice_in_one_batch_is_stored_once(
    database: Database, facts_store: SqlFactStore
) -> None:
    story = Story()
    started = story.call("c1")
    facts_store.write("e1", [started, started])
    assert len(database.rows("calls")) == 1
    assert facts_store.counts == store.StoreCounts(stored=1, repeated=1)


def test_facts_that_come_late_are_not_taken_for_repeated(
    database: Database, facts_store: SqlFactStore
) -> None:
    """What is stored is known by number, not by how far the last batch went."""
    story = Story()
    answered_call(story, "c1")
    facts_store.write("e1", story.facts[5:])
    facts_store.write("e1", story.facts[:5])
    facts_store.write("e2", story.facts)
    assert database.dump("e1") == database.dump("e2")
    assert facts_store.counts.rejected == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_rows_do_not_depend_on_where_batches_end(
    size: int, database: Database, facts_store: SqlFactStore
) -> None:
    story = Story()
    story.login("s1", "1001")
    answered_call(story, "c1")
    story.pause("p1", "1001", "Lunch")
    story.resume("p1", "1001", PauseEnd.REASON_CHANGED)
    story.pause("p2", "1001", "Break")
    answered_call(story, "c2", "1002")
    facts_store.write("whole", story.facts)
    for start in range(0, len(story.facts), size):
        facts_store.write("split", story.facts[start : start + size])
    assert database.dump("split") == database.dump("whole")
    assert facts_store.counts.rejected == facts_store.counts.ends_missing == 0


def test_two_histories_do_not_mix(database: Database, facts_store: SqlFactStore) -> None:
    """Another epoch counts its facts from 1 again, and may meet the same call."""
    story = Story()
    answered_call(story, "c1")
    facts_store.write("e1", story.facts[:4])
    facts_store.write("e2", story.facts)
    facts_store.write("e1", story.facts[4:])
    assert database.dump("e1") == database.dump("e2")
    assert facts_store.counts.repeated == 0


def test_counted_kinds_leave_no_row(database: Database, facts_store: SqlFactStore) -> None:
    ignored = InputIgnored(1, T0, "LegRinging", "no such leg")
    refused = CommandRefused(2, T0, "Connect", 404, "gone")
    facts_store.write("e1", [ignored, refused])
    assert database.dump("e1") == {}
    assert facts_store.counts == store.StoreCounts(counted_only=2)
    assert database.scalar("SELECT last_seq FROM epochs") == 2


def test_an_end_without_a_start_is_a_row_that_says_so(
    database: Database, facts_store: SqlFactStore, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story()
    answered_call(story, "c1")
    starts = {1, 2, 3, 6, 7, 10}
    ends = [fact for fact in story.facts if fact.seq not in starts]
    with caplog.at_level(logging.WARNING):
        facts_store.write("e1", ends)
    assert facts_store.counts == store.StoreCounts(stored=6, starts_missing=6)
    assert "6 ends without a start" in caplog.text
    record = database.dump("e1")
    [visit] = record["queue_visits"]
    assert (visit["started_at_ms"], visit["started_seq"], visit["entry_position"]) == (
        *(None, None, None),
    )
    assert (visit["call_id"], visit["queue_id"], visit["wait_ms"]) == ("c1", "6400", 5_000)
    [call] = record["calls"]
    assert (call["caller_number"], call["ended_by"]) == (None, "caller")
    # Found after all (another file of the outbox): the rows become whole.
    facts_store.write("e1", [fact for fact in story.facts if fact.seq in starts])
    facts_store.write("e2", story.facts)
    assert database.dump("e1") == database.dump("e2")


def test_a_lost_end_does_not_keep_later_facts_out(
    database: Database, facts_store: SqlFactStore
) -> None:
    """Agent 1001's offer never ended, as far as was told; the next ones are recorded all the same."""
    story = Story()
    for number in (1, 2, 3):
        answered_call(story, f"c{number}")
    [lost] = [f for f in story.facts if type(f).__name__ == "OfferEnded" and f.call_id == "c1"]
    for fact in story.facts:
        if fact is not lost:
            facts_store.write("e1", [fact])
    assert facts_store.counts.rejected == 0
    assert facts_store.counts.ends_missing == 1
    first, second, third = database.rows("offers")
    assert (first["ended_seq"], first["overtaken_seq"]) == (None, second["started_seq"])
    assert (second["outcome"], second["overtaken_seq"]) == ("answered", None)
    assert (third["outcome"], third["overtaken_seq"]) == ("answered", None)
    facts_store.write("e1", [lost])
    assert database.rows("offers")[0]["outcome"] == "answered"


def _poisons() -> list[Any]:
    story = Story()
    story.call("c9")
    story.visit("c9")
    story.offer("c9", "1009")
    missed = story.offer_over("c9", "1009", 1, OfferOutcome.MISSED, OfferReason.NO_ANSWER)
    abandoned = story.abandoned("c9")
    started = story.facts[0]
    replace = dataclasses.replace
    return [
        pytest.param(replace(missed, ring_ms=-1), id="negative"),
        pytest.param(replace(missed, ring_ms=2**70), id="too big"),
        pytest.param(replace(missed, at_ms=2**70), id="time too big"),
        pytest.param(replace(missed, reason=OfferReason.ANSWERED), id="reason does not fit"),
        pytest.param(replace(abandoned, ring_ms=1), id="rang longer than waited"),
        pytest.param(
            replace(abandoned, outcome=VisitOutcome.ANSWERED, reason=VisitReason.CONNECTED),
            id="answered by nobody",
        ),
        pytest.param(replace(abandoned, outcome="answered"), id="not an outcome"),
        pytest.param(replace(abandoned, wait_ms={1, 2}), id="not a number"),
        pytest.param(replace(started, caller_number=None), id="not a text"),
        pytest.param(replace(started, source="moon"), id="not a word"),
        pytest.param(replace(abandoned, call_id=None), id="nobody's"),
    ]


@pytest.mark.parametrize("poison", _poisons())
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a batch"])
def test_a_poison_fact_does_not_stop_the_others(
    poison: Any, *, alone: bool, database: Database, facts_store: SqlFactStore
) -> None:
    story = Story()
    answered_call(story, "c1")
    answered_call(story, "c2", "1002")
    middle = 11
    poison = dataclasses.replace(poison, seq=1_000)
    if alone:
        facts_store.write("e1", story.facts[:middle])
        facts_store.write("e1", [poison])
        facts_store.write("e1", story.facts[middle:])
    else:
        facts_store.write("e1", [*story.facts[:middle], poison, *story.facts[middle:]])
    [rejected] = database.rows("facts_rejected")
    assert (rejected["seq"], rejected["kind"]) == (1_000, type(poison).__name__)
    assert rejected["error"]
    assert type(poison).__name__ in rejected["body"]
    assert facts_store.counts.rejected == 1
    facts_store.write("e2", story.facts)
    record = database.dump("e1")
    del record["facts_rejected"]
    assert record == database.dump("e2")
    # Not tried again and again; and not in the way even if the memory of it is gone.
    facts_store.write("e1", [poison])
    assert facts_store.counts.rejected == 1
    database.execute("DELETE FROM facts_seen WHERE seq = 1000")
    facts_store.write("e1", [poison])
    assert len(database.rows("facts_rejected")) == 1


def test_nothing_that_was_told_is_overwritten(
    database: Database, facts_store: SqlFactStore
) -> None:
    story = Story()
    answered_call(story, "c1")
    facts_store.write("e1", story.facts)
    before = database.rows("calls")
    story.call("c1", "5550199")
    story.call_over("c1", CallEnd.AGENT)
    facts_store.write("e1", story.facts)
    assert database.rows("calls") == before
    assert [row["kind"] for row in database.rows("facts_rejected")] == ["CallStarted", "CallEnded"]


def test_names_that_no_database_takes_are_kept_as_far_as_they_go(
    database: Database, facts_store: SqlFactStore
) -> None:
    story = Story()
    story.call("c1", "\x00123", "Zoë \ud83d\x00\U0001f600")
    facts_store.write("e1", story.facts)
    [call] = database.rows("calls")
    assert call["caller_number"] == "\ufffd123"
    assert call["caller_name"] == "Zoë \ufffd\ufffd\U0001f600"


def test_old_facts_are_forgotten_singly_and_still_known(
    database: Database, facts_store: SqlFactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEEN_KEPT", 20)
    monkeypatch.setattr(store, "SEEN_SLACK", 5)
    story = Story()
    for number in range(10):
        answered_call(story, f"c{number}")
    for start in range(0, len(story.facts), 7):
        facts_store.write("e1", story.facts[start : start + 7])
    kept = database.scalar("SELECT count(*) FROM facts_seen")
    assert 20 <= kept <= 25 + 7
    before = database.dump("e1")
    facts_store.write("e1", story.facts)
    assert database.dump("e1") == before
    assert facts_store.counts.repeated == len(story.facts)


def test_an_empty_batch_needs_no_database(tmp_path: Any) -> None:
    SqlFactStore(f"sqlite:///{tmp_path}/nowhere/usher.db").write("e1", [])


def test_numbers_do_not_reach_the_log(
    database: Database, facts_store: SqlFactStore, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story()
    started = story.call("c1", "5550123")
    with caplog.at_level(logging.DEBUG):
        facts_store.write("e1", [dataclasses.replace(started, source="moon")])
    assert facts_store.counts.rejected == 1
    assert "5550123" not in caplog.text
