"""Agents' shifts: log-in and log-out, pauses, missed offers and auto-pause, wrap-up."""

from __future__ import annotations

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
    WrapupExtended,
    WrapupStarted,
)
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.model.agent import Agent, Membership
from engine.core.model.state import State
from engine.core.model.timers import TimerKind
from engine.core.policy import MemberKind, Strategy
from engine.core.refusals import Refusal


def log_in(state: State, agent: Agent, membership: Membership, how: How, by: str) -> None:
    """Starts a log-in spell; the caller has made sure that none runs."""
    assert membership.login_id is None
    state.offer_order += 1
    membership.login_order = state.offer_order
    membership.login_id = state.fresh_id()
    membership.talk_ms = 0
    membership.balance = 0
    state.at_work_changes(agent, membership)
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
        over = WrapupEnd.REMOVED if removed else WrapupEnd.LOGGED_OUT
        end_wrapup(state, agent, membership, over)
    login_id, membership.login_id = membership.login_id, None
    membership.missed_in_row = 0
    state.at_work_changes(agent, membership)
    state.note(AgentLoggedOut, login_id, agent.agent_id, membership.queue_id, how, by)
    state.refresh(agent)


def remember_logins(agent: Agent, leaving: list[Membership]) -> None:
    """Remembers for `LOG_IN_LAST` where an agent works who is about to log out of these queues.

    Only the log-out that leaves the agent in no queue as a dynamic agent counts: who leaves one queue
    of several is still at work. Static memberships have no log-in.
    """
    inside = [
        each
        for each in agent.memberships.values()
        if each.kind is MemberKind.DYNAMIC and each.login_id is not None
    ]
    if not inside or any(each not in leaving for each in inside):
        return
    for membership in agent.memberships.values():
        membership.in_last_login = membership in inside


def pause(
    state: State, agent: Agent, membership: Membership, reason: str | None, how: How, by: str
) -> None:
    """Starts a pause, or changes its reason: that closes one spell and opens the next (A-03)."""
    if membership.pause_id is not None:
        end_pause(state, agent, membership, PauseEnd.REASON_CHANGED, how, by)
    membership.pause_id = state.fresh_id()
    membership.pause_reason = reason
    membership.missed_in_row = 0
    state.at_work_changes(agent, membership)
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
    assert pause_id is not None
    membership.pause_reason = None
    state.at_work_changes(agent, membership)
    state.note(PauseEnded, pause_id, agent.agent_id, membership.queue_id, why, how, by)
    state.refresh(agent)


def count_missed(state: State, agent: Agent, queue_id: QueueId) -> None:
    """Counts an offer missed in a row, and pauses the agent in that queue at its limit (Q-06)."""
    membership = agent.memberships.get(queue_id)
    policy = state.lines[queue_id].policy
    if membership is None or policy.strategy is Strategy.RING_ALL:
        return
    if membership.login_id is None:
        return  # Picked a call up (S-03) without being at work here: there is nothing to pause.
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
    membership.wrapup_until_ms = until_ms
    state.timers.set(TimerKind.WRAPUP, _wrapup_owner(agent.agent_id, queue_id), until_ms)
    state.note(WrapupStarted, membership.wrapup_id, agent.agent_id, queue_id, call_id, until_ms)
    state.refresh(agent)


def end_wrapup(state: State, agent: Agent, membership: Membership, why: WrapupEnd) -> None:
    """Ends the running wrap-up of one membership."""
    wrapup_id, membership.wrapup_id = membership.wrapup_id, None
    assert wrapup_id is not None
    line = state.lines.get(membership.queue_id)
    if line is not None:
        left_ms = membership.wrapup_until_ms - state.now_ms
        line.pace.wrapped_up(line.policy.wrapup_ms + membership.wrapup_extended_ms - left_ms)
    membership.wrapup_until_ms = 0
    membership.wrapup_extended_ms = 0
    agent.wrapups -= 1
    state.timers.cancel(TimerKind.WRAPUP, _wrapup_owner(agent.agent_id, membership.queue_id))
    state.note(WrapupEnded, wrapup_id, agent.agent_id, membership.queue_id, why)
    state.refresh(agent)


def extend_wrapup(state: State, agent: Agent, membership: Membership, how: How, by: str) -> int:
    """Makes the running wrap-up longer, as far as its queue allows (A-08); returns by how many ms.

    The last extension may be shorter than the others, so that all of them together come to exactly
    `wrapup_extend_ms_max`.

    Raises:
        Refusal: with nothing changed.
    """
    wrapup_id = membership.wrapup_id
    assert wrapup_id is not None
    queue_id = membership.queue_id
    policy = state.lines[queue_id].policy
    if policy.wrapup_extend_ms == 0 or policy.wrapup_extend_ms_max == 0:
        raise Refusal("wrap-up cannot be extended")
    left_ms = policy.wrapup_extend_ms_max - membership.wrapup_extended_ms
    if left_ms <= 0:
        raise Refusal("wrap-up extended to its limit")
    longer_ms = min(policy.wrapup_extend_ms, left_ms)
    membership.wrapup_extended_ms += longer_ms
    membership.wrapup_until_ms += longer_ms
    until_ms = membership.wrapup_until_ms
    state.timers.set(TimerKind.WRAPUP, _wrapup_owner(agent.agent_id, queue_id), until_ms)
    state.note(WrapupExtended, wrapup_id, agent.agent_id, queue_id, until_ms, how, by)
    return longer_ms


def holding_wrapups(state: State, agent: Agent, membership: Membership) -> list[Membership]:
    """Returns the memberships whose wrap-up keeps calls of this queue away from the agent (Q-11)."""
    if state.policy.settings.shared_wrapup:
        return [each for each in agent.memberships.values() if each.wrapup_id is not None]
    return [] if membership.wrapup_id is None else [membership]


def wrapup_expired(state: State, owner: str) -> None:
    """Ends the wrap-up whose timer fired; `owner` is the timer's."""
    agent_id, _, queue_id = owner.partition("/")
    agent = state.agents[AgentId(agent_id)]
    end_wrapup(state, agent, agent.memberships[QueueId(queue_id)], WrapupEnd.EXPIRED)


def _wrapup_owner(agent_id: AgentId, queue_id: QueueId) -> str:
    return f"{agent_id}/{queue_id}"
