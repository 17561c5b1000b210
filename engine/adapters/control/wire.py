"""Requests on the control socket, from JSON: pure, and strict with what it does not know.

    {"do": "calls"}                                  {"do": "agents"}
    {"do": "redirect", "call": "...", "to": {"queue": "6401"}, "by": "1007", "seen": 12}
    {"do": "change_agent", "agent": "1001", "action": "pause", "queue": "6400", "reason": "Lunch"}

Destinations: `{"queue": NUMBER}`, `{"extension": NUMBER}`, `{"external": NUMBER, "route": NAME}`,
`{"hang_up": CAUSE}`, `{"play": [MEDIA, ...]}`, `{"voicemail": BOX}`, `{"menu": NAME}`,
`{"call_flow": NAME}`, `{"ring_group": NAME}`. `by` is "system" if it is left out; without `seen` the
call or agent is taken as it is. `reason` is the name or the code of a pause reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from engine.core.ids import AgentId, CallId, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    AgentAction,
    CallAction,
    HangUpNow,
    Monitor,
    Park,
    PickUp,
    Record,
    RecordingAction,
    Redirect,
    Transfer,
)
from engine.core.places import (
    Destination,
    HangUp,
    PlayThenHangUp,
    ToCallFlow,
    ToExtension,
    ToExternal,
    ToMenu,
    ToQueue,
    ToRingGroup,
    ToVoicemail,
)
from engine.core.policy import MonitorMode, Presence

E = TypeVar("E", bound=StrEnum)

_MEDIUM: Final = re.compile(
    r"(sound|digits|number|characters|tone):[A-Za-z0-9*#][A-Za-z0-9*#_./-]{0,99}\Z"
)
"""Not `recording:`, which a caller would wait for in vain where there is none of that name."""


class BadRequest(Exception):
    """What was asked makes no sense; the text says where, and what would."""


@dataclass(frozen=True, slots=True)
class ShowCalls:
    """All calls."""


@dataclass(frozen=True, slots=True)
class ShowAgents:
    """All agents."""


@dataclass(frozen=True, slots=True)
class AskCall:
    """Something to be done with a call."""

    call_id: CallId
    action: CallAction
    by: str
    seen: int | None


@dataclass(frozen=True, slots=True)
class AskCallAgent:
    """A call to an agent."""

    agent_id: AgentId
    by: str


@dataclass(frozen=True, slots=True)
class AskAgent:
    """A change of an agent's state."""

    agent_id: AgentId
    action: AgentAction
    queue_id: QueueId | None
    reason: str | None
    by: str
    seen: int | None


@dataclass(frozen=True, slots=True)
class AskPresence:
    """A change of an extension's presence."""

    agent_id: AgentId
    presence: Presence
    by: str
    seen: int | None


Request = ShowCalls | ShowAgents | AskCall | AskCallAgent | AskAgent | AskPresence


class _Fields:
    """A JSON object whose keys must all be known and are taken one by one."""

    def __init__(self, value: dict[str, Any], where: str) -> None:
        self._left = dict(value)
        self._where = where

    def text(self, key: str, default: str | None = None) -> str:
        value = self._left.pop(key, default)
        if not isinstance(value, str) or not value:
            raise BadRequest(f"{self._where}: {key!r} must be a text that is not empty")
        return value

    def optional(self, key: str) -> str | None:
        return None if self._left.get(key) is None and self._drop(key) else self.text(key)

    def number(self, key: str) -> int | None:
        value = self._left.pop(key, None)
        if value is None:
            return None
        if type(value) is not int:
            raise BadRequest(f"{self._where}: {key!r} must be a whole number")
        return value

    def one_of(self, key: str, kind: type[E]) -> E:
        word = self.text(key)
        try:
            return kind(word)
        except ValueError:
            words = ", ".join(kind)
            raise BadRequest(f"{self._where}: {key!r} is {word!r}, not one of {words}") from None

    def raw(self, key: str) -> object:
        return self._left.pop(key, None)

    def end(self) -> None:
        if self._left:
            raise BadRequest(f"{self._where}: nobody knows {next(iter(self._left))!r}")

    def _drop(self, key: str) -> bool:
        self._left.pop(key, None)
        return True


def parse(line: bytes) -> Request:
    """Returns what a line asks for. Raises `BadRequest`."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise BadRequest("expected a JSON object on one line") from None
    if not isinstance(value, dict):
        raise BadRequest("expected a JSON object on one line")
    fields = _Fields(value, "request")
    verb = fields.text("do", "nothing")
    read = _VERBS.get(verb)
    if read is None:
        raise BadRequest(f"request: 'do' is {verb!r}, not one of {', '.join(_VERBS)}")
    request = read(fields)
    fields.end()
    return request


def _on_call(make: Callable[[_Fields], CallAction]) -> Callable[[_Fields], Request]:
    def read(fields: _Fields) -> Request:
        call_id = CallId(fields.text("call"))
        action = make(fields)
        return AskCall(call_id, action, fields.text("by", BY_SYSTEM), fields.number("seen"))

    return read


def _call_agent(fields: _Fields) -> Request:
    return AskCallAgent(AgentId(fields.text("agent")), fields.text("by", BY_SYSTEM))


def _change_agent(fields: _Fields) -> Request:
    queue = fields.optional("queue")
    return AskAgent(
        AgentId(fields.text("agent")),
        fields.one_of("action", AgentAction),
        None if queue is None else QueueId(queue),
        fields.optional("reason"),
        fields.text("by", BY_SYSTEM),
        fields.number("seen"),
    )


def _set_presence(fields: _Fields) -> Request:
    return AskPresence(
        AgentId(fields.text("agent")),
        fields.one_of("presence", Presence),
        fields.text("by", BY_SYSTEM),
        fields.number("seen"),
    )


_VERBS: Final[dict[str, Callable[[_Fields], Request]]] = {
    "calls": lambda _fields: ShowCalls(),
    "agents": lambda _fields: ShowAgents(),
    "pick_up": _on_call(lambda _fields: PickUp()),
    "redirect": _on_call(lambda fields: Redirect(_destination(fields.raw("to")))),
    "transfer": _on_call(lambda fields: Transfer(_destination(fields.raw("to")))),
    "park": _on_call(lambda _fields: Park()),
    "hang_up": _on_call(lambda _fields: HangUpNow()),
    "monitor": _on_call(lambda fields: Monitor(fields.one_of("mode", MonitorMode))),
    "record": _on_call(lambda fields: Record(fields.one_of("action", RecordingAction))),
    "call_agent": _call_agent,
    "change_agent": _change_agent,
    "presence": _set_presence,
}


def _destination(value: object) -> Destination:
    if not isinstance(value, dict):
        raise BadRequest('request: \'to\' must be an object such as {"queue": "6401"}')
    fields = _Fields(value, "to")
    destination: Destination
    named = next((each for each in _NAMED if each in value), None)
    if named is not None:
        destination = _NAMED[named](fields.text(named))
    elif "external" in value:
        destination = ToExternal(fields.text("external"), fields.text("route"))
    elif "hang_up" in value:
        cause = fields.number("hang_up")
        if cause is None or not 1 <= cause <= 127:
            raise BadRequest("to: 'hang_up' must be a Q.850 cause from 1 to 127, such as 16")
        destination = HangUp(cause)
    elif "play" in value:
        destination = PlayThenHangUp(_media(fields.raw("play")))
    else:
        raise BadRequest(f"to: expected one of {', '.join(_NAMED)}, external, hang_up, play")
    fields.end()
    return destination


_NAMED: Final[dict[str, Callable[[str], Destination]]] = {
    "queue": lambda number: ToQueue(QueueId(number)),
    "extension": ToExtension,
    "voicemail": ToVoicemail,
    "menu": ToMenu,
    "call_flow": ToCallFlow,
    "ring_group": ToRingGroup,
}
"""Destinations of one word."""


def _media(value: object) -> tuple[str, ...]:
    media = value if isinstance(value, list) else []
    if not media or not all(isinstance(each, str) and _MEDIUM.match(each) for each in media):
        raise BadRequest(
            "to: 'play' must be a list of media such as [\"sound:goodbye\"]: "
            "sound:, digits:, number:, characters: or tone:, and letters, digits and -_/.*# after it"
        )
    return tuple(media)
