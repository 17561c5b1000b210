"""A thing that happens at most once, and that a test awaits with a deadline."""

import asyncio
import time
from collections.abc import Generator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

DEADLINE: Final = 20.0
"""Seconds that a bare `await` waits: long, as it costs nothing where all goes well, and machines have
their moments."""


class Happening(Generic[T]):
    """Sticky: whoever asks after it happened gets the value at once.

    `await call.answered` waits DEADLINE seconds, `await call.answered.within(0.5)` half a second;
    both raise TimeoutError that says what did not happen. Only the first `mark` counts.
    """

    __slots__ = ("_value", "_waiters", "at_ns", "what")

    def __init__(self, what: str) -> None:
        """`what` completes the sentence "did not happen: ..."."""
        self.what = what
        self.at_ns = 0
        self._value: list[T] = []
        self._waiters: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        """Whether it has happened."""
        return bool(self._value)

    @property
    def value(self) -> T:
        """What came with it.

        Raises:
            LookupError: it has not happened.
        """
        if not self._value:
            raise LookupError(f"has not happened: {self.what}")
        return self._value[0]

    def mark(self, value: T, at_ns: int | None = None) -> None:
        """It happens now (or at `at_ns` of the monotonic clock); a second time is ignored."""
        if self._value:
            return
        self._value.append(value)
        self.at_ns = time.monotonic_ns() if at_ns is None else at_ns
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def within(self, seconds: float) -> T:
        """Wait for it.

        Raises:
            TimeoutError: it did not happen within `seconds`.
        """
        if not self._value:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                async with asyncio.timeout(seconds):
                    await waiter
            except TimeoutError:
                raise TimeoutError(f"did not happen in {seconds} s: {self.what}") from None
        return self._value[0]

    def __await__(self) -> Generator[object, None, T]:
        """As `within(DEADLINE)`."""
        return self.within(DEADLINE).__await__()
