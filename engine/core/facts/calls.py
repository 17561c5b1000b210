"""Calls: they enter the system, are sent somewhere, and leave it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.ids import CallId, EndpointName, NodeId


class SourceKind(StrEnum):
    """Where a call came from."""

    TRUNK = "trunk"
    EXTENSION = "extension"
    USHER = "usher"
    """Placed by Usher for somebody who asked for it."""
    CALLBACK = "callback"
    """A callback: it waits without a channel until an agent is there, then Usher calls the customer."""


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


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call entered the system. `arrived_ms` is when Asterisk made its channel.

    `parent_id` is the call of which this one is the rest: its own caller left by a transfer, and
    the party that was called goes on; or, of a callback, whose place in line it takes. `by` is who
    asked for a call that Usher placed.
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
class CallRouted:
    """A call was sent to a destination for a reason beyond what was dialled.

    `to` as in `engine.core.routing.destinations.words_of`; `from_place` is the queue, menu or group that sends
    it, the place in the dialplan that had it (`came_back`, `too_long`: "call_flow NAME"), or what is not there
    (`no_such_place`); `key` what was pressed or dialled, if anything.
    """

    seq: int
    at_ms: int
    call_id: CallId
    from_place: str
    to: str
    why: RouteReason
    key: str = ""
