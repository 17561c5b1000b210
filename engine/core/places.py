"""Where calls can be sent: the one type of destination (Q-03), and the places that are configured.

All durations are milliseconds. Media are Asterisk media URIs (`sound:name`, `digits:6400`), played
in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.ids import QueueId

Media = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HangUp:
    """Destination: end the call. `cause` is a Q.850 cause that the caller's side is told."""

    cause: int = 16


@dataclass(frozen=True, slots=True)
class ToExtension:
    """Destination: ring an extension."""

    number: str


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Destination: enter a queue (a new visit of the same call)."""

    queue_id: QueueId


@dataclass(frozen=True, slots=True)
class ToExternal:
    """Destination: dial a number through the outbound route of that name."""

    number: str
    route: str


@dataclass(frozen=True, slots=True)
class PlayThenHangUp:
    """Destination: answer, play these media in order, end the call."""

    media: Media


@dataclass(frozen=True, slots=True)
class ToVoicemail:
    """Destination: leave a message in a box: an extension's (its number) or a group's."""

    box: str


@dataclass(frozen=True, slots=True)
class ToMenu:
    """Destination: a menu of keys (IVR), by its name."""

    menu: str


@dataclass(frozen=True, slots=True)
class ToCallFlow:
    """Destination: a dialplan context of the admin's, by the call flow's name."""

    flow: str


@dataclass(frozen=True, slots=True)
class ToRingGroup:
    """Destination: ring the phones of a group, by its name."""

    group: str


Destination = (
    HangUp
    | ToExtension
    | ToQueue
    | ToExternal
    | PlayThenHangUp
    | ToVoicemail
    | ToMenu
    | ToCallFlow
    | ToRingGroup
)


@dataclass(frozen=True, slots=True)
class MenuKey:
    """What a key in a menu does: sends the caller on, and may set what queues look at (R-08)."""

    key: str
    destination: Destination
    priority: int | None = None
    """The call's from then on; None: as it was."""
    required_skills: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """An IVR menu. `timeout_ms` runs from the prompt's end, and again after each digit.

    A wrong key or none plays `wrong_media` or `silence_media` and asks again, `tries` times in all;
    then the caller goes to `wrong` or `silence`. With `direct_dial` the number of an extension or a
    queue can be dialled as well.
    """

    name: str
    media: Media
    keys: tuple[MenuKey, ...]
    timeout_ms: int = 5_000
    tries: int = 3
    wrong_media: Media = ()
    silence_media: Media = ()
    wrong: Destination = field(default_factory=HangUp)
    silence: Destination = field(default_factory=HangUp)
    direct_dial: bool = False
    language: str | None = None
    """Spoken from here on; None: as before."""


class GroupStrategy(StrEnum):
    """How a ring group rings."""

    ALL = "all"
    IN_ORDER = "in_order"


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Phones that ring together or one after the other, each for `ring_timeout_ms`."""

    name: str
    members: tuple[str, ...]
    """Extensions."""
    strategy: GroupStrategy = GroupStrategy.ALL
    ring_timeout_ms: int = 20_000
    failure: Destination = field(default_factory=HangUp)
    """Where a caller goes whom nobody answered."""


@dataclass(frozen=True, slots=True)
class CallFlow:
    """A place in the admin's dialplan."""

    name: str
    context: str
    extension: str = "s"
    limit_ms: int = 0
    """Who is there for so long is taken back; 0: never."""
    too_long: Destination = field(default_factory=HangUp)
    """Where that caller goes."""


@dataclass(frozen=True, slots=True)
class VoicemailBox:
    """A voicemail box. `members` are the extensions that may listen to it."""

    number: str
    members: tuple[str, ...]
