"""Callers return to the agent who served them last (R-08)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from engine.core.facts import OfferMade
from engine.core.ids import CallId, EndpointName, QueueId
from engine.core.inputs import AgentAction, CallArrived
from engine.core.matching import sticky
from engine.core.policy import QueuePolicy, StickyPolicy, Strategy
from engine.core.router import RoutingCore
from tests.support.centre import NODE, TRUNK, Centre, changed, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("R-08")]

MEMORY_MS = 600_000
HOLD_OUT_MS = 30_000


def line_of(*agents: str, **options: Any) -> QueuePolicy:
    """A linear queue that remembers for 10 minutes and keeps a caller for 30 s."""
    options.setdefault("sticky", StickyPolicy(MEMORY_MS, HOLD_OUT_MS))
    options.setdefault("strategy", Strategy.LINEAR)
    return queue("6400", *static(*(agents or ("1001", "1002", "1003"))), **options)


def call(centre: Centre, number: str, dialled: str = "6400") -> CallId:
    """A caller with this number dials in."""
    centre.calls += 1
    name = CallId(f"c{centre.calls}")
    centre.give(CallArrived(name, NODE, TRUNK, dialled, number, "", centre.now_ms))
    return name


def serve(centre: Centre, number: str, agent: str, *, talk_ms: int = 1_000) -> None:
    """This caller is served by this agent, the only one who is there meanwhile."""
    others = [each for each in ("1001", "1002", "1003") if each != agent]
    for other in others:
        centre.reach(other, reachable=False)
    call(centre, number)
    leg_id = centre.answer(agent)
    centre.wait(talk_ms)
    centre.end_leg(leg_id)
    centre.obey()
    for other in others:
        centre.reach(other)


def rung(centre: Centre) -> list[tuple[str, str]]:
    """The offers that were made: call and agent."""
    return [(str(each.call_id), str(each.agent_id)) for each in centre.of(OfferMade)]


def busy(centre: Centre, agent: str) -> str:
    """Somebody else talks to this agent; returns the leg."""
    leg_id = ""
    for number in ("911", "912", "913"):
        call(centre, number)
        (now,) = centre.ringing()
        leg_id = centre.answer(now)
        if now == agent:
            return leg_id
    raise AssertionError(f"{agent} was not rung")


def test_a_caller_returns_to_who_served_last() -> None:
    centre = Centre(line_of())
    serve(centre, "0151", "1002")
    call(centre, "0151")
    assert list(centre.ringing()) == ["1002"]


def test_another_caller_does_not() -> None:
    centre = Centre(line_of())
    serve(centre, "0151", "1002")
    call(centre, "0152")
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.parametrize("number", ["", "anonymous", "Anonymous", "unknown"])
def test_callers_without_a_number_are_not_taken_for_one(number: str) -> None:
    centre = Centre(line_of())
    serve(centre, number, "1002")
    call(centre, number)
    assert list(centre.ringing()) == ["1001"]


def test_the_memory_lasts_from_the_end_of_the_talk_for_so_long() -> None:
    for late_ms, agent in ((0, "1001"), (-1, "1002")):
        centre = Centre(line_of())
        serve(centre, "0151", "1002", talk_ms=2 * MEMORY_MS)
        centre.wait(MEMORY_MS + late_ms)
        call(centre, "0151")
        assert list(centre.ringing()) == [agent]


def test_the_last_who_served_counts() -> None:
    centre = Centre(line_of())
    serve(centre, "0151", "1002")
    serve(centre, "0151", "1003")
    call(centre, "0151")
    assert list(centre.ringing()) == ["1003"]


def test_another_queue_has_another_memory() -> None:
    other = dataclasses.replace(line_of(), queue_id=QueueId("6401"))
    centre = Centre(line_of(), other)
    serve(centre, "0151", "1002")
    call(centre, "0151", "6401")
    assert list(centre.ringing()) == ["1001"]


def test_while_that_agent_is_busy_the_caller_waits_for_so_long_then_anybody_is_rung() -> None:
    centre = Centre(line_of("1002", "1001"))
    serve(centre, "0151", "1002")
    busy(centre, "1002")
    call(centre, "0151")
    centre.wait(HOLD_OUT_MS - 1)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1001"]


def test_who_becomes_free_in_time_is_rung() -> None:
    centre = Centre(line_of("1002", "1001"))
    serve(centre, "0151", "1002")
    leg_id = busy(centre, "1002")
    call(centre, "0151")
    centre.wait(10_000)
    centre.end_leg(leg_id)  # type: ignore[arg-type]
    assert list(centre.ringing()) == ["1002"]


def test_others_are_served_meanwhile() -> None:
    centre = Centre(line_of("1002", "1001"))
    serve(centre, "0151", "1002")
    busy(centre, "1002")
    call(centre, "0151")
    later = call(centre, "0152")
    assert rung(centre)[-1] == (later, "1001")


@pytest.mark.parametrize("leaves", ["logs out", "pauses", "phone is lost", "is no member any more"])
def test_who_leaves_keeps_nobody_waiting(leaves: str) -> None:
    line = line_of("1002", "1001")
    centre = Centre(line)
    serve(centre, "0151", "1002")
    busy(centre, "1002")
    call(centre, "0151")
    assert centre.ringing() == {}
    if leaves == "pauses":
        centre.act("1002", "6400", AgentAction.PAUSE)
    elif leaves == "phone is lost":
        centre.reach("1002", reachable=False)
    else:
        members = static("1001") if leaves == "is no member any more" else line.members[1:]
        centre.apply(changed(line, members=members))
    assert list(centre.ringing()) == ["1001"]


def test_who_is_away_at_entry_is_not_waited_for() -> None:
    centre = Centre(line_of())
    serve(centre, "0151", "1002")
    centre.act("1002", "6400", AgentAction.PAUSE)
    call(centre, "0151")
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.parametrize("misses", ["refuses", "does not answer"])
def test_who_had_the_chance_and_did_not_take_it_is_waited_for_no_longer(misses: str) -> None:
    centre = Centre(line_of(ring_timeout_ms=10_000, retry_interval_ms=0))
    serve(centre, "0151", "1002")
    call(centre, "0151")
    if misses == "refuses":
        centre.end_leg(centre.ringing()["1002"], cause=17)
    else:
        centre.wait(10_000)
    assert list(centre.ringing()) == ["1001"]


def test_with_ring_all_only_that_agent_rings_at_first() -> None:
    centre = Centre(line_of(strategy=Strategy.RING_ALL, ring_timeout_ms=60_000))
    serve(centre, "0151", "1002")
    call(centre, "0151")
    assert sorted(centre.ringing()) == ["1002"]
    centre.wait(HOLD_OUT_MS)
    assert sorted(centre.ringing()) == ["1001", "1002", "1003"]


def test_an_agent_is_not_kept_for_their_own_call() -> None:
    centre = Centre(line_of(ring_in_use=True))
    serve(centre, "1002", "1002")
    centre.calls += 1
    own = CallId(f"c{centre.calls}")
    centre.give(CallArrived(own, NODE, EndpointName("1002"), "6400", "1002", "", centre.now_ms))
    assert rung(centre)[-1] == (own, "1001")


def test_the_memory_survives_a_restart() -> None:
    centre = Centre(line_of())
    serve(centre, "0151", "1002")
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    call(centre, "0151")
    assert list(centre.ringing()) == ["1002"]


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sticky, "SERVED_MAX", 3)
    centre = Centre(line_of("1001"))
    served = centre.core.state.lines[QueueId("6400")].served
    for number in ("1", "2", "3", "1", "4"):
        serve(centre, number, "1001")
    assert list(served) == ["3", "1", "4"]
    centre.wait(MEMORY_MS)
    serve(centre, "5", "1001")
    assert list(served) == ["5"], "what is out of date goes"


def test_a_queue_that_is_not_sticky_any_more_forgets() -> None:
    line = line_of()
    centre = Centre(line)
    serve(centre, "0151", "1002")
    busy(centre, "1001")
    centre.apply(changed(line, sticky=None))
    assert centre.core.state.lines[QueueId("6400")].served == {}
