"""Everything that can happen to the core: the closed union `Input`, in the past tense.

Inputs come from Asterisk (decoded), from people (feature codes arrive as calls; services as
`AgentActionRequested`), from the configuration and from time itself. Each is legal in every state:
the core acts, or answers with the fact `InputIgnored`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.commands import Command
from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, PlaybackId, QueueId
from engine.core.policy import Policy

NO_ENDPOINT = EndpointName("")


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
    TOGGLE_PAUSE = "toggle_pause"


@dataclass(frozen=True, slots=True)
class PolicyApplied:
    """The configuration was read, at start or by hot reload; it replaces the one before."""

    policy: Policy


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
    """The rung phone's channel is gone, before or after an answer. `cause` is Q.850 (0: unknown)."""

    leg_id: LegId
    cause: int


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The party on this channel (a call's or a leg's) put the other side on hold, or took it back."""

    channel_id: str
    held: bool


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
    """

    channel_id: str
    up: bool
    bridge_id: str | None = None
    endpoint: EndpointName = NO_ENDPOINT
    dialled: str = ""
    caller_number: str = ""
    caller_name: str = ""
    created_ms: int = 0


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
    """Somebody (`by`) asked by service for a change of an agent's state in one queue."""

    agent_id: AgentId
    queue_id: QueueId
    action: AgentAction
    by: str
    reason: str | None = None


Input = (
    PolicyApplied
    | EngineStarted
    | TimePassed
    | CallArrived
    | CallerHungUp
    | LegRinging
    | LegAnswered
    | LegEnded
    | HoldChanged
    | PlaybackEnded
    | PhoneReachable
    | PhoneDevice
    | NodeConnected
    | NodeDisconnected
    | CommandFailed
    | AgentActionRequested
)
