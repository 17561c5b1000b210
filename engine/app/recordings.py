"""What happens to the files of recordings: stereo halves are joined, old files are deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from engine.core.facts import Fact, RecordingEnded, RecordingStarted
from engine.core.ids import RecordingId


class RecordingFiles(Protocol):
    """The files. Both methods block, and never raise for a reason of the disk's."""

    def join(self, name: str) -> None:
        """Makes one stereo file of the two halves of the recording `name`."""

    def tidy(self, now_ms: int) -> None:
        """Deletes what is too old; joins halves that were left over."""


class JoinWhenEnded:
    """A subscriber of facts: has the halves of each stereo recording joined when it has ended.

    Args:
        submit: runs work in a thread.
        running: the names of stereo recordings that an earlier process has begun.
    """

    def __init__(
        self,
        files: RecordingFiles,
        submit: Callable[[Callable[[], None]], None],
        running: Mapping[RecordingId, str],
    ) -> None:
        """Joins nothing yet."""
        self._files = files
        self._submit = submit
        self._running = dict(running)

    def take(self, facts: Sequence[Fact]) -> None:
        """Looks at these."""
        for fact in facts:
            if type(fact) is RecordingStarted and fact.stereo:
                self._running[fact.recording_id] = fact.name
            elif type(fact) is RecordingEnded:
                name = self._running.pop(fact.recording_id, None)
                if name is not None:
                    self._submit(partial(self._files.join, name))
