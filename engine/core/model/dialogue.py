"""Prompts to a caller have a purpose; questions have answers. The entities; the verbs are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.directions import ToSurvey
from engine.core.facts import CallbackReason
from engine.core.ids import AgentId, VisitId
from engine.core.places import Menu
from engine.core.waiting import CallbackPolicy, SurveyPolicy


class Purpose(StrEnum):
    """What a prompt to a caller is for, which says what follows it (`engine.core.talking.prompted`)."""

    CLOSING = "closing"
    """Then the call ends."""
    BEFORE = "before"
    """Then it goes on to its destination (`Call.after`)."""
    JOIN = "join"
    """To who has just entered a queue."""
    ANNOUNCEMENT = "announcement"
    """To who waits in a queue, in the middle of the music."""
    QUESTION = "question"
    """In a dialogue; then keys are waited for."""


class DialogueKind(StrEnum):
    """Whose questions they are."""

    MENU = "menu"
    SURVEY = "survey"
    CALLBACK = "callback"
    """To who waits in a queue, and stays in line meanwhile."""


@dataclass(slots=True, eq=False)
class Dialogue:
    """Questions to a caller, answered by keys. `name` and `step` mean what their kind says.

    `timeout_ms` is how long a key is waited for, from the question's end or the last key.
    """

    kind: DialogueKind
    name: str
    timeout_ms: int
    step: str = ""
    digits: str = ""
    """What was pressed so far in answer to this question."""
    tries: int = 0
    """How often it was asked."""
    unheard: bool = False
    """Whether the last question could not be played to its end."""
    about: ToSurvey | None = None
    """Survey: about which talk, ..."""
    survey: SurveyPolicy | None = None
    """... and what is asked. A reload changes nothing for who is being asked."""
    menu: Menu | None = None
    """Menu: as it was when the caller came to it."""
    number: str = ""
    """Callback: the number that is to be confirmed."""
    rounds: int = 0
    """Callback: how often a number was asked for."""


@dataclass(slots=True, eq=False)
class Callback:
    """The callback that a call is (C-01 to C-05): it waits in a queue without a channel.

    It is over, and the call's no more, when customer and agent talk or when it has failed. Each attempt to reach the customer is a call of its own, whose channel has the call's id; the
    callback goes from one to the next and keeps its id and its place in line.
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
    """Whose line that is, however the number was spelled: two callbacks to one are never kept."""

    @property
    def known_by(self) -> str:
        """What must not be the same in two callbacks of a queue (C-06)."""
        return self.line or self.number
