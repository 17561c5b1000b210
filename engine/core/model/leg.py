"""A leg: one phone that Usher rings for a call. An offer is a leg with a queue visit.

The law of its life is the table `MOVES`; everything that changes a leg's state goes through
`advance`. What is not in the table does not happen to a leg: the input is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    NodeId,
    QueueId,
    RecordingId,
    TalkId,
    VisitId,
    talk_id_of,
)
from engine.core.model.call import Call


class LegState(StrEnum):
    """Where a leg stands."""

    CALLING = "calling"
    """Asterisk was told to ring the phone."""
    RINGING = "ringing"
    ANSWERED = "answered"
    """Picked up; the caller is not connected yet (agent prompt)."""
    TALKING = "talking"
    ENDING = "ending"
    """Told to end; its channel may still exist."""


class LegEvent(StrEnum):
    """What moves a leg."""

    RANG = "rang"
    PICKED_UP = "picked_up"
    CONNECTED = "connected"
    PASSED_ON = "passed_on"
    """Its talk is over, and another begins in this very moment."""
    LET_GO = "let_go"


MOVES: dict[tuple[LegState, LegEvent], LegState] = {
    (LegState.CALLING, LegEvent.RANG): LegState.RINGING,
    (LegState.CALLING, LegEvent.PICKED_UP): LegState.ANSWERED,
    (LegState.RINGING, LegEvent.PICKED_UP): LegState.ANSWERED,
    (LegState.ANSWERED, LegEvent.CONNECTED): LegState.TALKING,
    (LegState.CALLING, LegEvent.LET_GO): LegState.ENDING,
    (LegState.RINGING, LegEvent.LET_GO): LegState.ENDING,
    (LegState.ANSWERED, LegEvent.LET_GO): LegState.ENDING,
    (LegState.TALKING, LegEvent.LET_GO): LegState.ENDING,
    (LegState.TALKING, LegEvent.PASSED_ON): LegState.ANSWERED,
}
"""From any state a leg is removed when its channel is gone."""


@dataclass(slots=True, eq=False)
class Leg:
    """One rung phone. Times are epoch milliseconds, None while they have not come.

    `queue_id` and `visit_id` are set for an offer; `level` is then the agent's skill level.
    """

    leg_id: LegId
    call_id: CallId
    node: NodeId
    endpoint: EndpointName
    party: str
    started_ms: int
    state: LegState = LegState.CALLING
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None
    visit_id: VisitId | None = None
    level: int = 1
    chance_ms: int | None = None
    """Where another phone forwarded here (SIP 302): when that one began to ring."""
    phone_of: AgentId | None = None
    """Whose phone it is, where that is another agent than the one who is rung: by a forward."""
    answered_ms: int | None = None
    talk_ms: int | None = None
    """When the talk began."""
    talks: int = 0
    """How many talks it has had: more than one after attended transfers."""
    hold_id: str | None = None
    hold_ms: int = 0
    """When the running hold began, ..."""
    hold_by_caller: bool = False
    """... by which side, ..."""
    held_by_both: bool = False
    """... and whether the other side holds too."""
    holds: int = 0
    """How many holds its talks have had: the ordinal in the last one's id."""
    recording_id: RecordingId | None = None
    """The running recording of its talk, paused or not."""
    connects: int = 0
    """How often Asterisk was told to connect it."""
    was: Call | None = None
    """The call whose caller this is, passed on into another call; it ends with the channel."""
    hang_ups: int = 0
    """How often Asterisk was told to end it."""

    def advance(self, event: LegEvent) -> bool:
        """Moves by the table; returns False, with nothing changed, where the table has no move."""
        target = MOVES.get((self.state, event))
        if target is None:
            return False
        self.state = target
        return True

    @property
    def talk_id(self) -> TalkId:
        """The running talk, or the last."""
        return talk_id_of(self.leg_id, max(1, self.talks))

    def is_held_by(self, *, caller: bool) -> bool:
        """Tells whether this side of its talk, the caller's or its own, has put the other on hold."""
        if self.hold_id is None:
            return False
        return self.held_by_both or self.hold_by_caller is caller

    @property
    def phone_agent(self) -> AgentId | None:
        """The agent whose phone it is, if it is one's: not who was rung and forwarded."""
        return self.agent_id if self.chance_ms is None else self.phone_of

    @property
    def rings(self) -> bool:
        """Tells whether the phone is being rung and not picked up."""
        return self.state is LegState.CALLING or self.state is LegState.RINGING
