"""panoramisk, tamed: one manager for one connection, framing that survives nonsense.

What panoramisk 1.4 does that a long-lived service cannot have, and the cure here:

* it reconnects by a timer that nothing can stop, and sends unanswered actions again then: a manager
  here serves one connection and ends with it (`connect` is never called, `connection_lost` only
  reports), so there is nothing to send again and no timer to leak;
* it starts coroutine handlers as tasks that nobody holds: `dispatch` calls one function, directly;
* its pinger never looks at the answers: switched off, the owner pings with a time-out;
* it logs whole actions (with secrets) and whole events (with callers' numbers): its logger is mute;
* it buffers without limit, decodes chunk by chunk (a character cut in two is lost) and raises in
  the transport on doubled headers: framing is done here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import panoramisk
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

MESSAGE_BYTES_MAX: Final = 1_000_000
"""Far longer than any message of Asterisk's; more without an empty line is not AMI."""
_NEVER_S: Final = 10**9
_END: Final = b"\r\n\r\n"
_BANNER: Final = b"Asterisk Call Manager/"
# Headers by which panoramisk steers; each must be there once or not at all.
_STEERING: Final = (
    "event",
    "response",
    "actionid",
    "commandid",
    "message",
    "eventlist",
    "subevent",
)

_MUTE: Final = logging.getLogger("engine.adapters.ami.panoramisk")
_MUTE.addHandler(logging.NullHandler())
_MUTE.propagate = False
_MUTE.setLevel(logging.CRITICAL)


class OneConnection(panoramisk.Manager):  # type: ignore[misc] # panoramisk has no types
    """A manager that serves one TCP connection.

    Args:
        on_event: called for each event that is not part of an answer; must not raise.
        on_nonsense: called with the kind (free of personal data) of what made no sense.
        on_end: called once when the connection is over, with the reason.
    """

    def __init__(
        self,
        on_event: Callable[[Message], None],
        on_nonsense: Callable[[str], None],
        on_end: Callable[[str], None],
    ) -> None:
        """Connects nothing yet."""
        super().__init__(
            loop=asyncio.get_running_loop(),
            log=_MUTE,
            ping_delay=_NEVER_S,
            ping_interval=_NEVER_S,
        )
        # panoramisk's own handler of FullyBooted, which sends old actions again.
        self.callbacks.clear()
        self.patterns.clear()
        self.on_event = on_event
        self.on_nonsense = on_nonsense
        self._on_end = on_end
        self._ended = False

    async def open(self) -> None:
        """Connects. Raises OSError if that fails; the caller sets the time limit."""
        loop = asyncio.get_running_loop()
        made: asyncio.Future[Any] = loop.create_future()
        made.set_result(
            await loop.create_connection(
                lambda: _Framing(self), self.config["host"], self.config["port"]
            )
        )
        self.connection_made(made)

    def dispatch(self, event: Message) -> None:
        """Hands an event on; called by panoramisk's protocol. Nothing comes after the end."""
        if not self._ended:
            self.on_event(event)

    def connection_lost(self, exc: object) -> None:
        """Reports the end; called by panoramisk's protocol. Does not reconnect."""
        if isinstance(exc, Message):
            self.end("Asterisk is shutting down")
        else:
            self.end(str(exc) or type(exc).__name__ if exc else "Asterisk closed the connection")

    def end(self, reason: str) -> None:
        """Closes the connection; the first reason counts."""
        if not self._ended:
            self._ended = True
            self._on_end(reason)
        self.close()


class _Framing(AMIProtocol):  # type: ignore[misc] # panoramisk has no types
    """Bytes to messages, one at a time, whatever comes."""

    def __init__(self, manager: OneConnection) -> None:
        self._manager = manager
        self._rest = b""
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self._manager
        self.log = _MUTE

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if not self._greeted:
            if len(data) < len(_BANNER) and _BANNER.startswith(data):
                self._rest = data
                return
            if not data.startswith(_BANNER):
                self._manager.end("what listens there is not Asterisk's manager interface")
                return
            self._greeted = True
        *blocks, self._rest = data.split(_END)
        for block in blocks:
            self._block(block)
        if len(self._rest) > MESSAGE_BYTES_MAX:
            self._manager.end(f"a message longer than {MESSAGE_BYTES_MAX} bytes")

    def _block(self, block: bytes) -> None:
        # Asterisk sometimes sends an empty line too many.
        text = block.decode("utf-8", "replace").strip()
        if not text or self.closed:
            return
        message = Message.from_line(text)
        if message is None:
            self._manager.on_nonsense("message that is neither event nor response")
            return
        for name in _STEERING:
            if name in message and not isinstance(message[name], str):
                self._manager.on_nonsense(f"message with more than one {name} header")
                return
        self.handle_message(message)
