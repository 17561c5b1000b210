"""Presence of an extension, and what it does to the agent's state (A-04).

A presence is the person's, so it is set for all queues at once; what it does to the agent's state
is a rule: the agent's own, else the settings'. Setting the same presence again does nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import assert_never

from engine.core.agents.rights import may
from engine.core.agents.shifts import end_pause
from engine.core.desk.agent_actions import Hand, act, check_seen
from engine.core.facts import ActionDone, ActionRefused, How, PauseEnd, PresenceChanged
from engine.core.ids import AgentId, EndpointName, QueueId
from engine.core.inputs import BY_SYSTEM, AgentAction, PresenceRequested
from engine.core.model.agent import Agent
from engine.core.model.state import State
from engine.core.policy import MemberKind, Presence, PresenceAction, PresenceRule, Right
from engine.core.refusals import NOT_ALLOWED, UNKNOWN_AGENT, Refusal

SET_PRESENCE = "set_presence"
"""How this is called in facts."""


def presence_requested(state: State, asked: PresenceRequested) -> None:
    """Acts on a service's request (S-03); the answer is a fact."""
    try:
        check_seen(state, asked.agent_id, asked.seen)
        set_presence(state, asked.agent_id, asked.presence, Hand(How.SERVICE, asked.by))
    except Refusal as refusal:
        state.note(
            ActionRefused,
            agent_id=asked.agent_id,
            queue_id="",
            action=SET_PRESENCE,
            why=str(refusal),
            by=asked.by,
            request_id=asked.request_id,
        )
        return
    if asked.request_id:
        state.note(
            ActionDone,
            request_id=asked.request_id,
            action=SET_PRESENCE,
            by=asked.by,
            call_id="",
            agent_id=asked.agent_id,
            detail=asked.presence.value,
        )


def set_presence(state: State, agent_id: AgentId, presence: Presence, hand: Hand) -> None:
    """Sets the presence of an extension, and changes the agent's state as its rule says.

    One's own anybody may set. As it reaches into all queues of the agent, another's may be set only
    by who has `Right.CHANGE_STATE` in all of them.

    Raises:
        Refusal: with nothing changed.
    """
    if agent_id not in state.extensions:
        raise Refusal(UNKNOWN_AGENT)
    known = state.agents.get(agent_id)
    queues = () if known is None else tuple(known.memberships)
    if hand.by not in (agent_id, BY_SYSTEM) and not _changes_all(state, hand.by, queues):
        raise Refusal(NOT_ALLOWED)
    agent = state.phone(EndpointName(agent_id))
    if agent.presence is presence:
        return
    agent.presence = presence
    state.note(PresenceChanged, agent_id, presence, hand.how, hand.by)
    for rule in _rules(state, agent_id):
        if rule.presence is presence:
            _follow(state, agent, rule, Hand(How.AUTO, hand.by))
            return


def _changes_all(state: State, by: str, queues: tuple[QueueId, ...]) -> bool:
    return bool(queues) and all(may(state, by, each, Right.CHANGE_STATE) for each in queues)


def _rules(state: State, agent_id: AgentId) -> tuple[PresenceRule, ...]:
    for agent in state.policy.agents:
        if agent.agent_id == agent_id and agent.presence_rules is not None:
            return agent.presence_rules
    return state.policy.settings.presence_rules


def _follow(state: State, agent: Agent, rule: PresenceRule, hand: Hand) -> None:
    """Does what a rule says, wherever there is something to do."""
    match rule.action:
        case PresenceAction.NOTHING:
            pass
        case PresenceAction.LOG_IN_ALL:
            _come_back(state, agent, AgentAction.LOG_IN, hand)
        case PresenceAction.LOG_IN_LAST:
            _come_back(state, agent, AgentAction.LOG_IN_LAST, hand)
        case PresenceAction.LOG_OUT_ALL:
            _leave(state, agent, hand)
        case PresenceAction.PAUSE_ALL:
            with suppress(Refusal):
                act(state, agent.agent_id, None, AgentAction.PAUSE, rule.reason, hand)
        case _:
            assert_never(rule.action)


def _come_back(state: State, agent: Agent, action: AgentAction, hand: Hand) -> None:
    """Lets an agent work again: who is logged in already, as static agents always are, resumes.

    A wrap-up goes on: the work after a call is not done because somebody is back from lunch.
    """
    for membership in agent.memberships.values():
        if membership.pause_id is not None:
            end_pause(state, agent, membership, PauseEnd.RESUMED, hand.how, hand.by)
    with suppress(Refusal):
        act(state, agent.agent_id, None, action, None, hand)


def _leave(state: State, agent: Agent, hand: Hand) -> None:
    """Logs an agent out. Static agents, who cannot log out, pause: else their phones would ring on."""
    with suppress(Refusal):
        act(state, agent.agent_id, None, AgentAction.LOG_OUT, None, hand)
    for membership in agent.memberships.values():
        if membership.kind is MemberKind.STATIC and membership.pause_id is None:
            act(state, agent.agent_id, membership.queue_id, AgentAction.PAUSE, None, hand)
