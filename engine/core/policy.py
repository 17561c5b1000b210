"""What the configuration says, in the shape in which the core wants it.

Frozen, ordered (tuples, never sets), free of file formats. `engine.config` makes these from YAML;
the core receives a whole `Policy` as the input `PolicyApplied`. All durations are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.ids import AgentId, EndpointName, NodeId, QueueId


class Strategy(StrEnum):
    """How a queue (or one skill level of it) chooses whom to ring: rows R-01 to R-06."""

    RING_ALL = "ring_all"
    LEAST_RECENT = "least_recent"
    FEWEST_ANSWERED = "fewest_answered"
    RANDOM = "random"
    ROUND_ROBIN = "round_robin"
    LINEAR = "linear"


class MemberKind(StrEnum):
    """Static agents are always logged in; dynamic ones log in and out (Q-05)."""

    STATIC = "static"
    DYNAMIC = "dynamic"


class InitialState(StrEnum):
    """What a newly added dynamic agent starts as (Q-11)."""

    LOGGED_OUT = "logged_out"
    LOGGED_IN = "logged_in"
    PAUSED = "paused"


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
    """Destination: answer, play these media in order, end the call.

    Media are Asterisk media URIs (`sound:name`, `digits:6400`, `tone:busy`).
    """

    media: tuple[str, ...]


Destination = HangUp | ToExtension | ToQueue | ToExternal | PlayThenHangUp


@dataclass(frozen=True, slots=True)
class WaitingSound:
    """What a waiting caller hears (P-02): music of a class, or `music_class` None for ringing."""

    music_class: str | None = "default"


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's place in one queue. `skill_level` 1 is the highest (R-07)."""

    agent_id: AgentId
    kind: MemberKind = MemberKind.DYNAMIC
    skill_level: int = 1


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """One queue. Zero means "no limit" for `wait_ms_max` and `waiting_max`, "never" for auto-pause.

    `members` are in configured order, which is the order of the static agents.
    `accelerate_ms` None switches W-02's acceleration off.
    `agent_prompt` is played to the agent on answer, before the caller is connected.
    `answered_elsewhere` tells phones that rang in vain not to show a missed call (Q-06).
    """

    queue_id: QueueId
    name: str
    members: tuple[Member, ...] = ()
    strategy: Strategy = Strategy.LEAST_RECENT
    skill_based: bool = False
    weight: int = 1
    accelerate_ms: int | None = None
    wait_ms_max: int = 0
    waiting_max: int = 0
    failure: Destination = field(default_factory=HangUp)
    ring_timeout_ms: int = 20_000
    retry_interval_ms: int = 5_000
    wrapup_ms: int = 0
    agent_prompt: str | None = None
    ring_in_use: bool = False
    autopause_after: int = 0
    answered_elsewhere: bool = True
    alert_info: str | None = None
    waiting_sound: WaitingSound = field(default_factory=WaitingSound)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """A person who takes queue calls, by the extension on which they work."""

    agent_id: AgentId
    name: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class ExtensionPolicy:
    """A phone in the house. Its endpoint in Asterisk has the number as its name."""

    number: str
    name: str
    ring_timeout_ms: int = 30_000
    language: str = "en"
    outbound_routes: tuple[str, ...] = ()
    """Names of the outbound routes that this extension may dial through."""


@dataclass(frozen=True, slots=True)
class TrunkPolicy:
    """A SIP trunk, by the name of its endpoint."""

    name: EndpointName


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """Calls from `trunk` (None: any) to a number like `pattern` go to `destination`; first match wins.

    Patterns: digits stand for themselves, `X` any digit, `Z` 1-9, `N` 2-9, a final `.` one or more
    of anything, a final `!` none or more of anything (the field's usual dial-pattern letters).
    """

    name: str
    pattern: str
    destination: Destination
    trunk: EndpointName | None = None


@dataclass(frozen=True, slots=True)
class OutboundRoute:
    """Numbers like `pattern` leave by `trunk`, without their first `strip` digits, after `prepend`."""

    name: str
    pattern: str
    trunk: EndpointName
    strip: int = 0
    prepend: str = ""
    ring_timeout_ms: int = 60_000
    caller_number: str | None = None
    """Shown to the called party instead of the caller's own number, where set."""


@dataclass(frozen=True, slots=True)
class PauseReason:
    """A system-wide reason for a pause; `code` is what is dialled after `*` (for example 01)."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class FeatureCodes:
    """What agents dial, each followed by a queue's number (A-01)."""

    login_toggle: str = "*7"
    pause_toggle: str = "*07"


@dataclass(frozen=True, slots=True)
class Settings:
    """Options for all queues, and limits."""

    shared_wrapup: bool = False
    initial_state: InitialState = InitialState.LOGGED_OUT
    feature_codes: FeatureCodes = field(default_factory=FeatureCodes)
    failed_offer_pause_ms: int = 5_000
    """How long a phone that refused, was busy or could not be reached is left alone."""
    calls_max: int = 10_000
    """Calls in the system; one more is refused with congestion."""
    unknown_number_media: tuple[str, ...] = ("sound:pbx-invalid",)


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole configuration as the core sees it."""

    nodes: tuple[NodeId, ...] = ()
    trunks: tuple[TrunkPolicy, ...] = ()
    extensions: tuple[ExtensionPolicy, ...] = ()
    agents: tuple[AgentPolicy, ...] = ()
    queues: tuple[QueuePolicy, ...] = ()
    inbound_routes: tuple[InboundRoute, ...] = ()
    outbound_routes: tuple[OutboundRoute, ...] = ()
    pause_reasons: tuple[PauseReason, ...] = ()
    settings: Settings = field(default_factory=Settings)
