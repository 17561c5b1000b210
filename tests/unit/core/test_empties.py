"""Queues without agents: not joined, and left (Q-08)."""

from __future__ import annotations

import dataclasses
from itertools import combinations_with_replacement, product
from typing import Any

import pytest

from engine.core.commands import PlayPrompt, StopPrompt
from engine.core.facts import (
    CallbackEnded,
    CallbackReason,
    VisitEnded,
    VisitOutcome,
    VisitReason,
)
from engine.core.ids import CallId, EndpointName, QueueId
from engine.core.inputs import (
    AgentAction,
    DeviceState,
    EngineStarted,
    NodeConnected,
    NodeDisconnected,
    PhoneDevice,
    PhoneReachable,
    PolicyApplied,
    SeenChannel,
)
from engine.core.places import ToQueue
from engine.core.policy import InboundRoute, Policy, Strategy
from engine.core.queueing.empties import SETTLING_MS
from engine.core.router import RoutingCore
from engine.core.waiting import Announcements, EmptyRule
from tests.support.callback import Callbacks
from tests.support.centre import NODE, START_MS, TRUNK, Centre, dynamic, policy, queue, static

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-08")]

IN_USE = EmptyRule(in_use=True)
ALL = EmptyRule(unregistered=True, paused=True, in_use=True)


def left(centre: Centre) -> list[tuple[CallId, VisitReason]]:
    """Callers whom the last input sent away, and why."""
    for each in centre.told(VisitEnded):
        assert each.outcome is VisitOutcome.MISSED
    return [(each.call_id, each.reason) for each in centre.told(VisitEnded)]


def use(centre: Centre, agent: str, device: DeviceState = DeviceState.INUSE) -> None:
    """The phone is on a call that is none of ours, or no longer."""
    centre.give(PhoneDevice(NODE, EndpointName(agent), device))


# Every mix, against a rule written on its own.

CONDITIONS = ("unregistered", "paused", "in_use")
STATES = [
    "logged out",
    *(
        frozenset(c for c, holds in zip(CONDITIONS, each, strict=True) if holds)
        for each in product((0, 1), repeat=3)
    ),
]
RULES = [
    frozenset(c for c, on in zip(CONDITIONS, each, strict=True) if on)
    for each in product((0, 1), repeat=3)
]
QUEUES = [str(6400 + i) for i in range(len(RULES))]


def is_empty(members: tuple[Any, ...], chosen: frozenset[str]) -> bool:
    """The row, word by word: each agent is out, or in a state that was chosen."""
    gone = 0
    for state in members:
        if state == "logged out" or state & chosen:
            gone += 1
    return gone == len(members)


def mixed_centre(count: int, *, join: bool) -> Centre:
    """One queue for each set of conditions; nobody may be rung for its callers."""
    agents = [str(1001 + i) for i in range(count)]
    made = policy(
        *(
            queue(
                number,
                *dynamic(*agents),
                **{"join_empty" if join else "leave_empty": EmptyRule(**dict.fromkeys(rule, True))},
            )
            for number, rule in zip(QUEUES, RULES, strict=True)
        )
    )
    routes = tuple(
        InboundRoute(number, number, ToQueue(QueueId(number)), required_skills=("nobody has it",))
        for number in QUEUES
    )
    centre = Centre()
    centre.reload(dataclasses.replace(made, inbound_routes=routes))
    for agent in agents:
        centre.log_in(agent, queue_id=QUEUES[0])
        for number in QUEUES[1:]:
            centre.log_in(agent, queue_id=number)
    centre.wait(SETTLING_MS)
    return centre


def bring_about(centre: Centre, agent: str, state: Any) -> None:
    for number in QUEUES:
        if state == "logged out":
            centre.act(agent, number, AgentAction.LOG_OUT)
        elif "paused" in state:
            centre.act(agent, number, AgentAction.PAUSE)
    if "in_use" in state and state != "logged out":
        use(centre, agent)
    if "unregistered" in state and state != "logged out":
        centre.reach(agent, reachable=False)


def put_right(centre: Centre, agent: str, state: Any) -> None:
    """Undoes that."""
    for number in QUEUES:
        if state == "logged out":
            centre.act(agent, number, AgentAction.LOG_IN)
        elif "paused" in state:
            centre.act(agent, number, AgentAction.RESUME)
    use(centre, agent, DeviceState.NOT_INUSE)
    centre.reach(agent)


@pytest.mark.parametrize("join", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_mix_of_states_under_every_choice_of_conditions(count: int, join: bool) -> None:
    centre = mixed_centre(count, join=join)
    mixes = list(combinations_with_replacement(STATES, count))
    assert len(mixes) == {1: 9, 2: 45, 3: 165}[count]
    for mix in mixes:
        expected = [is_empty(mix, rule) for rule in RULES]
        before = len(centre.facts)
        callers = [] if join else [centre.call(number) for number in QUEUES]
        for position, state in enumerate(mix):
            bring_about(centre, str(1001 + position), state)
        callers = callers or [centre.call(number) for number in QUEUES]
        ended = {
            each.call_id: each.reason
            for each in centre.facts[before:]
            if isinstance(each, VisitEnded)
        }
        reason = VisitReason.JOIN_EMPTY if join else VisitReason.LEFT_EMPTY
        assert [ended.get(each) for each in callers] == [reason if e else None for e in expected], (
            mix
        )
        for each in callers:
            if each in centre.core.state.calls:
                centre.hang_up(each)
        for position, state in enumerate(mix):
            put_right(centre, str(1001 + position), state)


def test_a_queue_without_members_is_empty_and_one_without_a_rule_never() -> None:
    centre = Centre(queue("6400", join_empty=EmptyRule()), queue("6401"))
    assert left_after_call(centre, "6400") == VisitReason.JOIN_EMPTY
    assert left_after_call(centre, "6401") is None


def left_after_call(centre: Centre, number: str) -> VisitReason | None:
    centre.call(number)
    return left(centre)[0][1] if left(centre) else None


# Who is in use, and for whom.


def test_ringing_for_this_very_caller_makes_the_queue_empty_for_others_only() -> None:
    centre = Centre(queue("6400", *static("1001"), leave_empty=IN_USE, join_empty=None))
    first = centre.call("6400")
    assert centre.rang() == ["1001"]
    assert left(centre) == []
    second = centre.call("6400")
    assert left(centre) == [(second, VisitReason.LEFT_EMPTY)]
    assert centre.core.state.calls[first].visit is not None


def test_after_ringing_in_vain_the_agent_is_there_for_the_next_round() -> None:
    """A phone that is only being let go is as good as free."""
    centre = Centre(queue("6400", *static("1001"), leave_empty=ALL, ring_timeout_ms=5_000))
    centre.call("6400")
    centre.ring("1001")
    use(centre, "1001", DeviceState.RINGING)
    centre.wait(5_000)
    assert left(centre) == []
    centre.obey()
    centre.wait(5_000)
    assert len(centre.ringing()) == 1


def test_if_the_ringing_ends_and_the_phone_is_in_use_by_then_the_caller_leaves() -> None:
    """The agent picked up another phone call, and this one was declined (busy)."""
    centre = Centre(queue("6400", *static("1001"), leave_empty=IN_USE))
    caller = centre.call("6400")
    leg_id = centre.ring("1001")
    own = centre.call("1005", source="1001")
    assert left(centre) == []
    centre.end_leg(leg_id, cause=17)
    assert left(centre) == [(caller, VisitReason.LEFT_EMPTY)]
    assert centre.core.state.calls[own].visit is None


def test_an_agent_who_has_picked_up_is_there_for_the_caller() -> None:
    centre = Centre(queue("6400", *static("1001"), leave_empty=ALL, agent_prompt="sound:x"))
    centre.call("6400")
    centre.answer("1001")
    centre.act("1001", "6400", AgentAction.PAUSE)
    assert left(centre) == []


def test_wrap_up_counts_as_there_and_talking_as_in_use() -> None:
    centre = Centre(queue("6400", *static("1001"), join_empty=ALL, wrapup_ms=60_000))
    centre.call("6400")
    leg_id = centre.answer("1001")
    assert left_after_call(centre, "6400") == VisitReason.JOIN_EMPTY
    centre.end_leg(leg_id)
    assert left_after_call(centre, "6400") is None


def test_an_agent_rung_for_another_queue_is_in_use() -> None:
    centre = Centre(
        queue("6400", *static("1001"), leave_empty=IN_USE),
        queue("6401", *static("1001", "1002"), strategy=Strategy.LINEAR),
    )
    centre.call("6401")
    assert centre.rang() == ["1001"]
    assert left_after_call(centre, "6400") == VisitReason.LEFT_EMPTY


# Leaving.


def test_all_callers_leave_in_line_order_for_the_failure_destination() -> None:
    centre = Centre(
        queue("6400", *dynamic("1001"), leave_empty=EmptyRule(), failure=ToQueue(QueueId("6401"))),
        queue("6401"),
    )
    centre.log_in("1001", queue_id="6400")
    centre.call("6400")  # It is rung for.
    callers = [centre.call("6400") for _ in range(3)]
    centre.act("1001", "6400", AgentAction.LOG_OUT)
    assert [each for each, _ in left(centre)] == ["c1", *callers]
    waiting = [entry[-1] for entry in centre.core.state.lines[QueueId("6401")].waiting]
    assert waiting == ["c1", *callers]


def test_who_enters_a_queue_with_a_rule_for_leaving_only_leaves_before_anything_is_heard() -> None:
    centre = Centre(
        queue("6400", leave_empty=EmptyRule(), announcements=Announcements(join=("sound:hello",)))
    )
    caller = centre.call("6400")
    assert left(centre) == [(caller, VisitReason.LEFT_EMPTY)]
    assert [type(each).__name__ for each in centre.last if not hasattr(each, "seq")] == [
        "HangUpCall"
    ]


def test_entering_and_leaving_in_one_step_is_told_in_that_order() -> None:
    """The caller joins while an agent is free, whom the same step rings for somebody before."""
    centre = Centre(
        queue(
            "6400",
            *static("1001"),
            leave_empty=IN_USE,
            wait_ms_max=10_000,
            failure=ToQueue(QueueId("6401")),
        ),
        queue(
            "6401",
            *static("1002"),
            leave_empty=IN_USE,
            failure=ToQueue(QueueId("6402")),
            announcements=Announcements(join=("sound:hello",)),
        ),
        queue("6402"),
    )
    centre.act("1001", "6400", AgentAction.PAUSE)
    centre.act("1002", "6401", AgentAction.PAUSE)
    first, second = centre.call("6400"), centre.call("6400")
    centre.act("1002", "6401", AgentAction.RESUME)
    centre.wait(10_000)
    place = {
        call_id: centre.core.state.calls[call_id].visit.queue_id  # type: ignore[union-attr]
        for call_id in (first, second)
    }
    assert place == {first: "6401", second: "6402"}
    heard = [
        type(each)
        for each in centre.last
        if isinstance(each, PlayPrompt | StopPrompt) and each.channel_id == second
    ]
    assert heard == [PlayPrompt, StopPrompt]


def test_a_phone_that_is_being_let_go_after_a_talk_is_as_good_as_free() -> None:
    """Its channel still exists, and the device still says that it is in use."""
    centre = Centre(queue("6400", *static("1001"), join_empty=IN_USE))
    caller = centre.call("6400")
    centre.answer("1001")
    use(centre, "1001")
    centre.hang_up(caller)
    assert left_after_call(centre, "6400") is None


# What is not known yet.


def test_after_a_start_nobody_is_taken_for_unregistered_until_registrations_are_known() -> None:
    rule = EmptyRule(unregistered=True)
    core = RoutingCore("e", 1)
    made: Policy = policy(queue("6400", *static("1001", "1002"), join_empty=rule, leave_empty=rule))
    centre = Centre()
    centre.core = core
    centre.give(PolicyApplied(made))
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, ()))
    caller = centre.call("6400")
    assert left(centre) == []
    centre.wait(SETTLING_MS - 1)
    assert left(centre) == []
    centre.wait(1)
    assert left(centre) == [(caller, VisitReason.LEFT_EMPTY)]
    assert left_after_call(centre, "6400") == VisitReason.JOIN_EMPTY
    centre.give(PhoneReachable(NODE, EndpointName("1002"), reachable=True))
    assert left_after_call(centre, "6400") is None


def test_who_is_logged_out_or_paused_is_known_at_once_after_a_start() -> None:
    rule = EmptyRule(unregistered=True, paused=True)
    centre = Centre(queue("6400", *static("1001"), *dynamic("1002"), join_empty=rule))
    centre.act("1001", "6400", AgentAction.PAUSE)
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.give(EngineStarted())
    centre.give(NodeConnected(NODE, ()))
    assert left_after_call(centre, "6400") == VisitReason.JOIN_EMPTY


def test_while_asterisk_is_out_of_reach_nobody_is_sent_away_and_afterwards_they_are() -> None:
    rule = EmptyRule(unregistered=True)
    centre = Centre(queue("6400", *static("1001"), leave_empty=rule))
    centre.wait(SETTLING_MS)
    caller = centre.call("6400")
    centre.give(NodeDisconnected(NODE))
    centre.reach("1001", reachable=False)
    centre.wait(60_000)
    assert centre.of(VisitEnded) == []
    leg_id = next(iter(centre.core.state.legs))
    centre.give(NodeConnected(NODE, (SeenChannel(caller, up=True), SeenChannel(leg_id, up=False))))
    assert centre.of(VisitEnded) == []
    centre.end_leg(leg_id, cause=20)
    assert centre.of(VisitEnded) == [], "registrations come back in a moment"
    centre.wait(SETTLING_MS)
    assert [each.reason for each in centre.of(VisitEnded)] == [VisitReason.LEFT_EMPTY]


# The configuration.


def test_a_rule_that_is_added_sends_away_who_waits_and_one_that_goes_lets_callers_join() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    caller = centre.call("6400")
    centre.apply(queue("6400", *dynamic("1001"), leave_empty=EmptyRule()))
    assert left(centre) == [(caller, VisitReason.LEFT_EMPTY)]
    centre.apply(queue("6400", *dynamic("1001")))
    assert left_after_call(centre, "6400") is None


def test_the_last_member_who_is_removed_leaves_the_queue_empty() -> None:
    centre = Centre(queue("6400", *static("1001"), leave_empty=EmptyRule()))
    caller = centre.call("6400")
    centre.apply(queue("6400", leave_empty=EmptyRule()))
    assert left(centre) == [], "a phone rings for this caller"
    centre.end_leg(next(iter(centre.core.state.legs)), cause=19)
    assert left(centre) == [(caller, VisitReason.LEFT_EMPTY)]
    assert centre.now_ms == START_MS
    assert centre.call("6400", source=TRUNK)
    assert left(centre)[0][1] is VisitReason.LEFT_EMPTY


# Callbacks wait in the line too, without a channel.


@pytest.mark.row("C-05")
@pytest.mark.parametrize("away", [False, True])
def test_a_callback_in_a_queue_that_empties_fails_for_want_of_agents(away: bool) -> None:
    centre = Callbacks(*dynamic("1001"), leave_empty=EmptyRule(paused=True))
    centre.log_in("1001", queue_id="6400")
    use(centre, "1001")
    centre.requested()
    if away:
        centre.give(NodeDisconnected(NODE))
    centre.act("1001", "6400", AgentAction.PAUSE)
    if away:
        assert centre.of(CallbackEnded) == []
        centre.give(NodeConnected(NODE, ()))
    assert [each.reason for each in centre.told(CallbackEnded)] == [CallbackReason.NO_AGENT]
    assert centre.core.state.calls == {}


@pytest.mark.row("C-05")
@pytest.mark.row("P-06")
def test_a_callback_hears_nothing() -> None:
    what = Announcements(join=("sound:hello",), queue=("sound:ad",), queue_every_ms=5_000)
    centre = Callbacks(*static("1001"), announcements=what)
    use(centre, "1001")
    waiting = centre.requested()
    before = len(centre.of(PlayPrompt))
    centre.wait(60_000)
    assert waiting.visit is not None
    assert len(centre.of(PlayPrompt)) == before
