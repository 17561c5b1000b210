"""What the configuration says, in the shape in which the core wants it.

Frozen, ordered (tuples, never sets), free of file formats. `engine.config` makes these from YAML;
the core receives a whole `Policy` as the input `PolicyApplied`. All durations are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.ids import AgentId, EndpointName, NodeId, QueueId
from engine.core.places import CallFlow, Destination, HangUp, Media, Menu, RingGroup, VoicemailBox
from engine.core.waiting import (
    Announcements,
    CallbackPolicy,
    EmptyRule,
    KeyEvent,
    QueueHours,
    SurveyPolicy,
    WaitingSound,
)


class Strategy(StrEnum):
    """How a queue (or one skill level of it) chooses whom to ring: rows R-01 to R-06, R-08."""

    RING_ALL = "ring_all"
    LEAST_RECENT = "least_recent"
    FEWEST_ANSWERED = "fewest_answered"
    RANDOM = "random"
    ROUND_ROBIN = "round_robin"
    LINEAR = "linear"
    WEIGHTED = "weighted"
    """Shares of offers by the members' `share` (R-08)."""
    LEAST_TALK = "least_talk"
    """Least talk time in this queue since the agent's log-in (R-08)."""
    PROGRESSIVE = "progressive"
    """The linear order, but a phone that rings rings on while every `progressive_step_ms` one more
    joins (R-08)."""


class MemberKind(StrEnum):
    """Static agents are always logged in; dynamic ones log in and out (Q-05)."""

    STATIC = "static"
    DYNAMIC = "dynamic"


class InitialState(StrEnum):
    """What a newly added dynamic agent starts as (Q-11)."""

    LOGGED_OUT = "logged_out"
    LOGGED_IN = "logged_in"
    PAUSED = "paused"


class MonitorMode(StrEnum):
    """What a supervisor does on an agent's call (S-02)."""

    LISTEN = "listen"
    """Hears both, is heard by nobody."""
    WHISPER = "whisper"
    """Hears both, is heard by the agent alone."""
    BARGE = "barge"
    """A third party: hears and is heard by both."""


class Presence(StrEnum):
    """What the person at an extension says of themselves (A-04)."""

    AVAILABLE = "available"
    AWAY = "away"
    BUSINESS_TRIP = "business_trip"
    DO_NOT_DISTURB = "do_not_disturb"
    LUNCH = "lunch"
    OFF_WORK = "off_work"


class PresenceAction(StrEnum):
    """What a presence does to the agent's state (A-04). Static agents resume instead of log in."""

    NOTHING = "nothing"
    LOG_IN_ALL = "log_in_all"
    LOG_IN_LAST = "log_in_last"
    LOG_OUT_ALL = "log_out_all"
    PAUSE_ALL = "pause_all"


class Right(StrEnum):
    """What a person may do in a queue (S-01); who may be granted what: `engine.core.agents.rights`."""

    WALLBOARD = "wallboard"
    PANEL = "panel"
    CHANGE_STATE = "change_state"
    DISTRIBUTE = "distribute"
    """Redirect, transfer, drag."""
    PICK_UP = "pick_up"
    """Pick up or hang up agents' calls."""
    MONITOR = "monitor"
    PARK = "park"
    RECORD = "record"
    CONTACT_MATCH = "contact_match"
    SEE_MISSED = "see_missed"
    DELETE_MISSED = "delete_missed"
    QUEUE_LOG = "queue_log"


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's place in one queue. `skill_level` 1 is the highest (R-07)."""

    agent_id: AgentId
    kind: MemberKind = MemberKind.DYNAMIC
    skill_level: int = 1
    share: int = 1
    """Weight in the weighted strategy."""


@dataclass(frozen=True, slots=True)
class SkillStep:
    """From `after_ms` of waiting on, agents up to this skill level (inclusive) may be rung."""

    after_ms: int
    level_max: int


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    """Talks of a queue are recorded (S-04). `stereo`: caller left, agent right."""

    automatic: bool = True
    stereo: bool = False


@dataclass(frozen=True, slots=True)
class StickyPolicy:
    """A caller returns to the agent who served last, if that was within `memory_ms` (R-08).

    For `hold_out_ms` of waiting the call is kept for that agent alone, unless the agent is logged
    out, paused or unreachable.
    """

    memory_ms: int
    hold_out_ms: int


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
    wrapup_extend_ms: int = 0
    """How much longer a wrap-up gets at each wish of the agent (A-08); 0: it cannot be extended."""
    wrapup_extend_ms_max: int = 0
    """How much longer a wrap-up can get in all."""
    follow_forward: bool = False
    """Whether an agent's phone may forward an offer (SIP 302); else that is a missed offer."""
    progressive_step_ms: int = 5_000
    """Progressive strategy: after so long one more agent is rung as well."""
    skill_steps: tuple[SkillStep, ...] = ()
    """In rising order of `after_ms`; before the first, and without any, all levels may be rung."""
    required_skills_ms: int = 0
    """After so long a call's required skills are asked for no more; 0: always."""
    sticky: StickyPolicy | None = None
    recording: RecordingPolicy | None = None
    managers: tuple[str, ...] = ()
    """Extensions of the people who manage this queue (S-01)."""
    manager_rights: tuple[Right, ...] = ()
    agent_rights: tuple[Right, ...] = ()
    announcements: Announcements = field(default_factory=Announcements)
    hold_music: str | None = None
    """The music class that either side hears on hold (P-03); None: Asterisk's default."""
    hours: QueueHours | None = None
    """None: always open."""
    key_events: tuple[KeyEvent, ...] = ()
    join_empty: EmptyRule | None = None
    """Who finds the queue empty by this rule does not join it, and goes to `failure`; None: joins."""
    leave_empty: EmptyRule | None = None
    """Who waits while it becomes empty by this rule leaves it, for `failure`; None: stays."""
    callback: CallbackPolicy | None = None
    survey: SurveyPolicy | None = None


@dataclass(frozen=True, slots=True)
class PresenceRule:
    """What becoming this presence does; `reason` is a pause reason's name, for `PAUSE_ALL`."""

    presence: Presence
    action: PresenceAction
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """A person who takes queue calls, by the extension on which they work."""

    agent_id: AgentId
    name: str
    language: str = "en"
    skills: tuple[str, ...] = ()
    """What calls can require (R-08)."""
    presence_rules: tuple[PresenceRule, ...] | None = None
    """Instead of the settings'."""


@dataclass(frozen=True, slots=True)
class ExtensionPolicy:
    """A phone in the house. Its endpoint in Asterisk has the number as its name."""

    number: str
    name: str
    ring_timeout_ms: int = 30_000
    language: str = "en"
    outbound_routes: tuple[str, ...] = ()
    """Names of the outbound routes that this extension may dial through."""
    voicemail: bool = False
    """Whether it has a voicemail box, of its own number."""


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
    priority: int = 0
    """Callers of a higher priority stand before others in the same line (R-08)."""
    required_skills: tuple[str, ...] = ()
    """Only agents who have all of these are rung (R-08)."""


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
    """What agents and supervisors dial (A-01, A-04, A-08, S-02, S-04); "" switches a code off."""

    login_toggle: str = "*7"
    """+ queue: log in or out. + extension * queue: that agent's lamp key (A-02)."""
    pause_toggle: str = "*07"
    """+ queue [* reason]: pause or resume; in wrap-up: end it. + extension * queue [* reason]: key."""
    login_all: str = "*77"
    logout_all: str = "*077"
    login_last: str = "*78"
    wrapup_extend: str = "*76"
    """+ queue: longer wrap-up (A-08)."""
    presence: str = "*48"
    """+ digit: 1 available, 2 away, 3 business trip, 4 do not disturb, 5 lunch, 6 off work."""
    listen: str = "*90"
    """+ extension (as whisper and barge)."""
    whisper: str = "*91"
    barge: str = "*92"
    record_toggle: str = "*93"
    """+ extension: start or stop recording that agent's call."""
    record_pause_toggle: str = "*94"
    """+ extension: pause or resume that recording."""
    hours_toggle: str = "*74"
    """+ queue: closed now, whatever its hours say, or by its hours again (Q-04)."""
    voicemail: str = "*97"
    """[+ box]: listen to the own voicemail box, or to a group's (Q-03)."""


@dataclass(frozen=True, slots=True)
class MonitorDigits:
    """What a supervisor presses while monitoring (S-02)."""

    listen: str = "4"
    whisper: str = "5"
    barge: str = "6"


@dataclass(frozen=True, slots=True)
class ParkingPolicy:
    """Slots `first` to `last` (numbers that can be dialled); `first` 0: no parking.

    A call parked for longer than `timeout_ms` goes back to who parked it.
    """

    first: int = 0
    last: int = 0
    timeout_ms: int = 120_000
    music_class: str = "default"


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """How telephone numbers are written where the house is; to compare them, never to dial them.

    A prefix is "" where there is none. `national_digits` is the length of national numbers that are
    written without their prefix; None: none is.
    """

    country_code: str
    national_prefix: str = "0"
    international_prefix: str = "00"
    national_digits: int | None = None


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
    unknown_number_media: Media = ("sound:pbx-invalid",)
    monitor_digits: MonitorDigits = field(default_factory=MonitorDigits)
    parking: ParkingPolicy = field(default_factory=ParkingPolicy)
    presence_rules: tuple[PresenceRule, ...] = ()
    lost_node_ms: int = 86_400_000
    """A node that is out of reach for so long has lost its calls; 0: never."""
    numbering: NumberingPlan | None = None
    """None: two spellings of a number are two numbers."""


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
    menus: tuple[Menu, ...] = ()
    ring_groups: tuple[RingGroup, ...] = ()
    call_flows: tuple[CallFlow, ...] = ()
    voicemail_boxes: tuple[VoicemailBox, ...] = ()
    """Of groups; those of extensions are `ExtensionPolicy.voicemail`."""
