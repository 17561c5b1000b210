"""Everything that can happen to the core: the closed union `Input`, in the past tense.

Inputs come from Asterisk (decoded), from people (feature codes arrive as calls; services as
`AgentActionRequested`), from the configuration and from time itself. Each is legal in every state:
the core acts, or answers with the fact `InputIgnored`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.core.commands import Command
from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    PlaybackId,
    QueueId,
    RecordingId,
)
from engine.core.places import Destination
from engine.core.policy import MonitorMode, Policy, Presence
from engine.core.waiting import HoursNow

NO_ENDPOINT = EndpointName("")

BY_SYSTEM = "system"
"""Who asks where no person does."""


class DeviceState(StrEnum):
    """A phone's state as Asterisk aggregates it over all its channels."""

    UNKNOWN = "unknown"
    NOT_INUSE = "not_inuse"
    INUSE = "inuse"
    BUSY = "busy"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
    RINGING = "ringing"
    RINGINUSE = "ringinuse"
    ONHOLD = "onhold"


class AgentAction(StrEnum):
    """What can be asked for an agent, by code or by service."""

    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    TOGGLE_LOGIN = "toggle_login"
    PAUSE = "pause"
    RESUME = "resume"
    """Also ends a wrap-up early (A-08)."""
    TOGGLE_PAUSE = "toggle_pause"
    LOG_IN_LAST = "log_in_last"
    """In the queues of the last log-in; names no queue."""
    EXTEND_WRAPUP = "extend_wrapup"


@dataclass(frozen=True, slots=True)
class PolicyApplied:
    """The configuration was read, at start or by hot reload; it replaces the one before.

    `hours` is what each of its schedules says at this moment.
    """

    policy: Policy
    hours: tuple[HoursNow, ...] = ()


@dataclass(frozen=True, slots=True)
class HoursChanged:
    """The calendar turned: what these schedules say from now on. Others are as they were."""

    hours: tuple[HoursNow, ...]


@dataclass(frozen=True, slots=True)
class HoursOverrideRequested:
    """Somebody (`by`, as in `AgentActionRequested`) wants a queue closed, whatever its hours say.

    `closed` False: it goes by its hours again.
    """

    queue_id: QueueId
    closed: bool
    by: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """A new engine process took over the restored state."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The next deadline is due (or nothing is: harmless)."""


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A channel that dialled in was handed to Usher.

    `endpoint` is the trunk or extension it came from; `created_ms` is when Asterisk made the
    channel (epoch milliseconds), from which the wait is counted if that is earlier than now.
    """

    call_id: CallId
    node: NodeId
    endpoint: EndpointName
    dialled: str
    caller_number: str
    caller_name: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller's channel is gone or going. `cause` is Q.850 (0: unknown)."""

    call_id: CallId
    cause: int


TAKEN_BACK: Final = "taken"
"""What is dialled for a caller who does not come back, but is taken back: an extension of the dialplan's."""


@dataclass(frozen=True, slots=True)
class CallCameBack:
    """The dialplan gives a caller back whom it was sent (`SendToDialplan`).

    `dialled` is what it asks for, as in `CallArrived`; or `TAKEN_BACK`, if that was by `FetchCall`.
    """

    call_id: CallId
    dialled: str


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The rung phone said that it rings (SIP 180 or 183)."""

    leg_id: LegId


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The rung phone was picked up."""

    leg_id: LegId


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The rung phone's channel is gone, before or after an answer. `cause` is Q.850 (0: unknown).

    `forward_to` is set if the phone asked to ring another number instead (SIP 302): that number,
    "" if it could not be read.
    """

    leg_id: LegId
    cause: int
    forward_to: str | None = None


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The party on this channel (a call's or a leg's) put the other side on hold, or took it back."""

    channel_id: str
    held: bool


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The party on this channel (a call's or a leg's) pressed a key: 0-9, *, #, A-D."""

    channel_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class TransferRequested:
    """The phone on this channel wants its other party to talk to somebody else (SIP REFER).

    Blind: to whoever is reached by dialling `target`. Attended: to the other party of the call
    that the same phone has on `other_channel_id` (its own channel there).
    """

    channel_id: str
    target: str
    other_channel_id: str | None = None


@dataclass(frozen=True, slots=True)
class SpyEnded:
    """The spy channel of a monitoring is gone."""

    monitor_id: MonitorId


@dataclass(frozen=True, slots=True)
class RecordingFinished:
    """A recording ended. `ok` is false where it failed (`why`: disk full, folder, ...)."""

    recording_id: RecordingId
    ok: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """A prompt is over; `ok` is false where it could not be played or was cut short by a fault."""

    playback_id: PlaybackId
    ok: bool


@dataclass(frozen=True, slots=True)
class PhoneReachable:
    """A phone's registration or contact status, as one node sees it."""

    node: NodeId
    endpoint: EndpointName
    reachable: bool


@dataclass(frozen=True, slots=True)
class PhoneDevice:
    """A phone's device state, as one node sees it."""

    node: NodeId
    endpoint: EndpointName
    state: DeviceState


@dataclass(frozen=True, slots=True)
class SeenChannel:
    """One of our channels that exists in Asterisk at the moment of a reconciliation.

    `up` is true once answered. `bridge_id` is the bridge that it is in, if any. For a leg only
    `channel_id`, `up` and `bridge_id` matter; for a caller the rest is what `CallArrived` carries.
    `away` is true for a caller whom the dialplan has (`SendToDialplan`). One who came back while nobody
    watched is not away any more, and no `CallCameBack` follows. `trip` is the number (`USHER_TRIP`) of the
    trip from which a caller last came back, 0 if never.
    """

    channel_id: str
    up: bool
    bridge_id: str | None = None
    endpoint: EndpointName = NO_ENDPOINT
    dialled: str = ""
    caller_number: str = ""
    caller_name: str = ""
    created_ms: int = 0
    away: bool = False
    trip: int = 0


@dataclass(frozen=True, slots=True)
class NodeConnected:
    """The connection to a node is up; `channels` and `bridges` are all of ours that it has.

    `boot_id` is the same as long as that Asterisk has not been restarted ("" if unknown).
    """

    node: NodeId
    channels: tuple[SeenChannel, ...]
    bridges: tuple[str, ...] = ()
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class NodeDisconnected:
    """The connection to a node was lost. Its calls may well live on."""

    node: NodeId


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """Asterisk refused a command, or it could not be sent or answered in time.

    `status` is the HTTP-like status of the answer (404: no such channel), 0 if there was none.
    """

    command: Command
    status: int
    why: str


@dataclass(frozen=True, slots=True)
class AgentActionRequested:
    """Somebody (`by`) asked by service for a change of an agent's state.

    `queue_id` None means all queues of the agent. `by` is an extension's number, or `BY_SYSTEM`
    for Usher's own tools, which may do everything. `seen` is the version of the agent that was
    looked at (`Agent.version`), None where it does not matter.
    """

    agent_id: AgentId
    queue_id: QueueId | None
    action: AgentAction
    by: str
    reason: str | None = None
    request_id: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class PresenceRequested:
    """Somebody asked for a change of an extension's presence (A-04)."""

    agent_id: AgentId
    presence: Presence
    by: str
    request_id: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class PickUp:
    """Ring the phone of who asks for this waiting call, instead of the agents' phones."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send this waiting call elsewhere."""

    destination: Destination


@dataclass(frozen=True, slots=True)
class Transfer:
    """Send the caller of this talk elsewhere; the agent is free."""

    destination: Destination


@dataclass(frozen=True, slots=True)
class Park:
    """Park the caller of this talk; the agent hears the slot."""


@dataclass(frozen=True, slots=True)
class HangUpNow:
    """End this call."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """Ring the phone of who asks, and let them listen to this talk (or whisper, or join)."""

    mode: MonitorMode


class RecordingAction(StrEnum):
    """What can be asked for a talk's recording."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Record:
    """Start, pause, resume or stop the recording of this talk."""

    action: RecordingAction


CallAction = PickUp | Redirect | Transfer | Park | HangUpNow | Monitor | Record
"""What can be asked for a call (S-03)."""


@dataclass(frozen=True, slots=True)
class CallActionRequested:
    """Somebody (`by`, as in `AgentActionRequested`) asked for something to be done with a call.

    `seen` is the version of the call that was looked at (`Call.version`).
    """

    request_id: str
    call_id: CallId
    action: CallAction
    by: str
    seen: int


@dataclass(frozen=True, slots=True)
class CallAgentRequested:
    """Somebody at the extension `by` wants to talk to an agent: rings theirs first, then the other."""

    request_id: str
    agent_id: AgentId
    by: str


Input = (
    PolicyApplied
    | HoursChanged
    | HoursOverrideRequested
    | EngineStarted
    | TimePassed
    | CallArrived
    | CallerHungUp
    | CallCameBack
    | LegRinging
    | LegAnswered
    | LegEnded
    | HoldChanged
    | DigitPressed
    | TransferRequested
    | SpyEnded
    | RecordingFinished
    | PlaybackEnded
    | PhoneReachable
    | PhoneDevice
    | NodeConnected
    | NodeDisconnected
    | CommandFailed
    | AgentActionRequested
    | PresenceRequested
    | CallActionRequested
    | CallAgentRequested
)
