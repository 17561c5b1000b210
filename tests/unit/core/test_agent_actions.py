"""Actions on agents by service: rights, versions, answers, one queue or all (S-01, S-03)."""

from __future__ import annotations

import pytest

from engine.core.facts import (
    ActionDone,
    ActionRefused,
    AgentLoggedIn,
    AgentLoggedOut,
    How,
    OfferEnded,
    OfferReason,
    PauseStarted,
    WrapupEnd,
    WrapupEnded,
    WrapupExtended,
)
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import BY_SYSTEM, AgentAction, AgentActionRequested
from engine.core.policy import Right
from tests.support.centre import Centre, dynamic, queue, static
from tests.support.desk import talk_and_end

pytestmark = [pytest.mark.unit, pytest.mark.row("S-03")]

ALL = None
MANAGED = {"managers": ("1008",), "manager_rights": (Right.CHANGE_STATE,)}


def ask(
    centre: Centre,
    queue_id: str | None,
    action: AgentAction,
    *,
    by: str = BY_SYSTEM,
    agent: str = "1001",
    reason: str | None = None,
    request_id: str = "r1",
    seen: int | None = None,
) -> str:
    """Asks; returns what the answer says (its detail, or why not)."""
    number = None if queue_id is None else QueueId(queue_id)
    centre.give(AgentActionRequested(AgentId(agent), number, action, by, reason, request_id, seen))
    answers = [*centre.told(ActionDone), *centre.told(ActionRefused)]
    assert len(answers) == 1, "exactly one answer"
    (answer,) = answers
    assert (answer.request_id, answer.action, answer.by) == (request_id, action.value, by)
    assert answer.agent_id == agent
    return answer.detail if isinstance(answer, ActionDone) else answer.why


def version(centre: Centre, agent: str = "1001") -> int:
    return centre.core.state.agents[AgentId(agent)].version


@pytest.mark.parametrize(
    ("by", "allowed"),
    [("1001", True), (BY_SYSTEM, True), ("1008", True), ("1002", False), ("1007", False)],
)
@pytest.mark.row("S-01")
def test_who_may_change_an_agents_state(by: str, allowed: bool) -> None:
    """Oneself, the system, a manager with the right; no colleague, no other queue's manager."""
    other = {"managers": ("1007",), "manager_rights": (Right.CHANGE_STATE,)}
    centre = Centre(
        queue("6400", *dynamic("1001", "1002"), agent_rights=(Right.PICK_UP,), **MANAGED),
        queue("6401", *dynamic("1001"), **other),
    )
    answer = ask(centre, "6400", AgentAction.LOG_IN, by=by)
    assert answer == ("logged_in: 6400" if allowed else "not allowed")
    logged_in = [(fact.how, fact.by) for fact in centre.of(AgentLoggedIn)]
    assert logged_in == ([(How.SERVICE, by)] if allowed else [])


def test_an_action_made_looking_at_an_older_state_is_refused() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    seen = version(centre)
    assert ask(centre, "6400", AgentAction.LOG_IN, seen=seen) == "logged_in: 6400"
    now = version(centre)
    assert now > seen
    assert ask(centre, "6400", AgentAction.LOG_OUT, seen=seen) == (
        f"changed meanwhile (version {now})"
    )
    assert version(centre) == now
    assert ask(centre, "6400", AgentAction.LOG_OUT, seen=now) == "logged_out: 6400"


def test_ringing_does_not_change_the_version() -> None:
    centre = Centre(queue("6400", *static("1001")))
    seen = version(centre)
    centre.call("6400")
    assert ask(centre, "6400", AgentAction.PAUSE, seen=seen) == "paused: 6400"


def test_without_a_request_id_only_refusals_are_told() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    centre.act("1001", "6400", AgentAction.LOG_IN)
    assert centre.of(ActionDone) == []
    centre.act("1001", "6400", AgentAction.LOG_IN)
    assert [refusal.request_id for refusal in centre.of(ActionRefused)] == [""]


@pytest.mark.parametrize(
    ("queue_id", "action", "reason", "why"),
    [
        ("6499", AgentAction.LOG_IN, None, "unknown queue"),
        ("6402", AgentAction.LOG_IN, None, "not a member"),
        ("6401", AgentAction.LOG_IN, None, "already logged in"),
        ("6401", AgentAction.LOG_OUT, None, "static agents cannot log out"),
        ("6400", AgentAction.LOG_OUT, None, "not logged in"),
        ("6400", AgentAction.PAUSE, None, "not logged in"),
        ("6400", AgentAction.RESUME, None, "not logged in"),
        ("6401", AgentAction.RESUME, None, "not paused"),
        ("6401", AgentAction.EXTEND_WRAPUP, None, "not in wrap-up"),
        ("6401", AgentAction.PAUSE, "Nonsense", "unknown reason"),
        ("6401", AgentAction.LOG_IN_LAST, None, "the last log-in is of all queues"),
        ("6499", AgentAction.LOG_IN_LAST, None, "unknown queue"),
        (ALL, AgentAction.LOG_OUT, None, "not logged in"),
        (ALL, AgentAction.LOG_IN_LAST, None, "no last log-in"),
        (ALL, AgentAction.RESUME, None, "not paused"),
        (ALL, AgentAction.EXTEND_WRAPUP, None, "not in wrap-up"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    queue_id: str | None, action: AgentAction, reason: str | None, why: str
) -> None:
    centre = Centre(queue("6400", *dynamic("1001")), queue("6401", *static("1001")), queue("6402"))
    before = version(centre)
    assert ask(centre, queue_id, action, reason=reason) == why
    assert version(centre) == before
    assert [refusal.queue_id for refusal in centre.of(ActionRefused)] == [queue_id or ""]


def test_an_agent_nobody_knows() -> None:
    centre = Centre(queue("6400", *dynamic("1001")))
    assert ask(centre, ALL, AgentAction.LOG_IN, agent="1099") == "unknown agent"
    assert ask(centre, "6400", AgentAction.PAUSE, agent="1099") == "unknown agent"
    assert ask(centre, "6400", AgentAction.LOG_IN, agent="1099", seen=3) == (
        "changed meanwhile (version 0)"
    )


def test_all_queues_at_once() -> None:
    centre = Centre(
        queue("6400", *dynamic("1001")),
        queue("6401", *dynamic("1001")),
        queue("6402", *static("1001")),
    )
    assert ask(centre, ALL, AgentAction.LOG_IN) == "logged_in: 6400, 6401"
    assert ask(centre, ALL, AgentAction.PAUSE, reason="Lunch") == "paused: 6400, 6401, 6402"
    assert ask(centre, ALL, AgentAction.PAUSE, reason="Lunch") == "already paused"
    assert ask(centre, "6401", AgentAction.RESUME) == "resumed: 6401"
    assert ask(centre, ALL, AgentAction.TOGGLE_PAUSE) == "resumed: 6400, 6402"
    assert ask(centre, ALL, AgentAction.TOGGLE_PAUSE) == "paused: 6400, 6401, 6402"
    assert ask(centre, ALL, AgentAction.TOGGLE_LOGIN) == "logged_out: 6400, 6401"
    assert ask(centre, ALL, AgentAction.LOG_IN_LAST) == "logged_in: 6400, 6401"
    assert ask(centre, ALL, AgentAction.TOGGLE_LOGIN) == "logged_out: 6400, 6401"
    assert ask(centre, ALL, AgentAction.TOGGLE_LOGIN) == "logged_in: 6400, 6401"
    assert [fact.queue_id for fact in centre.of(AgentLoggedOut)] == ["6400", "6401"] * 2


@pytest.mark.row("S-01")
def test_all_queues_are_those_of_which_one_has_the_right() -> None:
    centre = Centre(queue("6400", *dynamic("1001")), queue("6401", *dynamic("1001"), **MANAGED))
    assert ask(centre, ALL, AgentAction.LOG_IN, by="1008") == "logged_in: 6401"
    assert ask(centre, ALL, AgentAction.LOG_IN) == "logged_in: 6400"
    assert ask(centre, ALL, AgentAction.LOG_OUT, by="1008") == "logged_out: 6401"
    assert ask(centre, ALL, AgentAction.LOG_OUT, by="1007") == "not allowed"
    assert ask(centre, ALL, AgentAction.LOG_IN_LAST) == "no last log-in", (
        "a manager sent the agent out of one queue, the agent works on in the other"
    )


def test_a_ringing_phone_of_who_leaves_all_queues_is_let_go() -> None:
    centre = Centre(queue("6400", *static("1001", "1002")), queue("6401", *static("1001")))
    centre.call("6400")
    assert list(centre.ringing()) == ["1001"]
    ask(centre, ALL, AgentAction.PAUSE)
    assert list(centre.ringing()) == ["1002"]
    assert [fact.reason for fact in centre.of(OfferEnded)] == [OfferReason.AGENT_LEFT]
    assert len(centre.of(PauseStarted)) == 2


@pytest.mark.row("A-08", "S-01")
def test_a_shared_wrapup_is_ended_only_with_the_right_in_its_own_queue() -> None:
    """Who manages 6401 sees its agent in 6400's wrap-up, and cannot touch that."""
    options = {"wrapup_ms": 10_000, "wrapup_extend_ms": 5_000, "wrapup_extend_ms_max": 5_000}
    centre = Centre(
        queue("6400", *static("1001"), **options),
        queue("6401", *static("1001"), **MANAGED, **options),
        shared_wrapup=True,
    )
    talk_and_end(centre, "6400", "1001")
    assert ask(centre, "6401", AgentAction.RESUME, by="1008") == "not paused"
    assert ask(centre, "6401", AgentAction.EXTEND_WRAPUP, by="1008") == "not in wrap-up"
    assert ask(centre, ALL, AgentAction.EXTEND_WRAPUP, by="1008") == "not in wrap-up"
    assert ask(centre, "6401", AgentAction.EXTEND_WRAPUP, by="1001") == "wrapup_extended: 6400"
    assert [fact.queue_id for fact in centre.of(WrapupExtended)] == ["6400"]
    assert ask(centre, "6401", AgentAction.RESUME, by="1001") == "wrapup_ended: 6401"
    assert [(fact.queue_id, fact.why) for fact in centre.of(WrapupEnded)] == [
        ("6400", WrapupEnd.ENDED_EARLY)
    ]
