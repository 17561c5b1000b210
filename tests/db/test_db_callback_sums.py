"""Callbacks of the real core in the record: everybody counts once, and every second of a talk too."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from engine.adapters.db import SqlFactStore, SqlReportStore
from engine.core.facts import CallTransferred, OfferReason, TransferKind
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import LegAnswered, TransferRequested
from engine.core.views import view_calls
from engine.reports import Query, ReportKind, make_report
from engine.reports.rows import Status
from tests.db.databases import Database
from tests.support.callback import DID, Callbacks, terms
from tests.support.centre import static

pytestmark = [pytest.mark.db, pytest.mark.row("C-06", "T-02")]

BUSY = 17
TALKS_MS = {"plain": 11_000, "called back": 23_000, "passed on": 5_000}
ALL = Query(0, 10**15)


@pytest.fixture
def archive(database: Database) -> Iterator[SqlReportStore]:
    made = SqlReportStore(database.url)
    yield made
    made.close()


@pytest.fixture
def centre() -> Callbacks:
    return Callbacks(
        *static("1001"), callback=terms(attempts=3, spacing_ms=60_000), wrapup_ms=2_000
    )


def record(centre: Callbacks, database: Database) -> None:
    store = SqlFactStore(database.url)
    store.write("e", centre.facts)
    assert store.counts.rejected == 0
    store.close()


def plain_call(centre: Callbacks) -> None:
    """4 s of ringing, then a talk."""
    centre.dial("0170123456")
    centre.wait(4_000)
    leg_id = centre.answer("1001")
    centre.wait(TALKS_MS["plain"])
    centre.end_leg(leg_id)
    centre.obey()
    centre.wait(2_000)


def abandoned_call(centre: Callbacks) -> None:
    call_id = centre.dial("0170123457")
    centre.wait(3_000)
    centre.hang_up(call_id)
    centre.obey()


def called_back(centre: Callbacks) -> str:
    """The agent is rung three times and is there twice; the customer is at the second. Passed on."""
    call_id = centre.dial()
    centre.wait(5_000)
    centre.ask(call_id)
    centre.end_leg(centre.ringing()["1001"], BUSY)  # The agent refuses.
    centre.wait(10_000)
    centre.agent_takes("1001")
    centre.wait(6_000)
    centre.customer_ends(BUSY)
    centre.free("1001")
    centre.wait(60_000)
    leg_id = centre.agent_takes("1001")
    customer = str(centre.pending.call_id)
    centre.wait(7_000)
    centre.customer_answers()
    centre.wait(TALKS_MS["called back"])
    centre.give(TransferRequested(leg_id, "1003"))
    centre.obey()
    other = next(each for each, leg in centre.core.state.legs.items() if leg.endpoint == "1003")
    centre.give(LegAnswered(other))
    centre.wait(TALKS_MS["passed on"])
    centre.end_leg(other)
    centre.obey()
    centre.wait(2_000)
    return customer


def rows(archive: SqlReportStore, kind: ReportKind, query: Query = ALL) -> tuple[Any, ...]:
    return tuple(make_report(archive, kind, query).rows)


def test_everybody_and_every_second_count_once(
    centre: Callbacks, database: Database, archive: SqlReportStore
) -> None:
    plain_call(centre)
    abandoned_call(centre)
    customer = called_back(centre)
    record(centre, database)

    # Three people called: three visits, each with one outcome.
    visits = rows(archive, ReportKind.VISITS)
    assert sorted((each.status, each.reason) for each in visits) == [
        (Status.ABANDONED, "caller_hung_up"),
        (Status.ANSWERED, "connected"),
        (Status.MISSED, "callback"),
    ]
    *_, total = rows(archive, ReportKind.SUMMARY)
    assert (total.total, total.answered, total.missed, total.abandoned) == (3, 1, 1, 1)
    assert (total.open, total.unknown) == (0, 0)
    assert total.talk_ms_average == TALKS_MS["plain"], "no callback's talk is in it"

    # All talk is in the calls, once; what is not of visits is of the callback.
    calls = rows(archive, ReportKind.CALLS)
    talked = sum(each.talk_ms or 0 for each in calls)
    assert talked == sum(TALKS_MS.values())
    told = "SELECT sum(talk_ms) FROM talk_segments"
    assert database.scalar(told) == talked
    by_queue = told + " WHERE queue_id = '6400'"
    assert database.scalar(by_queue) == TALKS_MS["plain"] + TALKS_MS["called back"]
    of_visits = sum(each.talk_ms or 0 for each in visits)
    of_callbacks = told + " WHERE visit_id IN (SELECT callback_id FROM callbacks)"
    assert (of_visits, database.scalar(of_callbacks)) == (
        TALKS_MS["plain"],
        TALKS_MS["called back"],
    )

    # The callback: one, which succeeded at the second attempt.
    [callback] = rows(archive, ReportKind.CALLBACKS)
    assert (callback.status, callback.attempts, callback.agent_id) == (
        Status.SUCCEEDED,
        2,
        "1001",
    )
    assert callback.wait_ms == 5_000 + 10_000 + 6_000 + 60_000 + 7_000
    [summary, _] = rows(archive, ReportKind.CALLBACK_SUMMARY)
    assert (summary.requests, summary.succeeded, summary.total_calls) == (1, 1, 3)
    assert [each.call_id for each in calls if each.status is Status.ANSWERED] == [customer, "c1"]

    # Its offers are the agent's like any others, and no visit's.
    offers = [each for each in rows(archive, ReportKind.OFFERS) if each.source == "callback"]
    assert sorted((each.status, each.reason) for each in offers) == [
        (Status.ANSWERED, "answered"),
        (Status.CANCELLED, OfferReason.CUSTOMER_NOT_REACHED),
        (Status.MISSED, "busy"),
    ]
    assert {(each.visit_id, each.visit_status) for each in offers} == {
        (callback.callback_id, Status.ANSWERED)
    }
    assert {each.visit_id: each.offers for each in visits} == {
        each.visit_id: sum(
            offer.visit_id == each.visit_id for offer in rows(archive, ReportKind.OFFERS)
        )
        for each in visits
    }


def test_what_became_of_a_callback_is_found_by_its_queue_and_agent(
    centre: Callbacks, database: Database, archive: SqlReportStore
) -> None:
    customer = called_back(centre)
    record(centre, database)
    here = Query(ALL.from_ms, ALL.to_ms, queues=(QueueId(DID),))
    elsewhere = Query(ALL.from_ms, ALL.to_ms, queues=(QueueId("6401"),))
    agents = Query(ALL.from_ms, ALL.to_ms, agents=(AgentId("1001"),))
    [moved] = [each for each in centre.facts if type(each) is CallTransferred]
    assert (moved.call_id, moved.kind) == (customer, TransferKind.BLIND)
    for kind in (ReportKind.TRANSFERS, ReportKind.CALLS):
        assert customer in [each.call_id for each in rows(archive, kind, here)], kind
        assert customer in [each.call_id for each in rows(archive, kind, agents)], kind
        assert not rows(archive, kind, elsewhere), kind
    of_calls = rows(archive, ReportKind.CALLS, here)
    assert {each.queues for each in of_calls} == {(DID,)}
    assert len(of_calls) == 3, "the caller's, and one for each attempt"


def test_a_callback_that_was_never_tried_again_is_found_too(
    centre: Callbacks, database: Database, archive: SqlReportStore
) -> None:
    """Its last call had no attempt."""
    centre.requested()
    centre.agent_takes("1001")
    centre.wait(6_000)
    centre.customer_ends(BUSY)
    last = centre.pending.call_id
    centre.change()  # The queue is removed.
    record(centre, database)
    here = Query(ALL.from_ms, ALL.to_ms, queues=(QueueId(DID),))
    found = {each.call_id: each.queues for each in rows(archive, ReportKind.CALLS, here)}
    assert found[last] == (DID,)
    assert len(found) == 3


def test_a_callback_that_rests_between_two_attempts_is_seen_in_its_queue(
    centre: Callbacks, database: Database, archive: SqlReportStore
) -> None:
    centre.requested()
    centre.agent_takes("1001")
    centre.wait(6_000)
    centre.customer_ends(BUSY)
    resting = centre.pending.call_id
    (view,) = [each for each in view_calls(centre.core.state) if each.call_id == resting]
    assert (view.queue_id, view.position, view.attempts) == (DID, 1, 1)
    record(centre, database)
    here = Query(ALL.from_ms, ALL.to_ms, queues=(QueueId(DID),))
    elsewhere = Query(ALL.from_ms, ALL.to_ms, queues=(QueueId("6401"),))
    for asked in (ALL, here):
        found = {each.call_id: each.queues for each in rows(archive, ReportKind.CALLS, asked)}
        assert found[resting] == (DID,)
        assert len(found) == 3
    assert not rows(archive, ReportKind.CALLS, elsewhere)


def test_who_was_called_back_and_asks_for_it_in_another_queue_waits_in_that_one_only(
    centre: Callbacks, database: Database, archive: SqlReportStore
) -> None:
    """The second callback's first call follows a call that was an attempt of the first."""
    first = centre.policy.queues[0]
    second = dataclasses.replace(first, queue_id=QueueId("6401"), members=())
    centre.change(first, second)
    centre.requested()
    leg_id = centre.agent_takes("1001")
    customer = centre.pending.call_id
    centre.customer_answers()
    centre.give(TransferRequested(leg_id, "6401"))
    centre.obey()
    waiting = centre.ask(customer)
    record(centre, database)
    found = {each.call_id: each.queues for each in rows(archive, ReportKind.CALLS)}
    assert found[waiting.call_id] == ("6401",)
