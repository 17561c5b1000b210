"""Feature codes and service actions: what agents ask for, and what they are told (A-01).

A code is dialled from the agent's own extension: `*7<queue>` toggles log-in, `*07<queue>` toggles
pause, `*07<queue>*<reason>` pauses with a reason. The answer is a tuple of media to speak.
"""

from __future__ import annotations

from engine.core.agent import Agent, Membership
from engine.core.call import Call
from engine.core.facts import ActionRefused, How, OfferOutcome, OfferReason, PauseEnd, WrapupEnd
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import AgentAction, AgentActionRequested
from engine.core.offers import end_offer, want_again
from engine.core.policy import MemberKind
from engine.core.refusals import Refusal
from engine.core.shifts import end_pause, end_wrapup, log_in, log_out, pause
from engine.core.state import State

Media = tuple[str, ...]

LOGGED_IN = "logged_in"
LOGGED_OUT = "logged_out"
PAUSED = "paused"
RESUMED = "resumed"

SPOKEN: dict[str, Media] = {
    LOGGED_IN: ("sound:agent-loginok",),
    LOGGED_OUT: ("sound:agent-loggedoff",),
    PAUSED: ("sound:dictate/paused",),
    RESUMED: ("sound:activated",),
    "unknown queue": ("sound:pbx-invalid",),
    "not a member": ("sound:agent-incorrect",),
    "static agents cannot log out": ("sound:agent-alreadyon",),
    "not logged in": ("sound:agent-incorrect",),
    "unknown reason": ("sound:pbx-invalid",),
}
"""What each answer sounds like, from Asterisk's core sounds; a key not here is spoken as refused."""

REFUSED: Media = ("sound:agent-incorrect",)


def dial_code(state: State, call: Call) -> Media | None:
    """Acts on a dialled feature code. Returns what to speak, or None if it was no code."""
    codes = state.policy.settings.feature_codes
    dialled = call.dialled
    actions = [
        (codes.login_toggle, AgentAction.TOGGLE_LOGIN),
        (codes.pause_toggle, AgentAction.TOGGLE_PAUSE),
    ]
    actions.sort(key=lambda each: -len(each[0]))
    for code, action in actions:
        if dialled.startswith(code):
            queue_id, star, reason_code = dialled[len(code) :].partition("*")
            if star and action is AgentAction.TOGGLE_LOGIN:
                return None
            return _act_and_speak(state, call, action, queue_id, reason_code if star else None)
    return None


def _act_and_speak(
    state: State, call: Call, action: AgentAction, queue_id: str, reason_code: str | None
) -> Media:
    by = call.endpoint
    try:
        reason = _reason_for(state, reason_code)
        done = _act(state, AgentId(call.endpoint), QueueId(queue_id), action, reason, How.CODE, by)
    except Refusal as refusal:
        why = str(refusal)
        state.note(ActionRefused, call.endpoint, queue_id, action.value, why, by)
        return SPOKEN.get(why, REFUSED)
    digits = (f"digits:{queue_id}",)
    return SPOKEN[done] + digits


def service_action(state: State, asked: AgentActionRequested) -> None:
    """Acts on a service's request; a refusal is a fact."""
    try:
        if asked.reason is not None:
            _check_reason_name(state, asked.reason)
        _act(
            state,
            asked.agent_id,
            asked.queue_id,
            asked.action,
            asked.reason,
            How.SERVICE,
            asked.by,
        )
    except Refusal as refusal:
        state.note(
            ActionRefused,
            asked.agent_id,
            asked.queue_id,
            asked.action.value,
            str(refusal),
            asked.by,
        )


def _reason_for(state: State, code: str | None) -> str | None:
    if code is None:
        return None
    for reason in state.policy.pause_reasons:
        if reason.code == code:
            return reason.name
    raise Refusal("unknown reason")


def _check_reason_name(state: State, name: str) -> None:
    if all(reason.name != name for reason in state.policy.pause_reasons):
        raise Refusal("unknown reason")


def _act(
    state: State,
    agent_id: AgentId,
    queue_id: QueueId,
    action: AgentAction,
    reason: str | None,
    how: How,
    by: str,
) -> str:
    """Changes one membership; returns what was done. Raises `Refusal` with nothing changed."""
    if queue_id not in state.lines:
        raise Refusal("unknown queue")
    membership = state.membership(agent_id, queue_id)
    if membership is None:
        raise Refusal("not a member")
    agent = state.agents[agent_id]
    match action:
        case AgentAction.TOGGLE_LOGIN:
            wanted = AgentAction.LOG_IN if membership.login_id is None else AgentAction.LOG_OUT
            return _act(state, agent_id, queue_id, wanted, reason, how, by)
        case AgentAction.TOGGLE_PAUSE:
            paused = membership.pause_id is not None
            resume = paused and reason in (None, membership.pause_reason)
            wanted = AgentAction.RESUME if resume else AgentAction.PAUSE
            return _act(state, agent_id, queue_id, wanted, reason, how, by)
        case AgentAction.LOG_IN:
            return _log_in(state, agent, membership, how, by)
        case AgentAction.LOG_OUT:
            return _log_out(state, agent, membership, how, by)
        case AgentAction.PAUSE:
            return _pause(state, agent, membership, reason, how, by)
        case AgentAction.RESUME:
            return _resume(state, agent, membership, how, by)


def _log_in(state: State, agent: Agent, membership: Membership, how: How, by: str) -> str:
    if membership.login_id is not None:
        raise Refusal("already logged in")
    log_in(state, agent, membership, how, by)
    return LOGGED_IN


def _log_out(state: State, agent: Agent, membership: Membership, how: How, by: str) -> str:
    if membership.kind is MemberKind.STATIC:
        raise Refusal("static agents cannot log out")
    if membership.login_id is None:
        raise Refusal("not logged in")
    log_out(state, agent, membership, how, by)
    _withdraw_offers(state, agent, membership.queue_id)
    return LOGGED_OUT


def _pause(
    state: State, agent: Agent, membership: Membership, reason: str | None, how: How, by: str
) -> str:
    if membership.login_id is None:
        raise Refusal("not logged in")
    if membership.pause_id is not None and membership.pause_reason == reason:
        raise Refusal("already paused")
    pause(state, agent, membership, reason, how, by)
    _withdraw_offers(state, agent, membership.queue_id)
    return PAUSED


def _resume(state: State, agent: Agent, membership: Membership, how: How, by: str) -> str:
    if membership.pause_id is None:
        raise Refusal("not paused")
    if membership.wrapup_id is not None:
        end_wrapup(state, agent, membership, WrapupEnd.ENDED_EARLY)
    end_pause(state, agent, membership, PauseEnd.RESUMED, how, by)
    return RESUMED


def _withdraw_offers(state: State, agent: Agent, queue_id: QueueId) -> None:
    """Stops the ringing of an agent who has just left; one who picked up keeps the call."""
    for leg_id in list(agent.legs):
        leg = state.legs[leg_id]
        if leg.queue_id != queue_id or not leg.rings:
            continue
        call = state.calls[leg.call_id]
        end_offer(state, leg, OfferOutcome.CANCELLED, OfferReason.AGENT_LEFT)
        want_again(state, call)
