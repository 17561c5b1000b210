"""Everything that the core can want from Asterisk: the closed union `Command`, imperative.

Commands for one node are carried out in the order in which the core gave them. A command that
fails comes back as the input `CommandFailed`. Ids are the core's own, so a repeated command is
recognisable: it does nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import (
    BridgeId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    PlaybackId,
    RecordingId,
)
from engine.core.waiting import WaitingSound


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer the caller's channel (SIP 200)."""

    node: NodeId
    call_id: CallId


@dataclass(frozen=True, slots=True)
class StartWaitingSound:
    """Let the caller hear what waiting sounds like: music of a class, or ringing.

    `call_id` may name a leg, too: an agent who waits for the customer of a callback.
    """

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
    are shown on the phone. `call_id` None: no caller is there yet, Usher places this call and
    `leg_id` is the call's own id (`engine.core.ids.own_call_id_of`).
    """

    node: NodeId
    leg_id: LegId
    call_id: CallId | None
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
    """Put caller and leg into this bridge, made if need be, out of any other, so that they talk.

    Whatever plays to either of them is cut off. `hold_music` is the music class that one hears whom the
    other puts on hold; None: Asterisk's default.
    """

    node: NodeId
    bridge_id: BridgeId
    call_id: CallId
    leg_id: LegId
    hold_music: str | None = None


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    """Remove a bridge; whoever is still in it is let go, not hung up.

    `take_out` are channels that are to hear something next: they are out of it before the next command
    is carried out. What is played to one that is only just leaving can be lost.
    """

    node: NodeId
    bridge_id: BridgeId
    take_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play media in order on one channel (a call's or a leg's); `PlaybackEnded` says when done."""

    node: NodeId
    playback_id: PlaybackId
    channel_id: str
    media: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class StopPrompt:
    """End a prompt that plays on this channel or waits to; one that is over is no failure.

    `PlaybackEnded` may or may not follow.
    """

    node: NodeId
    playback_id: PlaybackId
    channel_id: str


@dataclass(frozen=True, slots=True)
class PlayToTalk:
    """Let both parties of a talk hear media (P-07); it changes nothing else, even where it fails."""

    node: NodeId
    playback_id: PlaybackId
    bridge_id: BridgeId
    media: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class SendToDialplan:
    """Let the dialplan have the caller, with these channel variables: voicemail, or a call flow.

    The call ends there (`CallerHungUp`), or comes back (`CallCameBack`). Whatever plays to the caller
    ends; keys that are pressed there are not told, and only `HangUpCall` can be carried out. A context or
    extension that is not there fails with 422, and the caller is here still; 404: the caller is gone.
    """

    node: NodeId
    call_id: CallId
    context: str
    extension: str
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FetchCall:
    """Take a caller back whom the dialplan has (`SendToDialplan`), whatever goes on there.

    The caller comes back as one who is given back (`CallCameBack`, dialled `TAKEN_BACK`). Who is there no
    more, is not away, or is away for another time than the `trip`th, is left alone; that is no failure.
    """

    node: NodeId
    call_id: CallId
    trip: int


@dataclass(frozen=True, slots=True)
class HangUpCall:
    """End the caller's channel with a Q.850 cause."""

    node: NodeId
    call_id: CallId
    cause: int


class TransferState(StrEnum):
    """What the phone that asked for a transfer is told (SIP NOTIFY)."""

    DONE = "done"
    """The phone then hangs up by itself; it is hung up as well."""
    REFUSED = "refused"
    """The talk goes on as it was."""


@dataclass(frozen=True, slots=True)
class AnswerTransfer:
    """Tell the phone on this channel what became of the transfer that it asked for."""

    node: NodeId
    channel_id: str
    state: TransferState


@dataclass(frozen=True, slots=True)
class StartMonitor:
    """Let the supervisor on `call_id` hear both sides of the talk of `channel_id` (the agent's).

    With `whisper` the agent, and nobody else, hears the supervisor. The two are in `bridge_id`,
    made if need be. `monitor_id` is the id of the spy channel. A spy before it in that bridge has
    been or will be removed by `StopMonitor`.
    """

    node: NodeId
    monitor_id: MonitorId
    bridge_id: BridgeId
    call_id: CallId
    channel_id: str
    whisper: bool


@dataclass(frozen=True, slots=True)
class StopMonitor:
    """End a spy channel. One that is gone is no failure."""

    node: NodeId
    monitor_id: MonitorId


@dataclass(frozen=True, slots=True)
class JoinTalk:
    """Put a supervisor's channel into a talk as a third party, out of any other bridge.

    The digits pressed there are not passed on to the others. `held_id` is who is on hold there, if
    somebody is: hold music ends, so that they hear the supervisor.
    """

    node: NodeId
    bridge_id: BridgeId
    channel_id: str
    held_id: str | None = None


@dataclass(frozen=True, slots=True)
class LeaveTalk:
    """Take that channel out of the talk. One that is not in it is no failure.

    `held_id` is who is on hold there, if somebody is, and hears the hold music again: Asterisk
    lets them hear nothing after a talk of three.
    """

    node: NodeId
    bridge_id: BridgeId
    channel_id: str
    held_id: str | None = None


@dataclass(frozen=True, slots=True)
class HoldMusic:
    """Let who is on hold in a talk hear the hold music again; it ends when they are taken back.

    It is Asterisk's own, as if the phone had just put them on hold. That it fails changes nothing
    about who hears whom.
    """

    node: NodeId
    channel_id: str


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record what the leg of a talk hears and says, into `name` (without a suffix).

    Ends by itself with the leg. `stereo`: what it hears (the caller) on the left, what it says on
    the right. Never the caller's channel: whose partner changes, as a caller's does who is passed
    on, may be recorded without the new one's voice (docs/adr/0004-transfers-and-ears.md).
    """

    node: NodeId
    recording_id: RecordingId
    channel_id: str
    name: str
    stereo: bool


class RecordingChange(StrEnum):
    """What can be done to a running recording."""

    PAUSE = "pause"
    """What is said until the resumption is not in the file; no gap is."""
    RESUME = "resume"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class ChangeRecording:
    """Pause, resume or stop a recording (`name` and `stereo` as it was started)."""

    node: NodeId
    recording_id: RecordingId
    name: str
    stereo: bool
    change: RecordingChange


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
    | AnswerTransfer
    | StartMonitor
    | StopMonitor
    | JoinTalk
    | LeaveTalk
    | HoldMusic
    | StartRecording
    | ChangeRecording
    | StopPrompt
    | PlayToTalk
    | SendToDialplan
    | FetchCall
)
