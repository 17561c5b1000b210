"""What people hear in answer to a code, made of Asterisk's core sounds (A-01, A-04, A-08).

Each answer and each kind of refusal sounds different, so that an agent at a desk without a screen
knows what happened. A refusal begins, where it can, with "I'm sorry" and the state that is already
so: "I'm sorry. Agent logged off." All are played in the language of the extension that dialled.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.core import speech
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import RecordingAction
from engine.core.policy import Presence
from engine.core.refusals import (
    ALREADY_PAUSED,
    NO_BOX,
    NO_QUEUE,
    NO_TALK,
    NODE_DOWN,
    NOT_ALLOWED,
    NOT_LOGGED_IN,
    NOT_PAUSED,
    OTHER_NODE,
    OWN_CALL,
    UNKNOWN_AGENT,
    UNKNOWN_QUEUE,
    UNKNOWN_REASON,
)

Media = tuple[str, ...]


class Done(StrEnum):
    """What an agent's action did."""

    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    PAUSED = "paused"
    RESUMED = "resumed"
    WRAPUP_ENDED = "wrapup_ended"
    WRAPUP_EXTENDED = "wrapup_extended"


DONE: Final[dict[Done, Media]] = {
    Done.LOGGED_IN: ("sound:agent-loginok",),
    Done.LOGGED_OUT: ("sound:agent-loggedoff",),
    Done.PAUSED: ("sound:dictate/paused",),
    Done.RESUMED: ("sound:activated",),
    Done.WRAPUP_ENDED: ("sound:time", "sound:cancelled"),
    Done.WRAPUP_EXTENDED: ("sound:time", "sound:added"),
}
"""Followed by the queue's number, where one queue was named."""

RECORDING: Final[dict[RecordingAction, Media]] = {
    RecordingAction.START: ("sound:dictate/record", "sound:activated"),
    RecordingAction.STOP: ("sound:dictate/record", "sound:de-activated"),
    RecordingAction.PAUSE: ("sound:dictate/record", "sound:dictate/paused"),
    RecordingAction.RESUME: ("sound:dictate/record", "sound:enabled"),
}
"""Followed by the extension whose call it is."""

PRESENCE_DIGITS: Final[dict[str, Presence]] = {
    "1": Presence.AVAILABLE,
    "2": Presence.AWAY,
    "3": Presence.BUSINESS_TRIP,
    "4": Presence.DO_NOT_DISTURB,
    "5": Presence.LUNCH,
    "6": Presence.OFF_WORK,
}
"""What is dialled for each presence, and said back where a language has no word for it."""

_PRESENCE_WORDS: Final[dict[str, dict[Presence, str]]] = {
    "en": {Presence.DO_NOT_DISTURB: "sound:do-not-disturb"},
    "zh": {
        Presence.AVAILABLE: "sound:usher/presence-available",
        Presence.AWAY: "sound:usher/presence-away",
        Presence.BUSINESS_TRIP: "sound:usher/presence-business-trip",
        Presence.DO_NOT_DISTURB: "sound:do-not-disturb",
        Presence.LUNCH: "sound:usher/presence-lunch",
        Presence.OFF_WORK: "sound:usher/presence-off-work",
    },
}
"""By the grammar that speaks."""

_DIGIT_OF: Final = {presence: digit for digit, presence in PRESENCE_DIGITS.items()}

REFUSED: Final[dict[str, Media]] = {
    UNKNOWN_QUEUE: ("sound:privacy-incorrect",),
    UNKNOWN_AGENT: ("sound:invalid",),
    UNKNOWN_REASON: ("sound:dictate/pause", "sound:pm-invalid-option"),
    "unknown presence": ("sound:pm-invalid-option",),
    NOT_ALLOWED: ("sound:im-sorry", "sound:cannot-complete-as-dialed"),
    "not a member": ("sound:im-sorry", "sound:feature-not-avail-line"),
    "static agents cannot log out": ("sound:agent-loginok", "sound:feature-not-avail-line"),
    "already logged in": ("sound:im-sorry", "sound:agent-loginok"),
    NOT_LOGGED_IN: ("sound:im-sorry", "sound:agent-loggedoff"),
    "no last log-in": ("sound:im-sorry", "sound:vm-no", "sound:vm-last", "sound:location"),
    "the last log-in is of all queues": (
        "sound:vm-last",
        "sound:location",
        "sound:feature-not-avail-line",
    ),
    ALREADY_PAUSED: ("sound:im-sorry", "sound:dictate/paused"),
    NOT_PAUSED: ("sound:im-sorry", "sound:activated"),
    "not in wrap-up": ("sound:im-sorry", "sound:vm-no", "sound:time"),
    "wrap-up cannot be extended": ("sound:time", "sound:feature-not-avail-line"),
    "wrap-up extended to its limit": (
        "sound:im-sorry",
        "sound:vm-no",
        "sound:time",
        "sound:added",
    ),
    "not on a queue call": ("sound:im-sorry", "sound:number-not-answering"),
    NO_TALK: ("sound:im-sorry", "sound:vm-isunavail"),
    NO_QUEUE: ("sound:im-sorry", "sound:vm-isonphone"),
    NO_BOX: ("sound:vm-messages", "sound:feature-not-avail-line"),
    OWN_CALL: ("sound:im-sorry", "sound:your", "sound:extension"),
    "not recorded": ("sound:im-sorry", "sound:vm-no", "sound:dictate/record"),
    "already recorded": ("sound:im-sorry", "sound:dictate/record"),
    OTHER_NODE: ("sound:im-sorry", "sound:all-circuits-busy-now"),
    NODE_DOWN: ("sound:im-sorry", "sound:something-terribly-wrong"),
}
"""What each kind of refusal sounds like."""

REFUSED_SOMEHOW: Final[Media] = ("sound:something-terribly-wrong",)
"""For a reason that has no sound of its own."""


def done_media(done: Done, queue_id: QueueId | None, agent_id: AgentId | None) -> Media:
    """Returns what is said when an action was done; `agent_id` where it was done for another."""
    whose = () if agent_id is None else _extension(agent_id)
    where = () if queue_id is None else (f"digits:{queue_id}",)
    return whose + DONE[done] + where


def extended_media(longer_ms: int, agent_id: AgentId | None, language: str) -> Media:
    """Returns what is said when a wrap-up was made longer by `longer_ms`: whole seconds, rounded."""
    whose = () if agent_id is None else _extension(agent_id)
    seconds = speech.seconds(language, (longer_ms + 500) // 1000)
    return whose + DONE[Done.WRAPUP_EXTENDED] + seconds


def presence_media(presence: Presence, language: str) -> Media:
    """Returns what is said when a presence was set: its digit, where a language lacks the word."""
    words = _PRESENCE_WORDS[speech.grammar_of(language)]
    word = words.get(presence, f"digits:{_DIGIT_OF[presence]}")
    return ("sound:extension", "sound:is-set-to", word)


def recording_media(done: RecordingAction, agent_id: AgentId) -> Media:
    """Returns what is said when a recording was started, stopped, paused or resumed."""
    return RECORDING[done] + (f"digits:{agent_id}",)


def refusal_media(why: str) -> Media:
    """Returns what is said in refusal."""
    return REFUSED.get(why, REFUSED_SOMEHOW)


def _extension(agent_id: AgentId) -> Media:
    return ("sound:extension", f"digits:{agent_id}")
