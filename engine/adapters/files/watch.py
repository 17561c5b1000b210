"""Tells when the configuration was changed, through inotify: nothing is polled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from asyncinotify import Event, Inotify, Mask

DEBOUNCE_S: Final = 0.5
"""A burst of changes (an editor's several writes, a checkout) is over after so much quiet."""

GONE_WAIT_S: Final = 1.0
"""How often a directory that was removed is looked for."""

_INSIDE: Final = (
    Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.MOVED_FROM | Mask.CREATE | Mask.DELETE | Mask.ONLYDIR
)
_ABOVE: Final = Mask.CREATE | Mask.MOVED_TO | Mask.ONLYDIR


class ConfigWatcher:
    """Watches a directory of files, and the name of that directory.

    Editors replace files instead of writing them, so the directory is watched; tools that deploy
    replace the directory (or the link to it) as a whole, so its name is watched as well.

    Args:
        directory: of the configuration.
        debounce_s: how long it must be quiet before a change is reported.
    """

    def __init__(self, directory: Path, debounce_s: float = DEBOUNCE_S) -> None:
        """Opens nothing yet."""
        self._directory = directory.absolute()
        self._debounce_s = debounce_s

    async def changes(self) -> AsyncIterator[None]:
        """Yields when it has begun to watch, then after each burst of changes.

        The first time, because something may have changed since the files were read. While the
        directory is not there nothing is reported; when it is back, that is a change.
        """
        while True:
            with Inotify() as inotify:
                try:
                    inotify.add_watch(self._directory.parent, _ABOVE)
                    inotify.add_watch(self._directory, _INSIDE)
                except OSError:
                    await asyncio.sleep(GONE_WAIT_S)
                    continue
                yield
                replaced = False
                while not replaced:
                    replaced = await self._burst(inotify)
                    if not replaced:
                        yield

    async def _burst(self, inotify: Inotify) -> bool:
        """Returns after the next burst of changes; tells whether the directory was replaced."""
        replaced = self._is_about_the_name(await self._next(inotify))
        while True:
            try:
                async with asyncio.timeout(self._debounce_s):
                    replaced |= self._is_about_the_name(await self._next(inotify))
            except TimeoutError:
                return replaced

    async def _next(self, inotify: Inotify) -> Event:
        """Returns the next event that concerns us: not those of the directory's neighbours."""
        while True:
            event = await inotify.get()
            if not self._is_above(event) or str(event.name) == self._directory.name:
                return event

    def _is_about_the_name(self, event: Event) -> bool:
        return self._is_above(event) or Mask.IGNORED in event.mask

    def _is_above(self, event: Event) -> bool:
        return event.watch is not None and event.watch.path == self._directory.parent
