"""Customers for benchmarks: calls at a rate, or so many always waiting; and what became of them."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from scripts.lab.phones import Caller, OutgoingCall

END_S = 20.0
"""A call that has not ended so long after the last one was placed has failed."""


@dataclass(slots=True)
class Traffic:
    """Calls placed by one caller to one number, each from a number of its own."""

    caller: Caller
    number: str
    calls: list[OutgoingCall] = field(default_factory=list)
    _from: itertools.count[int] = field(default_factory=lambda: itertools.count(100_000))

    def place(self) -> OutgoingCall:
        """Places one call now."""
        call = self.caller.place(self.number, from_number=str(next(self._from)))
        self.calls.append(call)
        return call

    async def at_rate(self, calls_per_s: float, duration_s: float) -> None:
        """Places calls evenly for a while; a late one is made up for, never left out."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for index in range(round(calls_per_s * duration_s)):
            delay_s = begin + index / calls_per_s - loop.time()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            self.place()

    async def keep_waiting(self, callers: int, calls_per_s: float, duration_s: float) -> None:
        """Places so many calls at once, then others at the rate at which they are served.

        Arrivals have nothing to do with hang-ups: app_queue looks for agents at an arrival, and a
        call placed whenever one ends would spare it its poll.
        """
        for _ in range(callers):
            self.place()
        await self.at_rate(calls_per_s, duration_s)

    async def all_ended(self) -> None:
        """Waits until all calls have ended, or END_S have passed."""
        deadline = asyncio.get_running_loop().time() + END_S
        for call in self.calls:
            left_s = deadline - asyncio.get_running_loop().time()
            try:
                await call.ended.within(max(left_s, 0.001))
            except TimeoutError:
                return

    def failed(self) -> int:
        """Counts calls that were not answered, or did not end by the agent's BYE."""
        return sum(
            not (call.answered and call.ended and call.ended.value.how == "bye")
            for call in self.calls
        )
