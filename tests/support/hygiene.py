"""Fails a test that leaves something running, or that blocks the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from blockbuster import BlockBuster, blockbuster_ctx

MAY_BLOCK = {
    # One short write to the page cache per batch, before anything follows from it: the one
    # blocking thing that the loop does on purpose. The rest happens at the start and at the end.
    "engine/adapters/files/directory.py": {"write_all"},
    "engine/adapters/files/journal.py": {"_write", "_start_segment"},
    "engine/adapters/files/outbox.py": {"_write", "_cut_back"},
}


def watch_for_blocking() -> Iterator[BlockBuster]:
    with blockbuster_ctx("engine") as blockbuster:
        for function in blockbuster.functions.values():
            for file, names in MAY_BLOCK.items():
                function.can_block_in(file, names)
        yield blockbuster


def leftovers(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Names the tasks and timers that a test has left behind in its loop."""
    tasks = [task.get_name() for task in asyncio.all_tasks(loop) if not task.done()]
    timers = [repr(t) for t in getattr(loop, "_scheduled", ()) if not t.cancelled()]
    return tasks + timers
