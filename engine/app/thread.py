"""One thread for blocking work, which never keeps the process alive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


class ThreadFailed(Exception):
    """Work that nobody awaits has raised: a fault in Usher."""


class DaemonThread:
    """Runs what it is given, one after the other.

    Work that raises where nobody awaits it does not end the thread, but the process: `watch` raises.

    Unlike `asyncio.to_thread` it cannot hold up the end of the process: a database that hangs in
    the middle of a write is left behind when the time for stopping is over.

    Args:
        name: shown in debuggers.
    """

    def __init__(self, name: str) -> None:
        """Starts the thread."""
        self.name = name
        self._failed = threading.Event()
        self._tell: Callable[[], object] | None = None
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(self, work: Callable[[], T]) -> T:
        """Returns or raises what `work` does, in its turn."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if answer.cancelled():
                return
            if error is None:
                answer.set_result(result)  # type: ignore[arg-type]
            else:
                answer.set_exception(error)

        def job() -> None:
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # noqa: BLE001 - it is raised where it is awaited.
                error = raised
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:  # The loop is closed: nobody waits any more.
                log.warning("work in a thread ended after the engine did")

        self._work.put(job)
        return await answer

    def submit(self, work: Callable[[], None]) -> None:
        """Runs `work` some time; it must not raise (see `watch`)."""
        self._work.put(work)

    async def watch(self) -> None:
        """Never returns; a side task of the engine, so that it stops if submitted work raises.

        Raises:
            ThreadFailed: it has raised; the log says what.
        """
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        self._tell = lambda: loop.call_soon_threadsafe(over.set)
        try:
            if not self._failed.is_set():
                await over.wait()
        finally:
            self._tell = None
        raise ThreadFailed(f"work in the thread {self.name} raised")

    def end(self) -> None:
        """Ends the thread after the work that it already has."""
        self._work.put(None)

    def join(self, timeout_s: float) -> bool:
        """Waits for the thread to end; tells whether it did. For tests, outside of the loop."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except BaseException:  # Border: whatever it is, who waits for later work must not hang.
                log.critical("work in the thread %s raised", self.name, exc_info=True)
                self._note_failure()

    def _note_failure(self) -> None:
        self._failed.set()
        tell = self._tell
        if tell is not None:
            with contextlib.suppress(RuntimeError):  # The loop is closed: it is over anyway.
                tell()
