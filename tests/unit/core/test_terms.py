"""Who may be rung for whom, and when that changes: skill steps, required skills, priority (R-08)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.core.facts import OfferMade, VisitStarted
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import AgentAction, PolicyApplied
from engine.core.places import ToQueue
from engine.core.policy import InboundRoute, Policy, QueuePolicy, SkillStep, Strategy
from tests.support.centre import Centre, changed, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("R-08")]


def with_routes(
    centre: Centre, *routes: InboundRoute, skills: dict[str, tuple[str, ...]] | None = None
) -> Centre:
    """Gives a centre's policy these routes before its own, and its agents these skills."""
    policy: Policy = dataclasses.replace(
        centre.policy,
        inbound_routes=(*routes, *centre.policy.inbound_routes),
        agents=tuple(
            dataclasses.replace(agent, skills=(skills or {}).get(agent.agent_id, ()))
            for agent in centre.policy.agents
        ),
    )
    centre.give(PolicyApplied(policy))
    return centre


def route(dialled: str, **options: Any) -> InboundRoute:
    """A route to queue 6400."""
    return InboundRoute(f"to {dialled}", dialled, ToQueue(QueueId("6400")), **options)


def order(centre: Centre) -> list[str]:
    """Calls in the order in which they were offered."""
    return [str(each.call_id) for each in centre.of(OfferMade)]


def test_priority_then_time_of_entry_decides_the_place_in_line() -> None:
    centre = with_routes(Centre(queue("6400")), route("1", priority=1), route("2", priority=2))
    for dialled in ("6400", "1", "6400", "2", "1"):
        centre.call(dialled)
        centre.wait(1_000)
    assert [each.position for each in centre.of(VisitStarted)] == [1, 1, 3, 1, 3]
    line = centre.core.state.lines[QueueId("6400")]
    assert [call_id for *_, call_id in line.waiting] == ["c4", "c2", "c5", "c1", "c3"]


def test_who_has_priority_is_offered_first() -> None:
    centre = with_routes(Centre(queue("6400", *static("1001"))), route("1", priority=1))
    centre.reach("1001", reachable=False)
    for dialled in ("6400", "1"):
        centre.call(dialled)
        centre.wait(1_000)
    centre.reach("1001")
    assert order(centre) == ["c2"]


def test_priority_counts_for_nothing_between_queues() -> None:
    lines = (queue("6400", *static("1001")), queue("6401", *static("1001")))
    centre = with_routes(Centre(*lines), route("1", priority=9))
    centre.reach("1001", reachable=False)
    centre.call("6401")
    centre.wait(1_000)
    centre.call("1")
    centre.reach("1001")
    assert order(centre) == ["c1"]


STEPS = (SkillStep(0, 1), SkillStep(10_000, 2), SkillStep(20_000, 9))


def skilled(**options: Any) -> QueuePolicy:
    """Levels 1 to 3: agents 1001 to 1003; more levels with waiting time."""
    options.setdefault("skill_steps", STEPS)
    options.setdefault("skill_based", True)
    members = [each for n in range(3) for each in static(str(1001 + n), level=n + 1)]
    return queue("6400", *members, **options)


def test_less_skilled_agents_are_rung_only_after_so_much_waiting() -> None:
    centre = Centre(skilled())
    centre.reach("1001", reachable=False)
    centre.reach("1002", reachable=False)
    centre.call("6400")
    centre.wait(19_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1003"]


def test_each_step_admits_its_level() -> None:
    centre = Centre(skilled())
    centre.reach("1001", reachable=False)
    centre.call("6400")
    centre.wait(9_999)
    assert centre.ringing() == {}
    centre.wait(1)
    assert list(centre.ringing()) == ["1002"]


def test_before_the_first_step_everybody_may_be_rung() -> None:
    centre = Centre(skilled(skill_steps=(SkillStep(10_000, 1),)))
    centre.reach("1001", reachable=False)
    centre.reach("1002", reachable=False)
    centre.call("6400")
    assert list(centre.ringing()) == ["1003"]


def test_a_queue_that_is_not_skill_based_has_no_steps() -> None:
    centre = Centre(skilled(skill_based=False, strategy=Strategy.LINEAR))
    centre.reach("1001", reachable=False)
    centre.call("6400")
    assert list(centre.ringing()) == ["1002"]


def test_waiting_for_a_step_takes_no_more_than_one_timer() -> None:
    centre = Centre(skilled())
    for agent in ("1001", "1002", "1003"):
        centre.reach(agent, reachable=False)
    centre.call("6400")
    assert len(centre.core.state.timers) == 1
    centre.wait(25_000)
    assert len(centre.core.state.timers) == 0


def test_a_caller_of_the_first_level_does_not_hold_up_one_whom_the_free_agent_may_serve() -> None:
    centre = Centre(skilled())
    centre.reach("1001", reachable=False)
    centre.reach("1002", reachable=False)
    centre.reach("1003", reachable=False)
    centre.call("6400")
    centre.wait(15_000)
    centre.call("6400")
    centre.reach("1002")
    assert order(centre) == ["c1"]


def test_new_steps_hold_for_callers_who_wait_already() -> None:
    centre = Centre(skilled())
    centre.reach("1001", reachable=False)
    centre.call("6400")
    centre.wait(2_000)
    centre.apply(skilled(skill_steps=(SkillStep(0, 1), SkillStep(3_000, 2))))
    assert centre.ringing() == {}
    centre.wait(1_000)
    assert list(centre.ringing()) == ["1002"]


def test_steps_that_are_taken_away_let_waiting_callers_through() -> None:
    centre = Centre(skilled())
    centre.reach("1001", reachable=False)
    centre.call("6400")
    centre.apply(skilled(skill_steps=()))
    assert list(centre.ringing()) == ["1002"]
    assert len(centre.core.state.timers) == 1, "the ring timeout"


def test_with_ring_all_a_step_lets_others_ring_when_the_better_ones_do_not() -> None:
    centre = Centre(skilled(strategy=Strategy.RING_ALL, ring_timeout_ms=60_000))
    centre.call("6400")
    assert list(centre.ringing()) == ["1001"]
    centre.wait(30_000)
    assert list(centre.ringing()) == ["1001"], "one level at a time (R-07)"


SKILLS = {"1002": ("french", "legal"), "1003": ("french",)}


def french(**options: Any) -> Centre:
    """Queue 6400 with 1001 to 1003; number 1 needs French, number 2 French and law."""
    options.setdefault("strategy", Strategy.LINEAR)
    return with_routes(
        Centre(queue("6400", *static("1001", "1002", "1003"), **options)),
        route("1", required_skills=("french",)),
        route("2", required_skills=("french", "legal")),
        skills=SKILLS,
    )


def test_only_agents_with_all_required_skills_are_rung() -> None:
    centre = french()
    centre.call("2")
    centre.call("2")
    centre.call("1")
    centre.call("6400")
    assert [(each.call_id, each.agent_id) for each in centre.of(OfferMade)] == [
        ("c1", "1002"),
        ("c3", "1003"),
        ("c4", "1001"),
    ]


def test_required_skills_are_asked_for_always_or_for_so_long() -> None:
    for required_ms in (0, 30_000):
        centre = french(required_skills_ms=required_ms)
        centre.reach("1002", reachable=False)
        centre.call("2")
        centre.wait(29_999)
        assert centre.ringing() == {}
        centre.wait(1)
        assert list(centre.ringing()) == ([] if required_ms == 0 else ["1001"])


def test_callers_whom_nobody_free_can_serve_are_passed_over() -> None:
    centre = french()
    for agent in ("1001", "1002", "1003"):
        centre.reach(agent, reachable=False)
    for dialled in ("2", "1", "6400"):
        centre.call(dialled)
    centre.reach("1001")
    assert order(centre) == ["c3"]
    centre.reach("1003")
    assert order(centre) == ["c3", "c2"]
    centre.reach("1002")
    assert order(centre) == ["c3", "c2", "c1"]


def test_of_callers_whom_the_free_agent_can_serve_the_first_in_line_is_taken() -> None:
    centre = french()
    for agent in ("1001", "1002", "1003"):
        centre.reach(agent, reachable=False)
    for dialled in ("6400", "1", "2"):
        centre.call(dialled)
        centre.wait(1_000)
    for agent in ("1002", "1003", "1001"):
        centre.reach(agent)
    assert order(centre) == ["c1", "c2"], "1002 takes the first, 1003 the second"
    assert sorted(centre.ringing()) == ["1002", "1003"]


def test_an_agent_who_learns_is_rung_after_the_reload() -> None:
    centre = french()
    centre.reach("1002", reachable=False)
    centre.call("2")
    agents = tuple(
        dataclasses.replace(agent, skills=("legal", "french"))
        if agent.agent_id == AgentId("1001")
        else agent
        for agent in centre.policy.agents
    )
    centre.give(PolicyApplied(dataclasses.replace(centre.policy, agents=agents)))
    assert list(centre.ringing()) == ["1001"]


def test_required_skills_go_with_the_call_into_the_next_queue() -> None:
    first = queue("6400", *static("1001"), wait_ms_max=5_000, failure=ToQueue(QueueId("6401")))
    second = queue("6401", *static("1001", "1003"), strategy=Strategy.LINEAR)
    centre = with_routes(
        Centre(first, second), route("1", required_skills=("french",)), skills=SKILLS
    )
    centre.call("1")
    centre.wait(5_000)
    assert list(centre.ringing()) == ["1003"]


def test_a_changed_time_for_required_skills_holds_for_who_waits() -> None:
    centre = french()
    centre.reach("1002", reachable=False)
    centre.call("2")
    centre.wait(4_000)
    line = centre.policy.queues[0]
    changed_policy = dataclasses.replace(
        centre.policy, queues=(changed(line, required_skills_ms=5_000),)
    )
    centre.give(PolicyApplied(changed_policy))
    centre.act("1003", "6400", AgentAction.PAUSE)
    assert centre.ringing() == {}
    centre.wait(1_000)
    assert list(centre.ringing()) == ["1001"]
