"""How the core says no to a person: codes, transfers and services turn it into a fact and an answer.

Here are the texts that more than one module says; `spoken` has what they sound like.
"""

from __future__ import annotations

from typing import Final

NOT_ALLOWED: Final = "not allowed"
NODE_DOWN: Final = "its Asterisk cannot be reached"
OTHER_NODE: Final = "other node"
UNKNOWN_QUEUE: Final = "unknown queue"
UNKNOWN_AGENT: Final = "unknown agent"
UNKNOWN_REASON: Final = "unknown reason"
NO_PLACE: Final = "no such destination"
NO_BOX: Final = "no such voicemail box"
NO_TALK: Final = "no such talk"
NO_QUEUE: Final = "no queue's talk"
OWN_CALL: Final = "one's own call"
NO_PHONE: Final = "no extension to ring for you"
NOT_LOGGED_IN: Final = "not logged in"
ALREADY_PAUSED: Final = "already paused"
NOT_PAUSED: Final = "not paused"
CLOSED_ALREADY: Final = "closed by hand already"
NOT_CLOSED: Final = "not closed by hand"


class Refusal(Exception):
    """What was asked for is not possible; the text says why. Nothing was changed."""
