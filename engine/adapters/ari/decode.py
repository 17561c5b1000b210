"""ARI events to inputs: pure but for a memory of which channels are alive.

Asterisk tells the end of a channel up to three times (hang-up request, Stasis end, destruction).
`Decoder` passes on the earliest that can be trusted and swallows the rest:

* a caller: the hang-up request that came from the other side, else the end of Stasis;
* a leg that was up: the same hang-up request, else its destruction;
* a leg that was not up: its destruction, which alone has the true cause.

A hang-up request that is our own doing ("soft") is only the beginning of the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from engine.core.ids import CallId, EndpointName, LegId, NodeId, PlaybackId, is_leg
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    HoldChanged,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    PlaybackEnded,
    SeenChannel,
)

EVENTS: Final = (
    "StasisStart",
    "StasisEnd",
    "ChannelStateChange",
    "ChannelHangupRequest",
    "ChannelDestroyed",
    "ChannelHold",
    "ChannelUnhold",
    "PlaybackFinished",
)
"""The event types that are asked for; Asterisk sends no others."""

UP: Final = "Up"
RINGING: Final = ("Ringing", "Ring")

_CHANNEL_NAME = re.compile(r"[^/]+/(.+)-[0-9a-f]{8}\Z")
"""Technology/endpoint-serial; an endpoint's name may contain dashes itself."""

Event = dict[str, Any]


class Nonsense(Exception):
    """An event that is not what Asterisk's API description says; the text names the place."""


class Decoder:
    """Turns one node's events into inputs, each end of a channel told once.

    Args:
        node: the node's name.
    """

    def __init__(self, node: NodeId) -> None:
        """Starts without channels."""
        self._node = node
        self._callers: set[str] = set()
        self._legs: dict[str, bool] = {}
        """Legs alive, and whether each is up."""

    def begin(self, channels: tuple[SeenChannel, ...]) -> None:
        """Starts anew from what exists."""
        self._callers = {c.channel_id for c in channels if not is_leg(c.channel_id)}
        self._legs = {c.channel_id: c.up for c in channels if is_leg(c.channel_id)}

    def decode(self, event: Event) -> Input | None:
        """Returns what an event means, or None if nothing (new).

        Raises:
            Nonsense: fields are missing or of the wrong type.
        """
        decoder = _DECODERS.get(event.get("type", ""))
        return None if decoder is None else decoder(self, event)

    def _stasis_start(self, event: Event) -> Input | None:
        channel = _object(event, "channel")
        channel_id = _text(channel, "id")
        if is_leg(channel_id):
            self._legs.setdefault(channel_id, False)
            return None
        self._callers.add(channel_id)
        seen = seen_channel(channel, None)
        return CallArrived(
            call_id=CallId(channel_id),
            node=self._node,
            endpoint=seen.endpoint,
            dialled=seen.dialled,
            caller_number=seen.caller_number,
            caller_name=seen.caller_name,
            created_ms=seen.created_ms,
        )

    def _state_changed(self, event: Event) -> Input | None:
        channel = _object(event, "channel")
        channel_id = _text(channel, "id")
        if not is_leg(channel_id):
            return None
        state = _text(channel, "state")
        if state == UP:
            self._legs[channel_id] = True
            return LegAnswered(LegId(channel_id))
        return LegRinging(LegId(channel_id)) if state in RINGING else None

    def _hang_up_requested(self, event: Event) -> Input | None:
        channel_id = _text(_object(event, "channel"), "id")
        if event.get("soft"):
            return None
        cause = _whole(event, "cause")
        if channel_id in self._callers:
            return self._caller_left(channel_id, cause)
        if self._legs.get(channel_id):
            return self._leg_left(channel_id, cause)
        return None

    def _stasis_ended(self, event: Event) -> Input | None:
        channel_id = _text(_object(event, "channel"), "id")
        return self._caller_left(channel_id, 0) if channel_id in self._callers else None

    def _destroyed(self, event: Event) -> Input | None:
        channel_id = _text(_object(event, "channel"), "id")
        cause = _whole(event, "cause")
        if channel_id in self._legs:
            return self._leg_left(channel_id, cause)
        return self._caller_left(channel_id, cause) if channel_id in self._callers else None

    def _caller_left(self, channel_id: str, cause: int) -> Input:
        self._callers.discard(channel_id)
        return CallerHungUp(CallId(channel_id), cause)

    def _leg_left(self, channel_id: str, cause: int) -> Input:
        del self._legs[channel_id]
        return LegEnded(LegId(channel_id), cause)

    def _held(self, event: Event) -> Input:
        return HoldChanged(_text(_object(event, "channel"), "id"), held=True)

    def _unheld(self, event: Event) -> Input:
        return HoldChanged(_text(_object(event, "channel"), "id"), held=False)

    def _playback_finished(self, event: Event) -> Input:
        playback = _object(event, "playback")
        ok = _text(playback, "state") == "done"
        return PlaybackEnded(PlaybackId(_text(playback, "id")), ok)


_DECODERS: dict[str, Callable[[Decoder, Event], Input | None]] = {
    "StasisStart": Decoder._stasis_start,  # noqa: SLF001 - the table of this very class
    "StasisEnd": Decoder._stasis_ended,  # noqa: SLF001
    "ChannelStateChange": Decoder._state_changed,  # noqa: SLF001
    "ChannelHangupRequest": Decoder._hang_up_requested,  # noqa: SLF001
    "ChannelDestroyed": Decoder._destroyed,  # noqa: SLF001
    "ChannelHold": Decoder._held,  # noqa: SLF001
    "ChannelUnhold": Decoder._unheld,  # noqa: SLF001
    "PlaybackFinished": Decoder._playback_finished,  # noqa: SLF001
}


def entering_leg(event: Event) -> str | None:
    """Returns the leg that this event says has entered our application, if it says that.

    Raises:
        Nonsense: fields are missing or of the wrong type.
    """
    if event.get("type") != "StasisStart":
        return None
    channel_id = _text(_object(event, "channel"), "id")
    return channel_id if is_leg(channel_id) else None


def seen_channel(channel: Event, bridge_id: str | None) -> SeenChannel:
    """Returns what is known of a channel from its ARI object.

    Raises:
        Nonsense: fields are missing or of the wrong type.
    """
    name = _CHANNEL_NAME.match(_text(channel, "name"))
    caller = _object(channel, "caller")
    return SeenChannel(
        channel_id=_text(channel, "id"),
        up=_text(channel, "state") == UP,
        bridge_id=bridge_id,
        endpoint=EndpointName(name[1] if name else ""),
        dialled=_text(_object(channel, "dialplan"), "exten"),
        caller_number=_text(caller, "number"),
        caller_name=_text(caller, "name"),
        created_ms=_time_ms(channel, "creationtime"),
    )


def _object(parent: Event, key: str) -> Event:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise Nonsense(f"{key} is not an object")
    return value


def _text(parent: Event, key: str) -> str:
    value = parent.get(key)
    if not isinstance(value, str):
        raise Nonsense(f"{key} is not a string")
    return value


def _whole(parent: Event, key: str) -> int:
    value = parent.get(key, 0)
    if not isinstance(value, int):
        raise Nonsense(f"{key} is not a whole number")
    return value


def _time_ms(parent: Event, key: str) -> int:
    text = _text(parent, key)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise Nonsense(f"{key} is not a time") from None
