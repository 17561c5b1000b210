"""A call: one caller's stay in the system; and its visit, the stay in one queue.

The law of a call's life is the table `MOVES`; `advance` is the only way to change its state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.commands import SendToDialplan
from engine.core.directions import Next
from engine.core.facts import SourceKind
from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    NodeId,
    PlaybackId,
    QueueId,
    VisitId,
)
from engine.core.model.dialogue import Callback, Dialogue, Purpose
from engine.core.model.grouped import GroupRinging
from engine.core.model.terms import Terms
from engine.core.places import CallFlow, Media
from engine.core.waiting import WaitingSound


class CallState(StrEnum):
    """Where a caller is: in exactly one place."""

    ROUTING = "routing"
    """On the way to a destination; at rest only while its node cannot be commanded."""
    WAITING = "waiting"
    """In a queue."""
    DIALLING = "dialling"
    """An extension or an external number rings."""
    LISTENING = "listening"
    """Hears a prompt, after which the call ends or goes on."""
    DECIDING = "deciding"
    """In a menu or a survey: hears questions, presses keys."""
    AWAY = "away"
    """The dialplan has it: voicemail, or a call flow."""
    TALKING = "talking"
    SUMMONED = "summoned"
    """Placed by Usher: the phone of who asked for it rings; nobody is on the line yet."""
    MONITORING = "monitoring"
    """A supervisor's, on an agent's talk."""
    PARKED = "parked"
    """In a slot, with music."""
    ENDING = "ending"
    """Told to end; its channel may still exist."""


class CallEvent(StrEnum):
    """What moves a call."""

    ENTERED_QUEUE = "entered_queue"
    LEFT_QUEUE = "left_queue"
    DIALLED_OUT = "dialled_out"
    PROMPTED = "prompted"
    HEARD = "heard"
    """The prompt before a destination is over."""
    ASKED = "asked"
    DECIDED = "decided"
    SENT_AWAY = "sent_away"
    CAME_BACK = "came_back"
    CONNECTED = "connected"
    TRANSFERRED = "transferred"
    """Its other party is gone, by a transfer, a pick-up or to park it; the caller goes on."""
    CAME = "came"
    """Who asked for the call picked up."""
    MONITORED = "monitored"
    UNMONITORED = "unmonitored"
    """The monitoring is over; the supervisor is still there."""
    PARKED = "parked"
    UNPARKED = "unparked"
    LET_GO = "let_go"


MOVES: dict[tuple[CallState, CallEvent], CallState] = {
    (CallState.ROUTING, CallEvent.ENTERED_QUEUE): CallState.WAITING,
    (CallState.ROUTING, CallEvent.DIALLED_OUT): CallState.DIALLING,
    (CallState.ROUTING, CallEvent.PROMPTED): CallState.LISTENING,
    (CallState.LISTENING, CallEvent.HEARD): CallState.ROUTING,
    (CallState.ROUTING, CallEvent.ASKED): CallState.DECIDING,
    (CallState.DECIDING, CallEvent.DECIDED): CallState.ROUTING,
    (CallState.DECIDING, CallEvent.LET_GO): CallState.ENDING,
    (CallState.ROUTING, CallEvent.SENT_AWAY): CallState.AWAY,
    (CallState.AWAY, CallEvent.CAME_BACK): CallState.ROUTING,
    (CallState.AWAY, CallEvent.LET_GO): CallState.ENDING,
    (CallState.WAITING, CallEvent.LEFT_QUEUE): CallState.ROUTING,
    (CallState.WAITING, CallEvent.CONNECTED): CallState.TALKING,
    (CallState.ROUTING, CallEvent.CONNECTED): CallState.TALKING,
    (CallState.DIALLING, CallEvent.CONNECTED): CallState.TALKING,
    (CallState.ROUTING, CallEvent.LET_GO): CallState.ENDING,
    (CallState.DIALLING, CallEvent.LET_GO): CallState.ENDING,
    (CallState.LISTENING, CallEvent.LET_GO): CallState.ENDING,
    (CallState.TALKING, CallEvent.LET_GO): CallState.ENDING,
    (CallState.TALKING, CallEvent.TRANSFERRED): CallState.ROUTING,
    (CallState.DIALLING, CallEvent.TRANSFERRED): CallState.ROUTING,
    (CallState.SUMMONED, CallEvent.CAME): CallState.ROUTING,
    (CallState.SUMMONED, CallEvent.LET_GO): CallState.ENDING,
    (CallState.ROUTING, CallEvent.MONITORED): CallState.MONITORING,
    (CallState.MONITORING, CallEvent.UNMONITORED): CallState.ROUTING,
    (CallState.MONITORING, CallEvent.LET_GO): CallState.ENDING,
    (CallState.ROUTING, CallEvent.PARKED): CallState.PARKED,
    (CallState.PARKED, CallEvent.UNPARKED): CallState.ROUTING,
}
"""From any state a call is removed when its channel is gone. A waiting call leaves its queue first."""


@dataclass(slots=True, eq=False)
class Visit:
    """One stay in one queue. `place` orders the line: priority, time of entry, order of entry."""

    visit_id: VisitId
    queue_id: QueueId
    entered_ms: int
    order: int
    priority: int = 0
    offers: dict[LegId, None] = field(default_factory=dict)
    """Live offers: phones that ring, or the one that was picked up."""
    tried: dict[AgentId, None] = field(default_factory=dict)
    """Agents who had their chance in this round."""
    chosen: LegId | None = None
    """The offer that was picked up first, while the agent prompt plays."""
    directed: LegId | None = None
    """The offer to somebody who asked for this very call (S-03): nobody else is rung meanwhile."""
    wanting: bool = False
    """Stands in its line's list of calls that want an agent now."""
    resting: bool = False
    """In the pause after a ring timeout."""
    joining: bool = False
    """Hears the join prompt, and no agent is rung before that is over (P-01)."""
    queue_due_ms: int = 0
    """When the queue announcement is due (epoch milliseconds), 0: never; ..."""
    progress_due_ms: int = 0
    """... and when position, estimated wait and thanks are."""
    terms: Terms | None = None
    """Who may be rung, where that is not everybody."""
    kept_for: AgentId | None = None
    """Who served this caller last and has not yet had the chance to do so again."""
    more_timers: bool = False
    """Has had timers that the visits of a plain queue have not."""
    callback_offered: bool = False
    """The caller was offered a callback, once is enough."""
    attempts: int = 0
    """How many offers it has had."""
    ring_ms: int = 0
    """For how long at least one phone rang for it, without the spell that runs."""
    ringing_since_ms: int | None = None
    """Since when (epoch milliseconds) at least one phone rings; None while none does."""

    @property
    def place(self) -> tuple[int, int, int]:
        """The key by which callers stand in line: higher priority first, then who came first."""
        return (-self.priority, self.entered_ms, self.order)


@dataclass(slots=True, eq=False)
class Call:
    """One caller. `hops` counts destinations taken, so that a loop of them ends."""

    call_id: CallId
    node: NodeId
    source: SourceKind
    endpoint: EndpointName
    caller_number: str
    caller_name: str
    dialled: str
    arrived_ms: int
    language: str = "en"
    state: CallState = CallState.ROUTING
    agent_id: AgentId | None = None
    """The agent on whose phone the call was placed, if any."""
    visit: Visit | None = None
    leg_id: LegId | None = None
    """The leg that is dialled directly, or talked to."""
    ringing_group: GroupRinging | None = None
    """The ring group that rings for it, instead."""
    answered: bool = False
    """Told Asterisk to answer it."""
    answers: int = 0
    """How often it was told."""
    sound: WaitingSound | None = None
    """What plays while waiting, once told to."""
    prompt: PlaybackId | None = None
    """The last prompt's id; it plays while its timer runs (`TimerKind.CALL_PROMPT`)."""
    prompt_media: Media = ()
    purpose: Purpose = Purpose.CLOSING
    """What that prompt is for."""
    after: Next | None = None
    """Where the call goes after it (`Purpose.BEFORE`)."""
    dialogue: Dialogue | None = None
    callback: Callback | None = None
    away: str = ""
    """Where the dialplan has it, or had it last, in the record's words."""
    sent: SendToDialplan | None = None
    """How it was sent there; None while it is not away, or nobody knows."""
    flow: CallFlow | None = None
    """The call flow that has it, as it was when it was sent there, if that may keep it for so long only."""
    fetches: int = 0
    """How often it was to be taken back from there."""
    trips: int = 0
    """How often it was sent there; the dialplan shows the trip from which a caller comes back."""
    last_queue: QueueId | None = None
    """The queue that it entered last."""
    visits: int = 0
    """How many queues it has entered, ..."""
    legs: int = 0
    """... phones were rung for it, ..."""
    prompts: int = 0
    """... and prompts it was told to hear: each the ordinal in the last one's id."""
    hops: int = 0
    hang_ups: int = 0
    """How often Asterisk was told to end it."""
    then: Next | None = None
    """Where to go next, decided and not yet done."""
    version: int = 0
    """`seq` of the last fact that changed where the call is or whom it talks to (S-03)."""
    priority: int = 0
    required_skills: tuple[str, ...] = ()
    by: str = ""
    """Who asked for it, where Usher placed it."""
    return_to: str | None = None
    """The extension that transferred it blindly: it rings again if nobody else can be reached."""
    monitors: int = 0
    """How many spells of monitoring this supervisor's call has had."""
    recordings: int = 0
    """How often this caller was recorded."""
    slot: str | None = None
    """Where it is parked, ..."""
    park_id: str = ""
    parked_by: str = ""
    """... and by whom."""
    parked_from: QueueId | None = None
    """The queue of the talk from which it was parked."""
    park_rounds: int = 0
    """How often it went back to who parked it, since it last talked to somebody."""
    talks: int = 0
    """How many talks, ..."""
    holds: int = 0
    """... and holds, its channel has had as a leg."""

    @property
    def absent(self) -> bool:
        """Tells a call that has no channel in Asterisk: a callback that waits."""
        return self.callback is not None and not self.callback.present

    def advance(self, event: CallEvent) -> None:
        """Moves by the table. Raises AssertionError where it has no move: that is our own fault."""
        target = MOVES.get((self.state, event))
        assert target is not None, f"call cannot take {event} in state {self.state}"
        self.state = target
