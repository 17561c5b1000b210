"""The whims of a node: commands refused or never answered, events late or told twice."""

from __future__ import annotations

from enum import Enum

from engine.core.commands import (
    AnswerCall,
    Command,
    Connect,
    FetchCall,
    JoinTalk,
    PlayPrompt,
    PlayToTalk,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopWaitingSound,
)
from engine.sim.options import Faults
from engine.sim.rng import Rng, up_to_ms


class Fate(Enum):
    """What becomes of a command on a healthy wire."""

    DONE = "done"
    REFUSED = "refused"
    """Status 500, and nothing done."""
    UNANSWERED = "unanswered"
    """Done, but the answer never comes."""
    FORGOTTEN = "forgotten"
    """Neither done nor answered."""


_CAN_BE_REFUSED = (
    AnswerCall,
    StartWaitingSound,
    StopWaitingSound,
    RingPhone,
    Connect,
    PlayPrompt,
    PlayToTalk,
    SendToDialplan,
    FetchCall,
    StartMonitor,
    JoinTalk,
    StartRecording,
)
"""Hanging up and destroying succeed or find nothing; Asterisk does not refuse them."""


class Whims:
    """Draws the fate of each command and event of one node."""

    def __init__(self, faults: Faults, rng: Rng) -> None:
        """Takes the chances from `faults`."""
        self.faults = faults
        self._rng = rng

    @classmethod
    def of(cls, faults: Faults, rng: Rng) -> Whims | None:
        """Returns the whims, or None where there are none, which is faster."""
        if (
            faults.command_refused
            or faults.command_timed_out
            or faults.event_repeated
            or faults.event_late
        ):
            return cls(faults, rng)
        return None

    def heal(self) -> None:
        """No more whims."""
        self.faults = Faults()

    def fate(self, command: Command) -> Fate:
        """Returns what becomes of this command."""
        luck = self._rng.random()
        if luck < self.faults.command_timed_out:
            done = not isinstance(command, _CAN_BE_REFUSED) or self._rng.random() < 0.5
            return Fate.UNANSWERED if done else Fate.FORGOTTEN
        luck -= self.faults.command_timed_out
        if luck < self.faults.command_refused and isinstance(command, _CAN_BE_REFUSED):
            return Fate.REFUSED
        return Fate.DONE

    def lateness_ms(self) -> int:
        """Returns for how long the next event is held back."""
        if self._rng.random() < self.faults.event_late:
            return up_to_ms(self._rng, self.faults.event_late_ms_max)
        return 0

    def repeats(self) -> bool:
        """Tells whether the event is told twice."""
        return self._rng.random() < self.faults.event_repeated
