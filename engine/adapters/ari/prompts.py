"""Which prompts play where: they outlive a connection, as playbacks do."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.ids import PlaybackId


class Prompts:
    """Prompts that play or wait to, by channel, in order."""

    def __init__(self) -> None:
        """Starts in silence."""
        self._playing: dict[str, list[PlaybackId]] = {}

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
        gone = self._playing.keys() - set(channels)
        for channel_id in sorted(gone):
            del self._playing[channel_id]
