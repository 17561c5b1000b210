"""Feature codes: what is dialled, by whom, and what it means.

Rows A-01, A-02, A-04, A-08, S-02, S-04, Q-03 (voicemail boxes) and Q-04 (queues closed by hand).

A code is a call like any other, dialled at an extension; the answer is spoken to it. What the
codes do is elsewhere: `agent_actions`, `presence`, `monitoring`, `recording`, `hours`.

Of several codes that could begin a number the longest wins, but one that leads to something that
exists goes before one that does not: with a queue 6400 (and none 400) `*76400` is `*7` and 6400,
not `*76` and 400.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from engine.core import speech
from engine.core.agents.rights import may
from engine.core.desk.agent_actions import Hand, act
from engine.core.desk.presence import SET_PRESENCE, set_presence
from engine.core.directions import Next, ToMailbox, ToMonitor
from engine.core.facts import ActionRefused, How
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import AgentAction
from engine.core.model.call import Call
from engine.core.model.leg import Leg, LegState
from engine.core.model.state import State
from engine.core.places import PlayThenHangUp
from engine.core.policy import FeatureCodes, MonitorMode, Presence, Right
from engine.core.refusals import (
    NO_BOX,
    NOT_ALLOWED,
    OWN_CALL,
    UNKNOWN_AGENT,
    UNKNOWN_REASON,
    Refusal,
)
from engine.core.routing import hours
from engine.core.speech import Phrase
from engine.core.speech.spoken import (
    PRESENCE_DIGITS,
    Done,
    Media,
    done_media,
    extended_media,
    presence_media,
    recording_media,
    refusal_media,
)
from engine.core.supervision import recording
from engine.core.waiting import HoursKind

RECORD_TOGGLE = "record_toggle"
RECORD_PAUSE_TOGGLE = "record_pause_toggle"
LISTEN = "voicemail"


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
    """Recording of an agent's talk; `action` is `RECORD_TOGGLE` or `RECORD_PAUSE_TOGGLE`."""

    agent_id: AgentId
    action: str


@dataclass(frozen=True, slots=True)
class _Hours:
    """A queue closed by hand, or going by its hours again."""

    queue_id: QueueId


@dataclass(frozen=True, slots=True)
class _Listen:
    """Listening to a voicemail box."""

    box: str


_Wish = _ChangeAgent | _SetPresence | _Monitor | _Record | _Hours | _Listen


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand what was dialled; `sound` if all that it names exists."""

    wish: _Wish
    sound: bool


_Reader = Callable[[State, AgentId, str], _Reading | None]
"""Reads what is dialled at an extension after a code; None if that cannot follow the code."""


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
        case _Hours():
            return PlayThenHangUp(_toggle_hours(state, wish.queue_id, call))
        case _Listen(box):
            return _listen(state, box, call.endpoint)


def _understand(state: State, own: AgentId, dialled: str) -> _Wish | None:
    readings = list(_readings(state, own, dialled))
    for reading in readings:
        if reading.sound:
            return reading.wish
    return readings[0].wish if readings else None


def _readings(state: State, own: AgentId, dialled: str) -> Iterator[_Reading]:
    """Yields all ways to understand what was dialled, the longest code first."""
    codes = state.policy.settings.feature_codes
    for code, read in sorted(_by_name(codes), key=lambda each: -len(each[0])):
        if not code or not dialled.startswith(code):
            continue
        reading = read(state, own, dialled[len(code) :])
        if reading is not None:
            yield reading


def _by_name(codes: FeatureCodes) -> tuple[tuple[str, _Reader], ...]:
    """Returns each code with who reads what is dialled after it."""
    return (
        (codes.login_toggle, partial(_read_queue, AgentAction.TOGGLE_LOGIN)),
        (codes.pause_toggle, partial(_read_queue, AgentAction.TOGGLE_PAUSE)),
        (codes.login_all, partial(_read_nothing, AgentAction.LOG_IN)),
        (codes.logout_all, partial(_read_nothing, AgentAction.LOG_OUT)),
        (codes.login_last, partial(_read_nothing, AgentAction.LOG_IN_LAST)),
        (codes.wrapup_extend, partial(_read_queue, AgentAction.EXTEND_WRAPUP)),
        (codes.presence, _read_presence),
        (codes.listen, partial(_read_monitored, MonitorMode.LISTEN)),
        (codes.whisper, partial(_read_monitored, MonitorMode.WHISPER)),
        (codes.barge, partial(_read_monitored, MonitorMode.BARGE)),
        (codes.record_toggle, partial(_read_recorded, RECORD_TOGGLE)),
        (codes.record_pause_toggle, partial(_read_recorded, RECORD_PAUSE_TOGGLE)),
        (codes.hours_toggle, _read_hours),
        (codes.voicemail, _read_box),
    )


def _read_nothing(action: AgentAction, _state: State, own: AgentId, rest: str) -> _Reading | None:
    return None if rest else _Reading(_ChangeAgent(action, own), sound=True)


def _read_presence(_state: State, _own: AgentId, rest: str) -> _Reading:
    presence = PRESENCE_DIGITS.get(rest)
    return _Reading(_SetPresence(presence), presence is not None)


def _read_monitored(mode: MonitorMode, state: State, _own: AgentId, rest: str) -> _Reading:
    return _Reading(_Monitor(AgentId(rest), mode), rest in state.extensions)


def _read_recorded(action: str, state: State, _own: AgentId, rest: str) -> _Reading:
    return _Reading(_Record(AgentId(rest), action), rest in state.extensions)


def _read_hours(state: State, _own: AgentId, rest: str) -> _Reading:
    return _Reading(_Hours(QueueId(rest)), rest in state.lines)


def _read_box(state: State, own: AgentId, rest: str) -> _Reading:
    box = rest or own
    return _Reading(_Listen(box), box in state.mailboxes)


def _read_queue(action: AgentAction, state: State, own: AgentId, rest: str) -> _Reading:
    """Reads queue, queue * reason, extension * queue, or extension * queue * reason.

    Reasons are for the pause code only, extensions for that and the log-in code (the lamp keys).
    """
    first, *others = rest.split("*")
    reasons = action is AgentAction.TOGGLE_PAUSE
    if reasons and len(others) == 1 and not _is_key(state, first, others[0]):
        wish = _ChangeAgent(action, own, QueueId(first), others[0])
        return _Reading(wish, first in state.lines and _is_reason(state, others[0]))
    longest = 2 if reasons else 1 if action is AgentAction.TOGGLE_LOGIN else 0
    if 1 <= len(others) <= longest:
        reason_code = others[1] if len(others) == 2 else None
        wish = _ChangeAgent(action, AgentId(first), QueueId(others[0]), reason_code)
        exists = first in state.extensions and others[0] in state.lines
        return _Reading(wish, exists and (reason_code is None or _is_reason(state, reason_code)))
    return _Reading(_ChangeAgent(action, own, QueueId(rest)), rest in state.lines)


def _is_key(state: State, first: str, second: str) -> bool:
    """Tells extension * queue from queue * reason."""
    return first not in state.lines and (first in state.extensions or second in state.lines)


def _is_reason(state: State, code: str) -> bool:
    return any(reason.code == code for reason in state.policy.pause_reasons)


def _change_agent(state: State, wish: _ChangeAgent, by: str) -> Media:
    other = None if wish.agent_id == by else wish.agent_id
    try:
        _check_exists(state, wish.agent_id)
        reason = _reason_for(state, wish.reason_code)
        hand = Hand(How.CODE, by)
        outcome = act(state, wish.agent_id, wish.queue_id, wish.action, reason, hand)
    except Refusal as refusal:
        queue_id = wish.queue_id or ""
        return _refuse(state, wish.agent_id, queue_id, wish.action.value, str(refusal), by)
    if outcome.done is Done.WRAPUP_EXTENDED:
        return extended_media(outcome.longer_ms, other, _language(state, by))
    return done_media(outcome.done, wish.queue_id, other)


def _set_presence(state: State, wish: _SetPresence, own: AgentId) -> Media:
    if wish.presence is None:
        return _refuse(state, own, "", SET_PRESENCE, "unknown presence", own)
    try:
        set_presence(state, own, wish.presence, Hand(How.CODE, own))
    except Refusal as refusal:
        return _refuse(state, own, "", SET_PRESENCE, str(refusal), own)
    return presence_media(wish.presence, _language(state, own))


def _toggle_hours(state: State, queue_id: QueueId, call: Call) -> Media:
    """Closes a queue by hand or takes that back (Q-04): its managers may, with the right to do so."""
    closed = queue_id not in state.overrides
    try:
        hours.override(state, queue_id, call.endpoint, closed=closed)
    except Refusal as refusal:
        action = hours.CLOSE_QUEUE if closed else hours.BY_HOURS
        return _refuse(state, "", queue_id, action, str(refusal), call.endpoint)
    if closed:
        said = Phrase.QUEUE_CLOSED
    elif hours.now_of(state, state.lines[queue_id]).kind is HoursKind.OPEN:
        said = Phrase.QUEUE_OPEN
    else:
        said = Phrase.QUEUE_BY_HOURS
    return speech.phrase(call.language, said, number=queue_id)


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
        pausing = wish.action == RECORD_PAUSE_TOGGLE
        done = (recording.toggle_pause if pausing else recording.toggle)(state, leg, by)
    except Refusal as refusal:
        return _refuse(state, wish.agent_id, queue_id, wish.action, str(refusal), by)
    return recording_media(done, wish.agent_id)


def _listen(state: State, box: str, by: str) -> Next:
    """Lets somebody listen to their own box, or to a group's of which they are a member."""
    members = state.mailboxes.get(box)
    if members is not None and by in members:
        return ToMailbox(box)
    why = NO_BOX if members is None else NOT_ALLOWED
    return PlayThenHangUp(_refuse(state, by, "", LISTEN, why, by))


def _queue_talk(state: State, agent_id: AgentId, by: str, right: Right) -> Leg:
    """Returns the queue talk of an agent for somebody who has this right in its queue.

    Who has it in no queue of the agent learns nothing about whether the agent talks. Of several
    talks (ring in use) it is the one that is not on hold, then the youngest.

    Raises:
        Refusal: there is none, or it is none of their business.
    """
    _check_exists(state, agent_id)
    agent = state.agents.get(agent_id)
    if agent_id == by:
        raise Refusal(OWN_CALL)
    if agent is None:
        raise Refusal(NOT_ALLOWED)
    talks = [
        leg
        for leg in (state.legs[leg_id] for leg_id in agent.legs)
        if leg.state is LegState.TALKING and leg.queue_id is not None
    ]
    allowed = [leg for leg in talks if may(state, by, leg.queue_id, right)]
    if allowed:
        return max(allowed, key=lambda leg: (leg.hold_id is None, leg.talk_ms or 0, leg.leg_id))
    if talks or not any(may(state, by, queue_id, right) for queue_id in agent.memberships):
        raise Refusal(NOT_ALLOWED)
    raise Refusal("not on a queue call")


def _language(state: State, own: str) -> str:
    extension = state.extensions.get(own)
    return "en" if extension is None else extension.language


def _check_exists(state: State, agent_id: AgentId) -> None:
    if agent_id not in state.extensions:
        raise Refusal(UNKNOWN_AGENT)


def _reason_for(state: State, code: str | None) -> str | None:
    if code is None:
        return None
    for reason in state.policy.pause_reasons:
        if reason.code == code:
            return reason.name
    raise Refusal(UNKNOWN_REASON)


def _refuse(state: State, agent_id: str, queue_id: str, action: str, why: str, by: str) -> Media:
    state.note(ActionRefused, agent_id=agent_id, queue_id=queue_id, action=action, why=why, by=by)
    return refusal_media(why)
