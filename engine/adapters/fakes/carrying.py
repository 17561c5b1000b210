"""The core's commands, done at a switch at once; as the ARI adapter does them over the wire."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from engine.adapters.fakes.parts import (
    ANSWERED_ELSEWHERE,
    BAD_REQUEST,
    NORMAL,
    NOT_FOUND,
    Refused,
)
from engine.adapters.fakes.switch import Switch
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
    RecordingChange,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    StopPrompt,
    StopWaitingSound,
)

_UNSHOWN = str.maketrans("", "", '"\\<>')
"""Signs of a name that a SIP header cannot carry simply."""

MEDIA_SCHEMES = ("sound", "recording", "number", "digits", "characters", "tone")


def carry_out(switch: Switch, command: Command) -> None:
    """Does what a command says.

    Raises:
        Refused: the switch does not do that.
    """
    _DO[type(command)](switch, command)


def _ring(switch: Switch, command: RingPhone) -> None:
    if command.leg_id in switch.channels:
        return  # Said before.
    endpoint = command.endpoint if command.number is None else command.number
    shown = f"{command.caller_name.translate(_UNSHOWN)} <{command.caller_number}>"
    switch.make_leg(command.leg_id, endpoint, shown=shown, alert=command.alert_info)
    switch.dial(command.leg_id, max(1, -(-command.timeout_ms // 1000)))


def _hang_up_leg(switch: Switch, command: HangUpLeg) -> None:
    switch.hang_up(command.leg_id, ANSWERED_ELSEWHERE if command.answered_elsewhere else NORMAL)


def _connect(switch: Switch, command: Connect) -> None:
    both = [command.call_id, command.leg_id]
    for channel_id in both:
        if channel_id in switch.channels:
            switch.channels[channel_id].hold_music = command.hold_music or ""
    _bring_together(switch, command.bridge_id, both)


def _bring_together(switch: Switch, bridge_id: str, channels: list[str]) -> None:
    """Into one bridge, made if need be; then it is gone again if that failed."""
    for channel_id in channels:
        _silence(switch, channel_id)
    made = bridge_id not in switch.bridges
    if made:
        switch.make_bridge(bridge_id)
    try:
        switch.join(bridge_id, channels)
    except Refused:
        if made:
            switch.remove_bridge(bridge_id)
        raise


def _silence(switch: Switch, channel_id: str) -> None:
    if channel_id in switch.channels:
        for playback in list(switch.channels[channel_id].playing):
            switch.stop_playing(playback.playback_id)


def _destroy_bridge(switch: Switch, command: DestroyBridge) -> None:
    if command.bridge_id in switch.bridges:
        switch.remove_bridge(command.bridge_id)


def _stop_sound(switch: Switch, command: StopWaitingSound) -> None:
    if command.call_id in switch.channels:
        switch.sound(command.call_id, None)


def _start_sound(switch: Switch, command: StartWaitingSound) -> None:
    switch.sound(command.call_id, command.sound.music_class or "")
    if command.sound.music_class is not None:
        switch.channels[command.call_id].hold_music = ""


def _require_media(media: tuple[str, ...]) -> None:
    if not media or any(medium.partition(":")[0] not in MEDIA_SCHEMES for medium in media):
        raise Refused(BAD_REQUEST, "this cannot be played")


def _stop_prompt(switch: Switch, command: StopPrompt) -> None:
    with contextlib.suppress(Refused):
        switch.stop_playing(command.playback_id)


def _play_to_talk(switch: Switch, command: PlayToTalk) -> None:
    _require_media(command.media)
    switch.play_to_all(command.bridge_id, command.media)


def _send_to_dialplan(switch: Switch, command: SendToDialplan) -> None:
    channel = switch.present(command.call_id)
    _silence(switch, command.call_id)
    channel.sound = None
    channel.variables |= dict(command.variables)
    switch.send_away(command.call_id, command.context, command.extension)


def _fetch_call(switch: Switch, command: FetchCall) -> None:
    switch.fetch(command.call_id, str(command.trip))


def _play(switch: Switch, command: PlayPrompt) -> None:
    _require_media(command.media)
    if command.channel_id not in switch.channels:
        raise Refused(NOT_FOUND, "Channel not found")
    switch.play(command.channel_id, command.playback_id, command.media)


def _answer_transfer(switch: Switch, command: AnswerTransfer) -> None:
    if command.channel_id in switch.channels:
        switch.answer_transfer(command.channel_id, command.state.value)


def _start_monitor(switch: Switch, command: StartMonitor) -> None:
    if command.monitor_id not in switch.channels:
        whisper = "out" if command.whisper else "none"
        switch.ears.snoop(command.channel_id, command.monitor_id, spy="both", whisper=whisper)
    try:
        _bring_together(switch, command.bridge_id, [command.call_id, command.monitor_id])
    except Refused:
        switch.hang_up(command.monitor_id)
        raise


def _stop_monitor(switch: Switch, command: StopMonitor) -> None:
    if command.monitor_id in switch.channels:
        switch.hang_up(command.monitor_id)


def _join_talk(switch: Switch, command: JoinTalk) -> None:
    _silence(switch, command.channel_id)
    switch.join(command.bridge_id, [command.channel_id])


def _leave_talk(switch: Switch, command: LeaveTalk) -> None:
    _silence(switch, command.channel_id)
    with contextlib.suppress(Refused):
        switch.take_out(command.bridge_id, command.channel_id)


def _hold_music(switch: Switch, command: HoldMusic) -> None:
    with contextlib.suppress(Refused):
        switch.sound(command.channel_id, "default")


def _start_recording(switch: Switch, command: StartRecording) -> None:
    if command.recording_id in switch.channels:
        return  # Said before.
    ear = switch.ears.snoop(command.channel_id, command.recording_id, spy="both", whisper="none")
    try:
        switch.ears.record(ear.channel_id, command.name)
    except Refused:
        switch.hang_up(ear.channel_id)
        raise


def _change_recording(switch: Switch, command: ChangeRecording) -> None:
    if command.change is not RecordingChange.STOP:
        switch.ears.pause(command.name, paused=command.change is RecordingChange.PAUSE)
        return
    with contextlib.suppress(Refused):
        switch.ears.stop(command.name)


_DO: dict[type, Callable[[Switch, Any], None]] = {
    AnswerCall: lambda switch, command: switch.answer(command.call_id),
    StartWaitingSound: _start_sound,
    StopWaitingSound: _stop_sound,
    RingPhone: _ring,
    HangUpLeg: _hang_up_leg,
    Connect: _connect,
    DestroyBridge: _destroy_bridge,
    PlayPrompt: _play,
    PlayToTalk: _play_to_talk,
    StopPrompt: _stop_prompt,
    SendToDialplan: _send_to_dialplan,
    FetchCall: _fetch_call,
    HangUpCall: lambda switch, command: switch.hang_up(command.call_id, command.cause),
    AnswerTransfer: _answer_transfer,
    StartMonitor: _start_monitor,
    StopMonitor: _stop_monitor,
    JoinTalk: _join_talk,
    LeaveTalk: _leave_talk,
    HoldMusic: _hold_music,
    StartRecording: _start_recording,
    ChangeRecording: _change_recording,
}
