"""What a queue does for those who wait in it, and after, as an admin writes it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from engine.config.forms import Destination
from engine.config.values import (
    MILLISECOND_EXACT,
    Choice,
    Identifier,
    Key,
    Prefix,
    Prompts,
    Several,
    Strict,
    wrong,
)

INTERVAL_S_MIN: Final = 5
"""Announcements more often than this would leave nothing to hear between them."""


def _seldom(value: float) -> float:
    if 0 < value < INTERVAL_S_MIN:
        raise wrong(f"must be {INTERVAL_S_MIN} or more, or 0 for never")
    return value


Interval = Annotated[float, Field(ge=0, le=3600), AfterValidator(_seldom), MILLISECOND_EXACT]
"""Seconds from the start of one announcement to that of the next; 0: never."""


class Announcements(Strict):
    """What callers are told. An announcement takes the music's place; it never delays an agent."""

    join: Prompts = ()
    """Played to everybody who joins; empty: nothing."""
    join_first: bool = False
    """Agents are rung only after `join` was played to its end."""
    queue: Prompts = ()
    """Played every `queue_every_s`: here stands which keys can be pressed."""
    queue_every_s: Interval = 0.0
    """0 is never, else 5 or more."""
    progress_every_s: Interval = 0.0
    """So often `position`, `wait` and `thanks` are told, those that are on. 0 is never, else 5 or
    more."""
    position: bool = False
    """Tell the place in line."""
    wait: bool = False
    """Tell how long it will probably take."""
    thanks: bool = False
    """Thank for the patience."""
    agent_id: bool = False
    """Tell both sides the agent's number on answer."""


class Absence(StrEnum):
    """Why an agent counts as not there."""

    LOGGED_OUT = "logged_out"
    UNREGISTERED = "unregistered"
    PAUSED = "paused"
    IN_USE = "in_use"


Absences = Annotated[Several[Choice[Absence]], Field(min_length=1, max_length=len(Absence))]


class Empty(Strict):
    """When nobody is there: every member is away for one of the reasons that are listed.

    Agents who are logged out are never there, listed or not: `[logged_out]` means that all are.
    """

    refuse: Absences | None = None
    """Who finds the queue empty so goes to `failure` instead of waiting; none: waits."""
    leave: Absences | None = None
    """When it becomes empty so, those who wait go to `failure`; none: they wait on."""


class Callback(Strict):
    """Callers may hang up, keep their place in line, and are called back when it is their turn."""

    key: Key | None = None
    """Pressed by a waiting caller to be called back; none: there is no such key."""
    offer_after_s: Annotated[float, Field(ge=0, le=86_400), MILLISECOND_EXACT] = 0.0
    """Whoever has been in the queue for so long is offered a callback; 0: nobody. Not more than
    `max_wait_s`."""
    prefix: Prefix = ""
    """Put in front of the customer's number, so that it is a number of an outbound route."""
    outbound_routes: Annotated[Several[Identifier], Field(min_length=1, max_length=20)]
    """The first of these routes whose pattern fits is taken."""
    timeout_s: Annotated[float, Field(ge=10, le=604_800), MILLISECOND_EXACT] | None = None
    """A callback that found no agent for so long, counted from its registration, has failed; none:
    `max_wait_s` counts, from when the caller joined."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 1
    """How often the customer is called at most, if they do not answer."""
    spacing_s: Annotated[float, Field(ge=5, le=86_400), MILLISECOND_EXACT] = 300.0
    """The pause between two attempts."""
    ring_timeout_s: Annotated[float, Field(ge=5, le=300), MILLISECOND_EXACT] = 45.0
    """How long the customer's phone rings."""


class Survey(Strict):
    """What callers are asked after the agent hung up."""

    prompt: Annotated[Prompts, Field(min_length=1)]
    """The question, with what each key means."""
    keys: Mapping[Key, Annotated[int, Field(ge=-1000, le=1000)]]
    """The keys that can be pressed, each with its score."""
    closing: Prompts = ()
    """Played after the answer; empty: nothing."""
    timeout_s: Annotated[float, Field(ge=1, le=60), MILLISECOND_EXACT] = 5.0
    """So long a key is waited for after the question."""
    tries: Annotated[int, Field(ge=1, le=5)] = 2
    """How often it is asked, at a wrong key or none."""


KeyEvents = Mapping[Key, Destination]
"""Which key of a waiting caller leads where."""
