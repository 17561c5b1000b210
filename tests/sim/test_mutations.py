"""Can the auditor fail? Bugs are planted in the core's words, and each must be found.

Two kinds of planting: outputs are dropped, doubled or changed on their way out; or the core is told
another configuration than the auditor, which is what "the core ignores this option" looks like. The
core's own `check()` is switched off, and the planted core numbers its facts without a gap.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.core.commands import (
    AnswerCall,
    HangUpCall,
    HangUpLeg,
    RingPhone,
)
from engine.core.facts import (
    CallEnd,
    CallEnded,
    OfferMade,
    TalkStarted,
)
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import CommandFailed, NodeConnected
from engine.core.policy import Member, MemberKind, Policy, QueuePolicy, Strategy
from engine.sim.failure import AuditFailure
from engine.sim.options import HOUR_MS, Faults, Habits, Options, Traffic
from engine.sim.run import Simulation
from tests.sim.houses import Lie, MeddledCores, house, house_of
from tests.sim.planted import WORDS

pytestmark = pytest.mark.sim

BUSY = Traffic(load=1.1, talk_ms_mean=30_000, patience_ms_mean=60_000)
HABITS = Habits(
    ignores=0.2, rejects=0.1, breaks_per_hour=2.0, break_ms_mean=60_000, by_console=0.0, holds=0.0
)
ROUGH = Faults(link_cuts_per_hour=30.0, engine_crashes_per_hour=20.0, engine_down_ms_max=5_000)


def options(seed: int = 3, *, faults: Faults | None = None, **changes: Any) -> Options:
    chosen = Options(
        seed=seed, duration_ms=HOUR_MS, traffic=BUSY, habits=HABITS, faults=faults or Faults()
    )
    return replace(chosen, **changes)


def plain(**queue: Any) -> Policy:
    settings: dict[str, Any] = {
        "ring_timeout_ms": 8_000,
        "retry_interval_ms": 2_000,
        "wrapup_ms": 10_000,
        "autopause_after": 0,
    }
    return house(4, **{**settings, **queue})


def two_queues(**settings: Any) -> Policy:
    ids = [AgentId(str(1001 + index)) for index in range(4)]
    members = tuple(Member(agent, MemberKind.STATIC, 1 + index) for index, agent in enumerate(ids))
    slow = QueuePolicy(
        QueueId("6400"), "slow", members, weight=1, accelerate_ms=10_000, wrapup_ms=20_000
    )
    fast = QueuePolicy(QueueId("6401"), "fast", members, weight=3, waiting_max=3)
    return house_of(ids, slow, fast, **settings)


def caught(policy: Policy, chosen: Options, cores: MeddledCores) -> AuditFailure:
    with pytest.raises(AuditFailure) as found:
        Simulation(policy, chosen, maker=cores).run()
    failure = found.value
    assert failure.seed == chosen.seed
    assert 0 < len(failure.trace) <= 50
    assert failure.at_ms > 0
    return failure


HOUSES: dict[str, tuple[Policy, Options]] = {
    "plain": (plain(), options()),
    "ring all": (plain(strategy=Strategy.RING_ALL), options()),
    "two queues": (two_queues(shared_wrapup=True), options()),
    "rough": (plain(), options(faults=ROUGH)),
    "impatient": (plain(wait_ms_max=10_000), options()),
    "reloads": (plain(), options(faults=Faults(reloads_per_hour=60.0))),
    "removals": (two_queues(), options(faults=Faults(reloads_per_hour=120.0))),
    "prompt": (plain(agent_prompt="sound:queue-name"), options()),
    "holds": (plain(), options(habits=replace(HABITS, holds=1.0))),
    "clicks": (
        house(4, kind=MemberKind.DYNAMIC),
        options(habits=replace(HABITS, by_console=1.0, breaks_per_hour=12.0)),
    ),
    "auto-pause": (plain(autopause_after=2), options()),
}


@pytest.mark.parametrize("name", HOUSES)
def test_the_same_houses_pass_without_meddling(name):
    policy, chosen = HOUSES[name]
    assert Simulation(policy, chosen, maker=MeddledCores()).run().calls > 50


# --- words changed on their way out -----------------------------------------------------------


@pytest.mark.parametrize(("name", "where", "meddle", "rule"), WORDS, ids=[row[0] for row in WORDS])
def test_changed_words_are_found(name, where, meddle, rule):
    policy, chosen = HOUSES[where]
    assert caught(policy, chosen, MeddledCores(meddle)).rule in rule.split("|")


def test_an_agent_rung_for_two_calls_is_found():
    """The classic: the next caller is offered to an agent whose phone rings already."""
    ringing: dict[str, Any] = {}

    def meddle(_now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        said = []
        for output in outputs:
            if ringing and isinstance(output, RingPhone):
                said.append(replace(output, endpoint=ringing["phone"]))
            elif ringing and isinstance(output, OfferMade):
                said.append(replace(output, agent_id=ringing["phone"]))
            else:
                said.append(output)
                if isinstance(output, OfferMade):
                    ringing["phone"] = output.agent_id
        return said

    assert caught(plain(), options(), MeddledCores(meddle)).rule == "one call"


def test_an_agent_rung_again_before_others_had_a_chance_is_found():
    """The first agent did not answer; the second attempt rings him again, though another is free."""
    first: dict[str, AgentId] = {}

    def meddle(_now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        said = []
        for output in outputs:
            before = first.get(getattr(output, "call_id", ""))
            if before is None or not isinstance(output, RingPhone | OfferMade):
                said.append(output)
            elif isinstance(output, RingPhone):
                said.append(replace(output, endpoint=before))
            else:
                said.append(replace(output, agent_id=before))
            if isinstance(output, OfferMade):
                first.setdefault(output.call_id, output.agent_id)
        return said

    chosen = options(traffic=replace(BUSY, load=0.3), habits=replace(HABITS, ignores=0.8))
    assert caught(plain(), chosen, MeddledCores(meddle)).rule == "rounds"


def test_a_call_that_ends_late_is_found():
    """The agent hung up, and the call ends with the next event only."""
    kept: list[Any] = []

    def meddle(now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        said = []
        for output in outputs:
            late = isinstance(output, CallEnded) and output.ended_by is CallEnd.AGENT
            (kept if late else said).append(output)
        if not outputs and kept:
            return [replace(kept.pop(), at_ms=now_ms)]
        return said

    assert caught(plain(), options(), MeddledCores(meddle)).rule == "money"


def test_a_starved_queue_is_found():
    def meddle(_now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        starved = [
            output.offer_id
            for output in outputs
            if isinstance(output, OfferMade) and output.queue_id == "6401"
        ]
        return [
            output
            for output in outputs
            if getattr(output, "offer_id", None) not in starved
            and getattr(output, "leg_id", None) not in starved
        ]

    assert caught(two_queues(), options(), MeddledCores(meddle)).rule == "waits in vain"


def test_a_caller_who_is_never_answered_is_found():
    """A bug that was: answering failed, and nobody said it again although the talk went on."""

    def meddle(_now_ms: int, happened: Any, outputs: list[Any]) -> list[Any]:
        if not isinstance(happened, CommandFailed):
            return outputs
        return [output for output in outputs if not isinstance(output, AnswerCall)]

    chosen = options(faults=Faults(command_refused=0.3))
    assert caught(plain(), chosen, MeddledCores(meddle)).rule == "commands"


def test_a_phone_forgotten_at_a_reconciliation_is_found():
    """After a crash or a cut, whatever nobody knows is to be hung up."""

    def meddle(_now_ms: int, happened: Any, outputs: list[Any]) -> list[Any]:
        if not isinstance(happened, NodeConnected):
            return outputs
        return [output for output in outputs if not isinstance(output, HangUpLeg | HangUpCall)]

    chosen = options(faults=replace(ROUGH, command_timed_out=0.1))
    found = caught(plain(), chosen, MeddledCores(meddle))
    assert found.rule in ("reconcile", "commands")


# --- options that the core ignores ------------------------------------------------------------


def of_queues(**settings: Any) -> Lie:
    def lie(policy: Policy) -> Policy:
        return replace(policy, queues=tuple(replace(q, **settings) for q in policy.queues))

    return lie


def of_settings(**settings: Any) -> Lie:
    return lambda policy: replace(policy, settings=replace(policy.settings, **settings))


def reversed_members(policy: Policy) -> Policy:
    queues = tuple(replace(q, members=tuple(reversed(q.members))) for q in policy.queues)
    return replace(policy, queues=queues)


SKILLED = replace(
    two_queues(),
    queues=tuple(replace(queue, skill_based=True) for queue in two_queues().queues),
)

LIES: list[tuple[str, Policy, Lie, tuple[str, ...]]] = [
    ("weights", two_queues(), of_queues(weight=1), ("weight",)),
    ("acceleration", two_queues(), of_queues(accelerate_ms=None), ("weight",)),
    ("capacity", two_queues(), of_queues(waiting_max=0), ("capacity",)),
    ("a smaller capacity", two_queues(), of_queues(waiting_max=1), ("capacity",)),
    (
        "shared wrap-up",
        two_queues(shared_wrapup=True),
        of_settings(shared_wrapup=False),
        ("one call",),
    ),
    ("wrap-up", plain(), of_queues(wrapup_ms=0), ("wrap-up",)),
    ("length of wrap-up", plain(), of_queues(wrapup_ms=5_000), ("timers",)),
    ("a shorter ring timeout", plain(), of_queues(ring_timeout_ms=3_000), ("timers",)),
    ("a longer ring timeout", plain(), of_queues(ring_timeout_ms=30_000), ("timers",)),
    ("max wait", plain(wait_ms_max=20_000), of_queues(wait_ms_max=0), ("timers",)),
    ("a shorter max wait", plain(wait_ms_max=20_000), of_queues(wait_ms_max=9_000), ("timers",)),
    ("retry interval", plain(), of_queues(retry_interval_ms=0), ("order",)),
    ("a longer retry", plain(), of_queues(retry_interval_ms=9_000), ("waits in vain",)),
    ("back-off", plain(), of_settings(failed_offer_pause_ms=0), ("one call",)),
    (
        "a longer back-off",
        plain(strategy=Strategy.RANDOM),
        of_settings(failed_offer_pause_ms=60_000),
        ("waits in vain", "rounds"),
    ),
    ("auto-pause", plain(autopause_after=2), of_queues(autopause_after=0), ("auto-pause",)),
    ("auto-pause's count", plain(autopause_after=3), of_queues(autopause_after=2), ("auto-pause",)),
    ("skill", SKILLED, of_queues(skill_based=False), ("skill",)),
    ("linear", plain(strategy=Strategy.LINEAR), reversed_members, ("strategy linear",)),
    (
        "least recent",
        plain(strategy=Strategy.LEAST_RECENT),
        of_queues(strategy=Strategy.LINEAR),
        ("strategy least_recent",),
    ),
    (
        "fewest answered",
        plain(strategy=Strategy.FEWEST_ANSWERED),
        of_queues(strategy=Strategy.LINEAR),
        ("strategy fewest_answered",),
    ),
    (
        "round robin",
        plain(strategy=Strategy.ROUND_ROBIN),
        of_queues(strategy=Strategy.LINEAR),
        ("strategy round_robin",),
    ),
    (
        "ring all",
        plain(strategy=Strategy.RING_ALL),
        of_queues(strategy=Strategy.LINEAR),
        ("waits in vain",),
    ),
    (
        "not ring all",
        plain(strategy=Strategy.LINEAR),
        of_queues(strategy=Strategy.RING_ALL),
        ("one call", "order"),
    ),
    ("ring in use", plain(), of_queues(ring_in_use=True), ("one call",)),
    ("no agent prompt", plain(), of_queues(agent_prompt="sound:beep"), ("answer",)),
]


@pytest.mark.parametrize(("name", "policy", "lie", "rules"), LIES, ids=[row[0] for row in LIES])
def test_an_ignored_option_is_found(name, policy, lie, rules):
    assert caught(policy, options(), MeddledCores(lie=lie)).rule in rules


# --- time and memory --------------------------------------------------------------------------


def test_timers_that_fire_late_are_found():
    assert caught(plain(), options(), MeddledCores(late_ms=5_000)).rule in (
        "timers",
        "waits in vain",
    )


def test_a_deadline_that_stays_in_the_past_is_found():
    assert caught(plain(), options(), MeddledCores(late_ms=-(10**9))).rule == "timers"


def test_a_snapshot_that_loses_something_is_found():
    """A restored core that differs shows when the journal is replayed on it, or Asterisk listed."""

    class Forgetful(MeddledCores):
        def restore(self, snapshot: dict[str, Any]) -> Any:
            restored = super().restore(snapshot)
            # As if the snapshot had lost what happened last.
            restored.core.state.calls.clear()
            return restored

    found = caught(plain(), options(faults=ROUGH), Forgetful())
    assert found.rule in ("replay", "sequence", "core raised", "one life")


def test_a_core_that_raises_is_found():
    def meddle(now_ms: int, _happened: Any, outputs: list[Any]) -> list[Any]:
        if any(isinstance(output, TalkStarted) for output in outputs):
            raise KeyError(now_ms)
        return outputs

    found = caught(plain(), options(), MeddledCores(meddle))
    assert found.rule == "core raised"
    assert "KeyError" in found.what
