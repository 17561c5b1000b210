"""A new configuration takes effect: without a restart, without touching calls in progress (Q-10)."""

from __future__ import annotations

from engine.core.agents.shifts import end_wrapup, log_in, log_out, pause
from engine.core.facts import How, VisitOutcome, VisitReason, WrapupEnd
from engine.core.ids import AgentId, QueueId
from engine.core.matching.conditions import agree_terms_anew
from engine.core.matching.sticky import remember_anew
from engine.core.model.agent import Agent, Membership
from engine.core.model.line import Line
from engine.core.model.state import Node, State
from engine.core.policy import InitialState, Member, MemberKind, Policy, Presence, QueuePolicy
from engine.core.queueing.announcing import plan
from engine.core.queueing.attempts import know_again
from engine.core.queueing.callbacks import offer_anew
from engine.core.queueing.offers import want_again
from engine.core.queueing.pending import limit_wait
from engine.core.queueing.visits import leave_queue
from engine.core.routing.sending import follow
from engine.core.supervision import monitoring
from engine.core.upkeep.outages import watch
from engine.core.upkeep.reconcile import node_removed

BY_CONFIG = "config"


def apply_policy(state: State, policy: Policy) -> None:
    """Replaces the policy; removed queues drain, new members start in their initial state."""
    numbering = state.policy.settings.numbering
    state.index(policy)
    if numbering != policy.settings.numbering:
        remember_anew(state)
    for node_id in [each for each in state.nodes if each not in policy.nodes]:
        node_removed(state, node_id)
    for node_id in policy.nodes:
        state.nodes.setdefault(node_id, Node(node_id))
    for node in state.nodes.values():
        watch(state, node)
    for agent_policy in policy.agents:
        state.agents.setdefault(agent_policy.agent_id, Agent(agent_policy.agent_id))
    wanted = {queue.queue_id: queue for queue in policy.queues}
    for queue_id in [each for each in state.lines if each not in wanted]:
        _remove_queue(state, queue_id)
    for queue in policy.queues:
        line = state.lines.get(queue.queue_id)
        if line is None:
            line = state.lines[queue.queue_id] = Line(queue)
        before = line.policy
        line.use(queue)
        _apply_members(state, line, queue)
        line.look_anew()
        if before.strategy is not queue.strategy:
            _ask_anew(state, line)
        _tell_who_waits(state, line, before)
        agree_terms_anew(state, line)
    know_again(state)
    monitoring.rights_changed(state)
    _forget_agents(state, policy)
    for agent in state.agents.values():
        state.refresh(agent)
    for line in state.lines.values():
        state.dirty[line.queue_id] = state.leaving[line.queue_id] = None


def _remove_queue(state: State, queue_id: QueueId) -> None:
    line = state.lines[queue_id]
    for *_, call_id in list(line.waiting):
        call = state.calls[call_id]
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.QUEUE_REMOVED)
        follow(state, call, line.policy.failure)
    for agent in state.agents.values():
        membership = agent.memberships.get(queue_id)
        if membership is not None:
            _remove_member(state, agent, membership)
    del state.lines[queue_id]
    talks = line.pace.talks
    state.house.change(-talks.count, -talks.total_ms)
    state.dirty.pop(queue_id, None)
    state.leaving.pop(queue_id, None)
    state.overrides.pop(queue_id, None)


def _ask_anew(state: State, line: Line) -> None:
    """Lets waiting callers be offered by a new strategy; phones that ring, ring on."""
    for *_, call_id in line.waiting:
        call = state.calls[call_id]
        assert call.visit is not None
        call.visit.tried.clear()
        line.rest(call.visit)
        want_again(state, call)


def _tell_who_waits(state: State, line: Line, before: QueuePolicy) -> None:
    """Brings to who waits what has changed for them, counted from their entry (Q-02, C-01).

    No announcement is made up for.
    """
    now = line.policy
    calls_back = before.callback != now.callback
    limits = calls_back or before.wait_ms_max != now.wait_ms_max
    announces = before.announcements != now.announcements
    for *_, call_id in line.waiting if limits or announces else ():
        call = state.calls[call_id]
        if limits:
            limit_wait(state, call, line)
        if calls_back:
            offer_anew(state, call)
        if announces:
            plan(state, call, line)


def _apply_members(state: State, line: Line, queue: QueuePolicy) -> None:
    for agent in state.agents.values():
        membership = agent.memberships.get(queue.queue_id)
        if membership is not None and agent.agent_id not in line.members:
            _remove_member(state, agent, membership)
    for position, member in enumerate(queue.members):
        agent = state.agents.setdefault(member.agent_id, Agent(member.agent_id))
        membership = agent.memberships.get(queue.queue_id)
        if membership is None:
            _add_member(state, agent, queue.queue_id, member, position)
            continue
        membership.position = position
        membership.level = member.skill_level
        membership.share = member.share
        membership.kind = member.kind
        if member.kind is MemberKind.STATIC and membership.login_id is None:
            log_in(state, agent, membership, How.CONFIG, BY_CONFIG)


def _add_member(
    state: State, agent: Agent, queue_id: QueueId, member: Member, position: int
) -> None:
    membership = Membership(queue_id, member.kind, member.skill_level, position, share=member.share)
    agent.memberships[queue_id] = membership
    initial = state.policy.settings.initial_state
    if member.kind is MemberKind.STATIC:
        log_in(state, agent, membership, How.CONFIG, BY_CONFIG)
    elif initial is not InitialState.LOGGED_OUT:
        log_in(state, agent, membership, How.CONFIG, BY_CONFIG)
        if initial is InitialState.PAUSED:
            pause(state, agent, membership, None, How.CONFIG, BY_CONFIG)


def _remove_member(state: State, agent: Agent, membership: Membership) -> None:
    """Ends the membership's spells. A call that rings or talks goes on."""
    if membership.login_id is not None:
        log_out(state, agent, membership, How.CONFIG, BY_CONFIG, removed=True)
    if membership.wrapup_id is not None:
        end_wrapup(state, agent, membership, WrapupEnd.REMOVED)
    del agent.memberships[membership.queue_id]
    line = state.lines.get(membership.queue_id)
    if line is not None:
        for those in (line.available, line.there_to_join, line.there_to_stay):
            those.pop(agent.agent_id, None)


def _forget_agents(state: State, policy: Policy) -> None:
    """Drops agents who are configured no more, once nothing of theirs is left."""
    configured: dict[AgentId, None] = {each.agent_id: None for each in policy.agents}
    for agent in list(state.agents.values()):
        idle = not (
            agent.memberships
            or agent.legs
            or agent.own_calls
            or agent.backing_off
            or agent.reachable_at
            or agent.devices
            or (agent.presence is not Presence.AVAILABLE and agent.agent_id in state.extensions)
        )
        if agent.agent_id not in configured and idle:
            del state.agents[agent.agent_id]
