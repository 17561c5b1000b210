"""Side tasks with a name and a parent, and an orderly end.

One dead side task stops the process: an engine that answers calls but no longer hears its phones
is worse than one that systemd starts again a second later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the shutdown, with the time that it may take."""

    name: str
    budget_s: float
    work: Callable[[], Awaitable[None]]


class Supervisor:
    """The only place that makes tasks which outlive the function that made them."""

    def __init__(self) -> None:
        """Watches nothing yet."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: set[str] = set()
        self._over = asyncio.Event()
        self.why: str | None = None
        """Why the process is to stop, None while it is not."""
        self.failed = False
        """Whether it stops because something broke."""

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Runs a side task that is meant to run until it is cancelled by `end`."""
        if name in self._tasks:
            work.close()
            raise ValueError(f"side task {name!r} is running already")
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        name = task.get_name()
        del self._tasks[name]
        if name in self._ended:
            self._ended.discard(name)
            if not task.cancelled() and task.exception() is not None:
                log.error("%s raised while it was being ended", name, exc_info=task.exception())
            return
        if task.cancelled():
            self._fail(f"{name} was cancelled by nobody known", None)
        elif task.exception() is not None:
            error = task.exception()
            self._fail(f"{name} died: {type(error).__name__}: {error}", error)
        else:
            self._fail(f"{name} ended, which it must not", None)

    def _fail(self, why: str, error: BaseException | None) -> None:
        log.critical("%s; stopping, calls live on in Asterisk", why, exc_info=error)
        if not self.failed:
            self.failed = True
            self.why = why
        self._over.set()

    def ask_stop(self, why: str) -> None:
        """Asks for an orderly stop."""
        if self.why is None:
            self.why = why
        self._over.set()

    async def wait(self) -> None:
        """Returns when a stop was asked for or a side task ended by itself."""
        await self._over.wait()

    def running(self) -> list[str]:
        """Returns the names of the side tasks that run."""
        return list(self._tasks)

    def expect_end(self, name: str) -> None:
        """Says that this side task may return by itself from now on."""
        if name in self._tasks:
            self._ended.add(name)

    async def end(self, *names: str) -> None:
        """Cancels side tasks and returns when they are gone; unknown names are fine."""
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        for task in tasks:
            self._ended.add(task.get_name())
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)  # Their done-callbacks have run after this.

    async def join(self, name: str) -> None:
        """Returns when a side task whose end is expected has ended."""
        if name in self._tasks:
            await asyncio.wait([self._tasks[name]])


async def run_stages(stages: list[Stage]) -> bool:
    """Goes through the stages of a shutdown; tells whether each was done within its budget.

    A stage that takes too long or raises is logged and left behind: the next one matters too.
    """
    good = True
    for stage in stages:
        try:
            async with asyncio.timeout(stage.budget_s):
                await stage.work()
        except TimeoutError:
            log.error("stopping: %r not done within %.0f s", stage.name, stage.budget_s)  # noqa: TRY400
            good = False
        except Exception:  # Border: an unfinished stage must not keep the others from running.
            log.exception("stopping: %r failed", stage.name)
            good = False
    return good
