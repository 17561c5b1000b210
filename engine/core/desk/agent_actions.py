"""What can be done to an agent's state, by whichever hand: log-in, pause, wrap-up (A-01, A-08).

One queue or all of them. In one queue an action is done or refused. For all queues it is done
where it can be; it is refused only if it could be done nowhere. A refusal changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.agents.rights import may
from engine.core.agents.shifts import (
    end_pause,
    end_wrapup,
    extend_wrapup,
    holding_wrapups,
    log_in,
    log_out,
    pause,
    remember_logins,
)
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    How,
    OfferOutcome,
    OfferReason,
    PauseEnd,
    WrapupEnd,
)
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import AgentAction, AgentActionRequested
from engine.core.model.agent import Agent, Membership
from engine.core.model.state import State
from engine.core.policy import MemberKind, Right
from engine.core.queueing.offers import end_offer, want_again
from engine.core.refusals import (
    ALREADY_PAUSED,
    NOT_ALLOWED,
    NOT_LOGGED_IN,
    NOT_PAUSED,
    UNKNOWN_AGENT,
    UNKNOWN_QUEUE,
    UNKNOWN_REASON,
    Refusal,
)
from engine.core.speech.spoken import Done


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does it and how."""

    how: How
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done and in which queues; `longer_ms` by how much a wrap-up was extended."""

    done: Done
    queues: tuple[QueueId, ...]
    longer_ms: int = 0


_LESS_TELLING = (NOT_ALLOWED, NOT_LOGGED_IN, "no last log-in")
"""Of several reasons why nothing could be done, these are said only if there is no other."""

_LOGINS = (AgentAction.LOG_IN, AgentAction.LOG_IN_LAST, AgentAction.LOG_OUT)


def act(
    state: State,
    agent_id: AgentId,
    queue_id: QueueId | None,
    action: AgentAction,
    reason: str | None,
    hand: Hand,
) -> Outcome:
    """Changes an agent's state in one queue, or in all of them (`queue_id` None).

    Rights are checked: what is one's own anybody may change, another's only with
    `Right.CHANGE_STATE` in that queue. `LOG_IN_LAST` is of all queues: with one named it is refused.

    Raises:
        Refusal: with nothing changed.
    """
    if queue_id is not None:
        if queue_id not in state.lines:
            raise Refusal(UNKNOWN_QUEUE)
        _check_right(state, agent_id, queue_id, hand.by)
        membership = state.membership(agent_id, queue_id)
        if membership is None:
            raise _no_member(state, agent_id)
        if action is AgentAction.LOG_IN_LAST:
            raise Refusal("the last log-in is of all queues")
        return _act_in(state, state.agents[agent_id], [membership], action, reason, hand)
    agent = state.agents.get(agent_id)
    if agent is None or not agent.memberships:
        raise _no_member(state, agent_id)
    places = [
        membership
        for membership in agent.memberships.values()
        if _allowed(state, agent_id, membership.queue_id, hand.by)
    ]
    if not places:
        raise Refusal(NOT_ALLOWED)
    return _act_in(state, agent, places, action, reason, hand)


def _no_member(state: State, agent_id: AgentId) -> Refusal:
    return Refusal("not a member" if agent_id in state.extensions else UNKNOWN_AGENT)


def service_action(state: State, asked: AgentActionRequested) -> None:
    """Acts on a service's request (S-03); the answer is a fact."""
    try:
        if asked.reason is not None:
            _check_reason_name(state, asked.reason)
        check_seen(state, asked.agent_id, asked.seen)
        hand = Hand(How.SERVICE, asked.by)
        outcome = act(state, asked.agent_id, asked.queue_id, asked.action, asked.reason, hand)
    except Refusal as refusal:
        state.note(
            ActionRefused,
            agent_id=asked.agent_id,
            queue_id=asked.queue_id or "",
            action=asked.action.value,
            why=str(refusal),
            by=asked.by,
            request_id=asked.request_id,
        )
        return
    if asked.request_id:
        state.note(
            ActionDone,
            request_id=asked.request_id,
            action=asked.action.value,
            by=asked.by,
            call_id="",
            agent_id=asked.agent_id,
            detail=f"{outcome.done.value}: {', '.join(outcome.queues)}",
        )


def check_seen(state: State, agent_id: AgentId, seen: int | None) -> None:
    """Raises `Refusal` if the agent has changed since it had the version `seen` (None: no matter)."""
    agent = state.agents.get(agent_id)
    version = 0 if agent is None else agent.version
    if seen is not None and seen != version:
        raise Refusal(f"changed meanwhile (version {version})")


def _check_right(state: State, agent_id: AgentId, queue_id: QueueId, by: str) -> None:
    if not _allowed(state, agent_id, queue_id, by):
        raise Refusal(NOT_ALLOWED)


def _allowed(state: State, agent_id: AgentId, queue_id: QueueId, by: str) -> bool:
    return by == agent_id or may(state, by, queue_id, Right.CHANGE_STATE)


def _check_reason_name(state: State, name: str) -> None:
    if all(reason.name != name for reason in state.policy.pause_reasons):
        raise Refusal(UNKNOWN_REASON)


def _act_in(
    state: State,
    agent: Agent,
    places: list[Membership],
    action: AgentAction,
    reason: str | None,
    hand: Hand,
) -> Outcome:
    """Does the action in each of these memberships where it can be done."""
    action = _definite(state, agent, places, action, reason)
    if action in _LOGINS:  # Static agents are always logged in: that is no news among others.
        places = [each for each in places if each.kind is MemberKind.DYNAMIC] or places
    elif action is AgentAction.EXTEND_WRAPUP:  # Each once, also where they are shared.
        places = [each for each in places if each.wrapup_id is not None] or places[:1]
    if action is AgentAction.LOG_OUT:
        remember_logins(agent, places)
    outcomes: list[Outcome] = []
    refusals: list[str] = []
    for membership in places:
        try:
            outcomes.append(_act_on(state, agent, membership, action, reason, hand))
        except Refusal as refusal:
            refusals.append(str(refusal))
    if not outcomes:
        telling = [why for why in refusals if why not in _LESS_TELLING]
        raise Refusal((telling or refusals)[0])
    resumed = any(outcome.done is Done.RESUMED for outcome in outcomes)
    return Outcome(
        Done.RESUMED if resumed else outcomes[0].done,
        tuple(queue_id for outcome in outcomes for queue_id in outcome.queues),
        max(outcome.longer_ms for outcome in outcomes),
    )


def _definite(
    state: State, agent: Agent, places: list[Membership], action: AgentAction, reason: str | None
) -> AgentAction:
    """Returns what a toggle means now.

    For all queues together: who is logged in (paused) anywhere is to be logged out (resumed).
    """
    match action:
        case AgentAction.TOGGLE_LOGIN:
            changing = [each for each in places if each.kind is MemberKind.DYNAMIC] or places
            inside = any(each.login_id is not None for each in changing)
            return AgentAction.LOG_OUT if inside else AgentAction.LOG_IN
        case AgentAction.TOGGLE_PAUSE:
            paused = [each for each in places if each.pause_id is not None]
            if paused:
                back = reason is None or any(each.pause_reason == reason for each in paused)
            else:
                back = reason is None and any(
                    holding_wrapups(state, agent, each) for each in places
                )
            return AgentAction.RESUME if back else AgentAction.PAUSE
        case _:
            return action


def _act_on(
    state: State,
    agent: Agent,
    membership: Membership,
    action: AgentAction,
    reason: str | None,
    hand: Hand,
) -> Outcome:
    match action:
        case AgentAction.LOG_IN:
            return _log_in(state, agent, membership, hand)
        case AgentAction.LOG_IN_LAST:
            if membership.kind is MemberKind.DYNAMIC and not membership.in_last_login:
                raise Refusal("no last log-in")
            return _log_in(state, agent, membership, hand)
        case AgentAction.LOG_OUT:
            return _log_out(state, agent, membership, hand)
        case AgentAction.PAUSE:
            return _pause(state, agent, membership, reason, hand)
        case AgentAction.RESUME:
            return _resume(state, agent, membership, hand)
        case AgentAction.EXTEND_WRAPUP:
            return _extend(state, agent, membership, hand)
        case AgentAction.TOGGLE_LOGIN | AgentAction.TOGGLE_PAUSE:
            raise AssertionError(f"{action} is not definite")


def _log_in(state: State, agent: Agent, membership: Membership, hand: Hand) -> Outcome:
    if membership.login_id is not None:
        raise Refusal("already logged in")
    log_in(state, agent, membership, hand.how, hand.by)
    return Outcome(Done.LOGGED_IN, (membership.queue_id,))


def _log_out(state: State, agent: Agent, membership: Membership, hand: Hand) -> Outcome:
    if membership.kind is MemberKind.STATIC:
        raise Refusal("static agents cannot log out")
    if membership.login_id is None:
        raise Refusal(NOT_LOGGED_IN)
    log_out(state, agent, membership, hand.how, hand.by)
    _withdraw_offers(state, agent, membership.queue_id)
    return Outcome(Done.LOGGED_OUT, (membership.queue_id,))


def _pause(
    state: State, agent: Agent, membership: Membership, reason: str | None, hand: Hand
) -> Outcome:
    if membership.login_id is None:
        raise Refusal(NOT_LOGGED_IN)
    if membership.pause_id is not None and membership.pause_reason == reason:
        raise Refusal(ALREADY_PAUSED)
    pause(state, agent, membership, reason, hand.how, hand.by)
    _withdraw_offers(state, agent, membership.queue_id)
    return Outcome(Done.PAUSED, (membership.queue_id,))


def _resume(state: State, agent: Agent, membership: Membership, hand: Hand) -> Outcome:
    """Ends the pause, and a wrap-up early: who resumes wants the next call now (A-08)."""
    paused = membership.pause_id is not None
    wrapups = _wrapups(state, agent, membership, hand)
    if not paused and not wrapups:
        raise Refusal(NOT_LOGGED_IN if membership.login_id is None else NOT_PAUSED)
    for each in wrapups:
        end_wrapup(state, agent, each, WrapupEnd.ENDED_EARLY)
    if paused:
        end_pause(state, agent, membership, PauseEnd.RESUMED, hand.how, hand.by)
    return Outcome(Done.RESUMED if paused else Done.WRAPUP_ENDED, (membership.queue_id,))


def _extend(state: State, agent: Agent, membership: Membership, hand: Hand) -> Outcome:
    wrapups = _wrapups(state, agent, membership, hand)
    if not wrapups:
        raise Refusal("not in wrap-up")
    longest = max(wrapups, key=lambda each: each.wrapup_until_ms)
    wrapup = membership if membership.wrapup_id is not None else longest
    longer_ms = extend_wrapup(state, agent, wrapup, hand.how, hand.by)
    return Outcome(Done.WRAPUP_EXTENDED, (wrapup.queue_id,), longer_ms)


def _wrapups(state: State, agent: Agent, membership: Membership, hand: Hand) -> list[Membership]:
    """Returns the wrap-ups that keep calls of this queue away and that may be touched by this hand.

    Where wrap-up is shared that may be another queue's, of which who asks must have the right too.
    """
    return [
        each
        for each in holding_wrapups(state, agent, membership)
        if _allowed(state, agent.agent_id, each.queue_id, hand.by)
    ]


def _withdraw_offers(state: State, agent: Agent, queue_id: QueueId) -> None:
    """Stops the ringing of an agent who has just left; one who picked up keeps the call."""
    for leg_id in list(agent.legs):
        leg = state.legs[leg_id]
        theirs = leg.agent_id == agent.agent_id  # Else another's offer was forwarded to here.
        if not theirs or leg.queue_id != queue_id or not leg.rings:
            continue
        call = state.calls[leg.call_id]
        end_offer(state, leg, OfferOutcome.CANCELLED, OfferReason.AGENT_LEFT)
        want_again(state, call)
