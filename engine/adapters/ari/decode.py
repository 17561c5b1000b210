"""ARI events to inputs: pure but for a memory of which channels are alive.

Asterisk tells the end of a channel up to four times: hang-up requests, the end of Stasis, its
destruction. `Decoder` passes on the earliest that can be trusted, and that once:

* a hang-up request that is not "soft" came from the other side: BYE, CANCEL or a refusal. It is
  there 0.1 to 1 ms before the rest, and its cause is the true one (it may be missing for a BYE);
* a soft one is somebody's here (ours, the dial timeout, an administrator's): its "cause" is a mask
  of flags and it only begins the end. A leg's destruction has the true cause;
* a caller's channel leaves us with the end of Stasis, and is not heard of again.

The same goes for ringing and answer: told once, however often Asterisk says it. A channel that is
not known to be alive has nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from engine.adapters.ari.fields import (
    UP,
    Event,
    a_text,
    a_whole,
    an_object,
    seen_channel,
)
from engine.core.ids import CallId, LegId, NodeId, PlaybackId, is_leg
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
    "ApplicationReplaced",
)
"""The event types that are asked for; Asterisk sends no others.

Not `Dial`: it would tell of a 183 without a 180 (the leg then answers without having rung, which
harms nothing) at the price of three more messages for every leg."""

RINGING: Final = "Ringing"

NORMAL_CLEARING: Final = 16
INTERWORKING: Final = 127
SIP_REQUEST_TERMINATED: Final = 487
"""How Asterisk reports a CANCEL: as interworking, though it is the caller's plain hanging up."""


class _Life(Enum):
    """How far a channel is."""

    CALLER = "caller"
    NEW = "new leg"
    RINGING = "ringing leg"
    UP = "answered leg"


class Decoder:
    """Turns one node's events into inputs.

    Args:
        node: the node's name.
    """

    def __init__(self, node: NodeId) -> None:
        """Starts without channels."""
        self._node = node
        self._alive: dict[str, _Life] = {}

    def begin(self, channels: Iterable[SeenChannel]) -> None:
        """Starts anew from what exists."""
        self._alive = {
            each.channel_id: (_Life.UP if each.up else _Life.NEW)
            if is_leg(each.channel_id)
            else _Life.CALLER
            for each in channels
        }

    def decode(self, event: Event) -> Input | None:
        """Returns what an event means, or None if nothing (new).

        Raises:
            Nonsense: fields are missing or of the wrong type.
        """
        kind = event.get("type")
        decoder = _DECODERS.get(kind) if type(kind) is str else None
        return None if decoder is None else decoder(self, event)

    def knows(self, channel_id: str) -> bool:
        """Tells whether a channel is alive, as far as was told."""
        return channel_id in self._alive

    @property
    def alive(self) -> int:
        """How many channels are alive."""
        return len(self._alive)

    def _stasis_start(self, event: Event) -> Input | None:
        channel = an_object(event, "channel")
        channel_id = a_text(channel, "id")
        if channel_id in self._alive:
            return None
        if is_leg(channel_id):
            self._alive[channel_id] = _Life.NEW
            return None
        seen = seen_channel(channel)
        self._alive[channel_id] = _Life.CALLER
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
        channel = an_object(event, "channel")
        channel_id = a_text(channel, "id")
        life = self._alive.get(channel_id)
        if life is not _Life.NEW and life is not _Life.RINGING:
            return None
        state = a_text(channel, "state")
        if state == UP:
            self._alive[channel_id] = _Life.UP
            return LegAnswered(LegId(channel_id))
        if state == RINGING and life is _Life.NEW:
            self._alive[channel_id] = _Life.RINGING
            return LegRinging(LegId(channel_id))
        return None

    def _hang_up_requested(self, event: Event) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        life = self._alive.get(channel_id)
        if life is None or event.get("soft"):
            return None
        cause = a_whole(event, "cause", 0)
        if cause == INTERWORKING and event.get("tech_cause") == SIP_REQUEST_TERMINATED:
            cause = NORMAL_CLEARING
        if not cause:
            if life is not _Life.UP and life is not _Life.CALLER:
                return None  # A refusal without its cause: the destruction will have it.
            cause = NORMAL_CLEARING
        return self._ended(channel_id, cause)

    def _stasis_ended(self, event: Event) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        if self._alive.get(channel_id) is not _Life.CALLER:
            return None
        return self._ended(channel_id, 0)

    def _destroyed(self, event: Event) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        if channel_id not in self._alive:
            return None
        return self._ended(channel_id, a_whole(event, "cause", 0))

    def _ended(self, channel_id: str, cause: int) -> Input:
        if self._alive.pop(channel_id) is _Life.CALLER:
            return CallerHungUp(CallId(channel_id), cause)
        return LegEnded(LegId(channel_id), cause)

    def _held(self, event: Event) -> Input | None:
        return self._hold_changed(event, held=True)

    def _unheld(self, event: Event) -> Input | None:
        return self._hold_changed(event, held=False)

    def _hold_changed(self, event: Event, *, held: bool) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        return HoldChanged(channel_id, held) if channel_id in self._alive else None

    def _playback_finished(self, event: Event) -> Input:
        playback = an_object(event, "playback")
        ok = a_text(playback, "state") == "done"
        return PlaybackEnded(PlaybackId(a_text(playback, "id")), ok)


_DECODERS: Final[dict[str, Callable[[Decoder, Event], Input | None]]] = {
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
    channel_id = a_text(an_object(event, "channel"), "id")
    return channel_id if is_leg(channel_id) else None
