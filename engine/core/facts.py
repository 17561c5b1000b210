"""Everything that has become true: the closed union `Fact`, in the past tense.

Reports, the live board and notifications are made from facts and from nothing else. Each fact
carries `seq`, its number in the history of this core (with the core's epoch it is the fact's id:
the same after a replay), and `at_ms`, when it happened (epoch milliseconds, UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    QueueId,
    RecordingId,
    TalkId,
    VisitId,
)
from engine.core.policy import MonitorMode, Presence
from engine.core.waiting import HoursKind


class SourceKind(StrEnum):
    """Where a call came from."""

    TRUNK = "trunk"
    EXTENSION = "extension"
    USHER = "usher"
    """Placed by Usher for somebody who asked for it."""
    CALLBACK = "callback"
    """A callback: it waits without a channel until an agent is there, then Usher calls the customer."""


CALLBACK_MARK: Final = "(QCB)"
"""By which a callback is known wherever people see calls (C-06): before the number, name or state."""


class CallEnd(StrEnum):
    """Who or what ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    """The other party: an agent, an extension or an external number."""
    SYSTEM = "system"
    """A destination that ends calls, a spoken message, a refused number."""
    FAILED = "failed"
    """Nobody could be reached at the destination."""
    TRANSFERRED = "transferred"
    """Not the end of the caller: another party or another call took over."""
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
    REDIRECTED = "redirected"
    """Moved elsewhere by a manager, or by who transferred a consultation with the queue."""
    HUNG_UP_BY_MANAGER = "hung_up_by_manager"
    """Ended by somebody with the right to do so (S-03): left unanswered, so missed."""
    LOST = "lost"
    JOIN_EMPTY = "join_empty"
    """Not joined: nobody was there to serve it (Q-08)."""
    LEFT_EMPTY = "left_empty"
    """Left: nobody was there any more (Q-08)."""
    CLOSED = "closed"
    """The queue's hours ended, and it sends away who waits then (Q-04)."""
    KEY_EVENT = "key_event"
    """The caller pressed a key that leads elsewhere (P-11)."""
    CALLBACK = "callback"
    """The caller is called back (C-02); how that ends is the callback's own outcome."""


class RouteReason(StrEnum):
    """Why a call was sent somewhere, beyond what was dialled."""

    CLOSED = "closed"
    HOLIDAY = "holiday"
    VISIT_ENDED = "visit_ended"
    """To a queue's failure destination; the visit's reason says more."""
    KEY_EVENT = "key_event"
    MENU_KEY = "menu_key"
    MENU_DIALLED = "menu_dialled"
    """An extension or queue was dialled in a menu."""
    MENU_WRONG = "menu_wrong"
    MENU_SILENCE = "menu_silence"
    NOBODY_ANSWERED = "nobody_answered"
    """To a ring group's failure destination."""
    CAME_BACK = "came_back"
    """The dialplan gave the call back."""
    TOO_LONG = "too_long"
    """It was taken back from a call flow that kept it for too long."""
    LOOP = "loop"
    """The call was sent on too often, and ends."""
    NO_SUCH_PLACE = "no_such_place"
    """The destination exists no more, or cannot take calls; the caller is told."""


class CallbackTrigger(StrEnum):
    """How a caller came to ask for a callback (C-01)."""

    KEY = "key"
    OFFERED = "offered"


class CallbackOutcome(StrEnum):
    """How a callback ended (C-05)."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class CallbackReason(StrEnum):
    """Why it ended so (C-05)."""

    TALKED = "talked"
    CUSTOMER_NO_ANSWER = "customer_no_answer"
    """Or busy, or not reached, at the last attempt."""
    NO_AGENT = "no_agent"
    """None became free in time, the queue is empty, closed or removed."""
    AGENT_HUNG_UP = "agent_hung_up"
    """While the customer's phone rang, at the last attempt."""
    INVALID_NUMBER = "invalid_number"
    """The network knows no such number."""
    NOT_PERMITTED = "not_permitted"
    """No outbound route of the queue's takes the number."""
    CANCELLED = "cancelled"
    """By somebody with the right to do so (S-03)."""


class SurveyEnd(StrEnum):
    """How a survey ended (P-12)."""

    ANSWERED = "answered"
    WRONG_KEYS = "wrong_keys"
    SILENCE = "silence"
    CALLER_HUNG_UP = "caller_hung_up"
    FAILED = "failed"
    """The questions could not be played, or the node was lost."""


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
    FORWARDED = "forwarded"
    """The phone wanted another number to be rung (SIP 302): missed where that is not followed (the queue
    does not allow it, or it leads nowhere), cancelled where it is."""
    ANSWERED_THEN_LEFT = "answered_then_left"
    """Picked up, and hung up before the caller was connected."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    PICKED_UP = "picked_up"
    """Somebody took the call to their own phone."""
    CALLER_HUNG_UP = "caller_hung_up"
    VISIT_ENDED = "visit_ended"
    """Max wait, queue removed and the like."""
    RANG_SHORTLY = "rang_shortly"
    """Joined a ringing of all shortly before it ended in vain."""
    AGENT_LEFT = "agent_left"
    """Logged out or paused while ringing."""
    CUSTOMER_NOT_REACHED = "customer_not_reached"
    """Picked up, and the customer of the callback was not reached then."""
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
    LOGGED_OUT = "logged_out"
    REMOVED = "removed"
    """The agent or the queue was removed from the configuration."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call entered the system. `arrived_ms` is when Asterisk made its channel.

    `parent_id` is the call of which this one is the rest: its own caller left by a transfer, and
    the party that was called goes on. `by` is who asked for a call that Usher placed.
    """

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
    parent_id: CallId | None = None
    by: str = ""


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
    talk_id: TalkId
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
    talk_id: TalkId
    call_id: CallId
    ended_by: CallEnd
    talk_ms: int


@dataclass(frozen=True, slots=True)
class HoldStarted:
    """One side of a talk put the other on hold. `by_caller` tells which."""

    seq: int
    at_ms: int
    hold_id: str
    talk_id: TalkId
    call_id: CallId
    by_caller: bool


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """That hold ended (by taking back, or with the talk)."""

    seq: int
    at_ms: int
    hold_id: str
    talk_id: TalkId
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
class WrapupExtended:
    """After-call work was made longer; it is now planned to end at `until_ms`."""

    seq: int
    at_ms: int
    wrapup_id: str
    agent_id: AgentId
    queue_id: QueueId
    until_ms: int
    how: How
    by: str


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """An extension's presence changed."""

    seq: int
    at_ms: int
    agent_id: AgentId
    presence: Presence
    how: How
    by: str


class TransferKind(StrEnum):
    """How a caller was passed on."""

    BLIND = "blind"
    ATTENDED = "attended"
    SERVICE = "service"
    FORWARD = "forward"
    """By an agent's phone that forwards (SIP 302) an offer."""


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The caller of `call_id` was passed on by `by` (an extension or external number) to `to`.

    `other_call_id` is the consultation whose party took over (attended transfers). Where the one
    who transferred was the caller, `call_id` is the call that goes on with the other party.
    """

    seq: int
    at_ms: int
    call_id: CallId
    by: str
    kind: TransferKind
    to: str
    other_call_id: CallId | None


class ParkEnd(StrEnum):
    """Why a call is parked no more."""

    RETRIEVED = "retrieved"
    TIMED_OUT = "timed_out"
    REDIRECTED = "redirected"
    """Sent elsewhere by somebody with the right to do so (S-03)."""
    HUNG_UP_BY_MANAGER = "hung_up_by_manager"
    """Ended by somebody with the right to do so, or by service for its own caller (S-03)."""
    CALLER_HUNG_UP = "caller_hung_up"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CallParked:
    """A caller was parked in a slot."""

    seq: int
    at_ms: int
    park_id: str
    call_id: CallId
    slot: str
    by: str


@dataclass(frozen=True, slots=True)
class CallUnparked:
    """That ended. `by` is who took, redirected or hung up the call, "" if nobody did."""

    seq: int
    at_ms: int
    park_id: str
    call_id: CallId
    slot: str
    why: ParkEnd
    by: str


@dataclass(frozen=True, slots=True)
class MonitorStarted:
    """A supervisor began to listen, whisper or barge; a change of mode is an end and a start.

    `supervisor_call_id` is the supervisor's own call, the same for all modes of one session.
    """

    seq: int
    at_ms: int
    monitor_id: MonitorId
    supervisor_call_id: CallId
    by: str
    agent_id: AgentId
    call_id: CallId
    queue_id: QueueId | None
    mode: MonitorMode


@dataclass(frozen=True, slots=True)
class MonitorEnded:
    """That ended."""

    seq: int
    at_ms: int
    monitor_id: MonitorId
    call_id: CallId


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """A talk is being recorded into the file `name` (in the recordings' folder, without suffix)."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    talk_id: TalkId
    queue_id: QueueId | None
    agent_id: AgentId | None
    name: str
    stereo: bool
    by: str


@dataclass(frozen=True, slots=True)
class RecordingPaused:
    """What is said from now on is not in the file."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    by: str


@dataclass(frozen=True, slots=True)
class RecordingResumed:
    """It is again."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    by: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The file is finished; `ok` false: it is not to be relied upon (`why`)."""

    seq: int
    at_ms: int
    recording_id: RecordingId
    call_id: CallId
    ok: bool
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class ActionDone:
    """A service action was accepted and is under way or done (S-03)."""

    seq: int
    at_ms: int
    request_id: str
    action: str
    by: str
    call_id: str
    agent_id: str
    detail: str


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
    request_id: str = ""
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class CallRouted:
    """A call was sent to a destination for a reason beyond what was dialled.

    `to` as in `engine.core.routing.destinations.words_of`; `from_place` is the queue, menu or group that sends
    it; `key` what was pressed or dialled, if anything.
    """

    seq: int
    at_ms: int
    call_id: CallId
    from_place: str
    to: str
    why: RouteReason
    key: str = ""


@dataclass(frozen=True, slots=True)
class QueueHoursChanged:
    """A queue is open or closed from now on. `by` is who overrode its hours, "" the calendar."""

    seq: int
    at_ms: int
    queue_id: QueueId
    kind: HoursKind
    holiday: str
    overridden: bool
    by: str


@dataclass(frozen=True, slots=True)
class CallbackRequested:
    """A caller will be called back at `number` and keeps the place in line.

    `visit_id` and `call_id` are the caller's, who leaves now; `waiting_call_id` is the call that waits
    instead. `entered_ms` is when the visit began, from which the place counts.
    """

    seq: int
    at_ms: int
    callback_id: VisitId
    visit_id: VisitId
    call_id: CallId
    waiting_call_id: CallId
    queue_id: QueueId
    number: str
    trigger: CallbackTrigger
    entered_ms: int


@dataclass(frozen=True, slots=True)
class CallbackAttempted:
    """An agent is there and the customer's phone is called, as `call_id`; the first `attempt` is 1."""

    seq: int
    at_ms: int
    callback_id: VisitId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    attempt: int


@dataclass(frozen=True, slots=True)
class CallbackEnded:
    """A callback ended. `wait_ms` runs from the visit's entry to the talk or the end.

    `agent_id` is who talked, or who was there at the last attempt.
    """

    seq: int
    at_ms: int
    callback_id: VisitId
    call_id: CallId
    queue_id: QueueId
    outcome: CallbackOutcome
    reason: CallbackReason
    agent_id: AgentId | None
    attempts: int
    wait_ms: int


@dataclass(frozen=True, slots=True)
class SurveyEnded:
    """A caller was asked after a talk (P-12). `key` and `score` are set where it was answered."""

    seq: int
    at_ms: int
    talk_id: TalkId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    why: SurveyEnd
    key: str = ""
    score: int | None = None


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
    | WrapupExtended
    | PresenceChanged
    | CallTransferred
    | CallParked
    | CallUnparked
    | MonitorStarted
    | MonitorEnded
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingEnded
    | ActionDone
    | ActionRefused
    | CallRouted
    | QueueHoursChanged
    | CallbackRequested
    | CallbackAttempted
    | CallbackEnded
    | SurveyEnded
    | InputIgnored
    | CommandRefused
)
"""InputIgnored and CommandRefused are for counters and logs; the others are kept for ever."""
