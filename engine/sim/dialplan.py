"""The dialplan of a node: callers who are sent there leave a message, or come back."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.callers.dialplan import TRIP_VARIABLE
from engine.core.commands import FetchCall, SendToDialplan
from engine.core.ids import CallId
from engine.core.inputs import CallCameBack
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel, Exchange
from engine.sim.rng import Rng, exponential_ms

_AWAY_MS_MEAN = 15_000
_COMES_BACK = 0.4
"""How often the dialplan gives a caller back; else it hangs up."""
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
        channel.sounding = False
        channel.playback_id = None
        self._node.leave_bridge(channel)
        self._agenda.after(exponential_ms(self._rng, _AWAY_MS_MEAN), self._done, channel)
        return None

    def fetch(self, command: FetchCall) -> str | None:
        """Gives a caller back who is there, whatever goes on."""
        channel = self._node.channels.get(command.call_id)
        if channel is not None and channel.alive and channel.away:
            channel.away = False
            channel.trip = channel.sent_as
            self._node.emit(CallCameBack(CallId(channel.channel_id), "s"))
        return None

    def _done(self, channel: Channel) -> None:
        if not channel.alive or not channel.away:
            return
        if not self.numbers or self._rng.random() >= _COMES_BACK:
            self._node.end(channel, _Q850_NORMAL)
            return
        if not self._node.wire.linked:  # The dialplan holds the caller until Usher is there.
            self._agenda.after(1_000, self._done, channel)
            return
        channel.away = False
        channel.trip = channel.sent_as
        dialled = self._rng.choice(self.numbers)
        self._node.emit(CallCameBack(CallId(channel.channel_id), dialled))
