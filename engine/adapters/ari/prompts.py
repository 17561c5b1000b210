"""Which prompts play where, and who has a hold music: both outlive a connection."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.ids import PlaybackId


class Prompts:
    """Prompts that play or wait to, by channel, in order."""

    def __init__(self) -> None:
        """Starts in silence."""
        self._playing: dict[str, list[PlaybackId]] = {}
        self._own_music: set[str] = set()
        self._compared = False

    def begin(self, channel_id: str, playback_id: PlaybackId) -> None:
        """A prompt is about to be sent."""
        self._playing.setdefault(channel_id, []).append(playback_id)

    def over(self, playback_id: PlaybackId) -> None:
        """A prompt has ended, or never began."""
        for channel_id, playing in self._playing.items():
            if playback_id in playing:
                playing.remove(playback_id)
                if not playing:
                    del self._playing[channel_id]
                return

    def take(self, channel_id: str) -> list[PlaybackId]:
        """Returns what plays on a channel, and forgets it."""
        return self._playing.pop(channel_id, [])

    def keep(self, channels: Iterable[str]) -> None:
        """Forgets all but what plays on these channels: no others exist."""
        there = set(channels)
        for channel_id in sorted(self._playing.keys() - there):
            del self._playing[channel_id]
        self._own_music &= there
        if not self._compared:  # Who knows what an engine before us has set.
            self._own_music = there
        self._compared = True

    def has_own_music(self, channel_id: str) -> bool:
        """Tells whether a hold music is (or may be) set on a channel: no other is played there."""
        return channel_id in self._own_music

    def own_music(self, channel_id: str, *, wanted: bool) -> None:
        """A hold music is about to be set on a channel, or taken away."""
        if wanted:
            self._own_music.add(channel_id)
        else:
            self._own_music.discard(channel_id)
