"""Events that let commands go on which wait for them: pure.

All raise `Nonsense` where fields are missing or of the wrong type.
"""

from __future__ import annotations

from engine.adapters.ari.fields import Event, a_text, an_object
from engine.core.ids import is_ear, is_leg, is_own


def entering(event: Event) -> str | None:
    """Returns the channel of our making that this event says has entered our application, if any.

    Raises:
        Nonsense: fields are missing or of the wrong type.
    """
    if event.get("type") != "StasisStart":
        return None
    channel_id = a_text(an_object(event, "channel"), "id")
    return channel_id if is_rung(channel_id) or is_ear(channel_id) else None


def starting(event: Event) -> str | None:
    """Returns the ear that this event says has begun to record, if it says that. As `entering`."""
    return recorder_of(event) if event.get("type") == "RecordingStarted" else None


def settled(event: Event) -> str | None:
    """Returns the channel whose phone has been told of its transfer, if this event says that.

    Raises:
        Nonsense: fields are missing or of the wrong type.
    """
    if event.get("type") != "ChannelTransfer" or "state" not in event:
        return None
    return a_text(an_object(an_object(event, "referred_by"), "source_channel"), "id")


def recorder_of(event: Event) -> str | None:
    """Returns the channel that records; a bridge may do so too."""
    kind, _, channel_id = a_text(an_object(event, "recording"), "target_uri").partition(":")
    return channel_id if kind == "channel" else None


def is_rung(channel_id: str) -> bool:
    """Tells a phone's channel of our making; `is_own` ones are calls, but begin and end as legs."""
    return is_leg(channel_id) or is_own(channel_id)
