"""Feature codes: what is dialled, by whom, and what it means (A-01, A-02, A-04, A-08, S-02, S-04).

A code is a call like any other, dialled at an extension; the answer is spoken to it. What the
codes do is elsewhere: `agent_actions`, `presence`, `monitoring`, `recording`.

Of several codes that could begin a number the longest wins, but one that leads to something that
exists goes before one that does not: with a queue 6400 (and none 400) `*76400` is `*7` and 6400,
not `*76` and 400.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.core import recording
from engine.core.agent_actions import Hand, act
from engine.core.call import Call, Next, ToMonitor
from engine.core.facts import ActionRefused, How
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import AgentAction
from engine.core.leg import Leg, LegState
from engine.core.policy import FeatureCodes, MonitorMode, PlayThenHangUp, Presence, Right
from engine.core.presence import SET_PRESENCE, set_presence
from engine.core.refusal import Refusal
from engine.core.rights import may
from engine.core.spoken import (
    PRESENCE_DIGITS,
    Done,
    Media,
    done_media,
    extended_media,
    presence_media,
    recording_media,
    refusal_media,
)
from engine.core.state import State

RECORD_TOGGLE = "record_toggle"
RECORD_PAUSE_TOGGLE = "record_pause_toggle"


@dataclass(frozen=True, slots=True)
class _ChangeAgent:
    """A change of an agent's state. `reason_code` is what was dialled for a reason, if anything."""

    action: AgentAction
    agent_id: AgentId
    queue_id: QueueId | None = None
    reason_code: str | None = None


@dataclass(frozen=True, slots=True)
class _SetPresence:
    """A change of the own presence; None for a digit that means none."""

    presence: Presence | None


@dataclass(frozen=True, slots=True)
class _Monitor:
    """Monitoring of an agent."""

    agent_id: AgentId
    mode: MonitorMode


@dataclass(frozen=True, slots=True)
class _Record:
    """Recording of an agent's talk: start or stop, or `pausing`."""

    agent_id: AgentId
    pausing: bool


_Wish = _ChangeAgent | _SetPresence | _Monitor | _Record


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand what was dialled; `sound` if all that it names exists."""

    wish: _Wish
    sound: bool


def dial_code(state: State, call: Call) -> Next | None:
    """Acts on a dialled feature code. Returns how the call goes on, or None if it was no code."""
    wish = _understand(state, AgentId(call.endpoint), call.dialled)
    if wish is None:
        return None
    match wish:
        case _ChangeAgent():
            return PlayThenHangUp(_change_agent(state, wish, call.endpoint))
        case _SetPresence():
            return PlayThenHangUp(_set_presence(state, wish, AgentId(call.endpoint)))
        case _Monitor():
            return _monitor(state, wish, call.endpoint)
        case _Record():
            return PlayThenHangUp(_record(state, wish, call.endpoint))


def _understand(state: State, own: AgentId, dialled: str) -> _Wish | None:
    readings = list(_readings(state, own, dialled))
    for reading in readings:
        if reading.sound:
            return reading.wish
    return readings[0].wish if readings else None


def _readings(state: State, own: AgentId, dialled: str) -> Iterator[_Reading]:
    """Yields all ways to understand what was dialled, the longest code first."""
    codes = state.policy.settings.feature_codes
    for code, name in sorted(_by_name(codes), key=lambda each: -len(each[0])):
        if not code or not dialled.startswith(code):
            continue
        rest = dialled[len(code) :]
        reading = _read(state, own, name, rest)
        if reading is not None:
            yield reading


def _by_name(codes: FeatureCodes) -> tuple[tuple[str, AgentAction | MonitorMode | str], ...]:
    return (
        (codes.login_toggle, AgentAction.TOGGLE_LOGIN),
        (codes.pause_toggle, AgentAction.TOGGLE_PAUSE),
        (codes.login_all, AgentAction.LOG_IN),
        (codes.logout_all, AgentAction.LOG_OUT),
        (codes.login_last, AgentAction.LOG_IN_LAST),
        (codes.wrapup_extend, AgentAction.EXTEND_WRAPUP),
        (codes.presence, SET_PRESENCE),
        (codes.listen, MonitorMode.LISTEN),
        (codes.whisper, MonitorMode.WHISPER),
        (codes.barge, MonitorMode.BARGE),
        (codes.record_toggle, RECORD_TOGGLE),
        (codes.record_pause_toggle, RECORD_PAUSE_TOGGLE),
    )


def _read(
    state: State, own: AgentId, what: AgentAction | MonitorMode | str, rest: str
) -> _Reading | None:
    match what:
        case AgentAction.LOG_IN | AgentAction.LOG_OUT | AgentAction.LOG_IN_LAST:
            return None if rest else _Reading(_ChangeAgent(what, own), sound=True)
        case AgentAction():
            return _read_queue(state, own, what, rest)
        case MonitorMode():
            return _Reading(_Monitor(AgentId(rest), what), rest in state.extensions)
        case str() if what == SET_PRESENCE:
            presence = PRESENCE_DIGITS.get(rest)
            return _Reading(_SetPresence(presence), presence is not None)
        case _:
            wish = _Record(AgentId(rest), what == RECORD_PAUSE_TOGGLE)
            return _Reading(wish, rest in state.extensions)


def _read_queue(state: State, own: AgentId, action: AgentAction, rest: str) -> _Reading:
    """Reads queue, queue * reason, extension * queue, or extension * queue * reason.

    Reasons are for the pause code only, extensions for that and the log-in code (the lamp keys).
    """
    first, *others = rest.split("*")
    reasons = action is AgentAction.TOGGLE_PAUSE
    keys = reasons or action is AgentAction.TOGGLE_LOGIN
    if not others:
        return _Reading(_ChangeAgent(action, own, QueueId(first)), first in state.lines)
    if reasons and len(others) == 1 and first not in state.extensions:
        wish = _ChangeAgent(action, own, QueueId(first), others[0])
        return _Reading(wish, first in state.lines)
    if keys and len(others) <= 1 + reasons:
        reason_code = others[1] if len(others) == 2 else None
        wish = _ChangeAgent(action, AgentId(first), QueueId(others[0]), reason_code)
        return _Reading(wish, first in state.extensions and others[0] in state.lines)
    return _Reading(_ChangeAgent(action, own, QueueId(rest)), sound=False)


def _change_agent(state: State, wish: _ChangeAgent, by: str) -> Media:
    other = None if wish.agent_id == by else wish.agent_id
    try:
        if other is not None and other not in state.extensions:
            raise Refusal("unknown agent")
        reason = _reason_for(state, wish.reason_code)
        hand = Hand(How.CODE, by)
        outcome = act(state, wish.agent_id, wish.queue_id, wish.action, reason, hand)
    except Refusal as refusal:
        queue_id = wish.queue_id or ""
        return _refuse(state, wish.agent_id, queue_id, wish.action.value, str(refusal), by)
    if outcome.done is Done.WRAPUP_EXTENDED:
        return extended_media(outcome.longer_ms, other)
    return done_media(outcome.done, wish.queue_id, other)


def _set_presence(state: State, wish: _SetPresence, own: AgentId) -> Media:
    if wish.presence is None:
        return _refuse(state, own, "", SET_PRESENCE, "unknown presence", own)
    try:
        set_presence(state, own, wish.presence, Hand(How.CODE, own))
    except Refusal as refusal:
        return _refuse(state, own, "", SET_PRESENCE, str(refusal), own)
    return presence_media(wish.presence)


def _monitor(state: State, wish: _Monitor, by: str) -> Next:
    try:
        leg = _queue_talk(state, wish.agent_id, by, Right.MONITOR)
    except Refusal as refusal:
        media = _refuse(state, wish.agent_id, "", wish.mode.value, str(refusal), by)
        return PlayThenHangUp(media)
    return ToMonitor(leg.call_id, wish.mode)


def _record(state: State, wish: _Record, by: str) -> Media:
    queue_id = QueueId("")
    try:
        leg = _queue_talk(state, wish.agent_id, by, Right.RECORD)
        queue_id = leg.queue_id or queue_id
        toggle = recording.toggle_pause if wish.pausing else recording.toggle
        return recording_media(toggle(state, leg, by), wish.agent_id)
    except Refusal as refusal:
        action = RECORD_PAUSE_TOGGLE if wish.pausing else RECORD_TOGGLE
        return _refuse(state, wish.agent_id, queue_id, action, str(refusal), by)


def _queue_talk(state: State, agent_id: AgentId, by: str, right: Right) -> Leg:
    """Returns the queue talk of an agent for somebody who has this right in its queue.

    Who has it in no queue of the agent learns nothing about whether the agent talks; an agent's own
    talk is no business for a supervisor's code. Of several talks (ring in use) it is the one that is
    not on hold, then the youngest.

    Raises:
        Refusal: there is none, or it is none of their business.
    """
    if agent_id not in state.extensions:
        raise Refusal("unknown agent")
    agent = state.agents.get(agent_id)
    if agent is None or agent_id == by:
        raise Refusal("not allowed")
    talks = [
        leg
        for leg in (state.legs[leg_id] for leg_id in agent.legs)
        if leg.state is LegState.TALKING and leg.queue_id is not None
    ]
    allowed = [leg for leg in talks if may(state, by, leg.queue_id, right)]
    if allowed:
        return max(allowed, key=lambda leg: (leg.hold_id is None, leg.talk_ms or 0, leg.leg_id))
    if talks or not any(may(state, by, queue_id, right) for queue_id in agent.memberships):
        raise Refusal("not allowed")
    raise Refusal("not on a queue call")


def _reason_for(state: State, code: str | None) -> str | None:
    if code is None:
        return None
    for reason in state.policy.pause_reasons:
        if reason.code == code:
            return reason.name
    raise Refusal("unknown reason")


def _refuse(state: State, agent_id: str, queue_id: str, action: str, why: str, by: str) -> Media:
    state.note(ActionRefused, agent_id, queue_id, action, why, by)
    return refusal_media(why)
