"""Which recordings run, and which of their ends were to be expected.

Asterisk says that a recording is "done" when it was stopped, when its channel has left, and just the
same when its folder cannot be written to or the disk is full. So what tells a failure is that
nobody and nothing asked for the end: neither we, nor a channel that was hanging up. Asterisk tells a
hang-up before what follows from it (tried; docs/adr/0004-transfers-and-ears.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.adapters.ari.ears import recording_of
from engine.core.ids import RECORDER_PREFIX, RecordingId
from engine.core.inputs import RecordingFinished

ENDED_BY_ITSELF: Final = (
    "it ended by itself: the disk is full, or the folder cannot be written to (see Asterisk's log)"
)


@dataclass(slots=True)
class _Running:
    """A recording: the channel it is about, its ears, and whether its end is asked for."""

    channel_id: str
    ears: list[str] = field(default_factory=list)
    ending: bool = False


class Recorders:
    """The recordings of one node."""

    def __init__(self) -> None:
        """Starts with none."""
        self._running: dict[RecordingId, _Running] = {}

    def entered(self, ear_id: str, channel_id: str) -> None:
        """An ear on a channel is in our application; a recorder's is about to record."""
        if not ear_id.startswith(RECORDER_PREFIX):
            return
        running = self._running.setdefault(recording_of(ear_id), _Running(channel_id))
        if ear_id not in running.ears:
            running.ears.append(ear_id)

    def stopping(self, recording_id: RecordingId) -> None:
        """We ask for the end of a recording."""
        if recording_id in self._running:
            self._running[recording_id].ending = True

    def leaving(self, channel_id: str) -> None:
        """A channel (an ear, or one that is recorded) is being hung up, or is gone."""
        for recording_id, running in self._running.items():
            if channel_id == running.channel_id or recording_of(channel_id) == recording_id:
                running.ending = True

    def finished(self, ear_id: str, why: str = "") -> RecordingFinished | None:
        """Asterisk says that a file is closed; `why` if it says that it failed.

        Returns the end of the recording: with its first ear that failed, or the last that did not.
        """
        recording_id = recording_of(ear_id)
        running = self._running.get(recording_id)
        if running is None:
            return None
        if not why and not running.ending:
            why = ENDED_BY_ITSELF
        if not why:
            self._remove(recording_id, running, ear_id)
            if running.ears:
                return None
        self._running.pop(recording_id, None)
        return RecordingFinished(recording_id, not why, why)

    def gone(self, ear_id: str) -> None:
        """An ear's channel is gone."""
        recording_id = recording_of(ear_id)
        running = self._running.get(recording_id)
        if running is not None:
            self._remove(recording_id, running, ear_id)

    def _remove(self, recording_id: RecordingId, running: _Running, ear_id: str) -> None:
        if ear_id in running.ears:
            running.ears.remove(ear_id)
        if not running.ears:
            del self._running[recording_id]
