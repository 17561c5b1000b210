"""Can the auditor fail where callers wait, are asked, called back and sent about? As in `test_mutations`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.core.ids import EndpointName, QueueId
from engine.core.inputs import TAKEN_BACK, CallCameBack, Input, PolicyApplied
from engine.core.places import (
    CallFlow,
    GroupStrategy,
    HangUp,
    Menu,
    MenuKey,
    RingGroup,
    ToCallFlow,
    ToMenu,
    ToQueue,
    ToRingGroup,
)
from engine.core.policy import NumberingPlan, OutboundRoute, Policy, StickyPolicy
from engine.core.waiting import (
    Announcements,
    CallbackPolicy,
    EmptyRule,
    KeyEvent,
    QueueHours,
    SurveyKey,
    SurveyPolicy,
)
from engine.sim.failure import AuditFailure
from engine.sim.options import HOUR_MS, Faults, Habits, Options, Traffic
from engine.sim.run import Simulation
from tests.sim.houses import Lie, MeddledCore, MeddledCores, house
from tests.sim.planted_care import CALLBACK_WORDS, CARE_WORDS, JOIN, MENU, SAID, SURVEY
from tests.sim.test_mutations import caught, of_queues, of_settings

pytestmark = [pytest.mark.sim, pytest.mark.row("C-02"), pytest.mark.row("P-11")]

TRAFFIC = Traffic(load=1.4, talk_ms_mean=40_000, patience_ms_mean=200_000, agent_ends_talk=0.7)
KEYS = Habits(ignores=0.05, breaks_per_hour=2.0, break_ms_mean=60_000, keys_per_minute=12.0)


def options(seed: int = 11, *, faults: Faults | None = None, **changes: Any) -> Options:
    chosen = Options(
        seed, HOUR_MS, traffic=TRAFFIC, habits=KEYS, faults=faults or Faults(), journal=False
    )
    return replace(chosen, **changes)


def with_callbacks(agents: int = 4, **terms: Any) -> Policy:
    """One queue whose callers can press 2 for a callback, or are offered one."""
    settings: dict[str, Any] = {
        "key": "2",
        "offer_after_ms": 15_000,
        "outbound_routes": ("out",),
        "timeout_ms": 300_000,
        "attempts": 2,
        "spacing_ms": 20_000,
        "ring_timeout_ms": 8_000,
    }
    callback = CallbackPolicy(**{**settings, **terms})
    route = OutboundRoute("out", "0.", EndpointName("trunk"), ring_timeout_ms=20_000)
    return replace(
        house(agents, callback=callback, retry_interval_ms=1_000), outbound_routes=(route,)
    )


def caring(**queue: Any) -> Policy:
    """One queue with all else that can happen to who waits in it."""
    settings: dict[str, Any] = {
        "announcements": Announcements(
            join=JOIN, join_first=True, queue=SAID, queue_every_ms=10_000
        ),
        "hours": QueueHours("office", closed=ToMenu("main"), leave_at_closing=True),
        "key_events": (
            KeyEvent("3", ToRingGroup("sales")),
            KeyEvent("4", ToMenu("main")),
            KeyEvent("5", ToCallFlow("flow")),
        ),
        "leave_empty": EmptyRule(paused=True),
        "join_empty": EmptyRule(paused=True),
        "failure": ToMenu("main"),
        "survey": SurveyPolicy(SURVEY, (SurveyKey("1", 5), SurveyKey("2", 1)), tries=2),
        "waiting_max": 6,
    }
    plain = house(6, **{**settings, **queue})
    menu = Menu(
        "main",
        MENU,
        keys=(MenuKey("1", ToQueue(QueueId("6400"))), MenuKey("2", ToRingGroup("sales"))),
        tries=2,
        timeout_ms=3_000,
        wrong=ToMenu("main"),
        silence=HangUp(17),
    )
    group = RingGroup("sales", ("1001", "1002", "1003"), GroupStrategy.ALL, 8_000, HangUp(17))
    return replace(plain, menus=(menu,), ring_groups=(group,), call_flows=(CallFlow("flow", "x"),))


CARE = options(faults=Faults(hours_change_per_hour=20.0))
ROUGH = Faults(
    link_cuts_per_hour=20.0,
    engine_crashes_per_hour=20.0,
    engine_down_ms_max=5_000,
    node_restarts_per_hour=5.0,
    command_refused=0.01,
    command_timed_out=0.01,
)


@pytest.mark.parametrize("faults", [Faults(), ROUGH], ids=["calm", "rough"])
def test_the_same_houses_pass_without_meddling(faults):
    report = Simulation(with_callbacks(), options(faults=faults), maker=MeddledCores()).run()
    assert report.callbacks.requested > 20
    assert report.callbacks.succeeded > 5
    turns = replace(faults, hours_change_per_hour=20.0)
    report = Simulation(caring(), options(faults=turns), maker=MeddledCores()).run()
    assert report.surveys > 3
    assert report.routed > 20


@pytest.mark.parametrize(
    ("name", "meddle", "rule"), CALLBACK_WORDS, ids=[row[0] for row in CALLBACK_WORDS]
)
def test_changed_words_of_callbacks_are_found(name, meddle, rule):
    found = caught(with_callbacks(), options(), MeddledCores(meddle))
    assert found.rule in rule.split("|"), found


@pytest.mark.parametrize(("name", "meddle", "rule"), CARE_WORDS, ids=[row[0] for row in CARE_WORDS])
def test_changed_words_of_care_are_found(name, meddle, rule):
    found = caught(caring(), CARE, MeddledCores(meddle))
    assert found.rule in rule.split("|"), found


def of_callbacks(**terms: Any) -> Lie:
    def lie(policy: Policy) -> Policy:
        queues = tuple(
            replace(queue, callback=replace(queue.callback, **terms)) for queue in policy.queues
        )
        return replace(policy, queues=queues)

    return lie


def of_announcements(**fields: Any) -> Lie:
    def lie(policy: Policy) -> Policy:
        queues = tuple(
            replace(queue, announcements=replace(queue.announcements, **fields))
            for queue in policy.queues
        )
        return replace(policy, queues=queues)

    return lie


def of_hours(**fields: Any) -> Lie:
    def lie(policy: Policy) -> Policy:
        queues = tuple(
            replace(queue, hours=replace(queue.hours, **fields)) for queue in policy.queues
        )
        return replace(policy, queues=queues)

    return lie


def of_menu(**fields: Any) -> Lie:
    return lambda policy: replace(policy, menus=(replace(policy.menus[0], **fields),))


def of_group(**fields: Any) -> Lie:
    return lambda policy: replace(policy, ring_groups=(replace(policy.ring_groups[0], **fields),))


def of_flow(**fields: Any) -> Lie:
    return lambda policy: replace(policy, call_flows=(replace(policy.call_flows[0], **fields),))


def of_survey(**fields: Any) -> Lie:
    def lie(policy: Policy) -> Policy:
        queues = tuple(
            replace(queue, survey=replace(queue.survey, **fields)) for queue in policy.queues
        )
        return replace(policy, queues=queues)

    return lie


CALLS_BACK = with_callbacks()
CARES = caring()

LIES: list[tuple[str, Policy, Lie, tuple[str, ...]]] = [
    ("no callbacks", CALLS_BACK, of_queues(callback=None), ("keys",)),
    ("more attempts", CALLS_BACK, of_callbacks(attempts=5), ("callback",)),
    ("fewer attempts", CALLS_BACK, of_callbacks(attempts=1), ("callback",)),
    ("no spacing", CALLS_BACK, of_callbacks(spacing_ms=0), ("order",)),
    ("more spacing", with_callbacks(9), of_callbacks(spacing_ms=60_000),
     ("waits in vain", "first in, first offered")),
    ("a shorter ringing", CALLS_BACK, of_callbacks(ring_timeout_ms=2_000), ("timers",)),
    ("a longer ringing", CALLS_BACK, of_callbacks(ring_timeout_ms=30_000), ("timers",)),
    ("no timeout", with_callbacks(1), of_callbacks(timeout_ms=9_000_000), ("timers",)),
    ("a shorter timeout", CALLS_BACK, of_callbacks(timeout_ms=5_000), ("callback",)),
    ("another prefix", CALLS_BACK, of_callbacks(prefix="0"), ("callback",)),
    ("agents before the join prompt", CARES, of_announcements(join_first=False), ("order",)),
    ("announcements too often", CARES, of_announcements(queue_every_ms=4_000), ("announcements",)),
    ("announcements too rarely", CARES, of_announcements(queue_every_ms=40_000), ("timers",)),
    ("hours are no hours", CARES, of_queues(hours=None), ("hours",)),
    ("who waits at closing waits on", CARES, of_hours(leave_at_closing=False), ("hours",)),
    ("who waits at closing is sent away", caring(hours=QueueHours("office", HangUp())),
     of_hours(leave_at_closing=True), ("hours",)),
    ("another place at closing", CARES, of_hours(closed=HangUp()), ("hours",)),
    ("keys are no keys", CARES, of_queues(key_events=()), ("keys",)),
    ("an empty queue keeps its callers", caring(leave_empty=EmptyRule(in_use=True)),
     of_queues(leave_empty=None), ("empty",)),
    ("an empty queue takes callers",
     caring(leave_empty=None, join_empty=EmptyRule(in_use=True)), of_queues(join_empty=None),
     ("empty",)),
    ("a queue is empty too soon", CARES, of_queues(leave_empty=EmptyRule(in_use=True)), ("empty",)),
    ("a queue refuses too soon", caring(leave_empty=None),
     of_queues(join_empty=EmptyRule(in_use=True)), ("empty",)),
    ("more tries in a menu", CARES, of_menu(tries=5), ("dialogue",)),
    ("fewer tries in a menu", CARES, of_menu(tries=1), ("dialogue",)),
    ("a slow menu", CARES, of_menu(timeout_ms=15_000), ("timers",)),
    ("a menu that takes numbers", CARES, of_menu(direct_dial=True), ("dialogue",)),
    ("another group", CARES, of_group(members=("1004", "1005")), ("ring group",)),
    ("a group that rings longer", CARES, of_group(ring_timeout_ms=30_000), ("timers",)),
    ("a group in order that rings all",
     of_group(strategy=GroupStrategy.IN_ORDER)(CARES), of_group(strategy=GroupStrategy.ALL),
     ("ring group",)),
    ("a flow that keeps callers", of_flow(limit_ms=4_000)(CARES), of_flow(limit_ms=0), ("timers",)),
    ("a flow that gives callers back too soon", of_flow(limit_ms=60_000)(CARES),
     of_flow(limit_ms=1_000), ("timers",)),
    ("another place after a flow", of_flow(limit_ms=4_000)(CARES),
     of_flow(too_long=ToMenu("main")), ("places",)),
    ("no survey", CARES, of_queues(survey=None), ("survey",)),
    ("more tries in a survey", CARES, of_survey(tries=5), ("dialogue",)),
    ("other scores", CARES, of_survey(keys=(SurveyKey("1", 1), SurveyKey("2", 5))), ("survey",)),
]  # fmt: skip


class LyingCore(MeddledCore):
    """Keeps what the schedules say, which `MeddledCore` leaves out."""

    def handle(self, now_ms: int, happened: Input) -> list[Any]:
        if isinstance(happened, PolicyApplied) and self._lie is not None:
            happened = replace(happened, policy=self._lie(happened.policy))
        self._lie, lie = None, self._lie
        try:
            return super().handle(now_ms, happened)
        finally:
            self._lie = lie


class LyingCores(MeddledCores):
    """Makes such cores."""

    def _wrap(self, core: Any) -> MeddledCore:
        return LyingCore(core, self._meddle, self._lie, self._late_ms)


@pytest.mark.row("C-06")
def test_numbers_that_are_not_known_in_another_spelling_are_found():
    """Regulars call in two spellings; the auditor judges these by itself."""
    policy = with_callbacks(1)
    policy = replace(policy, settings=replace(policy.settings, numbering=NumberingPlan("49")))
    regulars = options(traffic=replace(TRAFFIC, regulars=0.8))
    blind = of_settings(numbering=None)
    assert Simulation(policy, regulars, maker=MeddledCores()).run().callbacks.requested > 20
    found = caught(policy, regulars, LyingCores(lie=blind))
    assert (found.rule, "two callbacks for one number" in str(found)) == ("callback", True)


@pytest.mark.row("R-08")
def test_who_comes_back_in_another_spelling_and_is_not_known_is_found():
    policy = house(4, sticky=StickyPolicy(600_000, 30_000))
    policy = replace(policy, settings=replace(policy.settings, numbering=NumberingPlan("49")))
    regulars = options(traffic=replace(TRAFFIC, regulars=0.8))
    Simulation(policy, regulars, maker=MeddledCores()).run()
    assert caught(policy, regulars, LyingCores(lie=of_settings(numbering=None)))


@pytest.mark.parametrize(("name", "policy", "lie", "rules"), LIES, ids=[row[0] for row in LIES])
def test_an_ignored_option_is_found(name, policy, lie, rules):
    found = caught(policy, CARE, LyingCores(lie=lie))
    assert found.rule in rules, found


class DeafCore(MeddledCore):
    """Takes everybody who comes back after the limit of a flow for one who was taken back."""

    def handle(self, now_ms: int, happened: Input) -> list[Any]:
        if isinstance(happened, CallCameBack):
            happened = replace(happened, dialled=TAKEN_BACK)
        return super().handle(now_ms, happened)


class DeafCores(MeddledCores):
    """Makes such cores."""

    def _wrap(self, core: Any) -> MeddledCore:
        return DeafCore(core, self._meddle, self._lie, self._late_ms)


def test_who_came_back_while_usher_was_away_and_is_taken_for_taken_back_is_found():
    """Once in an hour or two of bad connections, so several are rehearsed."""
    outages = replace(ROUGH, engine_crashes_per_hour=100.0, engine_down_ms_max=30_000)
    policy = of_flow(limit_ms=15_000)(CARES)
    found = set()
    for seed in range(11, 17):
        chosen = options(seed, faults=outages)
        Simulation(policy, chosen, maker=MeddledCores()).run()
        try:
            Simulation(policy, chosen, maker=DeafCores()).run()
        except AuditFailure as failure:
            found.add((failure.rule, str(failure).partition("was not ")[2][:10]))
    assert found == {("places", "taken back")}


def test_a_loop_without_end_is_found(monkeypatch):
    """Two queues that are always closed, each of which sends its callers to the other."""
    monkeypatch.setattr("engine.core.talking.onward.HOPS_MAX", 100)
    assert caught(_endless(), CARE, MeddledCores()).rule == "loop"


def test_a_loop_that_ends_early_is_found(monkeypatch):
    monkeypatch.setattr("engine.core.talking.onward.HOPS_MAX", 5)
    assert caught(_endless(), CARE, MeddledCores()).rule == "loop"


def _endless() -> Policy:
    policy = caring(waiting_max=1, failure=ToQueue(QueueId("6400")))
    queue = replace(policy.queues[0], hours=None, announcements=Announcements(), key_events=())
    return replace(policy, queues=(queue,))


def test_a_callback_that_a_snapshot_forgets_is_found():
    class Forgetful(MeddledCores):
        def restore(self, snapshot: dict[str, Any]) -> Any:
            restored = super().restore(snapshot)
            for call in restored.core.state.calls.values():
                if call.callback is not None:
                    call.callback.attempts = 0
                    call.callback.number += "0"
            return restored

    found = caught(with_callbacks(), options(faults=ROUGH), Forgetful())
    assert found.rule in ("replay", "core raised", "callback"), found
