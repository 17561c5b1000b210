"""One log-in to one Asterisk, from `open` to its end. To reconnect, make a new one."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from engine.adapters.ami.errors import (
    AmiClosed,
    AmiError,
    AmiLoginRefused,
    AmiRefused,
    AmiTimeout,
    AmiUnreachable,
)
from engine.adapters.ami.protocol import OneConnection

T = TypeVar("T")

# The class of events to start with: FullyBooted is in it, the many events of calls are not.
_EVENTS_AT_LOGIN: Final = "system"


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where and as whom to log in. `timeout_ms` is for connecting and for each answer."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    timeout_ms: int = 5_000

    @property
    def place(self) -> str:
        """Returns host:port, for messages."""
        return f"{self.host}:{self.port}"


class AmiConnection:
    """Actions with time limits and typed errors, over a panoramisk manager that is used once.

    Args:
        address: where and as whom.
        on_event: called with each event (a mapping of headers). If it raises, the connection ends
            and the exception comes out of whatever waits next.
        on_nonsense: called with the kind of a message that made no sense.
    """

    def __init__(
        self,
        address: AmiAddress,
        on_event: Callable[[Any], None],
        on_nonsense: Callable[[str], None],
    ) -> None:
        """Connects nothing yet."""
        self._address = address
        self._on_event = on_event
        self._timeout_s = address.timeout_ms / 1_000
        self._closed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._manager = OneConnection(self._event, on_nonsense, self._end)
        self._manager.config.update(host=address.host, port=address.port)
        self._opened = False
        self._asking = asyncio.Lock()

    async def open(self) -> None:
        """Connects and logs in (by challenge, so the secret itself is never sent).

        Raises:
            AmiUnreachable: nobody listens there.
            AmiLoginRefused: Asterisk does not accept us.
            AmiTimeout, AmiClosed, AmiRefused: as for `ask`.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._manager.open()
        except TimeoutError:
            raise AmiUnreachable(f"no connection to {self._address.place} in time") from None
        except OSError as error:
            # asyncio's own text repeats the address; that of a failed name look-up does not.
            number = error.errno or 0
            why = os.strerror(number) if number > 0 else str(error)
            raise AmiUnreachable(f"no connection to {self._address.place}: {why}") from None
        self._opened = True
        challenge = (await self.ask("Challenge", AuthType="MD5"))[0].get("Challenge", "")
        # AMI knows no better digest than MD5; see its action Challenge.
        key = hashlib.md5(f"{challenge}{self._address.secret}".encode(), usedforsecurity=False)
        try:
            await self.ask(
                "Login",
                AuthType="MD5",
                Username=self._address.user,
                Key=key.hexdigest(),
                Events=_EVENTS_AT_LOGIN,
            )
        except AmiRefused:
            raise AmiLoginRefused(
                f"{self._address.place} refuses the manager user {self._address.user!r}:"
                " check its name, secret and permit lines in manager.conf"
            ) from None

    async def ask(self, action: str, *, timeout_ms: int | None = None, **headers: str) -> list[Any]:
        """Sends an action and returns the messages of the answer, at least one.

        One action at a time: Asterisk works them off one by one too, so that a short one behind a
        long one would seem to be late. `timeout_ms` (default: the address's) counts from sending.

        Raises:
            AmiRefused: Asterisk answered with an error.
            AmiTimeout: no answer in time; the connection is closed, as it cannot be relied on.
            AmiClosed: the connection is not open (any more).
        """
        for name, value in headers.items():
            if "\r" in value or "\n" in value:
                raise ValueError(f"AMI action {action}: a line break in header {name}")
        if not self._opened:
            raise AmiClosed("not connected yet")
        timeout_s = self._timeout_s if timeout_ms is None else timeout_ms / 1_000
        async with self._asking:
            self._raise_if_closed()
            answer: asyncio.Future[Any] = self._manager.send_action({"Action": action, **headers})
            messages = await self.until(answer, timeout_s, f"answer to the AMI action {action}")
        if not isinstance(messages, list):
            messages = [messages]
        if not messages[0].success:
            raise AmiRefused(f"AMI action {action}: {messages[0].get('Message', 'refused')}")
        return messages

    async def until(self, future: asyncio.Future[T], timeout_s: float, what: str) -> T:
        """Waits for a future, for the end of the connection, or so long; returns its result.

        Raises:
            AmiTimeout: `what` did not come in time; the connection is closed.
            AmiClosed: the connection has ended.
        """
        if not future.done():
            either: set[asyncio.Future[Any]] = {future, self._closed}
            await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return future.result()
        self._raise_if_closed()
        self.close()
        raise AmiTimeout(f"{self._address.place}: no {what} within {timeout_s:g} s")

    async def wait(self, future: asyncio.Future[Any], timeout_s: float) -> None:
        """Waits for a future or so long; raises why as soon as the connection has ended.

        Raises:
            AmiClosed: it has.
        """
        either: set[asyncio.Future[Any]] = {future, self._closed}
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        self._raise_if_closed()

    def close(self) -> None:
        """Ends the connection. Harmless when repeated or never opened."""
        self._manager.end("closed by us")

    def _raise_if_closed(self) -> None:
        if self._closed.done():
            raise self._closed.result()

    def _event(self, message: Any) -> None:  # noqa: ANN401 - panoramisk has no types
        try:
            self._on_event(message)
        except Exception as error:  # noqa: BLE001 - border: asyncio would log it and lose it
            if not self._closed.done():
                self._closed.set_result(error)
            self.close()

    def _end(self, reason: str) -> None:
        if not self._closed.done():
            error: AmiError = AmiClosed(f"{self._address.place}: {reason}")
            self._closed.set_result(error)
