"""The state directory: numbered files, atomic replacement, a lock against a second engine."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import Final

LOCK_NAME: Final = "lock"
UNFINISHED: Final = ".new"


class StateInUse(Exception):
    """Another engine works on this state directory."""


class StateDirectory:
    """A directory that belongs to one engine at a time.

    Args:
        path: made if missing, readable by its owner only (it holds callers' numbers).
    """

    def __init__(self, path: Path) -> None:
        """Makes the directory. Raises `OSError` where that is not possible."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_fd: int | None = None

    def lock(self) -> None:
        """Keeps other engines out until `unlock` or the end of the process, however it ends.

        Raises:
            StateInUse: another process holds the lock.
        """
        fd = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise StateInUse(
                f"{self.path}: another usher is running on this state directory; "
                "stop it first, or give this one a directory of its own"
            ) from None
        self._lock_fd = fd
        for leftover in self.path.glob("*" + UNFINISHED):
            leftover.unlink(missing_ok=True)

    def unlock(self) -> None:
        """Lets other engines in."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def file(self, stem: str, number: int, ending: str) -> Path:
        """Returns the path of a numbered file."""
        return self.path / f"{stem}-{number:08d}{ending}"

    def numbers(self, stem: str, ending: str) -> list[int]:
        """Returns the numbers of the files of a kind, lowest first."""
        pattern = re.compile(re.escape(stem) + r"-(\d+)" + re.escape(ending))
        found = (pattern.fullmatch(name) for name in os.listdir(self.path))  # noqa: PTH208
        return sorted(int(match[1]) for match in found if match)


def write_atomically(path: Path, chunks: list[bytes]) -> None:
    """Replaces a file as a whole: after a crash there is the old one or the new one, never a half.

    Raises:
        OSError: it could not be written; the old file is untouched.
    """
    temporary = path.with_name(path.name + UNFINISHED)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        for chunk in chunks:
            write_all(fd, chunk)
        os.fsync(fd)
    except OSError:
        os.close(fd)
        temporary.unlink(missing_ok=True)  # Gives the space back on a full disk.
        raise
    os.close(fd)
    temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes the names in a directory survive a power loss."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Writes all of `data`, which `os.write` alone does not promise on a nearly full disk."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])
