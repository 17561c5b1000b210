"""Scenes of the caller's wait, seeded: everything judged at every step, and everything ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from engine.core.facts import (
    CallbackEnded,
    CallbackReason,
    CallRouted,
    RouteReason,
    SurveyEnd,
    SurveyEnded,
    VisitEnded,
    VisitReason,
)
from engine.core.places import HangUp
from engine.core.policy import Policy
from engine.core.waiting import QueueHours
from engine.sim.options import HOUR_MS, Faults, Habits, Options, Traffic
from engine.sim.report import SimulationReport
from engine.sim.run import Simulation
from tests.sim.test_care_mutations import ROUGH, caring, with_callbacks

pytestmark = [pytest.mark.sim, pytest.mark.row("C-04"), pytest.mark.row("Q-04")]

SEEDS = range(2)
CROWD = Traffic(load=2.0, talk_ms_mean=30_000, patience_ms_mean=120_000, agent_ends_talk=0.7)
FAULTS = pytest.mark.parametrize("faults", [Faults(), ROUGH], ids=["calm", "rough"])


def scene(
    policy: Policy, seed: int, faults: Faults, *, traffic: Traffic = CROWD, keys: float = 10.0
) -> tuple[Counter[str], SimulationReport]:
    """Plays a quarter of an hour; returns how often each reason was given in facts, and the report."""
    habits = Habits(ignores=0.1, breaks_per_hour=4.0, break_ms_mean=60_000, keys_per_minute=keys)
    options = Options(seed, HOUR_MS // 4, traffic=traffic, habits=habits, faults=faults)
    simulation = Simulation(policy, replace(options, journal=False))
    seen: Counter[str] = Counter()

    def note(_now_ms: int, _happened: Any, outputs: Any) -> None:
        for fact in outputs:
            if isinstance(fact, VisitEnded | CallbackEnded):
                seen[repr(fact.reason)] += 1  # As values some of them are the same words.
            elif isinstance(fact, CallRouted | SurveyEnded):
                seen[repr(fact.why)] += 1

    simulation.world.process.observe(note)
    return seen, simulation.run()


@FAULTS
@pytest.mark.parametrize("seed", SEEDS)
def test_impatient_callers(seed, faults):
    """They hang up in prompts, menus, surveys, while phones ring, and while they ask for callbacks."""
    hasty = replace(CROWD, patience_ms_mean=12_000, leaves_on_answer=0.1)
    seen, _ = scene(caring(), seed, faults, traffic=hasty)
    assert seen[repr(VisitReason.CALLER_HUNG_UP)] > 20
    assert seen[repr(RouteReason.KEY_EVENT)] > 0
    seen, report = scene(with_callbacks(), seed, faults, traffic=hasty, keys=40.0)
    assert seen[repr(VisitReason.CALLER_HUNG_UP)] > 20
    assert report.callbacks.requested > 5


@FAULTS
@pytest.mark.parametrize("seed", SEEDS)
def test_keys_at_any_moment(seed, faults):
    """A key every second, and floods of them: in the queue, at questions, in talks."""
    seen, _ = scene(caring(), seed, faults, keys=60.0)
    for why in (RouteReason.KEY_EVENT, RouteReason.MENU_KEY, RouteReason.MENU_WRONG):
        assert seen[repr(why)] > 5
    assert seen[repr(SurveyEnd.ANSWERED)] + seen[repr(SurveyEnd.WRONG_KEYS)] > 0
    _, report = scene(with_callbacks(), seed, faults, keys=60.0)
    assert report.callbacks.requested > 20


@FAULTS
@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_hours_that_close_with_people_waiting(seed, stays, faults):
    """They are served, or sent away at once: as the queue says."""
    hours = QueueHours("office", closed=HangUp(17), leave_at_closing=not stays)
    turning = replace(faults, hours_change_per_hour=20.0)
    seen, _ = scene(caring(hours=hours), seed, turning, keys=1.0)
    assert seen[repr(RouteReason.CLOSED)] > 0
    assert (seen[repr(VisitReason.CLOSED)] == 0) is stays


@FAULTS
@pytest.mark.parametrize("stays", [True, False])
def test_callbacks_at_closing_time(stays, faults):
    """They end for want of an agent where callers are sent away; else they are called all the same."""
    hours = QueueHours("office", closed=HangUp(17), leave_at_closing=not stays)
    policy = with_callbacks()
    policy = replace(policy, queues=(replace(policy.queues[0], hours=hours),))
    turning = replace(faults, hours_change_per_hour=20.0)
    reasons: Counter[str] = Counter()
    for seed in SEEDS:
        seen, report = scene(policy, seed, turning)
        assert report.callbacks.requested == report.callbacks.succeeded + report.callbacks.failed
        reasons += seen
    assert reasons[repr(CallbackReason.TALKED)] > 0
    assert (reasons[repr(VisitReason.CLOSED)] > 0) is not stays
    if not stays:
        assert reasons[repr(CallbackReason.NO_AGENT)] > 5
