"""Callers who press keys: because they were asked, because they may, and because they are children."""

from __future__ import annotations

from engine.core.inputs import DigitPressed
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel
from engine.sim.rng import Rng, exponential_ms

_KEYS = "1111122223345678900**##"
"""What is pressed, in proportion: a confirmation is mostly a 1."""
_FLOOD = 0.03
"""How often it is not one key but many."""
_FLOOD_KEYS = 60


class Keypad:
    """The keys of all callers. `keys_per_minute` 0: nobody presses any."""

    def __init__(self, agenda: Agenda, rng: Rng, keys_per_minute: float) -> None:
        """Makes a keypad."""
        self.keys_per_minute = keys_per_minute
        self._agenda = agenda
        self._rng = rng

    def at_hand(self, channel: Channel) -> None:
        """Somebody is on the line who may press keys until the call is over."""
        if self.keys_per_minute > 0.0:
            mean_ms = 60_000 / self.keys_per_minute
            self._agenda.after(exponential_ms(self._rng, mean_ms), self._press, channel)

    def _press(self, channel: Channel) -> None:
        if not channel.alive:
            return
        keys = _FLOOD_KEYS if self._rng.random() < _FLOOD else 1
        if channel.up and not channel.away and channel.asterisk.wire.linked:
            for _ in range(keys):
                digit = self._rng.choice(_KEYS)
                channel.asterisk.emit(DigitPressed(channel.channel_id, digit))
        self.at_hand(channel)
