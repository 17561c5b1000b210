"""Can the auditor fail where people transfer, park, monitor and record? As in `test_mutations`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.core.inputs import CallActionRequested, Input
from engine.core.places import ToQueue
from engine.core.policy import (
    ExtensionPolicy,
    InboundRoute,
    ParkingPolicy,
    Policy,
    RecordingPolicy,
    Right,
    SkillStep,
    StickyPolicy,
    Strategy,
)
from engine.core.router import RoutingCore
from engine.sim.options import HOUR_MS, Habits, Options, Traffic
from engine.sim.run import Simulation
from tests.sim.houses import QUEUE, Lie, MeddledCore, MeddledCores, house
from tests.sim.planted_desk import DESK_WORDS
from tests.sim.test_mutations import caught, of_queues

pytestmark = [pytest.mark.sim, pytest.mark.row("S-02"), pytest.mark.row("S-03")]

BOSS = "1901"
BUSY = Traffic(load=0.9, talk_ms_mean=40_000, patience_ms_mean=90_000, regulars=0.3)
EAGER = Habits(
    ignores=0.1,
    breaks_per_hour=2.0,
    break_ms_mean=60_000,
    transfers=0.3,
    codes_per_hour=150.0,
    actions_per_hour=1_200.0,
)


def desk(**queue: Any) -> Policy:
    """A queue with a supervisor who may do everything."""
    settings: dict[str, Any] = {
        "ring_timeout_ms": 8_000,
        "retry_interval_ms": 2_000,
        "wrapup_ms": 25_000,
        "wrapup_extend_ms": 5_000,
        "wrapup_extend_ms_max": 8_000,
        "recording": RecordingPolicy(),
        "managers": (BOSS,),
        "manager_rights": tuple(Right),
    }
    plain = house(5, **{**settings, **queue})
    route = InboundRoute("urgent", "77", ToQueue(QUEUE), priority=5, required_skills=("zh",))
    agents = tuple(
        replace(agent, skills=("zh",) if index % 2 else ())
        for index, agent in enumerate(plain.agents)
    )
    return replace(
        plain,
        agents=agents,
        extensions=(*plain.extensions, ExtensionPolicy(BOSS, "Boss")),
        inbound_routes=(*plain.inbound_routes, route),
        settings=replace(plain.settings, parking=ParkingPolicy(700, 705, timeout_ms=5_000)),
    )


def options(seed: int = 5, habits: Habits = EAGER) -> Options:
    return Options(seed=seed, duration_ms=2 * HOUR_MS, traffic=BUSY, habits=habits)


def test_the_desk_passes_without_meddling():
    assert Simulation(desk(), options(), maker=MeddledCores()).run().calls > 50


@pytest.mark.parametrize(("name", "meddle", "rule"), DESK_WORDS, ids=[row[0] for row in DESK_WORDS])
def test_changed_words_are_found(name, meddle, rule):
    assert caught(desk(), options(), MeddledCores(meddle)).rule in rule.split("|")


def test_an_action_on_what_is_no_more_is_found():
    """Whoever acts on a call must have seen it as it is (S-03)."""

    class Hasty(MeddledCore):
        def handle(self, now_ms: int, happened: Input) -> list[Any]:
            if isinstance(happened, CallActionRequested):
                call = self.core.state.calls.get(happened.call_id)
                if call is not None:
                    happened = replace(happened, seen=call.version)
            return super().handle(now_ms, happened)

    class HastyCores(MeddledCores):
        def _wrap(self, core: RoutingCore) -> MeddledCore:
            return Hasty(core, None, None, 0)

    assert caught(desk(), options(), HastyCores()).rule == "versions"


STEPS = (SkillStep(0, 1), SkillStep(6_000, 9))


def levelled(policy: Policy) -> Policy:
    """Members of levels 1, 2, 1, 2 ..."""
    queue = policy.queues[0]
    members = tuple(
        replace(member, skill_level=1 + index % 2) for index, member in enumerate(queue.members)
    )
    return replace(policy, queues=(replace(queue, members=members),))


def of_routes(**fields: Any) -> Lie:
    return lambda policy: replace(
        policy, inbound_routes=tuple(replace(route, **fields) for route in policy.inbound_routes)
    )


FORWARDING = replace(EAGER, forwards=0.5)

LIES: list[tuple[str, Policy, Habits, Lie, tuple[str, ...]]] = [
    ("priority", desk(), EAGER, of_routes(priority=0), ("place", "first in, first offered")),
    ("required skills", desk(), EAGER, of_routes(required_skills=()), ("order",)),
    ("skills for ever", desk(required_skills_ms=5_000), EAGER, of_queues(required_skills_ms=0),
     ("waits in vain", "first in, first offered", "rounds")),
    ("skill steps", levelled(desk(skill_based=True, skill_steps=STEPS)), EAGER,
     of_queues(skill_steps=()), ("order",)),
    ("skill steps without relaxation", levelled(desk(skill_based=True, skill_steps=STEPS)), EAGER,
     of_queues(skill_steps=STEPS[:1]), ("waits in vain", "first in, first offered")),
    ("a caller's return", desk(sticky=StickyPolicy(600_000, 10_000)), EAGER,
     of_queues(sticky=None), ("order",)),
    ("a forgetful queue", desk(sticky=StickyPolicy(20_000, 10_000)), EAGER,
     of_queues(sticky=StickyPolicy(600_000, 10_000)), ("waits in vain", "first in, first offered")),
    ("forwards", desk(), FORWARDING, of_queues(follow_forward=True), ("truth",)),
    ("recording", desk(), EAGER, of_queues(recording=None), ("recording", "rights", "truth")),
    ("no recording", desk(recording=None), EAGER, of_queues(recording=RecordingPolicy()),
     ("rights",)),
    ("stereo", desk(), EAGER, of_queues(recording=RecordingPolicy(stereo=True)), ("truth",)),
    ("rights", desk(manager_rights=()), EAGER, of_queues(manager_rights=tuple(Right)), ("rights",)),
    ("the limit of extensions", desk(), replace(EAGER, codes_per_hour=300.0),
     of_queues(wrapup_extend_ms=8_000), ("timers",)),
    ("least talk", desk(strategy=Strategy.LEAST_TALK), EAGER,
     of_queues(strategy=Strategy.LINEAR), ("strategy least_talk",)),
    ("progressive", desk(strategy=Strategy.PROGRESSIVE, progressive_step_ms=2_000), EAGER,
     of_queues(progressive_step_ms=500), ("order",)),
    ("progressive too slow", desk(strategy=Strategy.PROGRESSIVE, progressive_step_ms=1_000), EAGER,
     of_queues(progressive_step_ms=4_000), ("waits in vain", "timers")),
]  # fmt: skip


@pytest.mark.row("R-08")
@pytest.mark.row("S-04")
@pytest.mark.parametrize(
    ("name", "policy", "habits", "lie", "rules"), LIES, ids=[row[0] for row in LIES]
)
def test_an_ignored_option_is_found(name, policy, habits, lie, rules):
    assert caught(policy, options(habits=habits), MeddledCores(lie=lie)).rule in rules
