"""The whole sentences that the house can say."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

KEY: Final = "{key}"
"""In a sentence's pattern: where the key to press is spoken."""
NUMBER: Final = "{number}"
"""In a sentence's pattern: where a number is spoken, sign by sign."""


class Phrase(StrEnum):
    """A sentence. Those with a place for a key or a number say so."""

    THANKS = "thanks"
    """Thank you for your patience."""
    AGENT_ID = "agent_id"
    """Who speaks: the agent `number`."""
    CALLBACK_OFFER = "callback_offer"
    """Press `key` to be called back."""
    CALLBACK_CONFIRM = "callback_confirm"
    """The number is `number`; 1 if that is right, 2 to enter another."""
    CALLBACK_CONFIRM_OTHER = "callback_confirm_other"
    """As the former, for a number that the caller entered."""
    CALLBACK_ENTER_NUMBER = "callback_enter_number"
    """Please enter your number, then press #."""
    CALLBACK_INVALID_NUMBER = "callback_invalid_number"
    """What was entered is no telephone number."""
    CALLBACK_ALREADY = "callback_already"
    """This number waits in the queue already."""
    CALLBACK_NOT_CALLABLE = "callback_not_callable"
    """This number cannot be called from here (no outbound route takes it)."""
    CALLBACK_REGISTERED = "callback_registered"
    """The callback is registered; thank you, goodbye."""
    CALLBACK_FOR_AGENT = "callback_for_agent"
    """To the agent: this is a callback to `number`."""
    CALLBACK_NOT_REACHED = "callback_not_reached"
    """To the agent: the customer does not answer."""
    QUEUE_CLOSED = "queue_closed"
    """To who dialled the code: the queue `number` is closed now."""
    QUEUE_OPEN = "queue_open"
    """To who dialled the code: the queue `number` is open now."""
    QUEUE_BY_HOURS = "queue_by_hours"
    """To who dialled the code: the queue `number` keeps its hours again."""
