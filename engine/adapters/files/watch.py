"""Tells when the configuration was changed, through inotify: nothing is polled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from asyncinotify import Inotify, Mask

DEBOUNCE_S: Final = 0.5
"""A burst of changes (an editor's several writes, a checkout) is over after so much quiet."""

WATCHED: Final = (
    Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.MOVED_FROM | Mask.CREATE | Mask.DELETE | Mask.ONLYDIR
)


class ConfigWatcher:
    """Watches directories rather than files, as editors replace files instead of writing them.

    Args:
        paths: a file of the configuration (its directory is watched), or a directory of files.
        debounce_s: how long it must be quiet before a change is reported.
    """

    def __init__(self, *paths: Path, debounce_s: float = DEBOUNCE_S) -> None:
        """Opens nothing yet."""
        self._directories = sorted({p if p.is_dir() else p.parent for p in paths})
        self._debounce_s = debounce_s

    async def changes(self) -> AsyncIterator[None]:
        """Yields when it has begun to watch, then after each burst of changes.

        The first time, because something may have changed since the files were read.

        Raises:
            OSError: a directory is not there.
        """
        with Inotify() as inotify:
            for directory in self._directories:
                inotify.add_watch(directory, WATCHED)
            yield
            while True:
                await inotify.get()
                await self._until_quiet(inotify)
                yield

    async def _until_quiet(self, inotify: Inotify) -> None:
        while True:
            try:
                async with asyncio.timeout(self._debounce_s):
                    await inotify.get()
            except TimeoutError:
                return
