"""A node's call control without an Asterisk: says what `AriTelephony` would say of the same calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from engine.adapters.fakes.switch import (
    ANSWERED_ELSEWHERE,
    NORMAL,
    NOT_FOUND,
    News,
    Refused,
    Switch,
    What,
)
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
from engine.core.ids import BRIDGE_PREFIX, CallId, EndpointName, LegId, NodeId, PlaybackId, is_leg
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    CommandFailed,
    HoldChanged,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
    SeenChannel,
)

_UNSHOWN = str.maketrans("", "", '"\\<>')
"""Signs of a name that a SIP header cannot carry simply."""

MEDIA_SCHEMES = ("sound", "recording", "number", "digits", "characters", "tone")


class FakeTelephony:
    """Implements the port `Telephony` over a `Switch`; a script moves callers and phones there.

    What happens is posted in a later turn of the loop, in order.

    Attributes:
        sent: every command taken while connected.
    """

    def __init__(
        self, node: NodeId, post: Callable[[Input], None], switch: Switch | None = None
    ) -> None:
        """Starts able to connect, to a switch of its own if none is given."""
        self.switch = switch or Switch()
        self.switch.listener = self._heard
        self.sent: list[Command] = []
        self._node = node
        self._post = post
        self._open = asyncio.Event()
        self._open.set()
        self._shut = asyncio.Event()
        self._ready = False
        self._told: set[str] = set()
        """Channels whose end has been told."""

    async def run(self) -> None:
        """Posts what exists whenever it gets a connection; runs until cancelled."""
        try:
            while True:
                await self._open.wait()
                self._ready = True
                self._told.clear()
                self._post(self._picture())
                await self._shut.wait()
                self._lost()
        finally:
            self._lost()

    def cut(self) -> None:
        """Takes the connection away. What happens now is not posted."""
        self._open.clear()
        self._shut.set()
        self._lost()

    def restore(self) -> None:
        """Lets it connect again."""
        self._shut.clear()
        self._open.set()

    def send(self, command: Command) -> None:
        """Carries out a command at once; a failure is posted later."""
        if not self._ready:
            self._post(CommandFailed(command, 0, "not connected"))
            return
        self.sent.append(command)
        try:
            _DO[type(command)](self.switch, command)
        except Refused as refused:
            self._say(CommandFailed(command, refused.status, refused.why))

    async def drain(self) -> None:
        """Returns when what was posted meanwhile is out."""
        await asyncio.sleep(0)

    def _lost(self) -> None:
        if self._ready:
            self._ready = False
            self._post(NodeDisconnected(self._node))

    def _say(self, happened: Input) -> None:
        asyncio.get_running_loop().call_soon(self._say_now, happened)

    def _say_now(self, happened: Input) -> None:
        if self._ready:
            self._post(happened)

    def _picture(self) -> NodeConnected:
        channels = tuple(
            SeenChannel(
                each.channel_id,
                each.up,
                each.bridge_id,
                EndpointName(each.endpoint),
                each.dialled or "s",
                each.caller_number,
                each.caller_name,
                each.created_ms,
            )
            for each in self.switch.channels.values()
        )
        bridges = tuple(each for each in self.switch.bridges if each.startswith(BRIDGE_PREFIX))
        return NodeConnected(self._node, channels, bridges, f"boot {self.switch.boots}")

    def _heard(self, news: News) -> None:
        happened = self._meaning(news)
        if happened is not None and self._ready:
            self._say(happened)

    def _meaning(self, news: News) -> Input | None:
        channel = news.channel
        channel_id = channel.channel_id
        leg = is_leg(channel_id)
        match news.what:
            case What.ARRIVED:
                return CallArrived(
                    CallId(channel_id),
                    self._node,
                    EndpointName(channel.endpoint),
                    channel.dialled,
                    channel.caller_number,
                    channel.caller_name,
                    channel.created_ms,
                )
            case What.RINGING:
                return LegRinging(LegId(channel_id))
            case What.UP:
                return LegAnswered(LegId(channel_id)) if leg else None
            case What.HELD | What.RESUMED:
                return HoldChanged(channel_id, news.what is What.HELD)
            case What.PLAYED:
                return PlaybackEnded(PlaybackId(news.playback_id), news.ok)
            case What.HANGING_UP | What.GONE:
                return self._end(channel_id, news.cause, by_us=news.what is What.GONE)
            case What.ENTERED:
                return None

    def _end(self, channel_id: str, cause: int, *, by_us: bool) -> Input | None:
        if channel_id in self._told:
            return None
        self._told.add(channel_id)
        if is_leg(channel_id):
            return LegEnded(LegId(channel_id), cause)
        # ARI does not say with which cause a caller was let go.
        return CallerHungUp(CallId(channel_id), 0 if by_us else cause)


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
    for channel_id in (command.call_id, command.leg_id):
        if channel_id in switch.channels:
            for playback in list(switch.channels[channel_id].playing):
                switch.stop_playing(playback.playback_id)
    if command.bridge_id not in switch.bridges:
        switch.make_bridge(command.bridge_id)
    try:
        switch.join(command.bridge_id, [command.call_id, command.leg_id])
    except Refused:
        switch.remove_bridge(command.bridge_id)
        raise


def _destroy_bridge(switch: Switch, command: DestroyBridge) -> None:
    if command.bridge_id in switch.bridges:
        switch.remove_bridge(command.bridge_id)


def _stop_sound(switch: Switch, command: StopWaitingSound) -> None:
    if command.call_id in switch.channels:
        switch.sound(command.call_id, None)


def _play(switch: Switch, command: PlayPrompt) -> None:
    if any(medium.partition(":")[0] not in MEDIA_SCHEMES for medium in command.media):
        raise Refused(400, "this cannot be played")
    if command.channel_id not in switch.channels:
        raise Refused(NOT_FOUND, "Channel not found")
    switch.play(command.channel_id, command.playback_id, command.media)


_DO: dict[type, Callable[[Switch, Any], None]] = {
    AnswerCall: lambda switch, command: switch.answer(command.call_id),
    StartWaitingSound: lambda switch, command: switch.sound(
        command.call_id, command.sound.music_class or ""
    ),
    StopWaitingSound: _stop_sound,
    RingPhone: _ring,
    HangUpLeg: _hang_up_leg,
    Connect: _connect,
    DestroyBridge: _destroy_bridge,
    PlayPrompt: _play,
    HangUpCall: lambda switch, command: switch.hang_up(command.call_id, command.cause),
}
