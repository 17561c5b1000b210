"""What a switch is made of: channels, prompts, files, and what it tells of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum

NORMAL = 16
BUSY = 17
NO_ANSWER = 19
REJECTED = 21
REDIRECTED = 23
ANSWERED_ELSEWHERE = 26

BAD_REQUEST = 400
NOT_FOUND = 404
CONFLICT = 409
UNPROCESSABLE = 422
FAILED = 500


class Refused(Exception):
    """The switch does not do that; `status` is as in ARI."""

    def __init__(self, status: int, why: str) -> None:
        """As ARI would say it."""
        super().__init__(why)
        self.status = status
        self.why = why


class Manner(Enum):
    """What a phone does when it is called. One that rings can be picked up by the script."""

    RINGS = "rings"
    SILENT = "silent"
    BUSY = "busy"
    REJECTS = "rejects"
    FORWARDS = "forwards"
    AWAY = "away"


class What(Enum):
    """What the switch tells."""

    ARRIVED = "arrived"
    LEFT = "left"
    """Into the dialplan."""
    BACK = "back"
    """From the dialplan, which asks for `text`."""
    LOST = "lost"
    """Back, as there was nothing where it was sent."""
    ENTERED = "entered"
    RINGING = "ringing"
    UP = "up"
    HELD = "held"
    RESUMED = "resumed"
    KEY = "key"
    """Pressed: `text`."""
    TRANSFER = "transfer"
    """Wanted: to `text`, or into the call on the channel `other_id` ("": one that is not here)."""
    FORWARDED = "forwarded"
    """A rung phone wants `text` to be rung instead; its end follows."""
    HANGING_UP = "hanging up"
    """The other side ended the channel; `GONE` follows."""
    GONE = "gone"
    PLAYED = "played"
    RECORDING = "recording"
    """An ear has begun to record."""
    RECORDED = "recorded"
    """The file of a recording ear is closed."""


@dataclass(slots=True)
class Channel:
    """One side's connection with the switch."""

    channel_id: str
    endpoint: str
    dialled: str = ""
    caller_number: str = ""
    caller_name: str = ""
    created_ms: int = 0
    up: bool = False
    dialled_out: bool = False
    held: bool = False
    away: bool = False
    """The dialplan has it."""
    context: str = ""
    """Where in the dialplan it was sent last, with `extension` and `variables`."""
    extension: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    trip: int = 0
    """`USHER_TRIP` as it was when it came back last."""
    bridge_id: str | None = None
    sound: str | None = None
    """What the switch lets it hear: a music class, or "" for ringing."""
    shown: str = ""
    """To a phone: who calls."""
    alert_info: str | None = None
    cause: int = 0
    """How it ended."""
    timer: asyncio.TimerHandle | None = None
    playing: list[Playback] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)
    """What it heard with all others in its bridge."""
    hold_music: str = ""
    """The class that it hears on hold, whoever holds; "": as who holds has it."""
    spy: str = ""
    """Set for one that listens only: to what; `endpoint` is then the channel that it is on."""
    whisper: str = ""
    transferred: str = ""
    """What its phone was told of the transfer that it wanted."""


@dataclass(slots=True)
class Playback:
    """A prompt that plays, or waits for the one before it to end."""

    playback_id: str
    media: tuple[str, ...]
    timer: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to a channel (or, for `PLAYED`, to a playback on it)."""

    what: What
    channel: Channel
    cause: int = 0
    playback_id: str = ""
    ok: bool = True
    text: str = ""
    other_id: str | None = None


@dataclass(slots=True)
class Recording:
    """A file: it grows while it is `live` and not `paused`."""

    name: str
    ear: Channel
    live: bool = True
    paused: bool = False
