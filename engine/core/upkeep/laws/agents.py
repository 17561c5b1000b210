"""What must be true of an agent, and of what the agent does in each queue."""

from __future__ import annotations

from engine.core.model.agent import Agent, Membership, may_be_offered
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.policy import MemberKind


def check_agent(state: State, agent: Agent) -> None:
    """Raises AssertionError, naming the invariant, if one is broken."""
    live = 0
    for leg_id in agent.legs:
        leg = state.legs[leg_id]
        theirs = leg.agent_id == agent.agent_id
        assert theirs or leg.phone_of == agent.agent_id, "a phone is in use by another's call"
        call = state.calls.get(leg.call_id)
        if theirs and call is not None and call.visit is not None and leg_id in call.visit.offers:
            live += 1
    assert live == agent.offers, "an agent's offers are miscounted"
    assert live <= 1, "an agent is offered two calls at once"
    assert agent.backing_off == state.timers.is_set(TimerKind.BACK_OFF, agent.agent_id), (
        "a failed phone is left alone without an end, or not at all"
    )
    wrapups = 0
    shared = state.policy.settings.shared_wrapup
    for queue_id, membership in agent.memberships.items():
        line = state.lines[queue_id]
        wrapups += membership.wrapup_id is not None
        _check_membership(state, agent, membership)
        may = may_be_offered(
            agent, membership, ring_in_use=line.policy.ring_in_use, shared_wrapup=shared
        )
        assert may == (agent.agent_id in line.available), "a line is wrong about who is available"
    assert wrapups == agent.wrapups, "an agent's wrap-ups are miscounted"


def _check_membership(state: State, agent: Agent, membership: Membership) -> None:
    due_ms = state.timers.due_ms(TimerKind.WRAPUP, f"{agent.agent_id}/{membership.queue_id}")
    if membership.wrapup_id is not None:
        assert due_ms == membership.wrapup_until_ms, "a wrap-up that does not end when it says"
    else:
        assert due_ms is None, "a wrap-up ends that does not run"
        assert membership.wrapup_until_ms == membership.wrapup_extended_ms == 0, (
            "a wrap-up is over and not forgotten"
        )
    if membership.login_id is None:
        assert membership.kind is MemberKind.DYNAMIC, "a static agent is logged out"
        assert membership.pause_id is None, "paused while logged out"
        assert membership.wrapup_id is None, "in wrap-up while logged out"
    if membership.pause_id is None:
        assert membership.pause_reason is None, "a reason for no pause"
