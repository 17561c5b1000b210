"""ARI events to inputs: pure but for a memory of which channels are alive.

Asterisk tells the end of a channel up to four times: hang-up requests, the end of Stasis, its
destruction. `Decoder` passes on the earliest that can be trusted, and that once:

* a hang-up request that is not "soft" came from the other side: BYE, CANCEL or a refusal. It is
  there 0.1 to 1 ms before the rest, and its cause is the true one (it may be missing for a BYE);
* a soft one is somebody's here (ours, the dial timeout, an administrator's): its "cause" is a mask
  of flags and it only begins the end. A leg's destruction has the true cause;
* a caller's channel leaves us with the end of Stasis, and is not heard of again; unless it was we who
  sent it into the dialplan. Then its destruction is the end, or it comes back by another start.

The same goes for ringing and answer: told once, however often Asterisk says it. A channel that is
not known to be alive has nothing to tell.

A phone that forwards (SIP 3xx) is told by an event `Dial` with the number, around its hang-up
request, in either order; where it names no number there is no such event. Asterisk does not follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from engine.adapters.ari.fields import (
    UP,
    Event,
    Nonsense,
    a_text,
    a_whole,
    an_object,
    endpoint_of,
    seen_channel,
)
from engine.adapters.ari.flows import LOST
from engine.adapters.ari.recorders import Recorders
from engine.adapters.ari.requests import UNPROCESSABLE
from engine.adapters.ari.signals import is_rung, recorder_of
from engine.core.commands import SendToDialplan
from engine.core.ids import (
    SPY_PREFIX,
    CallId,
    LegId,
    MonitorId,
    NodeId,
    PlaybackId,
    RecordingId,
    is_ear,
)
from engine.core.inputs import (
    CallArrived,
    CallCameBack,
    CallerHungUp,
    CommandFailed,
    DigitPressed,
    HoldChanged,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    PlaybackEnded,
    SeenChannel,
    SpyEnded,
    TransferRequested,
)

EVENTS: Final = (
    "StasisStart",
    "StasisEnd",
    "ChannelStateChange",
    "ChannelHangupRequest",
    "ChannelDestroyed",
    "ChannelHold",
    "ChannelUnhold",
    "ChannelDtmfReceived",
    "ChannelTransfer",
    "Dial",
    "PlaybackFinished",
    "RecordingStarted",
    "RecordingFinished",
    "RecordingFailed",
    "ApplicationReplaced",
)
"""The event types that are asked for; Asterisk sends no others.

`Dial` is there for its `forward` alone, at the price of three more messages for every leg."""

RINGING: Final = "Ringing"

NORMAL_CLEARING: Final = 16
INTERWORKING: Final = 127
SIP_REQUEST_TERMINATED: Final = 487
"""How Asterisk reports a CANCEL: as interworking, though it is the caller's plain hanging up."""

REDIRECTED: Final = 23
"""The cause of a phone that forwards. Asterisk says so of a 302 only, and 16 of other 3xx."""

KEYS: Final = frozenset("0123456789*#ABCD")


class _Life(Enum):
    """How far a channel is."""

    CALLER = "caller"
    LEAVING = "call that is sent into the dialplan"
    AWAY = "call that the dialplan has"
    NEW = "new leg"
    RINGING = "ringing leg"
    UP = "answered leg"
    EAR = "ear"


_CALLERS: Final = frozenset((_Life.CALLER, _Life.LEAVING, _Life.AWAY))
_DEAF: Final = frozenset((_Life.EAR, _Life.LEAVING, _Life.AWAY))
_UNANSWERED: Final = frozenset((_Life.NEW, _Life.RINGING))
_CAN_LEAVE: Final = frozenset((_Life.CALLER, _Life.UP))


class Decoder:
    """Turns one node's events into inputs.

    Args:
        node: the node's name.
    """

    def __init__(self, node: NodeId) -> None:
        """Starts without channels."""
        self._node = node
        self._alive: dict[str, _Life] = {}
        self._recorders = Recorders()
        self._sent: dict[str, SendToDialplan] = {}
        """How those who leave, or are away, were sent there."""
        self._other_of: dict[str, str] = {}
        """The phone's own channel in the call into which it wants to transfer."""

    def begin(self, channels: Iterable[SeenChannel]) -> None:
        """Starts anew from what exists."""
        self._alive = {}
        self._recorders = Recorders()
        self._other_of = {}
        self._sent = {}
        for each in channels:
            life = _here(each.channel_id)
            if is_ear(each.channel_id):
                life = _Life.EAR
                self._recorders.entered(each.channel_id, each.endpoint)
            elif each.away:
                life = _Life.AWAY
            elif life is _Life.UP and not each.up:
                life = _Life.NEW
            self._alive[each.channel_id] = life

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

    def recording_stops(self, recording_id: RecordingId) -> None:
        """Notes that we ask for the end of a recording, which is then no failure."""
        self._recorders.stopping(recording_id)

    def sends_away(self, command: SendToDialplan) -> None:
        """Notes that we send a call into the dialplan: to leave us is not the end then.

        It may have begun as a leg, or as a call that we placed, and is answered then.
        """
        if self._alive.get(command.call_id) in _CAN_LEAVE:
            self._alive[command.call_id] = _Life.LEAVING
            self._sent[command.call_id] = command

    def not_sent(self, command: SendToDialplan) -> Input | None:
        """Notes that this failed. Returns the caller's end, if that is why."""
        life = self._alive.get(command.call_id)
        self._sent.pop(command.call_id, None)
        if life is _Life.AWAY:  # It had left by itself, and nothing more will be heard of it.
            return self._ended(command.call_id, 0)
        if life is _Life.LEAVING:
            self._alive[command.call_id] = _here(command.call_id)
        return None

    def other_channel(self, channel_id: str) -> str | None:
        """Returns the other channel of the phone that wants to transfer attended, if it does."""
        return self._other_of.get(channel_id)

    @property
    def alive(self) -> int:
        """How many channels are alive."""
        return len(self._alive)

    def _stasis_start(self, event: Event) -> Input | None:
        channel = an_object(event, "channel")
        channel_id = a_text(channel, "id")
        life = self._alive.get(channel_id)
        if life is _Life.AWAY:
            return self._came_back(channel, lost=_is_lost(event))
        if life is not None:
            return None
        if is_rung(channel_id):
            self._alive[channel_id] = _Life.NEW
            return None
        if is_ear(channel_id):
            self._alive[channel_id] = _Life.EAR
            self._recorders.entered(channel_id, endpoint_of(channel))
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

    def _came_back(self, channel: Event, *, lost: bool) -> Input:
        channel_id = a_text(channel, "id")
        dialled = a_text(an_object(channel, "dialplan"), "exten")
        self._alive[channel_id] = _here(channel_id)
        sent = self._sent.pop(channel_id, None)
        if not lost:
            return CallCameBack(CallId(channel_id), dialled)
        if sent is None:  # Who sent it was another connection; it asks for nothing.
            return CallCameBack(CallId(channel_id), "")
        return CommandFailed(
            sent, UNPROCESSABLE, "there is nothing in the dialplan where it was sent"
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
        if life is None:
            return None
        self._recorders.leaving(channel_id)
        if life is _Life.EAR or event.get("soft"):
            return None
        cause = a_whole(event, "cause", 0)
        if life in _UNANSWERED and _is_redirection(event, cause):
            return None  # `Dial` says whereto, or the destruction follows without it.
        if cause == INTERWORKING and event.get("tech_cause") == SIP_REQUEST_TERMINATED:
            cause = NORMAL_CLEARING
        if not cause:
            if life is not _Life.UP and life not in _CALLERS:
                return None  # A refusal without its cause: the destruction will have it.
            cause = NORMAL_CLEARING
        return self._ended(channel_id, cause)

    def _stasis_ended(self, event: Event) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        life = self._alive.get(channel_id)
        if life is _Life.LEAVING:
            self._alive[channel_id] = _Life.AWAY
        if life is not _Life.CALLER and life is not _Life.EAR:
            return None
        return self._ended(channel_id, 0)

    def _destroyed(self, event: Event) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        if channel_id not in self._alive:
            return None
        cause = a_whole(event, "cause", 0)
        if self._alive[channel_id] in _UNANSWERED and _is_redirection(event, cause):
            return self._ended(channel_id, REDIRECTED, forward_to="")
        return self._ended(channel_id, cause)

    def _dialled(self, event: Event) -> Input | None:
        channel_id = a_text(an_object(event, "peer"), "id")
        forward_to = a_text(event, "forward") if "forward" in event else ""
        if not forward_to or self._alive.get(channel_id) not in _UNANSWERED:
            return None
        return self._ended(channel_id, REDIRECTED, forward_to=forward_to)

    def _ended(self, channel_id: str, cause: int, *, forward_to: str | None = None) -> Input | None:
        life = self._alive.pop(channel_id)
        self._other_of.pop(channel_id, None)
        self._sent.pop(channel_id, None)
        self._recorders.leaving(channel_id)
        if life in _CALLERS:
            return CallerHungUp(CallId(channel_id), cause)
        if life is not _Life.EAR:
            return LegEnded(LegId(channel_id), cause, forward_to)
        self._recorders.gone(channel_id)
        return SpyEnded(MonitorId(channel_id)) if channel_id.startswith(SPY_PREFIX) else None

    def _held(self, event: Event) -> Input | None:
        return self._hold_changed(event, held=True)

    def _unheld(self, event: Event) -> Input | None:
        return self._hold_changed(event, held=False)

    def _hold_changed(self, event: Event, *, held: bool) -> Input | None:
        channel_id = a_text(an_object(event, "channel"), "id")
        life = self._alive.get(channel_id)
        return None if life is None or life is _Life.AWAY else HoldChanged(channel_id, held)

    def _key_pressed(self, event: Event) -> Input | None:
        channel_id, digit = a_text(an_object(event, "channel"), "id"), a_text(event, "digit")
        if digit not in KEYS:
            raise Nonsense("digit is not a key")
        life = self._alive.get(channel_id)
        # What is pressed in the dialplan is not for us: it may be the PIN of a voicemail.
        away = life is None or life in _DEAF
        return None if away else DigitPressed(channel_id, digit)

    def _transfer_wanted(self, event: Event) -> Input | None:
        if "state" in event:
            return None  # An echo of our own answer.
        channel_id = a_text(an_object(an_object(event, "referred_by"), "source_channel"), "id")
        refer_to = an_object(event, "refer_to")
        wanted = an_object(refer_to, "requested_destination")
        target = a_text(wanted, "destination") if "destination" in wanted else ""
        other: str | None = None
        if "destination_channel" in refer_to:
            other = a_text(an_object(refer_to, "destination_channel"), "id")
        elif "protocol_id" in wanted:
            other = ""  # It names a call that is not here.
        if self._alive.get(channel_id) in {None, _Life.EAR}:
            return None
        self._other_of.pop(channel_id, None)
        if other:
            self._other_of[channel_id] = other
        return TransferRequested(channel_id, target, other)

    def _recording_finished(self, event: Event) -> Input | None:
        return self._recording_ended(event, "")

    def _recording_failed(self, event: Event) -> Input | None:
        recording = an_object(event, "recording")
        why = a_text(recording, "cause") if "cause" in recording else ""
        return self._recording_ended(event, why or "it failed (see Asterisk's log)")

    def _recording_ended(self, event: Event, why: str) -> Input | None:
        ear_id = recorder_of(event)
        return None if ear_id is None else self._recorders.finished(ear_id, why)

    def _playback_finished(self, event: Event) -> Input | None:
        playback = an_object(event, "playback")
        if "target_uri" in playback and a_text(playback, "target_uri").startswith("bridge:"):
            return None  # Played to a talk, which nobody waits for.
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
    "ChannelDtmfReceived": Decoder._key_pressed,  # noqa: SLF001
    "ChannelTransfer": Decoder._transfer_wanted,  # noqa: SLF001
    "Dial": Decoder._dialled,  # noqa: SLF001
    "RecordingFinished": Decoder._recording_finished,  # noqa: SLF001
    "RecordingFailed": Decoder._recording_failed,  # noqa: SLF001
    "PlaybackFinished": Decoder._playback_finished,  # noqa: SLF001
}


def _here(channel_id: str) -> _Life:
    """Returns how far a channel is that can be sent into the dialplan, or comes back from there."""
    return _Life.UP if is_rung(channel_id) else _Life.CALLER


def _is_redirection(event: Event, cause: int) -> bool:
    tech_cause = event.get("tech_cause")
    return cause == REDIRECTED or (type(tech_cause) is int and 300 <= tech_cause < 400)


def _is_lost(event: Event) -> bool:
    args = event.get("args")
    return type(args) is list and args[:1] == [LOST]
