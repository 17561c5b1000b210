"""What listens at the switch: spies and recorders, and who hears whom."""

from __future__ import annotations

from typing import Protocol

from engine.adapters.fakes.parts import (
    CONFLICT,
    FAILED,
    NOT_FOUND,
    Channel,
    Recording,
    Refused,
)


class Switchboard(Protocol):
    """What of a switch is needed here."""

    channels: dict[str, Channel]
    bridges: dict[str, list[Channel]]

    def channel(self, channel_id: str) -> Channel:
        """Returns a channel that exists, or raises `Refused`."""

    def enter(self, channel: Channel) -> None:
        """A channel that the application made enters it."""

    def tell_recording(self, ear: Channel) -> None:
        """An ear has begun to record."""

    def tell_recorded(self, ear: Channel, *, ok: bool) -> None:
        """An ear's file is closed."""


class Ears:
    """The spies and recorders of a switch. Its methods raise `Refused` as those of `Switch` do.

    Attributes:
        recordings: all that ever were, by name.
        disk_full: recordings then end by themselves, at once.
    """

    def __init__(self, switch: Switchboard) -> None:
        """Listens to nobody."""
        self.recordings: dict[str, Recording] = {}
        self.disk_full = False
        self._switch = switch

    def snoop(self, channel_id: str, ear_id: str, *, spy: str, whisper: str) -> Channel:
        """Makes a channel that hears another, and may speak into it; it enters the application.

        `spy` and `whisper` are `none`, `in`, `out` or `both`, seen from the switch.
        """
        self._switch.channel(channel_id)
        if ear_id in self._switch.channels:
            raise Refused(FAILED, "Snoop channel could not be created")
        ear = Channel(ear_id, channel_id, up=True, spy=spy, whisper=whisper)
        self._switch.enter(ear)
        return ear

    def on(self, channel: Channel) -> list[Channel]:
        """Returns the ears on a channel."""
        everybody = self._switch.channels.values()
        return [each for each in everybody if each.spy and each.endpoint == channel.channel_id]

    def record(self, ear_id: str, name: str) -> None:
        """Begins to write what an ear hears."""
        ear = self._switch.channel(ear_id)
        if name in self.recordings:
            raise Refused(CONFLICT, f"Recording '{name}' already exists")
        self.recordings[name] = Recording(name, ear)
        self._switch.tell_recording(ear)
        if self.disk_full:
            self._end(self.recordings[name], ok=False)

    def pause(self, name: str, *, paused: bool) -> None:
        """Leaves out what follows, or no more."""
        self._live(name).paused = paused

    def stop(self, name: str) -> None:
        """Closes a file."""
        self._end(self._live(name), ok=True)

    def ended(self, ear: Channel) -> None:
        """An ear's channel is about to be removed: its files are closed."""
        for recording in self.recordings.values():
            if recording.ear is ear and recording.live:
                self._end(recording, ok=True)

    def heard_by(self, channel: Channel) -> set[str]:
        """Returns the ids of the parties whose voices a channel's party hears."""
        if channel.held:  # Its phone plays nothing while it holds.
            return set()
        heard = self._talkers(channel)
        for ear in self.on(channel):
            if ear.whisper in {"out", "both"}:
                heard |= {each for each in self._talkers(ear) if each != channel.channel_id}
        return heard

    def _talkers(self, channel: Channel) -> set[str]:
        """Who is heard in a channel's bridge besides itself."""
        heard: set[str] = set()
        mates = self._switch.bridges.get(channel.bridge_id or "", [])
        for mate in mates:
            if mate is channel:
                continue
            heard |= self._overheard(mate) if mate.spy else self._voice(mate)
        return heard

    def _overheard(self, ear: Channel) -> set[str]:
        spied = self._switch.channels[ear.endpoint]
        heard = self._voice(spied) if ear.spy in {"in", "both"} else set()
        return heard | (self._talkers(spied) if ear.spy in {"out", "both"} else set())

    def _voice(self, channel: Channel) -> set[str]:
        return set() if channel.held else {channel.channel_id}

    def _live(self, name: str) -> Recording:
        recording = self.recordings.get(name)
        if recording is None or not recording.live:
            raise Refused(NOT_FOUND, "Recording not found")
        return recording

    def _end(self, recording: Recording, *, ok: bool) -> None:
        recording.live = False
        self._switch.tell_recorded(recording.ear, ok=ok)
