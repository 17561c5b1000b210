"""Wrap-up: ended early, made longer, over to the millisecond, ended by log-out (A-08, Q-11)."""

from __future__ import annotations

import json

import pytest

from engine.core.facts import (
    ActionRefused,
    WrapupEnd,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)
from engine.core.inputs import AgentAction, EngineStarted, NodeConnected
from engine.core.router import RoutingCore
from tests.support.centre import NODE, Centre, changed, dynamic, queue, static
from tests.support.desk import talk_and_end

pytestmark = [pytest.mark.unit, pytest.mark.row("A-08")]

LONGER = {"wrapup_ms": 10_000, "wrapup_extend_ms": 4_000, "wrapup_extend_ms_max": 6_000}


def extend(centre: Centre, queue_id: str = "6400") -> None:
    centre.act("1001", queue_id, AgentAction.EXTEND_WRAPUP)


def whys(centre: Centre) -> list[str]:
    return [refusal.why for refusal in centre.of(ActionRefused)]


@pytest.mark.parametrize("restart", [False, True])
def test_longer_within_the_limit_and_over_to_the_millisecond(restart: bool) -> None:
    """The last extension gives what is left of the limit; the next one is refused."""
    centre = Centre(queue("6400", *static("1001"), **LONGER))
    talk_and_end(centre, "6400", "1001")
    begun_ms = centre.now_ms
    centre.call("6400")
    centre.wait(9_999)
    extend(centre)
    centre.wait(3_000)
    extend(centre)
    extend(centre)
    assert [fact.until_ms - begun_ms for fact in centre.of(WrapupExtended)] == [14_000, 16_000]
    assert whys(centre) == ["wrap-up extended to its limit"]
    if restart:
        centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
        centre.give(EngineStarted())
        centre.give(NodeConnected(NODE, (), ()))
        centre.call("6400")
    centre.wait(begun_ms + 15_999 - centre.now_ms)
    assert centre.ringing() == {}
    assert centre.of(WrapupEnded) == []
    centre.wait(1)
    assert list(centre.ringing()) == ["1001"]
    assert [(f.why, f.at_ms - begun_ms) for f in centre.of(WrapupEnded)] == [
        (WrapupEnd.EXPIRED, 16_000)
    ]


def test_each_wrapup_can_be_extended_anew() -> None:
    centre = Centre(queue("6400", *static("1001"), **LONGER))
    for _ in range(2):
        talk_and_end(centre, "6400", "1001")
        extend(centre)
        extend(centre)
        centre.wait(16_000)
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.EXPIRED] * 2
    assert len(centre.of(WrapupExtended)) == 4
    assert whys(centre) == []


@pytest.mark.parametrize(
    "options",
    [{}, {"wrapup_extend_ms": 5_000}, {"wrapup_extend_ms_max": 5_000}],
)
def test_a_queue_that_allows_no_extension(options: dict[str, int]) -> None:
    centre = Centre(queue("6400", *static("1001"), wrapup_ms=10_000, **options))
    talk_and_end(centre, "6400", "1001")
    extend(centre)
    assert whys(centre) == ["wrap-up cannot be extended"]
    centre.wait(10_000)
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.EXPIRED]


def test_without_wrapup_there_is_nothing_to_extend_or_end() -> None:
    centre = Centre(queue("6400", *static("1001"), **LONGER))
    extend(centre)
    centre.act("1001", "6400", AgentAction.RESUME)
    assert whys(centre) == ["not in wrap-up", "not paused"]


def test_a_new_limit_holds_for_the_running_wrapup() -> None:
    lines = queue("6400", *static("1001"), **LONGER)
    centre = Centre(lines)
    talk_and_end(centre, "6400", "1001")
    extend(centre)
    centre.apply(changed(lines, wrapup_extend_ms_max=1_000))
    extend(centre)
    assert whys(centre) == ["wrap-up extended to its limit"]
    centre.wait(14_000)
    assert len(centre.of(WrapupEnded)) == 1


def test_log_out_ends_it_with_a_reason_of_its_own() -> None:
    centre = Centre(queue("6400", *dynamic("1001"), **LONGER))
    centre.log_in("1001", queue_id="6400")
    talk_and_end(centre, "6400", "1001")
    centre.act("1001", "6400", AgentAction.LOG_OUT)
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.LOGGED_OUT]
    centre.log_in("1001", queue_id="6400")
    centre.call("6400")
    assert list(centre.ringing()) == ["1001"], "a new shift begins without the old wrap-up"


def test_removal_from_the_queue_ends_it_as_before() -> None:
    centre = Centre(queue("6400", *dynamic("1001"), **LONGER))
    centre.log_in("1001", queue_id="6400")
    talk_and_end(centre, "6400", "1001")
    centre.apply(queue("6400", **LONGER))
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.REMOVED]


@pytest.mark.row("Q-11")
def test_a_shared_wrapup_made_longer_holds_up_the_other_queues_as_long() -> None:
    centre = Centre(
        queue("6400", *static("1001"), **LONGER),
        queue("6401", *static("1001")),
        shared_wrapup=True,
    )
    talk_and_end(centre, "6400", "1001")
    centre.call("6401")
    extend(centre, "6401")
    assert [fact.queue_id for fact in centre.of(WrapupExtended)] == ["6400"]
    centre.wait(13_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("Q-11")
def test_who_is_ready_in_one_queue_of_a_shared_wrapup_is_ready_in_all() -> None:
    centre = Centre(
        queue("6400", *static("1001"), **LONGER),
        queue("6401", *static("1001")),
        shared_wrapup=True,
    )
    talk_and_end(centre, "6400", "1001")
    centre.call("6401")
    centre.act("1001", "6401", AgentAction.RESUME)
    assert [(fact.queue_id, fact.why) for fact in centre.of(WrapupEnded)] == [
        ("6400", WrapupEnd.ENDED_EARLY)
    ]
    assert list(centre.ringing()) == ["1001"]


def test_not_shared_the_other_queue_has_no_wrapup() -> None:
    centre = Centre(queue("6400", *static("1001"), **LONGER), queue("6401", *static("1001")))
    talk_and_end(centre, "6400", "1001")
    centre.act("1001", "6401", AgentAction.RESUME)
    extend(centre, "6401")
    assert whys(centre) == ["not paused", "not in wrap-up"]
    assert centre.of(WrapupEnded) == centre.of(WrapupExtended) == []


def test_a_call_taken_in_wrapup_replaces_an_extended_one() -> None:
    """Ring in use: the second call's wrap-up takes over, with an extension of its own."""
    centre = Centre(queue("6400", *static("1001"), ring_in_use=True, **LONGER))
    centre.call("6400")
    first = centre.answer("1001")
    centre.call("6400")
    second = centre.answer("1001")
    centre.end_leg(first)
    extend(centre)
    extend(centre)
    centre.wait(1_000)
    centre.end_leg(second)
    extend(centre)
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.REPLACED]
    until_ms = centre.of(WrapupStarted)[-1].until_ms
    assert centre.of(WrapupExtended)[-1].until_ms == until_ms + 4_000
    assert whys(centre) == []
