"""What is written in one of several forms: secrets, destinations, sounds.

Each form is a mapping with one key that says which form it is (or a plain word).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from engine.config.values import (
    Choice,
    DialString,
    EnvironmentName,
    Identifier,
    PathText,
    PhoneNumber,
    Prompts,
    ReasonCode,
    Strict,
    wrong,
)
from engine.core.policy import PresenceAction


class SecretFromEnvironment(Strict):
    """`{env: NAME}`: the secret is the value of an environment variable."""

    env: EnvironmentName
    """The variable's name."""


def _inside(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise wrong("must be a path inside the secrets directory (no leading /, no ..)")
    return value


class SecretFromFile(Strict):
    """`{file: path}`: the secret is the content of a file that only its owner may read."""

    file: Annotated[PathText, AfterValidator(_inside)]
    """The file's path inside `settings.secrets_directory`."""


REFERENCE_WORDS: Final = "a secret is never written here: write {env: NAME} or {file: PATH}"


def _secret_kind(value: object) -> str | None:
    return _kind_of(value, {"env": SecretFromEnvironment, "file": SecretFromFile})


def _kind_of(value: object, kinds: Mapping[str, type[Strict]]) -> str | None:
    """Returns which of these single-key models a value means, by its key or by its class."""
    if isinstance(value, Mapping):
        return next((key for key in value if key in kinds), None)
    return next((key for key, kind in kinds.items() if isinstance(value, kind)), None)


SecretReference = Annotated[
    Annotated[SecretFromEnvironment, Tag("env")] | Annotated[SecretFromFile, Tag("file")],
    Discriminator(
        _secret_kind, custom_error_type="usher_secret", custom_error_message=REFERENCE_WORDS
    ),
]
"""Where a secret is kept. `engine.config.secrets` fetches it; it never stands in the YAML."""


# Destinations ------------------------------------------------------------------------------------


class HangUpWithCause(Strict):
    """`{hang_up: 17}`: end the call and tell the caller's side why."""

    hang_up: Annotated[int, Field(ge=1, le=127)]
    """A cause of Q.850: 16 normal (as plain `hang_up`), 17 busy, 34 congestion, 1 unknown number."""


class ExtensionDestination(Strict):
    """`{extension: "1001"}`: ring that extension."""

    extension: PhoneNumber
    """An extension's number."""


class QueueDestination(Strict):
    """`{queue: "6401"}`: wait in that queue."""

    queue: PhoneNumber
    """A queue's number."""


class ExternalNumber(Strict):
    """A number outside, and the way there."""

    number: DialString
    """The number, as it would be dialled."""
    route: Identifier
    """The outbound route that takes it; its pattern must fit the number."""


class ExternalDestination(Strict):
    """`{external: {number: "05551234", route: national}}`: call a number outside."""

    external: ExternalNumber
    """Number and route."""


class PlayDestination(Strict):
    """`{play: ["sound:closed"]}`: answer, play these in order, hang up."""

    play: Annotated[Prompts, Field(min_length=1)]
    """What is played."""


class VoicemailDestination(Strict):
    """`{voicemail: "1001"}`: leave a message."""

    voicemail: PhoneNumber
    """A box: an extension's number, or a group's box."""


class MenuDestination(Strict):
    """`{menu: main}`: hear that menu and press a key."""

    menu: Identifier
    """A name in `menus`."""


class CallFlowDestination(Strict):
    """`{call_flow: promo}`: go through that part of the admin's own dialplan."""

    call_flow: Identifier
    """A name in `call_flows`."""


class RingGroupDestination(Strict):
    """`{ring_group: office}`: ring the phones of that group."""

    ring_group: Identifier
    """A name in `ring_groups`."""


DESTINATION_KINDS: Final[Mapping[str, type[Strict]]] = {
    "hang_up": HangUpWithCause,
    "extension": ExtensionDestination,
    "queue": QueueDestination,
    "external": ExternalDestination,
    "play": PlayDestination,
    "voicemail": VoicemailDestination,
    "menu": MenuDestination,
    "ring_group": RingGroupDestination,
    "call_flow": CallFlowDestination,
}
DESTINATION_WORDS: Final = (
    'must be a destination: hang_up, {hang_up: 17}, {extension: "1001"}, {queue: "6401"},'
    ' {external: {number: "05551234", route: national}}, {play: ["sound:closed"]},'
    ' {voicemail: "1001"}, {menu: NAME}, {ring_group: NAME} or {call_flow: NAME}'
)


def _destination_kind(value: object) -> str | None:
    return "plain" if value == "hang_up" else _kind_of(value, DESTINATION_KINDS)


Destination = Annotated[
    Annotated[Literal["hang_up"], Tag("plain")]
    | Annotated[HangUpWithCause, Tag("hang_up")]
    | Annotated[ExtensionDestination, Tag("extension")]
    | Annotated[QueueDestination, Tag("queue")]
    | Annotated[ExternalDestination, Tag("external")]
    | Annotated[PlayDestination, Tag("play")]
    | Annotated[VoicemailDestination, Tag("voicemail")]
    | Annotated[MenuDestination, Tag("menu")]
    | Annotated[RingGroupDestination, Tag("ring_group")]
    | Annotated[CallFlowDestination, Tag("call_flow")],
    Discriminator(
        _destination_kind,
        custom_error_type="usher_destination",
        custom_error_message=DESTINATION_WORDS,
    ),
]
"""Where a call goes: the same everywhere (row Q-03)."""


class MusicSound(Strict):
    """`{music: default}`: music on hold of that class."""

    music: Identifier
    """A class from `settings.music`."""


class PromptSound(Strict):
    """`{prompt: welcome}`: that prompt, over and over."""

    prompt: Identifier
    """A name from `prompts`."""


SOUND_WORDS: Final = (
    "must be ringing, {music: CLASS} with a class from settings.music, or {prompt: NAME} with a name"
    " from prompts"
)


def _sound_kind(value: object) -> str | None:
    kinds: dict[str, type[Strict]] = {"music": MusicSound, "prompt": PromptSound}
    return "ringing" if value == "ringing" else _kind_of(value, kinds)


WaitingSound = Annotated[
    Annotated[Literal["ringing"], Tag("ringing")]
    | Annotated[MusicSound, Tag("music")]
    | Annotated[PromptSound, Tag("prompt")],
    Discriminator(_sound_kind, custom_error_type="usher_sound", custom_error_message=SOUND_WORDS),
]
"""What a waiting caller hears (row P-02)."""


# What a presence does -----------------------------------------------------------------------------


class PauseForReason(Strict):
    """`{pause_all: "01"}`: pause in all queues for that reason."""

    pause_all: ReasonCode
    """The reason's code in `pause_reasons`."""


_PRESENCE_ACTIONS: Final = frozenset(PresenceAction)
PRESENCE_WORDS: Final = (
    "must be nothing, log_in_all, log_in_last, log_out_all, pause_all"
    ' or {pause_all: "01"} with a reason\'s code'
)


def _presence_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "plain" if value in _PRESENCE_ACTIONS else None
    return _kind_of(value, {"pause_all": PauseForReason})


PresenceDoes = Annotated[
    Annotated[Choice[PresenceAction], Tag("plain")] | Annotated[PauseForReason, Tag("pause_all")],
    Discriminator(
        _presence_kind, custom_error_type="usher_presence", custom_error_message=PRESENCE_WORDS
    ),
]
"""What becoming a presence does to an agent's state (row A-04)."""
