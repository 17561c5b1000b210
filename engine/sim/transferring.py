"""People who pass callers on by phone: blind, after a consultation, or while that still rings."""

from __future__ import annotations

from typing import Protocol

from engine.core.inputs import HoldChanged, TransferRequested
from engine.sim.agenda import Agenda
from engine.sim.channels import Channel, Plan
from engine.sim.rng import Streams, exponential_ms, up_to_ms

_THIRD_TALK_MS_MEAN = 30_000
_CONSULTS_MS_MAX = 15_000
_BLIND = 0.5
_AT_ONCE = 0.2
"""Chance that somebody hangs up in the very instant of the transfer."""
_STRANGE = ("", "nobody", "999999", "1002;x=y")


class People(Protocol):
    """What is needed of everybody else."""

    numbers: list[str]


class Transferring:
    """Plans transfers and carries them out."""

    def __init__(self, agenda: Agenda, streams: Streams, people: People) -> None:
        """Begins with none planned."""
        self.stopped = False
        self._agenda = agenda
        self._rng = streams.stream("transfers")
        self._people = people

    def plan(self) -> Plan:
        """Returns what somebody means to do who never meant to call."""
        return Plan(
            patience_ms=None,
            talk_ms=exponential_ms(self._rng, _THIRD_TALK_MS_MEAN) + 1,
            agent_ends=self._rng.random() < 0.5,
        )

    def think(self, caller: Channel, leg: Channel, talk_ms: int) -> None:
        """One of the two may want to pass the other on, some time in this talk."""
        house = [each for each in (leg, leg, caller) if each.phone is not None]
        if house:
            after_ms = up_to_ms(self._rng, talk_ms)
            self._agenda.after(after_ms, self._transfers, self._rng.choice(house))

    def _transfers(self, channel: Channel) -> None:
        if not self._talks(channel):
            return
        rng = self._rng
        target = rng.choice([*self._people.numbers, *_STRANGE])
        if rng.random() < _BLIND:
            self._asks(channel, target, None)
            return
        channel.asterisk.emit(HoldChanged(channel.channel_id, held=True))
        second = channel.asterisk.consult(channel, target)
        if second is not None:
            after_ms = up_to_ms(rng, _CONSULTS_MS_MAX)
            self._agenda.after(after_ms, self._completes, (channel, second))

    def _completes(self, pair: tuple[Channel, Channel]) -> None:
        """Consulted enough, or only heard it ring."""
        first, second = pair
        if not self._talks(first):
            return
        if second.alive:
            pair = (second, first) if self._rng.random() < 0.2 else pair
        self._asks(pair[0], second.dialled, pair[1].channel_id)
        if self._rng.random() < 0.1:  # The phone asks twice.
            self._asks(pair[0], second.dialled, pair[1].channel_id)

    def _asks(self, channel: Channel, target: str, other_id: str | None) -> None:
        node = channel.asterisk
        together = [*node.beside(channel), channel]
        if self._rng.random() < _AT_ONCE / 2:
            hasty = self._rng.choice(together)
            node.end(hasty, 16)
            if hasty is channel:
                return
        node.emit(TransferRequested(channel.channel_id, target, other_id))
        if self._rng.random() < _AT_ONCE:
            node.end(self._rng.choice(together), 16)

    @staticmethod
    def _talks(channel: Channel) -> bool:
        lost = channel.phone is not None and channel.phone.lost
        return channel.alive and channel.up and not lost and channel.bridge_id is not None
