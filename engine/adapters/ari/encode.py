"""Commands to ARI requests: pure.

Facts about Asterisk 22 behind the choices (each tried, see docs/adr/0002-agent-leg.md):

* a leg is made by `channels/create` and dialled by `channels/{id}/dial`: so it is in our application
  from its first moment, and one that is answered while we are away is there when we are back.
  Dialled too early it answers 409: `dial` waits for the leg's StasisStart;
* requests over one websocket are carried out strictly one after another, and `addChannel` waits for
  a playback on the channel to end: it is stopped first.
"""

from __future__ import annotations

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

_UNPRINTABLE = re.compile(r'["\\<>\x00-\x1f\x7f]')


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
    """
    return _ENCODERS[type(command)](command)


def _channel(channel_id: str, rest: str = "") -> str:
    return f"channels/{quote(channel_id, safe='')}{rest}"


def _bridge(bridge_id: str, rest: str = "") -> str:
    return f"bridges/{quote(bridge_id, safe='')}{rest}"


def _answer(command: AnswerCall) -> tuple[AriRequest, ...]:
    return (AriRequest("POST", _channel(command.call_id, "/answer")),)


def _start_sound(command: StartWaitingSound) -> tuple[AriRequest, ...]:
    music = command.sound.music_class
    if music is None:
        return (AriRequest("POST", _channel(command.call_id, "/ring")),)
    return (AriRequest("POST", _channel(command.call_id, "/moh"), {"mohClass": music}),)


def _stop_sound(command: StopWaitingSound) -> tuple[AriRequest, ...]:
    what = "/ring" if command.sound.music_class is None else "/moh"
    uri = _channel(command.call_id, what)
    return (AriRequest("DELETE", uri, tolerated=(NOT_FOUND, CONFLICT)),)


def _ring(command: RingPhone) -> tuple[AriRequest, ...]:
    endpoint = (
        command.endpoint if command.number is None else f"{command.number}@{command.endpoint}"
    )
    # The caller shown on the phone is the leg's connected line, not its own caller id.
    name = _UNPRINTABLE.sub("", command.caller_name)
    number = _UNPRINTABLE.sub("", command.caller_number)
    variables = {"CONNECTEDLINE(all)": f'"{name}" <{number}>'} if name or number else {}
    if command.alert_info is not None:
        variables["PJSIP_HEADER(add,Alert-Info)"] = command.alert_info
    create = AriRequest(
        "POST",
        "channels/create",
        {"endpoint": f"PJSIP/{endpoint}", "app": APPLICATION, "channelId": command.leg_id},
        {"variables": variables},
    )
    return (create,)


def dial(command: RingPhone) -> AriRequest:
    """Returns the request that rings a leg which exists and has entered our application."""
    # Whole seconds, rounded up: the core's own deadline comes first.
    timeout_s = -(-command.timeout_ms // 1000)
    return AriRequest("POST", _channel(command.leg_id, "/dial"), {"timeout": str(timeout_s)})


def _hang_up_leg(command: HangUpLeg) -> tuple[AriRequest, ...]:
    reason = "answered_elsewhere" if command.answered_elsewhere else "normal"
    return (AriRequest("DELETE", _channel(command.leg_id), {"reason": reason}),)


def _connect(command: Connect) -> tuple[AriRequest, ...]:
    return (
        AriRequest("POST", _bridge(command.bridge_id), {"type": "mixing"}, tolerated=(CONFLICT,)),
        AriRequest(
            "POST",
            _bridge(command.bridge_id, "/addChannel"),
            {"channel": f"{command.call_id},{command.leg_id}"},
        ),
    )


def _destroy_bridge(command: DestroyBridge) -> tuple[AriRequest, ...]:
    return (AriRequest("DELETE", _bridge(command.bridge_id), tolerated=(NOT_FOUND,)),)


def _play(command: PlayPrompt) -> tuple[AriRequest, ...]:
    return (
        AriRequest(
            "POST",
            _channel(command.channel_id, f"/play/{quote(command.playback_id, safe='')}"),
            {"media": ",".join(command.media), "lang": command.language},
        ),
    )


def stop_playback(playback_id: str) -> AriRequest:
    """Returns the request that ends a playback, harmless where it is over."""
    uri = f"playbacks/{quote(playback_id, safe='')}"
    return AriRequest("DELETE", uri, tolerated=(NOT_FOUND,))


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
