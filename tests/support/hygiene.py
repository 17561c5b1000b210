"""Finds what a test leaves running, and what blocks the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from blockbuster import blockbuster_ctx

from tests.support.virtual_time import VirtualTimeLoop

MAY_BLOCK = {
    # One short write to the page cache per batch, before anything follows from it: the one
    # blocking thing that the loop does on purpose. Segments are opened and closed in between.
    "engine/adapters/files/directory.py": {"write_all", "__init__"},
    "engine/adapters/files/journal.py": {"_start_segment", "close", "__init__"},
    "engine/adapters/files/outbox.py": {"_write", "_cut_back", "close", "__init__"},
    "engine/app/restore.py": {"restore"},
    "engine/adapters/files/watch.py": {"__init__"},
    # Stands in for a thread.
    "tests/support/fakes.py": {"call", "submit"},
}


@contextmanager
def watch_for_blocking() -> Iterator[None]:
    """Inside, a blocking call made by `engine` in a running loop raises BlockingError."""
    with blockbuster_ctx("engine") as blockbuster:
        for function in blockbuster.functions.values():
            for file, names in MAY_BLOCK.items():
                function.can_block_in(file, names)
        yield


def leftovers(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Names the tasks and timers that are waiting in a loop."""
    tasks = [task.get_name() for task in asyncio.all_tasks(loop) if not task.done()]
    if not isinstance(loop, VirtualTimeLoop):  # SIP phones of real tests let old timers run out.
        return tasks
    return tasks + [repr(timer) for timer in loop._scheduled if not timer.cancelled()]
