"""Prompts to a caller have a purpose; questions have answers. The entities; the verbs are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.directions import Next, ToSurvey
from engine.core.facts import CallbackReason, CallbackTrigger
from engine.core.ids import AgentId, PlaybackId, VisitId
from engine.core.places import Media, Menu
from engine.core.waiting import CallbackPolicy, SurveyPolicy


class Purpose(StrEnum):
    """What a prompt to a caller is for, which says what follows it (`engine.core.talking.prompted`)."""

    CLOSING = "closing"
    """Then the call ends."""
    BEFORE = "before"
    """Then it goes on to its destination (`Prompt.after`)."""
    JOIN = "join"
    """To who has just entered a queue."""
    ANNOUNCEMENT = "announcement"
    """To who waits in a queue, in the middle of the music."""
    QUESTION = "question"
    """In a dialogue; then keys are waited for."""


@dataclass(slots=True, eq=False)
class Prompt:
    """What a caller was told to hear."""

    playback_id: PlaybackId | None
    """What plays it. Of a question without words what played last, None if nothing did."""
    media: Media
    purpose: Purpose
    after: Next | None = None
    """Where the call goes after it (`Purpose.BEFORE`)."""


@dataclass(slots=True, eq=False)
class Asking:
    """What all dialogues have in common: how the question stands that was asked last."""

    timeout_ms: int
    """How long a key is waited for, from the question's end or the last key."""
    digits: str = ""
    """What was pressed so far in answer to this question."""
    tries: int = 0
    """How often it was asked."""
    unheard: bool = False
    """Whether it could not be played to its end."""


@dataclass(slots=True, eq=False, kw_only=True)
class MenuDialogue(Asking):
    """A caller chooses (`engine.core.callers.menus`)."""

    menu: Menu
    """As it was when the caller came to it."""


@dataclass(slots=True, eq=False, kw_only=True)
class SurveyDialogue(Asking):
    """A caller is asked about a talk (`engine.core.callers.surveys`)."""

    about: ToSurvey
    survey: SurveyPolicy
    """What is asked. A reload changes nothing for who is being asked."""


class Step(StrEnum):
    """What a caller is asked who may want a callback."""

    OFFER = "offer"
    CONFIRM = "confirm"
    """Is it this number, from which the call comes?"""
    CONFIRM_OTHER = "confirm_other"
    """Is it this number, that was entered?"""
    ENTER = "enter"


@dataclass(slots=True, eq=False, kw_only=True)
class CallbackDialogue(Asking):
    """A callback is arranged with who waits in a queue (`engine.core.queueing.callbacks`)."""

    trigger: CallbackTrigger
    step: Step = Step.OFFER
    number: str = ""
    """The number that is to be confirmed."""
    rounds: int = 0
    """How often a number was asked for."""


Dialogue = MenuDialogue | SurveyDialogue | CallbackDialogue
"""Questions to a caller, answered by keys."""


@dataclass(slots=True, eq=False)
class Callback:
    """The callback that a call is (C-01 to C-05): it waits in a queue without a channel.

    It is over, and the call's no more, when customer and agent talk or when it has failed. Each
    attempt to reach the customer is a call of its own, whose channel has the call's id; the callback
    goes from one to the next and keeps its id and its place in line.
    """

    callback_id: VisitId
    number: str
    """As the caller gave it."""
    requested_ms: int
    attempts: int = 0
    """How often the customer was called."""
    present: bool = False
    """Whether this call has a channel now: the customer's phone is called."""
    agent_id: AgentId | None = None
    """Who was there at the last attempt, ..."""
    failed: CallbackReason | None = None
    """... and how that ended."""
    terms: CallbackPolicy | None = None
    """What its queue said when it was requested; counts where the queue offers callbacks no more."""
    line: str = ""
    """Whose line that is by the configuration of now, however the number was spelled: no second callback
    to it may be requested in the same queue (C-06)."""
