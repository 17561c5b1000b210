"""The folder of recordings: `<year>/<month>/<day>/<call>-<n>.wav`, days in UTC.

Asterisk writes a stereo recording as two mono files of the same length, `...-left.wav` (the caller)
and `...-right.wav`; they are joined here. Nothing outside of folders with a date for a name is ever
touched, and no symbolic link is followed.
"""

from __future__ import annotations

import logging
import re
import wave
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

LEFT: Final = "-left.wav"
RIGHT: Final = "-right.wav"
UNFINISHED: Final = ".joining"

HALVES_AGE_DAYS: Final = 2
"""Halves of this age belong to no running call: they are left over from a crash."""

_CHUNK_FRAMES: Final = 80_000
_HEADER_BYTES: Final = 44
_NUMBER: Final = re.compile(r"[0-9]+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class NotJoinable(Exception):
    """The halves cannot be joined; the message says why. They stay as they are."""


class RecordingFolder:
    """The recordings of one or more nodes on this machine.

    Args:
        folder: need not exist yet.
        keep_days: how many whole days a recording is kept after its day; 0: for ever.
    """

    def __init__(self, folder: Path, keep_days: int) -> None:
        """Touches nothing."""
        self._folder = folder
        self._keep_days = keep_days

    def join(self, name: str) -> None:
        """Makes `<name>.wav` of `<name>-left.wav` and `<name>-right.wav`, and removes those.

        Never raises: what cannot be joined stays as two files, and is an alarm.
        """
        try:
            _join(self._folder / (name + LEFT), self._folder / (name + RIGHT))
        except (OSError, EOFError, wave.Error, NotJoinable) as error:
            log.error(  # noqa: TRY400 - the disk's fault needs no traceback.
                "recording %s stays in two files: %s",
                name,
                error,
                extra={"alarm": "recording_not_joined"},
            )

    def tidy(self, now_ms: int) -> None:
        """Deletes recordings that are too old, and joins halves that nobody joined.

        Never raises: what cannot be deleted stays, and is an alarm.
        """
        today = (_EPOCH + timedelta(milliseconds=now_ms)).date()
        deleted = 0
        problems: list[OSError] = []
        for day, folder in _days(self._folder, problems):
            age_days = (today - day).days
            if 0 < self._keep_days < age_days:
                deleted += _empty(folder, problems)
            elif age_days >= HALVES_AGE_DAYS:
                for left in sorted(folder.glob("*" + LEFT)):
                    relative = left.relative_to(self._folder)
                    self.join(str(relative).removesuffix(LEFT))
        if deleted:
            log.info("%d recordings older than %d days deleted", deleted, self._keep_days)
        if problems:
            log.error(
                "old recordings could not be deleted (%d problems, the first: %s)",
                len(problems),
                problems[0],
                extra={"alarm": "recordings_not_deleted"},
            )


def _days(root: Path, problems: list[OSError]) -> Iterator[tuple[date, Path]]:
    for year in _numbered(root, 4, problems):
        for month in _numbered(year, 2, problems):
            for folder in _numbered(month, 2, problems):
                try:
                    day = date(int(year.name), int(month.name), int(folder.name))
                except ValueError:
                    continue
                yield day, folder


def _numbered(folder: Path, digits: int, problems: list[OSError]) -> list[Path]:
    """Returns the folders in `folder` whose names have that many digits; none if it is not there."""
    try:
        return sorted(
            each
            for each in folder.iterdir()
            if len(each.name) == digits
            and _NUMBER.fullmatch(each.name)
            and each.is_dir()
            and not each.is_symlink()
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(error)
        return []


def _empty(folder: Path, problems: list[OSError]) -> int:
    """Deletes the files in a day's folder, and it and those above it where nothing is left."""
    deleted = 0
    try:
        for file in sorted(folder.iterdir()):
            if file.is_symlink() or not file.is_dir():
                file.unlink(missing_ok=True)
                deleted += 1
    except OSError as error:
        problems.append(error)
        return deleted
    with suppress(OSError):  # Something is left in it, which is not ours to delete.
        for empty in (folder, folder.parent, folder.parent.parent):
            empty.rmdir()
    return deleted


def _join(left: Path, right: Path) -> None:
    """Joins two mono files into one stereo file beside them; a shorter one is filled with silence."""
    whole = left.with_name(left.name.removesuffix(LEFT) + ".wav")
    unfinished = whole.with_name(whole.name + UNFINISHED)
    try:
        with ExitStack() as stack:
            halves = [stack.enter_context(_opened(each)) for each in (left, right)]
            out = stack.enter_context(wave.open(str(unfinished), "wb"))
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(_common_rate(halves))
            while any(parts := [each.readframes(_CHUNK_FRAMES) for each in halves]):
                out.writeframes(_interleaved(*parts))
        unfinished.replace(whole)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    left.unlink(missing_ok=True)
    right.unlink(missing_ok=True)


def _common_rate(halves: list[wave.Wave_read]) -> int:
    rates = {each.getframerate() for each in halves}
    if len(rates) != 1:
        raise NotJoinable(f"two sampling rates {sorted(rates)}")
    return rates.pop()


def _opened(path: Path) -> wave.Wave_read:
    """Opens one half. Raises `NotJoinable` for one that Asterisk never closed: its header lies."""
    half = wave.open(str(path), "rb")  # noqa: SIM115 - the caller closes it.
    if half.getnchannels() != 1 or half.getsampwidth() != 2:
        half.close()
        raise NotJoinable(f"{path.name} is not 16 bit mono")
    if half.getnframes() == 0 and path.stat().st_size > _HEADER_BYTES:
        half.close()
        raise NotJoinable(f"{path.name} was never closed")
    return half


def _interleaved(left: bytes, right: bytes) -> bytes:
    length = max(len(left), len(right))
    both = array("h", bytes(2 * length))
    both[0::2] = array("h", left.ljust(length, b"\0"))
    both[1::2] = array("h", right.ljust(length, b"\0"))
    return both.tobytes()
