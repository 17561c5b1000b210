"""Transfers that have been answered, and hang-ups that wait until Asterisk has told the phone.

An attended transfer's answer is worked off in a thread of Asterisk's own, which reads the phone's
other channel. Hung up in the same moment, that one may be gone by then, and Asterisk reads freed
memory: 1 in 150 such transfers on 22.10.1, and one in five of those ended Asterisk (tried; none of 1000
with this wait: docs/adr/0004-transfers-and-ears.md). It tells us when it has done so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.core.commands import HangUpCall, HangUpLeg

SETTLE_S: Final = 1.0
"""So long a hang-up waits at most; commonly it is some milliseconds."""

HangUp = HangUpLeg | HangUpCall


@dataclass(slots=True)
class _Answered:
    """An answered transfer: the phone's channels, and the hang-ups that wait."""

    channels: tuple[str, ...]
    timer: asyncio.TimerHandle
    held: list[HangUp] = field(default_factory=list)


class Settling:
    """Answered transfers of one connection, by the channel whose phone asked.

    Args:
        loop: the running loop.
        go: carries out a hang-up that has waited.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, go: Callable[[HangUp], None]) -> None:
        """Waits for nothing."""
        self._loop = loop
        self._go = go
        self._answered: dict[str, _Answered] = {}
        self._none = asyncio.Event()
        self._none.set()

    def begin(self, channel_id: str, other_id: str | None) -> None:
        """The transfer wanted on this channel is about to be answered."""
        self.over(channel_id)
        timer = self._loop.call_later(SETTLE_S, self.over, channel_id)
        channels = (channel_id, other_id) if other_id else (channel_id,)
        self._answered[channel_id] = _Answered(channels, timer)
        self._none.clear()

    def hold_back(self, command: HangUp) -> bool:
        """Keeps a hang-up until the phone has been told; returns False if it need not wait."""
        channel_id = command.leg_id if isinstance(command, HangUpLeg) else command.call_id
        for answered in self._answered.values():
            if channel_id in answered.channels:
                answered.held.append(command)
                return True
        return False

    def over(self, channel_id: str) -> None:
        """The phone has been told, or cannot be told any more."""
        answered = self._answered.pop(channel_id, None)
        if answered is None:
            return
        answered.timer.cancel()
        if not self._answered:
            self._none.set()
        for command in answered.held:
            self._go(command)

    def give_up_all(self) -> list[HangUp]:
        """Forgets everything, and returns what waited."""
        held = [command for answered in self._answered.values() for command in answered.held]
        for answered in self._answered.values():
            answered.timer.cancel()
        self._answered.clear()
        self._none.set()
        return held

    def __len__(self) -> int:
        """How many transfers are not settled."""
        return len(self._answered)

    async def wait_none(self) -> None:
        """Returns when all are settled."""
        await self._none.wait()
