"""Waiting for what nobody announces: files, tables, the answers of other programs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

LOOK_S: Final = 0.02
"""Between two looks."""


async def look_until(
    look: Callable[[], T | Awaitable[T]],
    what: str,
    seconds: float,
    *,
    seen: Callable[[], object] | None = None,
) -> T:
    """Looks again and again until there is something (a true value), and returns it.

    Raises:
        TimeoutError: there was nothing within `seconds`; the message has `what` and `seen()`.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = look()
                if isinstance(found, Awaitable):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        tail = "" if seen is None else f"; seen at last:\n{str(seen())[-6000:]}"
        raise TimeoutError(f"waited {seconds:g} s for {what}{tail}") from None
