"""Commands to ARI requests: pure.

Facts about Asterisk 22 behind the choices (each tried; figures in docs/adr/0002-agent-leg.md):

* a leg is made by `channels/create` and rung by `channels/{id}/dial`: so it is in our application
  from its first moment, and one that is answered while we are away is there when we are back.
  Dialled before it has entered the application it answers 409: `dial` waits for its StasisStart;
* `originator` lets the leg offer the caller's codec first: no transcoding, and bridging in RTP;
* requests over one websocket are carried out strictly one after another, and `addChannel` and
  `answer` wait for a playback on the channel to end: `stop_playback` goes first;
* media of an unknown kind are accepted, play nothing and never end: they are refused here;
* with `PJSIP_TRANSFER_HANDLING()` a phone's REFER is told to us, and Asterisk does nothing about it
  by itself (a function, hence the parentheses; on calls from phones the dialplan sets it).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from engine.adapters.ari import ears
from engine.adapters.ari.flows import fetch_call, send_to_dialplan
from engine.adapters.ari.requests import (
    APPLICATION,
    BAD_REQUEST,
    CONFLICT,
    NOT_FOUND,
    PRECONDITION_FAILED,
    UNPROCESSABLE,
    AriRequest,
    Unspeakable,
    bridge_uri,
    channel_uri,
    quoted,
)
from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Command,
    Connect,
    DestroyBridge,
    FetchCall,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    PlayToTalk,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    StopPrompt,
    StopWaitingSound,
    TransferState,
)

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


def encode(command: Command) -> tuple[AriRequest, ...]:
    """Returns the requests that carry out a command, in order.

    For a `Making` the first half: `once_entered` follows.

    Raises:
        Unspeakable: there is no request that means this.
    """
    return _ENCODERS[type(command)](command)


Making = RingPhone | StartMonitor | StartRecording
"""Commands that make channels, with which more is to be done once they are in our application."""


def channels_made(command: Making) -> tuple[str, ...]:
    """Returns the channels that a command makes."""
    match command:
        case RingPhone(leg_id=leg_id):
            return (leg_id,)
        case StartMonitor(monitor_id=monitor_id):
            return (monitor_id,)
        case StartRecording():
            return ears.ears_of(command)


def once_entered(command: Making, *, again: bool = False) -> tuple[AriRequest, ...]:
    """Returns the second half of a command, when all its channels have entered our application.

    `again`: it may have been said before.
    """
    match command:
        case RingPhone():
            return (dial(command),)
        case StartMonitor():
            return ears.let_hear(command)
        case StartRecording():
            return ears.record(command, again=again)


def undo(command: Making) -> tuple[AriRequest, ...]:
    """Returns what removes the ears of a command that failed half-way."""
    if isinstance(command, RingPhone):
        return ()
    return tuple(ears.remove_ear(ear_id) for ear_id in channels_made(command))


def silent_first(command: Command) -> tuple[str, ...]:
    """Returns the channels whose playbacks a command would wait for (and all behind it with it)."""
    match command:
        case (
            AnswerCall(call_id=call_id)
            | StartMonitor(call_id=call_id)
            | SendToDialplan(call_id=call_id)
        ):
            return (call_id,)
        case Connect(call_id=call_id, leg_id=leg_id):
            return (call_id, leg_id)
        case JoinTalk(channel_id=channel_id) | LeaveTalk(channel_id=channel_id):
            return (channel_id,)
        case _:
            return ()


def dial(command: RingPhone) -> AriRequest:
    """Returns the request that rings a leg which exists and has entered our application."""
    # Whole seconds, rounded up, and never 0, which would be no limit: the core's deadline is first.
    timeout_s = max(1, -(-command.timeout_ms // 1000))
    return AriRequest("POST", channel_uri(command.leg_id, "/dial"), {"timeout": str(timeout_s)})


def stop_playback(playback_id: str) -> AriRequest:
    """Returns the request that ends a playback, harmless where it is over."""
    return AriRequest("DELETE", f"playbacks/{quoted(playback_id)}", tolerated=(NOT_FOUND,))


def set_music(channel_id: str, music_class: str) -> AriRequest:
    """Returns the request for what a channel hears on hold; "": as who holds it has it.

    Asterisk takes the class of the channel before any other, that of a `moh` request too.
    """
    query = {"variable": "CHANNEL(musicclass)", "value": music_class}
    gone = (BAD_REQUEST, NOT_FOUND, CONFLICT)
    return AriRequest("POST", channel_uri(channel_id, "/variable"), query, tolerated=gone)


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


def read_info() -> AriRequest:
    """Returns the request for when Asterisk was started, and which version it is."""
    return AriRequest("GET", "asterisk/info", {"only": "status,system"})


def _answer(command: AnswerCall) -> tuple[AriRequest, ...]:
    return (AriRequest("POST", channel_uri(command.call_id, "/answer")),)


def _start_sound(command: StartWaitingSound) -> tuple[AriRequest, ...]:
    music = command.sound.music_class
    if music is None:  # Before the answer SIP 180, afterwards the ringing tone as sound.
        return (AriRequest("POST", channel_uri(command.call_id, "/ring")),)
    return (AriRequest("POST", channel_uri(command.call_id, "/moh"), {"mohClass": music}),)


def _stop_sound(command: StopWaitingSound) -> tuple[AriRequest, ...]:
    what = "/ring" if command.sound.music_class is None else "/moh"
    uri = channel_uri(command.call_id, what)
    # 404 and 409: the caller is gone, or just going. 412: a phone that was not picked up hears nothing.
    return (AriRequest("DELETE", uri, tolerated=(NOT_FOUND, CONFLICT, PRECONDITION_FAILED)),)


def _ring(command: RingPhone) -> tuple[AriRequest, ...]:
    # The caller shown on the phone is the leg's connected line, not its own caller id.
    name = _UNSHOWABLE.sub("", command.caller_name)[:SHOWN_MAX]
    number = _UNSHOWABLE.sub("", command.caller_number)[:SHOWN_MAX]
    variables = {"PJSIP_TRANSFER_HANDLING()": "ari-only"}
    if name or number:
        variables["CONNECTEDLINE(all,i)"] = f'"{name}" <{number}>'
    if command.alert_info is not None:
        variables["PJSIP_HEADER(add,Alert-Info)"] = _CONTROL.sub("", command.alert_info)
    query = {
        "endpoint": f"PJSIP/{_destination(command)}",
        "app": APPLICATION,
        "channelId": command.leg_id,
    }
    if command.call_id is not None:
        query["originator"] = command.call_id
    # A leg that exists already was made by this very command, said before.
    body = {"variables": variables}
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
    return (AriRequest("DELETE", channel_uri(command.leg_id), {"reason": reason}),)


def _connect(command: Connect) -> tuple[AriRequest, ...]:
    bridge_id = command.bridge_id
    both = f"{command.call_id},{command.leg_id}"
    music = command.hold_music
    return (
        # Before, as a phone may hold in the moment of the connection; it takes a tenth of a ms each.
        *(
            ()
            if music is None
            else (set_music(each, music) for each in (command.call_id, command.leg_id))
        ),
        AriRequest("POST", bridge_uri(bridge_id), {"type": BRIDGE_TYPE}, tolerated=(CONFLICT,)),
        AriRequest("POST", bridge_uri(bridge_id, "/addChannel"), {"channel": both}),
    )


def _destroy_bridge(command: DestroyBridge) -> tuple[AriRequest, ...]:
    # Asterisk answers a removal when the channel is out of the bridge, the bridge's end before that; a
    # prompt for a channel that is just leaving waits in the bridge that is gone, without an end.
    uri, gone = bridge_uri(command.bridge_id), (BAD_REQUEST, NOT_FOUND, CONFLICT, UNPROCESSABLE)
    out = bridge_uri(command.bridge_id, "/removeChannel")
    return (
        *(
            AriRequest("POST", out, {"channel": channel_id}, tolerated=gone)
            for channel_id in command.take_out
        ),
        # Asterisk says 409 of a bridge that is being destroyed, and 404 afterwards.
        AriRequest("DELETE", uri, tolerated=(NOT_FOUND, CONFLICT)),
    )


def _play(command: PlayPrompt) -> tuple[AriRequest, ...]:
    uri = channel_uri(command.channel_id, f"/play/{quoted(command.playback_id)}")
    return (AriRequest("POST", uri, _media(command)),)


def _play_to_talk(command: PlayToTalk) -> tuple[AriRequest, ...]:
    uri = bridge_uri(command.bridge_id, f"/play/{quoted(command.playback_id)}")
    return (AriRequest("POST", uri, _media(command)),)


def _media(command: PlayPrompt | PlayToTalk) -> dict[str, str]:
    for medium in command.media:
        if "," in medium or medium.partition(":")[0] not in _MEDIA_SCHEMES:
            raise Unspeakable(f"this cannot be played: {medium!r}")
    if not command.media:
        raise Unspeakable("a prompt without media")
    return {"media": ",".join(command.media), "lang": command.language}


def _stop_prompt(command: StopPrompt) -> tuple[AriRequest, ...]:
    return (stop_playback(command.playback_id),)


def _hang_up_call(command: HangUpCall) -> tuple[AriRequest, ...]:
    return (
        AriRequest("DELETE", channel_uri(command.call_id), {"reason_code": str(command.cause)}),
    )


def _answer_transfer(command: AnswerTransfer) -> tuple[AriRequest, ...]:
    states = {
        TransferState.DONE: "channel_answered",
        TransferState.REFUSED: "channel_declined",
    }
    uri = channel_uri(command.channel_id, "/transfer_progress")
    # A phone may hang up as soon as it has asked.
    gone = (NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
    return (AriRequest("POST", uri, {"states": states[command.state]}, tolerated=gone),)


def _join_talk(command: JoinTalk) -> tuple[AriRequest, ...]:
    query = {
        "channel": command.channel_id,
        "absorbDTMF": "true",  # Others do not hear the keys; we are told of them all the same.
        "inhibitConnectedLineUpdates": "true",
    }
    joined = AriRequest("POST", bridge_uri(command.bridge_id, "/addChannel"), query)
    return (*_hold_music("DELETE", command.held_id), joined)


def _leave_talk(command: LeaveTalk) -> tuple[AriRequest, ...]:
    uri = bridge_uri(command.bridge_id, "/removeChannel")
    # No such channel, no such bridge, or not in it.
    fine = (BAD_REQUEST, NOT_FOUND, CONFLICT, UNPROCESSABLE)
    left = AriRequest("POST", uri, {"channel": command.channel_id}, tolerated=fine)
    return (left, *_hold_music("POST", command.held_id))


def _hold_again(command: HoldMusic) -> tuple[AriRequest, ...]:
    return _hold_music("POST", command.channel_id)


def _hold_music(method: str, held_id: str | None) -> tuple[AriRequest, ...]:
    """Returns the request for hold music, which ends by itself when the party is taken back.

    That it fails changes nothing about who hears whom.
    """
    if held_id is None:
        return ()
    gone = (BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
    return (AriRequest(method, channel_uri(held_id, "/moh"), tolerated=gone),)


_ENCODERS: dict[type, Callable[[Any], tuple[AriRequest, ...]]] = {
    AnswerCall: _answer,
    StartWaitingSound: _start_sound,
    StopWaitingSound: _stop_sound,
    RingPhone: _ring,
    HangUpLeg: _hang_up_leg,
    Connect: _connect,
    DestroyBridge: _destroy_bridge,
    PlayPrompt: _play,
    PlayToTalk: _play_to_talk,
    StopPrompt: _stop_prompt,
    SendToDialplan: send_to_dialplan,
    FetchCall: fetch_call,
    HangUpCall: _hang_up_call,
    AnswerTransfer: _answer_transfer,
    StartMonitor: ears.listen,
    StopMonitor: ears.stop_listening,
    JoinTalk: _join_talk,
    LeaveTalk: _leave_talk,
    HoldMusic: _hold_again,
    StartRecording: ears.make_recorder,
    ChangeRecording: ears.change_recording,
}
