"""Everything that has become true: the closed union `Fact`, in the past tense.

Reports, the live board and notifications are made from facts and from nothing else. Each fact
carries `seq`, its number in the history of this core (with the core's epoch it is the fact's id:
the same after a replay), and `at_ms`, when it happened (epoch milliseconds, UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, QueueId, VisitId


class SourceKind(StrEnum):
    """Where a call came from."""

    TRUNK = "trunk"
    EXTENSION = "extension"


class CallEnd(StrEnum):
    """Who or what ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    """The other party: an agent, an extension or an external number."""
    SYSTEM = "system"
    """A destination that ends calls, a spoken message, a refused number."""
    FAILED = "failed"
    """Nobody could be reached at the destination."""
    LOST = "lost"
    """The channel vanished while nobody watched (Asterisk or the connection was down)."""


class VisitOutcome(StrEnum):
    """A visit ends exactly once, as one of these (reports.md)."""

    ANSWERED = "answered"
    MISSED = "missed"
    ABANDONED = "abandoned"


class VisitReason(StrEnum):
    """Why a visit ended as it did."""

    CONNECTED = "connected"
    CALLER_HUNG_UP = "caller_hung_up"
    QUEUE_FULL = "queue_full"
    MAX_WAIT = "max_wait"
    QUEUE_REMOVED = "queue_removed"
    LOST = "lost"


class OfferOutcome(StrEnum):
    """How one attempt to ring one agent ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    CANCELLED = "cancelled"
    """Not the agent's doing: caller gone, answered by another, queue removed."""


class OfferReason(StrEnum):
    """Why an offer ended as it did."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    ANSWERED_THEN_LEFT = "answered_then_left"
    """Picked up, and hung up before the caller was connected."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_HUNG_UP = "caller_hung_up"
    VISIT_ENDED = "visit_ended"
    """Max wait, queue removed and the like."""
    RANG_SHORTLY = "rang_shortly"
    """Joined a ringing of all shortly before it ended in vain."""
    AGENT_LEFT = "agent_left"
    """Logged out or paused while ringing."""
    LOST = "lost"


class How(StrEnum):
    """By which hand an agent's state changed."""

    CODE = "code"
    SERVICE = "service"
    CONFIG = "config"
    AUTO = "auto"


class PauseEnd(StrEnum):
    """Why a pause spell ended."""

    RESUMED = "resumed"
    REASON_CHANGED = "reason_changed"
    LOGGED_OUT = "logged_out"
    REMOVED = "removed"


class WrapupEnd(StrEnum):
    """Why a wrap-up ended."""

    EXPIRED = "expired"
    ENDED_EARLY = "ended_early"
    REPLACED = "replaced"
    """A new queue call of the same agent ended and its wrap-up took over."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call entered the system. `arrived_ms` is when Asterisk made its channel."""

    seq: int
    at_ms: int
    call_id: CallId
    node: NodeId
    source: SourceKind
    endpoint: EndpointName
    caller_number: str
    caller_name: str
    dialled: str
    arrived_ms: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call left the system."""

    seq: int
    at_ms: int
    call_id: CallId
    ended_by: CallEnd
    cause: int


@dataclass(frozen=True, slots=True)
class VisitStarted:
    """A call entered a queue. `at_ms` is the moment from which its wait counts.

    `position` is its place in line at entry, 1 the first. A call refused because the queue is full
    has a visit too (missed, queue_full).
    """

    seq: int
    at_ms: int
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    position: int


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """A visit ended. `wait_ms` runs from entry to connection or leaving.

    `ring_ms` is the part of it in which at least one phone rang. `position` is the place in line at
    the end (0 where it had none). `agent_id` is who was connected, for answered visits.
    """

    seq: int
    at_ms: int
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    outcome: VisitOutcome
    reason: VisitReason
    agent_id: AgentId | None
    wait_ms: int
    ring_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class OfferMade:
    """An agent's phone was asked to ring for a call. `attempt` counts this visit's offers from 1."""

    seq: int
    at_ms: int
    offer_id: LegId
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    attempt: int


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """An offer ended. `ring_ms` runs from the offer to the answer or the end of ringing."""

    seq: int
    at_ms: int
    offer_id: LegId
    visit_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    outcome: OfferOutcome
    reason: OfferReason
    ring_ms: int
    cause: int


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """Caller and another party were connected.

    `visit_id` and `queue_id` are set for a queue call; `party` is the agent's or extension's
    number, or the external number dialled.
    """

    seq: int
    at_ms: int
    talk_id: LegId
    call_id: CallId
    visit_id: VisitId | None
    queue_id: QueueId | None
    agent_id: AgentId | None
    party: str


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """They talk no more. Holds are inside `talk_ms`."""

    seq: int
    at_ms: int
    talk_id: LegId
    call_id: CallId
    ended_by: CallEnd
    talk_ms: int


@dataclass(frozen=True, slots=True)
class HoldStarted:
    """One side of a talk put the other on hold. `by_caller` tells which."""

    seq: int
    at_ms: int
    hold_id: str
    talk_id: LegId
    call_id: CallId
    by_caller: bool


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """That hold ended (by taking back, or with the talk)."""

    seq: int
    at_ms: int
    hold_id: str
    talk_id: LegId
    call_id: CallId
    hold_ms: int


@dataclass(frozen=True, slots=True)
class AgentLoggedIn:
    """A log-in spell of one agent in one queue began."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class AgentLoggedOut:
    """That spell ended."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class PauseStarted:
    """A pause of one agent in one queue began. `reason` is a configured name, None for none."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    reason: str | None
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class PauseEnded:
    """That pause ended."""

    seq: int
    at_ms: int
    spell_id: str
    agent_id: AgentId
    queue_id: QueueId
    why: PauseEnd
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class AgentAutoPaused:
    """An agent missed `missed` offers of a queue in a row and was paused there (Q-06)."""

    seq: int
    at_ms: int
    agent_id: AgentId
    queue_id: QueueId
    missed: int


@dataclass(frozen=True, slots=True)
class WrapupStarted:
    """After-call work began; it is planned to end at `until_ms`."""

    seq: int
    at_ms: int
    wrapup_id: str
    agent_id: AgentId
    queue_id: QueueId
    call_id: CallId
    until_ms: int


@dataclass(frozen=True, slots=True)
class WrapupEnded:
    """After-call work ended."""

    seq: int
    at_ms: int
    wrapup_id: str
    agent_id: AgentId
    queue_id: QueueId
    why: WrapupEnd


@dataclass(frozen=True, slots=True)
class ActionRefused:
    """An agent's code or a service action was refused; nothing changed."""

    seq: int
    at_ms: int
    agent_id: str
    queue_id: str
    action: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class InputIgnored:
    """An input meant nothing in the present state (late, foreign, duplicate). Counted, not stored."""

    seq: int
    at_ms: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """Asterisk did not do what it was told, and the core dealt with that. Counted, not stored."""

    seq: int
    at_ms: int
    kind: str
    status: int
    why: str


Fact = (
    CallStarted
    | CallEnded
    | VisitStarted
    | VisitEnded
    | OfferMade
    | OfferEnded
    | TalkStarted
    | TalkEnded
    | HoldStarted
    | HoldEnded
    | AgentLoggedIn
    | AgentLoggedOut
    | PauseStarted
    | PauseEnded
    | AgentAutoPaused
    | WrapupStarted
    | WrapupEnded
    | ActionRefused
    | InputIgnored
    | CommandRefused
)
"""InputIgnored and CommandRefused are for counters and logs; the others are kept for ever."""
