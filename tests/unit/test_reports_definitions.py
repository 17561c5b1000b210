"""What the figures mean, with the manual's worked examples as printed."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.ids import AgentId, CallId, LegId, QueueId, VisitId
from engine.reports.build import summarise
from engine.reports.definitions import (
    OfferTally,
    VisitTally,
    average_ms,
    call_status,
    is_within_sla,
    left_out_ms,
    percent,
)
from engine.reports.rows import OfferRow, Status, VisitRow

pytestmark = pytest.mark.unit

VISIT = VisitRow(
    visit_id=VisitId("c1-v1"),
    call_id=CallId("c1"),
    queue_id=QueueId("6400"),
    started_at_ms=0,
    ended_at_ms=11_000,
    caller_number="5550100",
    caller_name="Ann",
    status=Status.ANSWERED,
    reason="connected",
    agent_id=AgentId("1001"),
    offers=1,
    wait_ms=11_000,
    ring_ms=6_000,
    talk_ms=45_000,
    hold_ms=0,
    talk_ended_by="caller",
    entry_position=1,
    exit_position=1,
)
UNANSWERED = dataclasses.replace(VISIT, agent_id=None, talk_ms=None, hold_ms=None, ring_ms=0)


def visits(answered: int, missed: int, abandoned: int, queue: str = "6400") -> list[VisitRow]:
    """So many visits of a queue, the answered ones in time."""
    rows = [VISIT] * answered
    rows += [dataclasses.replace(UNANSWERED, status=Status.MISSED)] * missed
    rows += [dataclasses.replace(UNANSWERED, status=Status.ABANDONED)] * abandoned
    return [dataclasses.replace(row, queue_id=QueueId(queue)) for row in rows]


def tally(rows: list[VisitRow], sla_ms: int = 60_000) -> VisitTally:
    added = VisitTally()
    for row in rows:
        added.add(row, sla_ms)
    return added


def test_the_manuals_pre_sales_queue() -> None:
    """13 visits: 5 answered, 4 missed, 4 abandoned; 38.46 / 30.77 / 30.77 %, SLA 38.46 %."""
    figures = tally(visits(5, 4, 4))
    assert (figures.total, figures.answered, figures.missed, figures.abandoned) == (13, 5, 4, 4)
    assert figures.answered_percent == 38.46
    assert figures.missed_percent == 30.77
    assert figures.abandoned_percent == 30.77
    assert figures.sla_percent == 38.46


def test_the_manuals_support_queue() -> None:
    """6 visits: 4 answered, none missed, 2 abandoned; 66.67 / 0 / 33.33 %, SLA 66.67 %."""
    figures = tally(visits(4, 0, 2))
    assert (figures.total, figures.missed) == (6, 0)
    assert figures.answered_percent == 66.67
    assert figures.missed_percent == 0
    assert figures.abandoned_percent == 33.33
    assert figures.sla_percent == 66.67


def test_the_manuals_total_row() -> None:
    *queues, total = summarise(iter(visits(5, 4, 4, "6400") + visits(4, 0, 2, "6401")), 60_000)
    assert [row.queue_id for row in queues] == ["6400", "6401"]
    assert total.queue_id is None
    assert (total.total, total.answered, total.missed, total.abandoned) == (19, 9, 4, 6)


def test_the_manuals_agent() -> None:
    """Offers 4 = 2 answered + 2 missed: 50 % missed; each missed offer counts."""
    offer = OfferRow(
        offer_id=LegId("leg-c1-1"),
        visit_id=VisitId("c1-v1"),
        call_id=CallId("c1"),
        queue_id=QueueId("6400"),
        agent_id=AgentId("1001"),
        started_at_ms=0,
        ended_at_ms=1,
        caller_number="5550100",
        caller_name="Ann",
        attempt=1,
        status=Status.ANSWERED,
        reason="answered",
        ring_ms=1,
        cause=16,
        visit_status=Status.ANSWERED,
    )
    agent = OfferTally(AgentId("1001"))
    for status in (Status.ANSWERED, Status.MISSED, Status.ANSWERED, Status.MISSED):
        agent.add(dataclasses.replace(offer, status=status))
    assert (agent.total, agent.answered, agent.missed) == (4, 2, 2)
    assert agent.missed_percent == 50
    # Neither somebody else's answer nor an offer that still rings is the agent's miss.
    agent.add(dataclasses.replace(offer, status=Status.CANCELLED))
    agent.add(dataclasses.replace(offer, status=Status.OPEN))
    assert (agent.total, agent.cancelled, agent.missed_percent) == (4, 1, 50)


def test_averages() -> None:
    """The manual's formulae: handling is ringing and talk of the answered calls over their number."""
    rows = [
        dataclasses.replace(VISIT, wait_ms=10_000, ring_ms=4_000, talk_ms=40_000, hold_ms=5_000),
        dataclasses.replace(VISIT, wait_ms=20_000, ring_ms=6_000, talk_ms=60_000, hold_ms=0),
        dataclasses.replace(UNANSWERED, status=Status.ABANDONED, wait_ms=102_000),
    ]
    figures = tally(rows)
    assert figures.wait_answered_ms_average == 15_000
    assert figures.wait_ms_average == 44_000
    assert figures.wait_ms_max == 102_000
    assert figures.talk_ms_average == 50_000
    assert figures.hold_ms_average == 2_500
    assert figures.handle_ms_average == 55_000


def test_nothing_has_no_rates_and_no_averages() -> None:
    figures = tally([])
    assert figures.total == 0
    endings = ("_percent", "_average", "wait_ms_max")
    names = [name for name in dir(figures) if name.endswith(endings) and name[0] != "_"]
    assert len(names) == 10
    for name in names:
        assert getattr(figures, name) is None, name
    unanswered = tally(visits(0, 1, 1))
    assert unanswered.answered_percent == 0
    assert unanswered.sla_percent == 0
    assert unanswered.wait_answered_ms_average is None
    assert unanswered.talk_ms_average is None


def test_a_visit_is_one_of_three_or_in_no_figure() -> None:
    rows = visits(1, 0, 0)
    rows += [
        dataclasses.replace(UNANSWERED, status=status, wait_ms=None, ended_at_ms=None)
        for status in (Status.OPEN, Status.OPEN, Status.UNKNOWN)
    ]
    figures = tally(rows)
    assert (figures.total, figures.open, figures.unknown) == (1, 2, 1)
    assert figures.answered_percent == 100
    assert figures.wait_ms_average == 11_000


def test_a_running_talk_counts_as_answered_and_not_in_averages_of_talk() -> None:
    running = dataclasses.replace(VISIT, talk_ms=None, hold_ms=None, wait_ms=1_000)
    figures = tally([VISIT, running])
    assert (figures.answered, figures.talks) == (2, 1)
    assert figures.talk_ms_average == 45_000
    assert figures.wait_answered_ms_average == 6_000


@pytest.mark.parametrize(("wait_ms", "met"), [(0, True), (59_999, True), (60_000, False)])
def test_the_service_level_is_met_by_a_shorter_wait(wait_ms: int, *, met: bool) -> None:
    assert is_within_sla(dataclasses.replace(VISIT, wait_ms=wait_ms), 60_000) is met


def test_only_an_answer_meets_the_service_level() -> None:
    for status in Status:
        quick = dataclasses.replace(VISIT, status=status, wait_ms=1)
        assert is_within_sla(quick, 60_000) is (status is Status.ANSWERED)
    assert tally([*visits(1, 0, 0), *visits(0, 1, 2)]).sla_percent == 25


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [(1, 3, 33.33), (2, 3, 66.67), (1, 8, 12.5), (1, 800, 0.13), (0, 7, 0), (7, 7, 100)],
)
def test_rates_are_rounded_to_hundredths(part: int, whole: int, rate: float) -> None:
    assert percent(part, whole) == rate


def test_averages_are_rounded_to_milliseconds() -> None:
    assert [average_ms(total, 2) for total in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert average_ms(0, 0) is None


@pytest.mark.parametrize(
    ("statuses", "talked", "ended", "running", "expected"),
    [
        ((Status.ANSWERED,), True, True, False, Status.ANSWERED),
        ((Status.MISSED, Status.ANSWERED), True, True, True, Status.ANSWERED),
        ((Status.ANSWERED, Status.ABANDONED), True, True, True, Status.ANSWERED),
        ((Status.MISSED, Status.ABANDONED), False, True, True, Status.ABANDONED),
        ((Status.MISSED,), False, True, True, Status.MISSED),
        ((Status.MISSED,), True, True, True, Status.ANSWERED),
        ((), True, True, True, Status.ANSWERED),
        ((), False, True, True, Status.UNANSWERED),
        ((Status.OPEN,), False, False, True, Status.OPEN),
        ((Status.UNKNOWN,), False, False, False, Status.UNKNOWN),
    ],
)
def test_what_became_of_a_call(
    statuses: tuple[Status, ...], *, talked: bool, ended: bool, running: bool, expected: Status
) -> None:
    """Overflow to an extension that answers, say: the visit was missed and the call answered."""
    assert call_status(statuses, talked=talked, ended=ended, running=running) is expected


@pytest.mark.parametrize(
    ("marks", "left_out"),
    [
        ([], 0),
        ([(10, True), (25, False)], 15),
        ([(10, True), (25, False), (30, True), (31, False)], 16),
        ([(10, True)], 90),
        ([(10, True), (10, False), (100, True)], 0),
        ([(10, True), (20, True), (25, False)], None),
        ([(10, False)], None),
        ([(10, True), (20, False), (30, False)], None),
    ],
)
def test_what_is_left_out_of_a_recording(
    marks: list[tuple[int, bool]], left_out: int | None
) -> None:
    """The recording ends at 100. Where a mark was lost nothing is invented."""
    assert left_out_ms(marks, 100) == left_out
