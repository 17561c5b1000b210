"""Everything that the core can want from Asterisk: the closed union `Command`, imperative.

Commands for one node are carried out in the order in which the core gave them. A command that
fails comes back as the input `CommandFailed`. Ids are the core's own, so a repeated command is
recognisable: it does nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import BridgeId, CallId, EndpointName, LegId, NodeId, PlaybackId
from engine.core.policy import WaitingSound


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer the caller's channel (SIP 200)."""

    node: NodeId
    call_id: CallId


@dataclass(frozen=True, slots=True)
class StartWaitingSound:
    """Let the caller hear what waiting sounds like: music of a class, or ringing."""

    node: NodeId
    call_id: CallId
    sound: WaitingSound


@dataclass(frozen=True, slots=True)
class StopWaitingSound:
    """End that sound."""

    node: NodeId
    call_id: CallId
    sound: WaitingSound


@dataclass(frozen=True, slots=True)
class RingPhone:
    """Ring `endpoint` for a call, as a new channel named `leg_id`.

    `number` is what to dial through a trunk, None for a phone of the house. `timeout_ms` is a
    safety net in Asterisk, later than the core's own deadline. `caller_number` and `caller_name`
    are shown on the phone.
    """

    node: NodeId
    leg_id: LegId
    call_id: CallId
    endpoint: EndpointName
    number: str | None
    timeout_ms: int
    caller_number: str
    caller_name: str
    alert_info: str | None = None


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """Stop ringing this phone, or end its call.

    `answered_elsewhere` keeps the phone from showing a missed call.
    """

    node: NodeId
    leg_id: LegId
    answered_elsewhere: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """Put caller and leg into a new bridge, so that they talk."""

    node: NodeId
    bridge_id: BridgeId
    call_id: CallId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    """Remove a bridge; whoever is still in it is let go, not hung up."""

    node: NodeId
    bridge_id: BridgeId


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play media in order on one channel (a call's or a leg's); `PlaybackEnded` says when done."""

    node: NodeId
    playback_id: PlaybackId
    channel_id: str
    media: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class HangUpCall:
    """End the caller's channel with a Q.850 cause."""

    node: NodeId
    call_id: CallId
    cause: int


Command = (
    AnswerCall
    | StartWaitingSound
    | StopWaitingSound
    | RingPhone
    | HangUpLeg
    | Connect
    | DestroyBridge
    | PlayPrompt
    | HangUpCall
)
