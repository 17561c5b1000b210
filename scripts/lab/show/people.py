"""Agents at their phones and customers who call, for the scenario."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from typing import Final

from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from scripts.lab.show.checks import Unmet, require

LOOK_S: Final = 0.01
RING_S: Final = 30.0
"""How long a phone may take to ring that should ring now."""
HEAR_S: Final = 30.0
NEW_MESSAGES: Final = re.compile(r"^Voice-Message: (\d+)/", re.MULTILINE)
"""In the body of a NOTIFY for message-summary (RFC 3842)."""


class Desk:
    """An agent (or anyone in the house) at a phone that rings until told otherwise.

    Attributes:
        tone: what this party sounds like, Hz.
    """

    def __init__(self, name: str, phone: Phone, tone: int) -> None:
        """Takes over the phone's behaviour."""
        self.name = name
        self.phone = phone
        self.tone = tone
        self._ringing: deque[IncomingCall] = deque()
        phone.behaviour = self._rings

    @property
    def number(self) -> str:
        """The extension."""
        return self.phone.user

    def _rings(self, call: IncomingCall) -> None:
        call.ring()
        self._ringing.append(call)

    async def rings(self, seconds: float = RING_S) -> IncomingCall:
        """Returns the next call that rings here.

        Raises:
            Unmet: none did in time.
        """
        return (await any_rings([self], seconds))[1]

    def messages_waiting(self) -> int:
        """Returns how many new voicemail messages the phone was told of last."""
        told = (each.body.decode("utf-8", "replace") for each in self.phone.messages)
        counts = [found[1] for text in told if (found := NEW_MESSAGES.search(text))]
        return int(counts[-1]) if counts else 0

    async def told_of_messages(self, count: int, seconds: float = RING_S) -> None:
        """Waits until the phone's lamp says so many messages.

        Raises:
            Unmet: it does not, in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.messages_waiting() != count:
            if loop.time() > deadline:
                raise Unmet(f"{self.name}'s phone says {self.messages_waiting()} new messages")
            await asyncio.sleep(LOOK_S)

    def take(self) -> IncomingCall | None:
        """Returns the next call that has rung here, if there is one."""
        return self._ringing.popleft() if self._ringing else None


class Customer:
    """Somebody outside who calls, or is called back."""

    def __init__(
        self, name: str, call: OutgoingCall | IncomingCall, tone: int, placed_at: float
    ) -> None:
        """`placed_at` is the loop's time, in seconds; `tone` 0: says nothing."""
        self.name = name
        self.call = call
        self.tone = tone
        self.placed_at = placed_at

    @property
    def gone(self) -> bool:
        """The call has ended."""
        return bool(self.call.ended)


async def any_rings(desks: Sequence[Desk], seconds: float = RING_S) -> tuple[Desk, IncomingCall]:
    """Returns the first of these desks that rings, and its call.

    Raises:
        Unmet: none did in time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while loop.time() < deadline:
        for desk in desks:
            call = desk.take()
            if call is not None:
                return desk, call
        await asyncio.sleep(LOOK_S)
    names = " or ".join(desk.name for desk in desks)
    raise Unmet(f"{names}'s phone did not ring within {seconds:g} s")


async def hear_each_other(customer: Customer, desk: Desk, there: IncomingCall) -> None:
    """Waits until each hears the other's tone.

    Raises:
        TimeoutError: one of them does not.
    """
    await customer.call.wait_until_hears(desk.tone, seconds=HEAR_S)
    await there.wait_until_hears(customer.tone, seconds=HEAR_S)


async def talk(customer: Customer, desk: Desk, there: IncomingCall, *, pick_up_s: float) -> None:
    """The agent picks up after a while; they are connected and hear each other.

    Raises:
        Unmet: somebody else was on the line.
        TimeoutError: they do not hear each other.
    """
    require(
        there.caller_name == customer.name,
        f"{desk.name}'s phone shows {there.caller_name!r} instead of {customer.name!r}",
    )
    await asyncio.sleep(pick_up_s)
    there.answer()
    await hear_each_other(customer, desk, there)
