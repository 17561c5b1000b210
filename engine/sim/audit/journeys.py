"""What a caller hears, and how often was sent on: the parts of a call's book that callers feel."""

from __future__ import annotations

from typing import Final

from engine.core.ids import PlaybackId
from engine.core.places import RingGroup

NEVER_MS: Final = -1


class EarBook:
    """What a caller hears."""

    __slots__ = (
        "excused",
        "key_ms",
        "music",
        "music_since_ms",
        "prompt",
        "prompt_until_ms",
        "quiet_since_ms",
    )

    def __init__(self) -> None:
        """Begins with nothing."""
        self.music = False
        """The waiting sound is heard, ..."""
        self.music_since_ms = NEVER_MS
        self.prompt: PlaybackId | None = None
        """... or a prompt, ..."""
        self.prompt_until_ms = NEVER_MS
        """... of which nobody may say that it is over: it is by then."""
        self.quiet_since_ms = NEVER_MS
        """Neither is, and that is being watched."""
        self.key_ms = NEVER_MS
        """When a key was pressed last."""
        self.excused = False
        """The waiting sound could not be played."""

    def hears(self, now_ms: int) -> bool:
        """Tells whether a prompt plays."""
        return self.prompt is not None and now_ms < self.prompt_until_ms


class WayBook:
    """How a caller was sent about."""

    __slots__ = ("group", "passes", "sent_on")

    def __init__(self) -> None:
        """Begins with an arrival."""
        self.sent_on = self.passes = 0
        """How often it was sent somewhere (noted, or by people) since the last talk."""
        self.group: RingGroup | None = None
        """The group that rings for it."""

    def decided(self) -> None:
        """A person decided something about it: that may be the end of a chain, or not."""
        self.passes += 1 + 2 * self.sent_on
        self.sent_on = 0
