"""Virtual time for every async test (unless marked real_time), and hygiene for all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
import pytest_asyncio

from tests.support.hygiene import leftovers, watch_for_blocking
from tests.support.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    """A blocking call made by `engine` inside of a running loop raises BlockingError."""
    yield from (None for _ in watch_for_blocking())


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before]
    for thread in left:
        thread.join(2.0)
    left = [t.name for t in left if t.is_alive()]
    assert not left, f"threads left behind: {left}"


@pytest_asyncio.fixture(autouse=True)
async def verify_cleanup() -> AsyncIterator[None]:
    """Fails a test that leaves tasks or timers behind in its loop."""
    loop = asyncio.get_running_loop()
    mine = asyncio.current_task()
    yield
    await asyncio.sleep(0)
    own = {task.get_name() for task in (mine, asyncio.current_task()) if task is not None}
    left = [name for name in leftovers(loop) if name not in own]
    assert not left, f"left behind in the loop: {left}"
