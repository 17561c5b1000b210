"""A telephone switch in memory: channels, bridges, playbacks, and phones that a script moves.

It behaves as Asterisk does where the port `Telephony` lets one see it, and tells its listener what
happens, at once and in order. It knows no Usher: `FakeTelephony` drives it by commands, and the
loopback ARI server of the tests by REST requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from engine.adapters.fakes.ears import Ears
from engine.adapters.fakes.parts import (
    BAD_REQUEST,
    BUSY,
    CONFLICT,
    FAILED,
    NO_ANSWER,
    NORMAL,
    NOT_FOUND,
    REDIRECTED,
    REJECTED,
    UNPROCESSABLE,
    Channel,
    Manner,
    News,
    Playback,
    Refused,
    What,
)
from engine.core.inputs import TAKEN_BACK

NOT_IN_STASIS: Final = "Channel not in Stasis application"


class Switch:
    """The switch.

    Args:
        medium_ms: how long each medium of a prompt lasts.
        missing: media that do not exist: a prompt made only of these fails.

    Attributes:
        channels, bridges: what exists; `ended` keeps the channels that existed.
        manners: what phones do, by endpoint; an endpoint that is not in it does not exist.
        forwards: where phones forward to, by endpoint.
        ears: who listens, and what is recorded.
        flows: what the dialplan has, as (context, extension); None: everything.
        listener: takes the news.
    """

    def __init__(self, *, medium_ms: int = 50, missing: tuple[str, ...] = ()) -> None:
        """Starts empty."""
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, list[Channel]] = {}
        self.ended: dict[str, Channel] = {}
        self.manners: dict[str, Manner] = {}
        self.forwards: dict[str, str] = {}
        self.flows: set[tuple[str, str]] | None = None
        self.ears = Ears(self)
        self.listener: Callable[[News], None] = lambda _news: None
        self.boots = 1
        self._medium_ms = medium_ms
        self._missing = missing
        self._serial = 0

    # What people do.

    def dial_in(
        self,
        *,
        endpoint: str,
        dialled: str,
        caller_number: str = "",
        caller_name: str = "",
        created_ms: int = 0,
        channel_id: str | None = None,
    ) -> Channel:
        """Somebody calls; the channel is handed to the application."""
        self._serial += 1
        channel = Channel(
            channel_id or f"fake-{self._serial}",
            endpoint,
            dialled,
            caller_number,
            caller_name,
            created_ms,
        )
        self.channels[channel.channel_id] = channel
        self._tell(What.ARRIVED, channel)
        return channel

    def pick_up(self, endpoint: str) -> Channel:
        """The phone that rings is picked up. Raises `LookupError` if none rings."""
        channel = self.ringing_at(endpoint)
        if channel.timer is not None:
            channel.timer.cancel()
        channel.up = True
        self._tell(What.UP, channel)
        return channel

    def ringing_at(self, endpoint: str) -> Channel:
        """Returns the phone's channel that is not answered. Raises `LookupError` if there is none."""
        for channel in self.channels.values():
            if channel.endpoint == endpoint and channel.dialled_out and not channel.up:
                return channel
        raise LookupError(f"nothing rings at {endpoint}")

    def leave(self, channel: Channel, cause: int = NORMAL) -> None:
        """A party hangs up, gives up, or refuses. Nothing if the channel is gone already."""
        if channel.channel_id in self.channels:
            self._tell(What.HANGING_UP, channel, cause)
            self._remove(channel, cause)

    def hold(self, channel: Channel, *, held: bool) -> None:
        """A party holds, or takes back."""
        channel.held = held
        self._tell(What.HELD if held else What.RESUMED, channel)

    def press(self, channel: Channel, key: str) -> None:
        """A party presses a key."""
        self.listener(News(What.KEY, channel, text=key))

    def refer(self, channel: Channel, target: str, other_id: str | None = None) -> None:
        """A phone wants its other party to be passed on."""
        self.listener(News(What.TRANSFER, channel, text=target, other_id=other_id))

    def give_back(self, channel: Channel, dialled: str) -> None:
        """The dialplan gives a caller back, for what it asks for."""
        channel.away = False
        channel.trip = int(channel.variables.get("USHER_TRIP", "0"))
        channel.dialled = dialled
        self._tell(What.BACK, channel)

    def fetch(self, channel_id: str, trip: str) -> None:
        """Takes a caller back whom the dialplan has for this trip; anybody else is left alone."""
        channel = self.channels.get(channel_id)
        if channel is not None and channel.away and channel.variables.get("USHER_TRIP") == trip:
            self.give_back(channel, TAKEN_BACK)

    def held_with(self, channel: Channel) -> str | None:
        """Returns the music that somebody hears on hold, None if nobody holds."""
        mates = self.bridges.get(channel.bridge_id or "", [])
        holds = any(mate.held for mate in mates if mate is not channel)
        return (channel.hold_music or "default") if holds else None

    def restart(self) -> None:
        """The switch is restarted: everything is gone, and nobody is told."""
        for channel in self.channels.values():
            self._quiet(channel)
            self.ended[channel.channel_id] = channel
        self.channels.clear()
        self.ears = Ears(self)
        self.bridges.clear()
        self.boots += 1

    def close(self) -> None:
        """Leaves no timer behind."""
        for channel in self.channels.values():
            self._quiet(channel)

    # What the application asks for. All raise `Refused`.

    def answer(self, channel_id: str) -> None:
        """Answers a caller; answered again nothing happens."""
        channel = self.present(channel_id)
        if not channel.up:
            channel.up = True
            self._tell(What.UP, channel)

    def sound(self, channel_id: str, sound: str | None) -> None:
        """Starts what a caller hears (a music class, "": ringing), or ends it."""
        self.present(channel_id).sound = sound

    def send_away(self, channel_id: str, context: str, extension: str) -> None:
        """Lets the dialplan have a caller, once what is played to it is over."""
        channel = self.present(channel_id)
        channel.context, channel.extension = context, extension
        self._part(channel)
        self._tell(What.LEFT, channel)
        if self.flows is not None and (context, extension) not in self.flows:
            self._tell(What.LOST, channel)
        else:
            channel.away = True
            channel.up = True  # As most flows, and any voicemail, do.

    def make_leg(self, channel_id: str, endpoint: str, *, shown: str, alert: str | None) -> Channel:
        """Makes a phone's channel; it enters the application, and rings when dialled."""
        if channel_id in self.channels:
            raise Refused(CONFLICT, "Channel with given unique ID already exists")
        if self.manners.get(endpoint, Manner.AWAY) is Manner.AWAY:
            raise Refused(FAILED, "Allocation failed")
        channel = Channel(channel_id, endpoint, shown=shown, alert_info=alert)
        self.enter(channel)
        return channel

    def enter(self, channel: Channel) -> None:
        """A channel that the application made enters it."""
        self.channels[channel.channel_id] = channel
        self._tell(What.ENTERED, channel)

    def dial(self, channel_id: str, timeout_s: int) -> None:
        """Calls the phone."""
        channel = self.channel(channel_id)
        channel.dialled_out = True
        manner = self.manners.get(channel.endpoint, Manner.AWAY)
        if manner is Manner.BUSY or manner is Manner.REJECTS:
            self.leave(channel, BUSY if manner is Manner.BUSY else REJECTED)
            return
        if manner is Manner.FORWARDS:
            whereto = self.forwards[channel.endpoint]
            self.listener(News(What.FORWARDED, channel, REDIRECTED, text=whereto))
            self._remove(channel, REDIRECTED)
            return
        loop = asyncio.get_running_loop()
        channel.timer = loop.call_later(timeout_s, self._remove, channel, NO_ANSWER)
        if manner is Manner.RINGS:
            self._tell(What.RINGING, channel)

    def hang_up(self, channel_id: str, cause: int = NORMAL) -> None:
        """Ends a channel."""
        self._remove(self.channel(channel_id), cause)

    def make_bridge(self, bridge_id: str) -> None:
        """Makes a bridge."""
        if bridge_id in self.bridges:
            raise Refused(CONFLICT, f"Bridge with id '{bridge_id}' already exists")
        self.bridges[bridge_id] = []

    def join(self, bridge_id: str, channel_ids: list[str]) -> None:
        """Puts channels into a bridge: all or none. One that is in it stays."""
        if bridge_id not in self.bridges:
            raise Refused(NOT_FOUND, "Bridge not found")
        if any(channel_id not in self.channels for channel_id in channel_ids):
            raise Refused(BAD_REQUEST, "Channel not found")
        if any(self.channels[channel_id].away for channel_id in channel_ids):
            raise Refused(UNPROCESSABLE, NOT_IN_STASIS)
        for channel_id in channel_ids:
            channel = self.channels[channel_id]
            self._part(channel)
            self.bridges[bridge_id].append(channel)
            channel.bridge_id = bridge_id

    def take_out(self, bridge_id: str, channel_id: str) -> None:
        """Takes a channel out of a bridge."""
        if bridge_id not in self.bridges:
            raise Refused(NOT_FOUND, "Bridge not found")
        channel = self.channels.get(channel_id)
        if channel is None:
            raise Refused(BAD_REQUEST, "Channel not found")
        if channel.bridge_id != bridge_id:
            raise Refused(UNPROCESSABLE, "Channel not in this bridge")
        self._part(channel)

    def answer_transfer(self, channel_id: str, what: str) -> None:
        """Tells a phone what became of the transfer that it wanted."""
        self.channel(channel_id).transferred = what

    def remove_bridge(self, bridge_id: str) -> None:
        """Removes a bridge; who is in it is let go."""
        if bridge_id not in self.bridges:
            raise Refused(NOT_FOUND, "Bridge not found")
        for channel in self.bridges.pop(bridge_id):
            channel.bridge_id = None

    def play(self, channel_id: str, playback_id: str, media: tuple[str, ...]) -> None:
        """Plays media in order, after what plays already."""
        channel = self.present(channel_id)
        channel.playing.append(Playback(playback_id, media))
        if len(channel.playing) == 1:
            self._play_next(channel)

    def stop_playing(self, playback_id: str) -> None:
        """Ends a playback; it counts as well played."""
        for channel in self.channels.values():
            for playback in channel.playing:
                if playback.playback_id == playback_id:
                    self._played(channel, playback, ok=True)
                    return
        raise Refused(NOT_FOUND, "Playback not found")

    def tell_recording(self, ear: Channel) -> None:
        """An ear has begun to record."""
        self._tell(What.RECORDING, ear)

    def tell_recorded(self, ear: Channel, *, ok: bool) -> None:
        """An ear's file is closed."""
        self.listener(News(What.RECORDED, ear, ok=ok))

    def channel(self, channel_id: str) -> Channel:
        """Returns a channel that exists."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise Refused(NOT_FOUND, "Channel not found")
        return channel

    def present(self, channel_id: str) -> Channel:
        """Returns a channel that exists and is not away."""
        channel = self.channel(channel_id)
        if channel.away:
            raise Refused(CONFLICT, NOT_IN_STASIS)
        return channel

    def play_to_all(self, bridge_id: str, media: tuple[str, ...]) -> None:
        """Plays to everybody in a bridge; nobody is told when it is over."""
        if bridge_id not in self.bridges:
            raise Refused(NOT_FOUND, "Bridge not found")
        for channel in self.bridges[bridge_id]:
            channel.told.append(media)

    # Inside.

    def _play_next(self, channel: Channel) -> None:
        playback = channel.playing[0]
        found = [medium for medium in playback.media if medium not in self._missing]
        seconds = len(found) * self._medium_ms / 1000
        loop = asyncio.get_running_loop()
        playback.timer = loop.call_later(seconds, self._play_out, channel, playback, bool(found))

    def _play_out(self, channel: Channel, playback: Playback, ok: bool) -> None:  # noqa: FBT001
        self._played(channel, playback, ok=ok)

    def _played(self, channel: Channel, playback: Playback, *, ok: bool) -> None:
        first = channel.playing[0] is playback
        channel.playing.remove(playback)
        if playback.timer is not None:
            playback.timer.cancel()
        news = News(What.PLAYED, channel, playback_id=playback.playback_id, ok=ok)
        self.listener(news)
        if first and channel.playing:
            self._play_next(channel)

    def _remove(self, channel: Channel, cause: int) -> None:
        self._quiet(channel)
        self.ears.ended(channel)
        self._part(channel)
        del self.channels[channel.channel_id]
        channel.cause = cause
        self.ended[channel.channel_id] = channel
        for playback in list(channel.playing):
            self._played(channel, playback, ok=False)
        self._tell(What.GONE, channel, cause)
        for ear in self.ears.on(channel):
            self._remove(ear, NORMAL)

    def _part(self, channel: Channel) -> None:
        if channel.bridge_id is not None:
            self.bridges[channel.bridge_id].remove(channel)
            channel.bridge_id = None

    def _quiet(self, channel: Channel) -> None:
        if channel.timer is not None:
            channel.timer.cancel()
        for playback in channel.playing:
            if playback.timer is not None:
                playback.timer.cancel()

    def _tell(self, what: What, channel: Channel, cause: int = 0) -> None:
        self.listener(News(what, channel, cause))
