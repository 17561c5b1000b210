"""Agents' shifts: log-in and log-out, pauses, missed offers and auto-pause, wrap-up."""

from __future__ import annotations

from engine.core.agent import Agent, Membership
from engine.core.facts import (
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    How,
    PauseEnd,
    PauseEnded,
    PauseStarted,
    WrapupEnd,
    WrapupEnded,
    WrapupStarted,
)
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.policy import Strategy
from engine.core.state import State
from engine.core.timers import TimerKind


def log_in(state: State, agent: Agent, membership: Membership, how: How, by: str) -> None:
    """Starts a log-in spell; the caller has made sure that none runs."""
    assert membership.login_id is None
    state.offer_order += 1
    membership.login_order = state.offer_order
    membership.login_id = state.fresh_id()
    membership.talk_ms = 0
    membership.balance = 0
    state.at_work_changes(membership.queue_id)
    state.note(AgentLoggedIn, membership.login_id, agent.agent_id, membership.queue_id, how, by)
    state.refresh(agent)


def log_out(
    state: State,
    agent: Agent,
    membership: Membership,
    how: How,
    by: str,
    *,
    removed: bool = False,
) -> None:
    """Ends the log-in spell, and a pause or wrap-up with it."""
    assert membership.login_id is not None
    if membership.pause_id is not None:
        why = PauseEnd.REMOVED if removed else PauseEnd.LOGGED_OUT
        end_pause(state, agent, membership, why, how, by)
    if membership.wrapup_id is not None:
        end_wrapup(state, agent, membership, WrapupEnd.REMOVED)
    login_id, membership.login_id = membership.login_id, None
    membership.missed_in_row = 0
    state.at_work_changes(membership.queue_id)
    state.note(AgentLoggedOut, login_id, agent.agent_id, membership.queue_id, how, by)
    state.refresh(agent)


def pause(
    state: State, agent: Agent, membership: Membership, reason: str | None, how: How, by: str
) -> None:
    """Starts a pause, or changes its reason: that closes one spell and opens the next (A-03)."""
    if membership.pause_id is not None:
        end_pause(state, agent, membership, PauseEnd.REASON_CHANGED, how, by)
    membership.pause_id = state.fresh_id()
    membership.pause_reason = reason
    membership.missed_in_row = 0
    state.at_work_changes(membership.queue_id)
    state.note(
        PauseStarted,
        membership.pause_id,
        agent.agent_id,
        membership.queue_id,
        reason,
        how,
        by,
    )
    state.refresh(agent)


def end_pause(
    state: State, agent: Agent, membership: Membership, why: PauseEnd, how: How, by: str
) -> None:
    """Ends the running pause."""
    pause_id, membership.pause_id = membership.pause_id, None
    membership.pause_reason = None
    state.at_work_changes(membership.queue_id)
    state.note(PauseEnded, pause_id, agent.agent_id, membership.queue_id, why, how, by)
    state.refresh(agent)


def count_missed(state: State, agent: Agent, queue_id: QueueId) -> None:
    """Counts an offer missed in a row, and pauses the agent in that queue at its limit (Q-06)."""
    membership = agent.memberships.get(queue_id)
    policy = state.lines[queue_id].policy
    if membership is None or policy.strategy is Strategy.RING_ALL:
        return
    membership.missed_in_row += 1
    missed = membership.missed_in_row
    if 0 < policy.autopause_after <= missed and membership.pause_id is None:
        state.note(AgentAutoPaused, agent.agent_id, queue_id, missed)
        pause(state, agent, membership, None, How.AUTO, "")


def start_wrapup(state: State, agent: Agent, queue_id: QueueId, call_id: CallId) -> None:
    """Starts after-call work in the queue whose call ended, if it has any and the agent is in it."""
    membership = agent.memberships.get(queue_id)
    line = state.lines.get(queue_id)
    if membership is None or line is None or membership.login_id is None:
        return
    wrapup_ms = line.policy.wrapup_ms
    if wrapup_ms == 0:
        return
    if membership.wrapup_id is not None:
        end_wrapup(state, agent, membership, WrapupEnd.REPLACED)
    membership.wrapup_id = state.fresh_id()
    agent.wrapups += 1
    until_ms = state.now_ms + wrapup_ms
    state.timers.set(TimerKind.WRAPUP, _wrapup_owner(agent.agent_id, queue_id), until_ms)
    state.note(WrapupStarted, membership.wrapup_id, agent.agent_id, queue_id, call_id, until_ms)
    state.refresh(agent)


def end_wrapup(state: State, agent: Agent, membership: Membership, why: WrapupEnd) -> None:
    """Ends the running wrap-up of one membership."""
    wrapup_id, membership.wrapup_id = membership.wrapup_id, None
    assert wrapup_id is not None
    agent.wrapups -= 1
    state.timers.cancel(TimerKind.WRAPUP, _wrapup_owner(agent.agent_id, membership.queue_id))
    state.note(WrapupEnded, wrapup_id, agent.agent_id, membership.queue_id, why)
    state.refresh(agent)


def wrapup_expired(state: State, owner: str) -> None:
    """Ends the wrap-up whose timer fired; `owner` is the timer's."""
    agent_id, _, queue_id = owner.partition("/")
    agent = state.agents[AgentId(agent_id)]
    end_wrapup(state, agent, agent.memberships[QueueId(queue_id)], WrapupEnd.EXPIRED)


def _wrapup_owner(agent_id: AgentId, queue_id: QueueId) -> str:
    return f"{agent_id}/{queue_id}"
