"""What can be seen of calls and agents between two inputs, as values that do not change.

Each has the version that a service action must name (S-03), so that who acts on what was seen does
not act on something else.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.facts import SourceKind
from engine.core.ids import AgentId, CallId, NodeId, QueueId
from engine.core.model.agent import Agent
from engine.core.model.call import Call, CallState
from engine.core.model.state import State
from engine.core.policy import Presence


@dataclass(frozen=True, slots=True)
class CallView:
    """One call. `queue_id` is set while it waits, and while it talks to a queue's agent.

    `since_ms` is when it entered that queue or its talk began, else when it arrived (epoch ms).
    `position` is its place in line (1 the first), 0 while it does not wait. `party` is whom it rings
    or talks to outside of a line. `seen` of an action on it is `version`. A callback (C-06) has the
    source CALLBACK; `absent` while it waits without a channel, its customer not on the line.
    """

    call_id: CallId
    version: int
    state: CallState
    node: NodeId
    source: SourceKind
    endpoint: str
    caller_number: str
    caller_name: str
    dialled: str
    arrived_ms: int
    since_ms: int
    queue_id: QueueId | None
    position: int
    party: str
    agent_id: AgentId | None
    ringing: tuple[AgentId, ...]
    on_hold: bool
    slot: str | None
    absent: bool = False
    attempts: int = 0
    """How often the customer of a callback that waits has been called."""


@dataclass(frozen=True, slots=True)
class MembershipView:
    """An agent in a queue; times are epoch milliseconds, None where nothing runs."""

    queue_id: QueueId
    logged_in: bool
    paused: bool
    pause_reason: str | None
    wrapup_until_ms: int | None


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent; `seen` of a change of state is `version`."""

    agent_id: AgentId
    version: int
    presence: Presence
    reachable: bool
    in_use: bool
    memberships: tuple[MembershipView, ...]


def view_call(state: State, call_id: CallId) -> CallView | None:
    """Returns a call as it is now; None if there is none, or it is being ended."""
    call = state.calls.get(call_id)
    if call is None or call.state is CallState.ENDING:
        return None
    return _view_call(state, call)


def view_calls(state: State) -> tuple[CallView, ...]:
    """Returns all calls but those that are being ended, in order of arrival here."""
    calls = state.calls.values()
    return tuple(_view_call(state, call) for call in calls if call.state is not CallState.ENDING)


def view_agent(state: State, agent_id: AgentId) -> AgentView | None:
    """Returns an agent as it is now; None for somebody who is none."""
    agent = state.agents.get(agent_id)
    if agent is None or agent_id not in _agent_ids(state):
        return None
    return _view_agent(agent)


def view_agents(state: State) -> tuple[AgentView, ...]:
    """Returns all agents, by number."""
    known = _agent_ids(state)
    return tuple(_view_agent(state.agents[agent_id]) for agent_id in sorted(known))


def _agent_ids(state: State) -> dict[AgentId, None]:
    """Returns who is an agent: not all phones that were heard of are."""
    configured = [each.agent_id for each in state.policy.agents if each.agent_id in state.agents]
    members = [agent.agent_id for agent in state.agents.values() if agent.memberships]
    return dict.fromkeys([*configured, *members])


def _view_call(state: State, call: Call) -> CallView:
    visit = call.visit
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    since_ms, queue_id, position = call.arrived_ms, None, 0
    ringing: tuple[AgentId, ...] = ()
    if visit is not None:
        line = state.lines[visit.queue_id]
        since_ms, queue_id, position = visit.entered_ms, visit.queue_id, line.position(visit)
        agents = [state.legs[leg_id].agent_id for leg_id in visit.offers]
        ringing = tuple(agent_id for agent_id in agents if agent_id is not None)
    elif leg is not None:
        since_ms, queue_id = leg.talk_ms or leg.started_ms, leg.queue_id
    return CallView(
        call_id=call.call_id,
        version=call.version,
        state=call.state,
        node=call.node,
        source=call.source,
        endpoint=call.endpoint,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        dialled=call.dialled,
        arrived_ms=call.arrived_ms,
        since_ms=since_ms,
        queue_id=queue_id,
        position=position,
        party="" if leg is None else leg.party,
        agent_id=None if leg is None else leg.agent_id,
        ringing=ringing,
        on_hold=leg is not None and leg.hold_id is not None,
        slot=None if call.parked is None else call.parked.slot,
        absent=call.absent,
        attempts=0 if call.callback is None else call.callback.attempts,
    )


def _view_agent(agent: Agent) -> AgentView:
    return AgentView(
        agent_id=agent.agent_id,
        version=agent.version,
        presence=agent.presence,
        reachable=bool(agent.reachable_at),
        in_use=agent.in_use,
        memberships=tuple(
            MembershipView(
                queue_id=each.queue_id,
                logged_in=each.login_id is not None,
                paused=each.pause_id is not None,
                pause_reason=each.pause_reason,
                wrapup_until_ms=None if each.wrapup_id is None else each.wrapup_until_ms,
            )
            for each in agent.memberships.values()
        ),
    )
