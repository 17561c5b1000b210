"""What a node plays: waiting sounds and prompts, to channels and to talks."""

from __future__ import annotations

from engine.core.commands import (
    PlayPrompt,
    PlayToTalk,
    StartWaitingSound,
    StopPrompt,
    StopWaitingSound,
)
from engine.core.ids import PlaybackId
from engine.core.inputs import PlaybackEnded
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel, Exchange
from engine.sim.rng import Rng

_MEDIUM_MS = 1_500
"""How long one medium plays."""
_TOLD_WHEN_STOPPED = 0.7
"""How often the end of a prompt that was stopped is told."""


class Media:
    """The player of one node. Each command returns None, or with what Asterisk refuses it."""

    def __init__(self, node: Exchange, agenda: Agenda, rng: Rng) -> None:
        """Makes a player that plays nothing."""
        self._node = node
        self._agenda = agenda
        self._rng = rng

    def start_sound(self, command: StartWaitingSound) -> str | None:
        """Music or ringing begins; it does not beside a prompt."""
        channel = self._node.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        channel.sounding = True
        return None

    def stop_sound(self, command: StopWaitingSound) -> str | None:
        """Music or ringing ends."""
        channel = self._node.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        channel.sounding = False
        return None

    def play_prompt(self, command: PlayPrompt) -> str | None:
        """A prompt begins; the waiting sound is over by that, for good."""
        channel = self._node.channels.get(command.channel_id)
        if channel is None:
            return "404 Channel not found"
        channel.sounding = False
        channel.playback_id = command.playback_id
        lasts_ms = _MEDIUM_MS * len(command.media)
        self._agenda.after(lasts_ms, self._played, (channel, command.playback_id))
        return None

    def stop_prompt(self, command: StopPrompt) -> str | None:
        """A prompt ends before its time; one that is over is no failure."""
        channel = self._node.channels.get(command.channel_id)
        if channel is not None and channel.playback_id == command.playback_id:
            self.cut_off(channel)
        return None

    def play_to_talk(self, command: PlayToTalk) -> str | None:
        """Both parties of a talk hear something."""
        return None if command.bridge_id in self._node.bridges else "404 Bridge not found"

    def cut_off(self, channel: Channel) -> None:
        """What plays to a channel ends, by whatever comes next."""
        playback_id, channel.playback_id = channel.playback_id, None
        if playback_id is not None and self._rng.random() < _TOLD_WHEN_STOPPED:
            self._node.emit(PlaybackEnded(PlaybackId(playback_id), ok=False))

    def _played(self, playing: tuple[Channel, PlaybackId]) -> None:
        channel, playback_id = playing
        if channel.alive and channel.playback_id == playback_id:
            channel.playback_id = None
            self._node.emit(PlaybackEnded(playback_id, ok=True))
