"""Everything that has become true: the closed union `Fact`, in the past tense.

Reports, the live board and notifications are made from facts and from nothing else. Each fact
carries `seq`, its number in the history of this core (with the core's epoch it is the fact's id:
the same after a replay), and `at_ms`, when it happened (epoch milliseconds, UTC). That is not always
when it was found out: a visit begins with its caller's channel, and what was lost with a node ended
when that was seen last (`engine.core.upkeep.outages`). So `seq` is the order, not `at_ms`.

Door: `Fact`, its members, and the words in them; the files here are one subject each, and nobody
else imports them. Facts are stored under their class's name, fields and words: those stay as they
are, and a new field has a default.
Must not: decide or compute anything.
"""

from __future__ import annotations

from engine.core.facts.actions import ActionDone, ActionRefused
from engine.core.facts.agents import (
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    How,
    PauseEnd,
    PauseEnded,
    PauseStarted,
    PresenceChanged,
    WrapupEnd,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)
from engine.core.facts.callbacks import (
    CALLBACK_MARK,
    CallbackAttempted,
    CallbackEnded,
    CallbackOutcome,
    CallbackReason,
    CallbackRequested,
    CallbackTrigger,
)
from engine.core.facts.calls import (
    CallEnd,
    CallEnded,
    CallRouted,
    CallStarted,
    RouteReason,
    SourceKind,
)
from engine.core.facts.counted import CommandRefused, InputIgnored
from engine.core.facts.hours import QueueHoursChanged
from engine.core.facts.offers import OfferEnded, OfferMade, OfferOutcome, OfferReason
from engine.core.facts.supervision import (
    MonitorEnded,
    MonitorStarted,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from engine.core.facts.surveys import SurveyEnd, SurveyEnded
from engine.core.facts.talks import HoldEnded, HoldStarted, TalkEnded, TalkStarted
from engine.core.facts.transfers import (
    CallParked,
    CallTransferred,
    CallUnparked,
    ParkEnd,
    TransferKind,
)
from engine.core.facts.visits import VisitEnded, VisitOutcome, VisitReason, VisitStarted

__all__ = [
    "CALLBACK_MARK",
    "ActionDone",
    "ActionRefused",
    "AgentAutoPaused",
    "AgentLoggedIn",
    "AgentLoggedOut",
    "CallEnd",
    "CallEnded",
    "CallParked",
    "CallRouted",
    "CallStarted",
    "CallTransferred",
    "CallUnparked",
    "CallbackAttempted",
    "CallbackEnded",
    "CallbackOutcome",
    "CallbackReason",
    "CallbackRequested",
    "CallbackTrigger",
    "CommandRefused",
    "Fact",
    "HoldEnded",
    "HoldStarted",
    "How",
    "InputIgnored",
    "MonitorEnded",
    "MonitorStarted",
    "OfferEnded",
    "OfferMade",
    "OfferOutcome",
    "OfferReason",
    "ParkEnd",
    "PauseEnd",
    "PauseEnded",
    "PauseStarted",
    "PresenceChanged",
    "QueueHoursChanged",
    "RecordingEnded",
    "RecordingPaused",
    "RecordingResumed",
    "RecordingStarted",
    "RouteReason",
    "SourceKind",
    "SurveyEnd",
    "SurveyEnded",
    "TalkEnded",
    "TalkStarted",
    "TransferKind",
    "VisitEnded",
    "VisitOutcome",
    "VisitReason",
    "VisitStarted",
    "WrapupEnd",
    "WrapupEnded",
    "WrapupExtended",
    "WrapupStarted",
]

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
