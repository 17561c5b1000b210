"""SIP transactions over UDP (RFC 3261 section 17, with RFC 6026's Accepted state), as callbacks.

No tasks: every timer is a `Wire.later`, so nothing is left running when the endpoint closes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scripts.lab.phones.address import Address
from scripts.lab.phones.message import Message, Request, Response


@dataclass(frozen=True, slots=True)
class Timers:
    """RFC 3261's base timers, in seconds; tests under loss may shorten them."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def give_up(self) -> float:
        """64*T1: timers B, F, H, J, L, M."""
        return 64 * self.t1


class Timer(Protocol):
    """What `Wire.later` returns."""

    def cancel(self) -> None:
        """Do not fire."""


class Owner(Protocol):
    """Whoever a transaction belongs to; one that has vanished neither sends nor hears."""

    user: str
    vanished: bool


class Wire(Protocol):
    """What transactions need of the endpoint."""

    timers: Timers

    def transmit(self, owner: Owner, message: Message, data: bytes, to: Address) -> None:
        """Put one datagram on the wire (unless the owner has vanished or a test drops it)."""

    def later(self, seconds: float, do: Callable[[], None]) -> Timer:
        """Run `do` after `seconds`, unless cancelled or the endpoint has closed."""

    def forget_client(self, key: tuple[str, str]) -> None:
        """The client transaction is over."""

    def forget_server(self, key: tuple[str, str]) -> None:
        """The server transaction is over."""


class ClientTransaction:
    """One request that this side sent, and its responses.

    `on_response` is called for every provisional response and once for the final one. When none
    comes it is called with a 408 made here. Retransmitted finals are ACKed here.
    """

    __slots__ = ("_ack", "_data", "_give_up", "_interval", "_on_response", "_retransmit", "final",
                 "key", "owner", "proceeding", "request", "sent_ns", "timed_out", "to",
                 "wire")  # fmt: skip

    def __init__(
        self,
        wire: Wire,
        owner: Owner,
        request: Request,
        to: Address,
        on_response: Callable[[Response], None],
    ) -> None:
        """Nothing is sent before `start`."""
        self.wire = wire
        self.owner = owner
        self.request = request
        self.to = to
        self.key = (request.branch, request.method)
        self.final: Response | None = None
        self.proceeding = False
        self.timed_out = False
        """The final response was made here."""
        self.sent_ns = 0
        """When it was first sent."""
        self._on_response = on_response
        self._data = request.encode()
        self._interval = wire.timers.t1
        self._retransmit: Timer | None = None
        self._give_up: Timer | None = None
        self._ack: tuple[Request, bytes, Address] | None = None

    def start(self) -> None:
        """Send, and arm timers A/E and B/F."""
        self.sent_ns = time.monotonic_ns()
        self.wire.transmit(self.owner, self.request, self._data, self.to)
        self._retransmit = self.wire.later(self._interval, self._again)
        self._give_up = self.wire.later(self.wire.timers.give_up, self._expired)

    def _again(self) -> None:
        self.wire.transmit(self.owner, self.request, self._data, self.to)
        self._interval *= 2
        if self.request.method != "INVITE":
            limit = self.wire.timers.t2
            self._interval = limit if self.proceeding else min(self._interval, limit)
        self._retransmit = self.wire.later(self._interval, self._again)

    def _stop(self) -> None:
        for timer in (self._retransmit, self._give_up):
            if timer is not None:
                timer.cancel()

    def _expired(self) -> None:
        self._stop()
        self.timed_out = True
        self._finish(self.request.reply(408))

    def abandon(self) -> None:
        """Give up now, as after 64*T1 (a cancelled INVITE that is never answered)."""
        if self.final is None:
            self._expired()

    def _finish(self, response: Response) -> None:
        self.final = response
        timers = self.wire.timers
        linger = timers.give_up if self.request.method == "INVITE" else timers.t4
        key = self.key
        self.wire.later(linger, lambda: self.wire.forget_client(key))
        self._on_response(response)

    def receive(self, response: Response) -> None:
        """A response came in."""
        if self.final is not None:
            if response.status >= 200 and self._ack is not None:
                self.wire.transmit(self.owner, *self._ack)
            return
        invite = self.request.method == "INVITE"
        if response.status < 200:
            self.proceeding = True
            if invite:  # a non-INVITE goes on retransmitting, every T2
                self._stop()
            self._on_response(response)
            return
        self._stop()
        if invite and response.status >= 300:
            self.acknowledge(self._ack_for(response), self.to)
        self._finish(response)

    def _ack_for(self, response: Response) -> Request:
        """The ACK of a refusal: part of this transaction, so the same branch (17.1.1.3)."""
        keep = {"from", "call-id", "route", "max-forwards"}
        ack = Request([("via", self.request.need("via"))], b"", "ACK", self.request.uri)
        ack.headers += [pair for pair in self.request.headers if pair[0] in keep]
        ack.add("to", response.need("to"))
        ack.add("cseq", f"{self.request.cseq[0]} ACK")
        return ack

    def acknowledge(self, ack: Request, to: Address) -> None:
        """Send this ACK now and again for every retransmission of the final response."""
        self._ack = (ack, ack.encode(), to)
        self.wire.transmit(self.owner, *self._ack)


class ServerTransaction:
    """One request that came in, and what this side answered.

    For INVITE the final response is retransmitted until the ACK, 200 included (13.3.1.4).
    """

    __slots__ = ("_data", "_interval", "_last", "_retransmit", "acknowledged", "at_ns",
                 "final", "key", "on_ack", "on_cancel", "on_no_ack", "owner", "request",
                 "to", "wire")  # fmt: skip

    def __init__(
        self, wire: Wire, owner: Owner, request: Request, source: Address, at_ns: int
    ) -> None:
        """`source` is where the responses go: phones here are reached where they send from."""
        self.wire = wire
        self.owner = owner
        self.request = request
        self.to = source
        self.at_ns = at_ns
        self.key = (request.branch, request.method)
        self.final = 0
        self.acknowledged = False
        self.on_ack: Callable[[Request], None] | None = None
        self.on_cancel: Callable[[ServerTransaction], None] | None = None
        self.on_no_ack: Callable[[], None] | None = None
        self._last: Response | None = None
        self._data = b""
        self._interval = wire.timers.t1
        self._retransmit: Timer | None = None

    def respond(self, response: Response) -> None:
        """Send a response; after a final one further calls are ignored."""
        if self.final:
            return
        self._last = response
        self._data = response.encode()
        self.wire.transmit(self.owner, response, self._data, self.to)
        if response.status < 200:
            return
        self.final = response.status
        timers = self.wire.timers
        if self.request.method == "INVITE":
            self._retransmit = self.wire.later(self._interval, self._again)
        self.wire.later(timers.give_up, self._over)

    def repeat(self) -> None:
        """The request came once more: send the last response again."""
        if self._last is not None and not self.acknowledged:
            self.wire.transmit(self.owner, self._last, self._data, self.to)

    def _again(self) -> None:
        self.repeat()
        self._interval = min(2 * self._interval, self.wire.timers.t2)
        self._retransmit = self.wire.later(self._interval, self._again)

    def _over(self) -> None:
        if self._retransmit is not None:
            self._retransmit.cancel()
        self.wire.forget_server(self.key)
        if self.request.method == "INVITE" and not self.acknowledged and self.on_no_ack:
            self.on_no_ack()

    def receive_ack(self, ack: Request) -> None:
        """The ACK for the final response came (a second one is ignored)."""
        if self.acknowledged or not self.final:
            return
        self.acknowledged = True
        if self._retransmit is not None:
            self._retransmit.cancel()
        if self.on_ack is not None:
            self.on_ack(ack)
