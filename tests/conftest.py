"""Virtual time for every async test (unless real_time or asterisk), and hygiene for all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
import pytest_asyncio

from tests.support.hygiene import leftovers, watch_for_blocking
from tests.support.virtual_time import VirtualTimeLoop

THREAD_END_S = 2.0


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time") or item.get_closest_marker("asterisk"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(THREAD_END_S)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left behind: {names}"


@pytest.fixture(autouse=True)
def hygiene(request: pytest.FixtureRequest) -> None:
    """Asks for `verify_cleanup` where there is a loop to verify.

    Not with a live Asterisk: there the test itself starts processes and writes files in the loop.
    """
    live = request.node.get_closest_marker("asterisk")
    if pytest_asyncio.is_async_test(request.node) and not live:
        request.getfixturevalue("verify_cleanup")


@pytest_asyncio.fixture
async def verify_cleanup() -> AsyncIterator[None]:
    """Fails a test that blocks its loop, or leaves tasks (in virtual time: or timers) behind."""
    loop = asyncio.get_running_loop()
    before = set(leftovers(loop))
    with watch_for_blocking():
        yield
    await asyncio.sleep(0)
    own = asyncio.current_task()
    assert own is not None
    left = [what for what in leftovers(loop) if what not in before and what != own.get_name()]
    assert not left, f"left behind in the loop: {left}"
