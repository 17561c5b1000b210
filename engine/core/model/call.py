"""A call: one caller's stay in the system.

The law of a call's life is the table `MOVES`; `advance` is the only way to change its state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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
)
from engine.core.model.dialogue import Callback, Dialogue, Prompt
from engine.core.model.grouped import GroupRinging
from engine.core.model.visit import Visit
from engine.core.model.whereabouts import Parked, Trip, WayBack
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
class Counts:
    """How often what happens to a call has happened, so that each time has an id of its own."""

    answers: int = 0
    """How often Asterisk was told to answer it, ..."""
    hang_ups: int = 0
    """... and to end it: neither for ever."""
    visits: int = 0
    """How many queues it has entered, ..."""
    legs: int = 0
    """... phones were rung for it, ..."""
    prompts: int = 0
    """... and prompts it was told to hear: each the ordinal in the last one's id."""
    monitors: int = 0
    """How many spells of monitoring this supervisor's call has had."""
    recordings: int = 0
    """How often this caller was recorded."""
    talks: int = 0
    """How many talks, ..."""
    holds: int = 0
    """... and holds, its channel has had as a leg."""


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
    sound: WaitingSound | None = None
    """What plays while waiting, once told to."""
    prompt: Prompt | None = None
    """The last one; it plays while its timer runs (`TimerKind.CALL_PROMPT`)."""
    dialogue: Dialogue | None = None
    callback: Callback | None = None
    trip: Trip | None = None
    """To the dialplan: the one that it is on (`CallState.AWAY`), or the last."""
    parked: Parked | None = None
    """Where it is parked."""
    way_back: WayBack | None = None
    """Where it goes if nobody retrieves it; kept when it is out of its slot."""
    last_queue: QueueId | None = None
    """The queue that it entered last."""
    counts: Counts = field(default_factory=Counts)
    hops: int = 0
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

    @property
    def absent(self) -> bool:
        """Tells a call that has no channel in Asterisk: a callback that waits."""
        return self.callback is not None and not self.callback.present

    @property
    def playback_id(self) -> PlaybackId | None:
        """What plays the last prompt, or played it; None if nothing was played yet."""
        return None if self.prompt is None else self.prompt.playback_id

    def advance(self, event: CallEvent) -> None:
        """Moves by the table. Raises AssertionError where it has no move: that is our own fault."""
        target = MOVES.get((self.state, event))
        assert target is not None, f"call cannot take {event} in state {self.state}"
        self.state = target
