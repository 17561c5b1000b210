"""What the office asks of the border, as protocols. Adapters implement them; fakes ship beside them.

Inputs reach the office through `Post`: synchronous, never blocking, safe to call from the loop's
thread only. Whoever posts does nothing else with the event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.inputs import Input

Post = Callable[[Input], None]
"""Hands an input to the pump."""


class Clock(Protocol):
    """Time, as everything outside `adapters.clock` must ask for it."""

    def now_ms(self) -> int:
        """Returns epoch milliseconds (UTC) that never run backwards within a process."""


class Telephony(Protocol):
    """One node's call control (the ARI adapter, or its fake).

    After `run` has connected it posts `NodeConnected` with all that exists, then events in order;
    on a lost connection `NodeDisconnected`, and it reconnects with backoff until it is cancelled.
    """

    async def run(self) -> None:
        """Connects and stays connected until cancelled."""

    def send(self, command: Command) -> None:
        """Queues a command for this node; never blocks, never raises for an outside reason.

        Commands are carried out in the order of the calls. One that is refused, times out or
        cannot be sent is posted as `CommandFailed`.
        """


class Presence(Protocol):
    """One node's phones (the AMI adapter, or its fake): posts `PhoneReachable`, `PhoneDevice`.

    On every (re)connect the full picture is posted before the changes.
    """

    async def run(self) -> None:
        """Connects and stays connected until cancelled."""


class FactRecord(Protocol):
    """A fact with its id, as the outbox keeps it."""

    epoch: str
    fact: Fact


class FactStore(Protocol):
    """The database's side of the outbox. Synchronous: the office calls it from a thread of its own."""

    def write(self, epoch: str, facts: Sequence[Fact]) -> None:
        """Stores these facts in one transaction, each at most once (by epoch and seq), in order.

        Raises:
            StoreUnavailable: the database cannot be reached or is busy; try the same again later.
        """

    def close(self) -> None:
        """Lets go of connections."""


class StoreUnavailable(Exception):
    """The database cannot be reached, is busy, or is being migrated: try again later."""
