"""Commands to ARI requests, and requests to the frames that carry them: pure.

Facts about Asterisk 22 behind the choices (each tried; figures in docs/adr/0002-agent-leg.md):

* a leg is made by `channels/create` and rung by `channels/{id}/dial`: so it is in our application
  from its first moment, and one that is answered while we are away is there when we are back.
  Dialled before it has entered the application it answers 409: `dial` waits for its StasisStart;
* `originator` lets the leg offer the caller's codec first: no transcoding, and bridging in RTP;
* requests over one websocket are carried out strictly one after another, and `addChannel` and
  `answer` wait for a playback on the channel to end: `stop_playback` goes first;
* media of an unknown kind are accepted, play nothing and never end: they are refused here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from engine.core.commands import (
    AnswerCall,
    Command,
    Connect,
    DestroyBridge,
    HangUpCall,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
    StartWaitingSound,
    StopWaitingSound,
)

APPLICATION: Final = "usher"
"""The Stasis application; the dialplan hands calls to it by this name."""

NOT_FOUND: Final = 404
CONFLICT: Final = 409

SHOWN_MAX: Final = 80
"""Characters of a caller's name or number that are shown on a phone: an INVITE must stay small."""

BRIDGE_TYPE: Final = "mixing"
"""Alone it lets two channels of one codec be bridged in RTP, the cheapest way. `dtmf_events` or
`proxy_media` added would rule that out (measured: ADR 0002)."""

_MEDIA_SCHEMES: Final = frozenset(
    ("sound", "recording", "number", "digits", "characters", "tone"),
)
_UNSHOWABLE = re.compile(r'["\\<>\x00-\x1f\x7f]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENDPOINT = re.compile(r"[^\s/@&,;\x00-\x1f\x7f]+\Z")
_NUMBER = re.compile(r"[0-9A-Za-z*#+._-]{1,80}\Z")


class Unspeakable(Exception):
    """A command that cannot be said in ARI; the text says why. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class AriRequest:
    """One REST request. `tolerated` are statuses that are as good as success for it."""

    method: str
    uri: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    tolerated: tuple[int, ...] = ()


def encode(command: Command) -> tuple[AriRequest, ...]:
    """Returns the requests that carry out a command, in order.

    For `RingPhone` the first half: `dial` follows once the leg is in our application.

    Raises:
        Unspeakable: there is no request that means this.
    """
    return _ENCODERS[type(command)](command)


def frame(request_id: str, request: AriRequest) -> str:
    """Returns the websocket text that carries a request."""
    message: dict[str, Any] = {
        "type": "RESTRequest",
        "transaction_id": request_id,
        "request_id": request_id,
        "method": request.method,
        "uri": request.uri,
    }
    if request.query:
        message["query_strings"] = [
            {"name": name, "value": value} for name, value in request.query.items()
        ]
    if request.body is not None:
        message["content_type"] = "application/json"
        message["message_body"] = json.dumps(request.body)
    return json.dumps(message)


def dial(command: RingPhone) -> AriRequest:
    """Returns the request that rings a leg which exists and has entered our application."""
    # Whole seconds, rounded up, and never 0, which would be no limit: the core's deadline is first.
    timeout_s = max(1, -(-command.timeout_ms // 1000))
    return AriRequest("POST", _channel(command.leg_id, "/dial"), {"timeout": str(timeout_s)})


def stop_playback(playback_id: str) -> AriRequest:
    """Returns the request that ends a playback, harmless where it is over."""
    return AriRequest("DELETE", f"playbacks/{_quoted(playback_id)}", tolerated=(NOT_FOUND,))


def filter_events(names: tuple[str, ...]) -> AriRequest:
    """Returns the request that lets only these events through; its answer is the application.

    Answers are messages like events: a filter without `RESTResponse` would leave us deaf.
    """
    allowed = {"allowed": [{"type": name} for name in (*names, "RESTResponse")]}
    return AriRequest("PUT", f"applications/{APPLICATION}/eventFilter", body=allowed)


def list_channels() -> AriRequest:
    """Returns the request for all channels of the node."""
    return AriRequest("GET", "channels")


def list_bridges() -> AriRequest:
    """Returns the request for all bridges of the node."""
    return AriRequest("GET", "bridges")


def read_status() -> AriRequest:
    """Returns the request for, among others, when Asterisk was started."""
    return AriRequest("GET", "asterisk/info", {"only": "status"})


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _channel(channel_id: str, rest: str = "") -> str:
    return f"channels/{_quoted(channel_id)}{rest}"


def _bridge(bridge_id: str, rest: str = "") -> str:
    return f"bridges/{_quoted(bridge_id)}{rest}"


def _answer(command: AnswerCall) -> tuple[AriRequest, ...]:
    return (AriRequest("POST", _channel(command.call_id, "/answer")),)


def _start_sound(command: StartWaitingSound) -> tuple[AriRequest, ...]:
    music = command.sound.music_class
    if music is None:  # Before the answer SIP 180, afterwards the ringing tone as sound.
        return (AriRequest("POST", _channel(command.call_id, "/ring")),)
    return (AriRequest("POST", _channel(command.call_id, "/moh"), {"mohClass": music}),)


def _stop_sound(command: StopWaitingSound) -> tuple[AriRequest, ...]:
    what = "/ring" if command.sound.music_class is None else "/moh"
    uri = _channel(command.call_id, what)
    return (AriRequest("DELETE", uri, tolerated=(NOT_FOUND, CONFLICT)),)


def _ring(command: RingPhone) -> tuple[AriRequest, ...]:
    # The caller shown on the phone is the leg's connected line, not its own caller id.
    name = _UNSHOWABLE.sub("", command.caller_name)[:SHOWN_MAX]
    number = _UNSHOWABLE.sub("", command.caller_number)[:SHOWN_MAX]
    variables = {"CONNECTEDLINE(all,i)": f'"{name}" <{number}>'} if name or number else {}
    if command.alert_info is not None:
        variables["PJSIP_HEADER(add,Alert-Info)"] = _CONTROL.sub("", command.alert_info)
    query = {
        "endpoint": f"PJSIP/{_destination(command)}",
        "app": APPLICATION,
        "channelId": command.leg_id,
        "originator": command.call_id,
    }
    body = {"variables": variables} if variables else None
    # A leg that exists already was made by this very command, said before.
    return (AriRequest("POST", "channels/create", query, body, tolerated=(CONFLICT,)),)


def _destination(command: RingPhone) -> str:
    """Returns endpoint or number@endpoint; other signs would mean another endpoint or several."""
    if not _ENDPOINT.match(command.endpoint):
        raise Unspeakable("this is not an endpoint's name")
    if command.number is None:
        return command.endpoint
    if not _NUMBER.match(command.number):
        raise Unspeakable("this is not a number that can be dialled")
    return f"{command.number}@{command.endpoint}"


def _hang_up_leg(command: HangUpLeg) -> tuple[AriRequest, ...]:
    reason = "answered_elsewhere" if command.answered_elsewhere else "normal"
    return (AriRequest("DELETE", _channel(command.leg_id), {"reason": reason}),)


def _connect(command: Connect) -> tuple[AriRequest, ...]:
    bridge_id = command.bridge_id
    both = f"{command.call_id},{command.leg_id}"
    return (
        AriRequest("POST", _bridge(bridge_id), {"type": BRIDGE_TYPE}, tolerated=(CONFLICT,)),
        AriRequest("POST", _bridge(bridge_id, "/addChannel"), {"channel": both}),
    )


def _destroy_bridge(command: DestroyBridge) -> tuple[AriRequest, ...]:
    return (AriRequest("DELETE", _bridge(command.bridge_id), tolerated=(NOT_FOUND,)),)


def _play(command: PlayPrompt) -> tuple[AriRequest, ...]:
    for medium in command.media:
        if "," in medium or medium.partition(":")[0] not in _MEDIA_SCHEMES:
            raise Unspeakable(f"this cannot be played: {medium!r}")
    if not command.media:
        raise Unspeakable("a prompt without media")
    uri = _channel(command.channel_id, f"/play/{_quoted(command.playback_id)}")
    query = {"media": ",".join(command.media), "lang": command.language}
    return (AriRequest("POST", uri, query),)


def _hang_up_call(command: HangUpCall) -> tuple[AriRequest, ...]:
    return (AriRequest("DELETE", _channel(command.call_id), {"reason_code": str(command.cause)}),)


_ENCODERS: dict[type, Callable[[Any], tuple[AriRequest, ...]]] = {
    AnswerCall: _answer,
    StartWaitingSound: _start_sound,
    StopWaitingSound: _stop_sound,
    RingPhone: _ring,
    HangUpLeg: _hang_up_leg,
    Connect: _connect,
    DestroyBridge: _destroy_bridge,
    PlayPrompt: _play,
    HangUpCall: _hang_up_call,
}
