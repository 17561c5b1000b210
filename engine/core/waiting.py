"""What a queue does for those who wait in it, and after: policies of the caller's side.

All durations are milliseconds. Media as in `engine.core.places`; empty: nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.places import Destination, Media


@dataclass(frozen=True, slots=True)
class WaitingSound:
    """What a waiting caller hears (P-02): music of a class, or `music_class` None for ringing."""

    music_class: str | None = "default"


class HoursKind(StrEnum):
    """What a calendar says of a moment (Q-04)."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class HoursNow:
    """What one schedule says now.

    `usual` is what it would say without holidays: OPEN or CLOSED. `prompt` is the holiday's own, empty
    where it has none.
    """

    schedule: str
    kind: HoursKind
    usual: HoursKind
    holiday: str = ""
    prompt: Media = ()


@dataclass(frozen=True, slots=True)
class QueueHours:
    """A queue's hours (Q-04): which schedule counts, and where callers go while it is not open."""

    schedule: str
    closed: Destination
    holiday: Destination | None = None
    """None: as `closed`."""
    ignore_holidays: bool = False
    """Holidays are days like others: `HoursNow.usual` counts."""
    holiday_prompt: bool = False
    """Whether a holiday's own prompt is played before its destination."""
    leave_at_closing: bool = False
    """Whether callers who wait when the hours end are sent away as well; else they are served."""


@dataclass(frozen=True, slots=True)
class EmptyRule:
    """Which agents count as not there (Q-08); who is logged out always does.

    A queue is empty when every one of its members counts as not there.
    """

    unregistered: bool = False
    paused: bool = False
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key that a waiting caller can press, and where it leads (P-11)."""

    key: str
    destination: Destination


@dataclass(frozen=True, slots=True)
class Announcements:
    """What a waiting caller is told (P-01, P-04, P-05); 0: never. Intervals run from start to start."""

    join: Media = ()
    join_first: bool = False
    """Agents are rung only after the join prompt."""
    queue: Media = ()
    queue_every_ms: int = 0
    progress_every_ms: int = 0
    """How often position, estimated wait and thanks are told, as far as they are switched on."""
    position: bool = False
    wait: bool = False
    thanks: bool = False
    agent_id: bool = False
    """Whether the agent's number is told to both sides on answer (P-07)."""


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """Callback instead of waiting on the line (C-01 to C-05).

    `prefix` + the caller's number is dialled; of `outbound_routes` the first that fits takes it.
    """

    key: str | None = None
    """Pressed at any time while waiting."""
    offer_after_ms: int = 0
    """After so long, counted from entry, it is offered; 0: never."""
    prefix: str = ""
    outbound_routes: tuple[str, ...] = ()
    timeout_ms: int | None = None
    """How long a callback may wait, from its registration; None: the queue's longest wait counts, from
    entry."""
    attempts: int = 1
    """How often the customer is called at most."""
    spacing_ms: int = 300_000
    """The pause between two attempts."""
    ring_timeout_ms: int = 45_000
    """How long the customer's phone rings."""


@dataclass(frozen=True, slots=True)
class SurveyKey:
    """A key and the score that it gives."""

    key: str
    score: int


@dataclass(frozen=True, slots=True)
class SurveyPolicy:
    """What a caller is asked after the agent hung up (P-12)."""

    media: Media
    keys: tuple[SurveyKey, ...]
    closing: Media = ()
    timeout_ms: int = 5_000
    tries: int = 2
