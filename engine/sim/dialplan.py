"""The dialplan of a node: callers who are sent there leave a message, or come back.

Who comes back while Usher is away is kept until it is there, and cannot be taken back meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.callers.dialplan import TRIP_VARIABLE
from engine.core.commands import FetchCall, SendToDialplan
from engine.core.ids import CallId
from engine.core.inputs import TAKEN_BACK, CallCameBack
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel, Exchange
from engine.sim.rng import Rng, exponential_ms

_AWAY_MS_MEAN = 15_000
_COMES_BACK = 0.4
"""How often the dialplan gives a caller back; else it hangs up."""
_RETRY_MS = 1_000
"""How often it is tried to hand over who came back while Usher was away."""
_Q850_NORMAL = 16


class Dialplan:
    """What happens to callers whom Usher does not have."""

    def __init__(self, node: Exchange, agenda: Agenda, rng: Rng) -> None:
        """Makes a dialplan in which nobody is."""
        self._node = node
        self._agenda = agenda
        self._rng = rng
        self.numbers: Sequence[str] = ()
        """What it asks for when it gives somebody back."""

    def send(self, command: SendToDialplan) -> str | None:
        """Takes a caller. Returns None, or with what Asterisk refuses it."""
        channel = self._node.channels.get(command.call_id)
        if channel is None:
            return "404 Channel not found"
        channel.away = True
        channel.sent_as = int(dict(command.variables).get(TRIP_VARIABLE, "0"))
        channel.shared = channel.sent_as
        channel.sounding = False
        channel.playback_id = None
        self._node.leave_bridge(channel)
        stay = (channel, channel.sent_as)
        self._agenda.after(exponential_ms(self._rng, _AWAY_MS_MEAN), self._done, stay)
        return None

    def fetch(self, command: FetchCall) -> None:
        """Gives a caller back whom a flow has in that trip, whatever goes on there."""
        channel = self._node.channels.get(command.call_id)
        if channel is not None and channel.alive and channel.shared == command.trip:
            self._give_back(channel, TAKEN_BACK)

    def _done(self, stay: tuple[Channel, int]) -> None:
        """A voicemail or a flow is over, if it has the caller still."""
        channel, trip = stay
        if not channel.alive or channel.shared != trip:
            return
        if not self.numbers or self._rng.random() >= _COMES_BACK:
            self._node.end(channel, _Q850_NORMAL)
        else:
            self._give_back(channel, self._rng.choice(self.numbers))

    def _give_back(self, channel: Channel, dialled: str) -> None:
        channel.shared = 0
        channel.asks = dialled
        self._hand_over(channel)

    def _hand_over(self, channel: Channel) -> None:
        if not channel.alive:
            return
        if not self._node.wire.linked:
            self._agenda.after(_RETRY_MS, self._hand_over, channel)
            return
        channel.away = False
        channel.trip = channel.sent_as
        self._node.emit(CallCameBack(CallId(channel.channel_id), channel.extension))
