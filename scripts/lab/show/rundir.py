"""Where a run of the demo puts everything, and how that goes away again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PREFIX: Final = "usher-demo-"
LOCK: Final = "running"


class Unusable(Exception):
    """The directory that was asked for cannot be used; the message says why."""


@contextlib.contextmanager
def run_directory(keep: Path | None) -> Iterator[Path]:
    """Gives a directory of this run's own, readable by its owner only; removed at the end.

    Args:
        keep: use this directory, and leave it.

    Raises:
        Unusable: `keep` is not empty, or cannot be made.
    """
    if keep is not None:
        yield _kept(keep)
        return
    _sweep()
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
    finally:
        # What was started and could not be stopped in order is killed by the kernel when this
        # process ends; it may still write until then.
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _kept(keep: Path) -> Path:
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise Unusable(f"--keep {keep}: the directory is not empty; name a new one")
    except OSError as error:
        raise Unusable(f"--keep {keep}: {error.strerror}") from None
    return keep.resolve()


def _sweep() -> None:
    """Removes what a demo left behind that was killed with -9; running demos hold their lock."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid != os.getuid() or path.parent.is_symlink():
                continue
            lock = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
            finally:
                os.close(lock)
