"""What a configuration names and Asterisk itself opens: pieces of dialplan, directories of music.

The demo's Asterisk has a root of its own (`scripts.lab.asterisk`), in which of the machine's files there
are the run directory and the system's. So what lies elsewhere is copied into the run directory, and the
copy of the configuration names the copies.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from scripts.lab.library import link

_TOPS: Final = {("etc",), ("usr",)}
"""What Asterisk's root has of its tree, read-only."""


class NotToBeCopied(Exception):
    """Something cannot be read or copied; the message says what and why."""


class Belongings:
    """Copies into one run's directory.

    Args:
        folder: where they go, a directory that Asterisk sees; need not be there.
        tree: Asterisk's root file system.
    """

    def __init__(self, folder: Path, tree: Path) -> None:
        """Copies nothing yet."""
        self._flows = folder / "flows"
        self._music = folder / "music"
        self._tree = tree
        self._copied: dict[Path, Path] = {}

    def flow(self, file: Path) -> Path:
        """Copies a file of dialplan, once; returns where the copy is.

        A file that is not there is left to `usher check-config` and the engine to complain about.

        Raises:
            NotToBeCopied: it cannot be read.
        """
        if file in self._copied.values():
            return file
        try:
            if file not in self._copied and file.is_file():
                self._flows.mkdir(parents=True, exist_ok=True)
                copied = _unused(self._flows / file.name)
                shutil.copyfile(file, copied)
                self._copied[file] = copied
        except OSError as error:
            raise _failed(f"the call flow's file {file}", error) from None
        return self._copied.get(file, file)

    def music(self, name: str, directory: Path) -> Path:
        """Copies the files of a music class, once; returns where Asterisk finds them.

        Raises:
            NotToBeCopied: they cannot be read.
        """
        copied = self._music / name
        if copied.exists():
            return copied
        try:
            if self._sees(directory) or not directory.is_dir():
                return directory
            copied.mkdir(parents=True)
            for file in sorted(directory.iterdir()):
                if file.is_file():  # Asterisk does not look into directories below it either.
                    link(str(file.resolve()), str(copied / file.name))
        except OSError as error:
            raise _failed(f"the music in {directory}", error) from None
        return copied

    def _sees(self, directory: Path) -> bool:
        inside = Path(os.path.normpath(directory)).relative_to("/")
        return inside.parts[:1] in _TOPS and (self._tree / inside).is_dir()


def _unused(path: Path) -> Path:
    """Returns this path, or one beside it if files of the same name came from different directories."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{number}-{path.name}")
    return free


def _failed(what: str, error: OSError) -> NotToBeCopied:
    return NotToBeCopied(f"{what} cannot be copied for the demo: {error.strerror or error}")
