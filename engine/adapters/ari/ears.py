"""Channels that only listen (a supervisor's spy, a recorder), as ARI requests: pure.

Facts about Asterisk 22 behind the choices (each tried; figures in docs/adr/0004-transfers-and-ears.md):

* an ear is a snoop channel. It must have entered our application (StasisStart) before it can be
  bridged or recorded, as a leg must before it is dialled;
* on the agent's leg `spy=both` hears both sides of the talk, and `whisper=out` is heard by the agent
  alone. Adding and removing an ear leaves no gap in the talk;
* an ear on a channel whose partner changes may go deaf for the new one: ears are on legs, whose
  partner stays the same within a talk;
* Asterisk records in mono only. Two ears on one channel, `out` and `in`, make two files of equal
  length: silence is filled in, pauses are left out in both;
* resuming is the deletion of the pause; a recording's name is one part of the address.
"""

from __future__ import annotations

import re
from typing import Final

from engine.adapters.ari.requests import (
    APPLICATION,
    CONFLICT,
    NOT_FOUND,
    AriRequest,
    Unspeakable,
    bridge_uri,
    channel_uri,
    quoted,
)
from engine.core.commands import (
    ChangeRecording,
    RecordingChange,
    StartMonitor,
    StartRecording,
    StopMonitor,
)
from engine.core.ids import RECORDER_PREFIX, RecordingId

LISTENING_BRIDGE_TYPE: Final = "mixing,dtmf_events"
"""The supervisor's keys change the mode: without `dtmf_events` they might pass unheard."""

FILE_FORMAT: Final = "wav"
"""8 kHz, 16 bit, 16 kB for a second of one channel."""

LEFT, RIGHT = "-left", "-right"
"""What the two files of a stereo recording are called, after its name: what the channel hears (the
caller), and what it says (the agent)."""

_TWIN: Final = "~r"
"""Makes the id of a stereo recording's second ear from that of the first."""

_FILE = re.compile(r"[0-9A-Za-z][\w.~@+=-]*(/[0-9A-Za-z][\w.~@+=-]*)*\Z", re.ASCII)


def twin_of(ear_id: str) -> str:
    """Returns the second ear of the recording whose first this is."""
    return ear_id + _TWIN


def is_twin(ear_id: str) -> bool:
    """Tells the second ear of a recording from the first."""
    return ear_id.endswith(_TWIN)


def recording_of(ear_id: str) -> RecordingId:
    """Returns the recording to which an ear belongs."""
    return RecordingId(ear_id.removesuffix(_TWIN))


def ears_of(command: StartRecording | ChangeRecording) -> tuple[str, ...]:
    """Returns the ears of a recording."""
    first = str(command.recording_id)
    return (first, twin_of(first)) if command.stereo else (first,)


def listen(command: StartMonitor) -> tuple[AriRequest, ...]:
    """Makes the spy channel."""
    whisper = "out" if command.whisper else "none"
    return (_snoop(command.channel_id, command.monitor_id, "both", whisper),)


def let_hear(command: StartMonitor) -> tuple[AriRequest, ...]:
    """Brings supervisor and spy together, once the spy has entered our application."""
    bridge_id = command.bridge_id
    return (
        AriRequest(
            "POST", bridge_uri(bridge_id), {"type": LISTENING_BRIDGE_TYPE}, None, (CONFLICT,)
        ),
        AriRequest(
            "POST",
            bridge_uri(bridge_id, "/addChannel"),
            {
                "channel": f"{command.call_id},{command.monitor_id}",
                # A phone's display must not show that somebody listens, nor an empty name.
                "inhibitConnectedLineUpdates": "true",
            },
        ),
    )


def stop_listening(command: StopMonitor) -> tuple[AriRequest, ...]:
    """Ends a spy channel; or a recorder that nobody knows any more, with both its ears."""
    ear_id = str(command.monitor_id)
    if ear_id.startswith(RECORDER_PREFIX):
        return (remove_ear(ear_id), remove_ear(twin_of(ear_id)))
    return (remove_ear(ear_id),)


def remove_ear(ear_id: str) -> AriRequest:
    """Ends an ear's channel, harmless where it is gone."""
    return AriRequest("DELETE", channel_uri(ear_id), tolerated=(NOT_FOUND,))


def make_recorder(command: StartRecording) -> tuple[AriRequest, ...]:
    """Makes the ears of a recording."""
    _files(command)
    directions = ("out", "in") if command.stereo else ("both",)
    return tuple(
        _snoop(command.channel_id, ear_id, direction, "none")
        for ear_id, direction in zip(ears_of(command), directions, strict=True)
    )


def record(command: StartRecording, *, again: bool) -> tuple[AriRequest, ...]:
    """Lets the ears write, once they have entered our application.

    A file of that name is not overwritten. `again`: it may be the one that these ears write.
    """
    return tuple(
        AriRequest(
            "POST",
            channel_uri(ear_id, "/record"),
            {"name": name, "format": FILE_FORMAT, "ifExists": "fail"},
            tolerated=(CONFLICT,) if again else (),
        )
        for ear_id, name in zip(ears_of(command), _files(command), strict=True)
    )


def change_recording(command: ChangeRecording) -> tuple[AriRequest, ...]:
    """Pauses, resumes or stops. A recording that is over cannot be paused, but counts as stopped."""
    method, what, tolerated = _CHANGES[command.change]
    return tuple(
        AriRequest(method, f"recordings/live/{quoted(name)}/{what}", tolerated=tolerated)
        for name in _files(command)
    )


_CHANGES: Final[dict[RecordingChange, tuple[str, str, tuple[int, ...]]]] = {
    RecordingChange.PAUSE: ("POST", "pause", ()),
    RecordingChange.RESUME: ("DELETE", "pause", ()),
    # Asterisk says 409 while a stopped recording's file is being closed, and 404 afterwards.
    RecordingChange.STOP: ("POST", "stop", (NOT_FOUND, CONFLICT)),
}


def _snoop(channel_id: str, ear_id: str, spy: str, whisper: str) -> AriRequest:
    query = {"app": APPLICATION, "spy": spy, "whisper": whisper}
    return AriRequest("POST", channel_uri(channel_id, f"/snoop/{quoted(ear_id)}"), query)


def _files(command: StartRecording | ChangeRecording) -> tuple[str, ...]:
    if not _FILE.match(command.name):
        raise Unspeakable("this is not a name for a recording")
    if command.stereo:
        return (command.name + LEFT, command.name + RIGHT)
    return (command.name,)
