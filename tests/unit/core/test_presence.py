"""Presence, and what it does to the agent's state (A-04)."""

from __future__ import annotations

import dataclasses
import json

import pytest

from engine.core.facts import (
    ActionDone,
    ActionRefused,
    AgentLoggedIn,
    AgentLoggedOut,
    How,
    OfferEnded,
    OfferReason,
    PauseEnd,
    PauseEnded,
    PauseStarted,
    PresenceChanged,
    WrapupEnd,
    WrapupEnded,
)
from engine.core.ids import AgentId, EndpointName
from engine.core.inputs import BY_SYSTEM, AgentAction, PhoneReachable, PresenceRequested
from engine.core.policy import Presence, PresenceAction, PresenceRule, Right
from engine.core.router import RoutingCore
from tests.support.centre import NODE, Centre, dynamic, queue, static
from tests.support.desk import dial, talk_and_end

pytestmark = [pytest.mark.unit, pytest.mark.row("A-04")]

RULES = (
    PresenceRule(Presence.AVAILABLE, PresenceAction.LOG_IN_LAST),
    PresenceRule(Presence.AWAY, PresenceAction.NOTHING),
    PresenceRule(Presence.BUSINESS_TRIP, PresenceAction.LOG_IN_ALL),
    PresenceRule(Presence.LUNCH, PresenceAction.PAUSE_ALL, "Lunch"),
    PresenceRule(Presence.OFF_WORK, PresenceAction.LOG_OUT_ALL),
)


def become(
    centre: Centre,
    presence: Presence,
    *,
    by: str = "1001",
    request_id: str = "",
    seen: int | None = None,
    agent: str = "1001",
) -> None:
    centre.give(PresenceRequested(AgentId(agent), presence, by, request_id, seen))


def whys(centre: Centre) -> list[str]:
    return [refusal.why for refusal in centre.of(ActionRefused)]


def state(centre: Centre) -> dict[str, str]:
    """What 1001 is in each queue: out, in, or the pause's reason ("" for none)."""
    memberships = centre.core.state.agents[AgentId("1001")].memberships.values()
    return {
        each.queue_id: "out"
        if each.login_id is None
        else "in"
        if each.pause_id is None
        else each.pause_reason or ""
        for each in memberships
    }


def three_queues(**options: int) -> Centre:
    """1001 is dynamic in 6400 and 6401, static in 6402."""
    return Centre(
        queue("6400", *dynamic("1001"), **options),
        queue("6401", *dynamic("1001"), **options),
        queue("6402", *static("1001"), **options),
        presence_rules=RULES,
    )


def test_a_day_with_lunch() -> None:
    centre = three_queues()
    become(centre, Presence.BUSINESS_TRIP)
    assert state(centre) == {"6400": "in", "6401": "in", "6402": "in"}
    become(centre, Presence.LUNCH)
    assert state(centre) == {"6400": "Lunch", "6401": "Lunch", "6402": "Lunch"}
    become(centre, Presence.AVAILABLE)
    assert state(centre) == {"6400": "in", "6401": "in", "6402": "in"}
    centre.act("1001", "6401", AgentAction.LOG_OUT)
    become(centre, Presence.AWAY)
    assert state(centre) == {"6400": "in", "6401": "out", "6402": "in"}
    become(centre, Presence.OFF_WORK)
    assert state(centre) == {"6400": "out", "6401": "out", "6402": ""}
    become(centre, Presence.AVAILABLE)
    assert state(centre) == {"6400": "in", "6401": "out", "6402": "in"}
    become(centre, Presence.BUSINESS_TRIP)
    assert state(centre) == {"6400": "in", "6401": "in", "6402": "in"}
    assert [fact.presence for fact in centre.of(PresenceChanged)] == [
        Presence.BUSINESS_TRIP,
        Presence.LUNCH,
        Presence.AVAILABLE,
        Presence.AWAY,
        Presence.OFF_WORK,
        Presence.AVAILABLE,
        Presence.BUSINESS_TRIP,
    ]
    assert whys(centre) == []


def test_what_a_presence_does_is_automatic_and_in_the_name_of_who_set_it() -> None:
    centre = three_queues()
    become(centre, Presence.LUNCH, by=BY_SYSTEM)
    (changed,) = centre.of(PresenceChanged)
    assert (changed.how, changed.by) == (How.SERVICE, BY_SYSTEM)
    assert [(f.how, f.by, f.reason) for f in centre.of(PauseStarted)] == [
        (How.AUTO, BY_SYSTEM, "Lunch")
    ]
    dial(centre, "1001", "*481")
    assert (centre.of(PresenceChanged)[-1].how) is How.CODE
    assert [(f.how, f.by, f.why) for f in centre.of(PauseEnded)] == [
        (How.AUTO, "1001", PauseEnd.RESUMED)
    ]


def test_the_same_presence_again_does_nothing_and_is_done() -> None:
    centre = three_queues()
    become(centre, Presence.LUNCH)
    centre.act("1001", "6402", AgentAction.RESUME)
    become(centre, Presence.LUNCH, request_id="r2")
    assert [(d.request_id, d.detail, d.agent_id) for d in centre.of(ActionDone)] == [
        ("r2", "lunch", "1001")
    ]
    assert state(centre)["6402"] == "in"
    assert len(centre.of(PresenceChanged)) == 1


def test_lunch_stops_the_ringing_and_changes_the_reason_of_a_pause() -> None:
    centre = three_queues()
    centre.log_in("1001", queue_id="6400")
    centre.act("1001", "6400", AgentAction.PAUSE, "Break")
    centre.call("6402")
    assert list(centre.ringing()) == ["1001"]
    become(centre, Presence.LUNCH)
    assert centre.ringing() == {}
    assert [fact.reason for fact in centre.of(OfferEnded)] == [OfferReason.AGENT_LEFT]
    assert state(centre) == {"6400": "Lunch", "6401": "out", "6402": "Lunch"}


def test_coming_back_leaves_a_wrapup_alone_and_going_home_ends_it() -> None:
    centre = three_queues(wrapup_ms=10_000)
    centre.log_in("1001", queue_id="6400")
    talk_and_end(centre, "6400", "1001")
    become(centre, Presence.LUNCH)
    become(centre, Presence.AVAILABLE)
    assert centre.of(WrapupEnded) == []
    become(centre, Presence.OFF_WORK)
    assert [fact.why for fact in centre.of(WrapupEnded)] == [WrapupEnd.LOGGED_OUT]


def test_an_agents_own_rules_replace_the_settings() -> None:
    centre = three_queues()
    mine = (PresenceRule(Presence.AWAY, PresenceAction.PAUSE_ALL, "Break"),)
    agents = (
        dataclasses.replace(centre.policy.agents[0], presence_rules=mine),
        dataclasses.replace(centre.policy.agents[1], presence_rules=()),
        *centre.policy.agents[2:],
    )
    centre.reload(dataclasses.replace(centre.policy, agents=agents))
    become(centre, Presence.LUNCH)
    assert state(centre)["6402"] == "in"
    become(centre, Presence.AWAY)
    assert state(centre)["6402"] == "Break"


def test_without_a_rule_only_the_presence_changes() -> None:
    centre = Centre(queue("6400", *static("1001")))
    become(centre, Presence.OFF_WORK)
    assert state(centre) == {"6400": "in"}
    assert len(centre.of(PresenceChanged)) == 1


@pytest.mark.row("S-01", "S-03")
@pytest.mark.parametrize(
    ("by", "allowed"),
    [("1001", True), (BY_SYSTEM, True), ("1008", True), ("1007", False), ("1002", False)],
)
def test_who_may_set_it(by: str, allowed: bool) -> None:
    """It reaches into all queues of the agent, so a manager of one of them alone may not."""
    right = {"manager_rights": (Right.CHANGE_STATE,)}
    centre = Centre(
        queue("6400", *static("1001", "1002"), managers=("1008", "1007"), **right),
        queue("6401", *static("1001"), managers=("1008",), **right),
    )
    become(centre, Presence.AWAY, by=by, request_id="r1")
    if allowed:
        assert [(d.action, d.by) for d in centre.of(ActionDone)] == [("set_presence", by)]
    else:
        (refusal,) = centre.of(ActionRefused)
        assert (refusal.why, refusal.request_id, refusal.action) == (
            "not allowed",
            "r1",
            "set_presence",
        )
        assert centre.of(PresenceChanged) == []


@pytest.mark.row("S-03")
def test_refused_when_the_agent_changed_meanwhile_or_does_not_exist() -> None:
    centre = three_queues()
    seen = centre.core.state.agents[AgentId("1001")].version
    become(centre, Presence.AWAY, seen=seen)
    version = centre.core.state.agents[AgentId("1001")].version
    become(centre, Presence.LUNCH, seen=seen)
    become(centre, Presence.LUNCH, agent="1099", by=BY_SYSTEM)
    assert whys(centre) == [f"changed meanwhile (version {version})", "unknown agent"]
    assert len(centre.of(PresenceChanged)) == 1
    assert AgentId("1099") not in centre.core.state.agents


def test_it_outlasts_a_restart_and_reloads_but_not_the_extension() -> None:
    """Also that of a person who is no agent and whose phone is off."""
    centre = three_queues()
    for each in centre.policy.agents:
        centre.give(PhoneReachable(NODE, EndpointName(each.agent_id), reachable=False))
    become(centre, Presence.AWAY)
    centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
    person = dataclasses.replace(centre.policy, agents=(), queues=(), inbound_routes=())
    centre.reload(person)
    assert centre.core.state.agents[AgentId("1001")].presence is Presence.AWAY
    centre.reload(dataclasses.replace(person, extensions=person.extensions[1:]))
    assert AgentId("1001") not in centre.core.state.agents


def test_log_out_everywhere_counts_as_the_last_log_out() -> None:
    centre = three_queues()
    centre.log_in("1001", queue_id="6401")
    become(centre, Presence.OFF_WORK)
    assert [fact.queue_id for fact in centre.of(AgentLoggedOut)] == ["6401"]
    become(centre, Presence.AVAILABLE)
    assert [fact.queue_id for fact in centre.of(AgentLoggedIn)][-1] == "6401"
    assert state(centre) == {"6400": "out", "6401": "in", "6402": "in"}
