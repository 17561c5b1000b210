"""A node's call control without an Asterisk: says what `AriTelephony` would say of the same calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from engine.adapters.fakes.carrying import carry_out
from engine.adapters.fakes.parts import UNPROCESSABLE, News, Refused, What
from engine.adapters.fakes.switch import Switch
from engine.core.commands import Command, SendToDialplan
from engine.core.ids import (
    BRIDGE_PREFIX,
    MONITOR_BRIDGE_PREFIX,
    SPY_PREFIX,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    PlaybackId,
    RecordingId,
    is_ear,
    is_leg,
    is_own,
)
from engine.core.inputs import (
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    HoldChanged,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
    RecordingFinished,
    SeenChannel,
    SpyEnded,
    TransferRequested,
)


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
        self._sent_away: dict[str, SendToDialplan] = {}
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
        if isinstance(command, SendToDialplan):
            self._sent_away[command.call_id] = command
        try:
            carry_out(self.switch, command)
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
                each.away,
                each.trip,
            )
            for each in self.switch.channels.values()
        )
        ours = (BRIDGE_PREFIX, MONITOR_BRIDGE_PREFIX)
        bridges = tuple(each for each in self.switch.bridges if each.startswith(ours))
        return NodeConnected(self._node, channels, bridges, f"boot {self.switch.boots}")

    def _heard(self, news: News) -> None:
        happened = self._meaning(news)
        if happened is not None and self._ready:
            self._say(happened)
        if news.what is What.RECORDED:
            asyncio.get_running_loop().call_soon(self._remove_recorder, news.channel.channel_id)

    def _remove_recorder(self, ear_id: str) -> None:
        with contextlib.suppress(Refused):
            self.switch.hang_up(ear_id)

    def _meaning(self, news: News) -> Input | None:  # noqa: C901 - a table
        channel = news.channel
        channel_id = channel.channel_id
        happened: Input | None = None
        match news.what:
            case What.ARRIVED:
                happened = CallArrived(
                    CallId(channel_id),
                    self._node,
                    EndpointName(channel.endpoint),
                    channel.dialled,
                    channel.caller_number,
                    channel.caller_name,
                    channel.created_ms,
                )
            case What.BACK | What.LOST:
                happened = self._back(news)
            case What.HELD | What.RESUMED | What.KEY if channel.away:
                pass
            case What.RINGING:
                happened = LegRinging(LegId(channel_id))
            case What.UP if _is_rung(channel_id):
                happened = LegAnswered(LegId(channel_id))
            case What.HELD | What.RESUMED:
                happened = HoldChanged(channel_id, news.what is What.HELD)
            case What.KEY:
                happened = DigitPressed(channel_id, news.text)
            case What.TRANSFER:
                happened = TransferRequested(channel_id, news.text, news.other_id)
            case What.PLAYED:
                happened = PlaybackEnded(PlaybackId(news.playback_id), news.ok)
            case What.RECORDED:
                why = "" if news.ok else "it ended by itself"
                happened = RecordingFinished(RecordingId(channel_id), news.ok, why)
            case What.FORWARDED | What.HANGING_UP | What.GONE:
                happened = self._end(news)
            case What.ENTERED | What.LEFT | What.UP | What.RECORDING:
                pass
        return happened

    def _back(self, news: News) -> Input:
        channel = news.channel
        if news.what is What.BACK:
            return CallCameBack(CallId(channel.channel_id), channel.dialled)
        why = "there is nothing in the dialplan where it was sent"
        return CommandFailed(self._sent_away[channel.channel_id], UNPROCESSABLE, why)

    def _end(self, news: News) -> Input | None:
        channel_id = news.channel.channel_id
        if channel_id in self._told:
            return None
        self._told.add(channel_id)
        if is_ear(channel_id):
            spy = channel_id.startswith(SPY_PREFIX)
            return SpyEnded(MonitorId(channel_id)) if spy else None
        if _is_rung(channel_id):
            forward_to = news.text if news.what is What.FORWARDED else None
            return LegEnded(LegId(channel_id), news.cause, forward_to)
        # ARI does not say with which cause a caller was let go.
        by_us = news.what is What.GONE
        return CallerHungUp(CallId(channel_id), 0 if by_us else news.cause)


def _is_rung(channel_id: str) -> bool:
    return is_leg(channel_id) or is_own(channel_id)
