"""The outbox: facts as JSON lines in segments, and a cursor that says how far they are stored.

    outbox-00000003.jsonl   ["<epoch>",{"t":"CallStarted","seq":17,…}]
                            …
    outbox.cursor           {"usher_outbox":1,"segment":3,"offset":8120,"last":["<epoch>",17]}
    refused.jsonl           lines that the database will not take, in the same form

One thread appends (the loop's), one reads (the database's); they share nothing but the files and
the number of the segment that is being written.
"""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.adapters.files.directory import StateDirectory, write_all, write_atomically
from engine.core.codec import CodecError, decode, encode
from engine.core.facts import Fact

log = logging.getLogger(__name__)

FORMAT: Final = 1
SEGMENT_BYTES: Final = 16_000_000
READ_BYTES: Final = 1_000_000
"""How much is read into memory at once, and a little more to end the line."""
BACKLOG_BYTES_MAX: Final = 64_000_000
"""What is kept in memory while the disk refuses; beyond it the oldest facts are lost, with an alarm."""
CURSOR_NAME: Final = "outbox.cursor"
REFUSED_NAME: Final = "refused.jsonl"
OUTBOX: Final = ("outbox", ".jsonl")

_to_json = json.JSONEncoder(separators=(",", ":")).encode


class FileOutbox:
    """Facts on disk until the database has them.

    Args:
        directory: the state directory.
        segment_bytes: a new file is begun beyond this size.
    """

    def __init__(self, directory: StateDirectory, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Finds out where reading goes on and what the newest fact is. Raises `OSError`."""
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._fd: int | None = None
        self._size = 0
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._lost = 0
        self._in_trouble = False
        self._stop_writing_here = False
        numbers = directory.numbers(*OUTBOX)
        self._read_segment, self._read_offset, self._last = self._load_cursor(numbers)
        self._stored_last = self._last
        for number in reversed([n for n in numbers if n >= self._read_segment]):
            newest = _last_line(self._path(number))
            if newest is not None:
                self._last = newest
                break
        # Never go on in an old file: its end may be torn.
        self._write_segment = max([*numbers, self._read_segment]) + 1
        self._steps: list[tuple[int, str, int]] = []

    def _load_cursor(self, numbers: list[int]) -> tuple[int, int, tuple[str, int]]:
        beginning = (numbers[0] if numbers else 0, 0, ("", 0))
        path = self._directory.path / CURSOR_NAME
        try:
            cursor = json.loads(path.read_bytes())
            if cursor["usher_outbox"] != FORMAT:
                raise ValueError("written by another version of usher")  # noqa: TRY301
            epoch, seq = cursor["last"]
            return int(cursor["segment"]), int(cursor["offset"]), (str(epoch), int(seq))
        except FileNotFoundError:
            return beginning
        except (ValueError, KeyError, TypeError) as error:
            log.warning(
                "%s: not readable (%s); all facts still on disk are sent to the database again, "
                "which knows those it has",
                CURSOR_NAME,
                error,
            )
            return beginning

    def _path(self, number: int) -> Path:
        return self._directory.file(OUTBOX[0], number, OUTBOX[1])

    # The writing half: the loop's thread.

    def append(self, epoch: str, facts: Sequence[Fact]) -> None:
        """Writes facts in one go; while the disk refuses they are kept in memory."""
        if not facts:
            return
        lines = [_to_json((epoch, encode(fact))) for fact in facts]
        lines.append("")
        data = "\n".join(lines).encode("ascii")
        self._last = (epoch, facts[-1].seq)
        if self._backlog:
            self._remember(data)
            self._write_backlog()
        elif not self._write(data):
            self._remember(data)

    def _write(self, data: bytes) -> bool:
        try:
            if self._fd is None:
                self._fd = os.open(
                    self._path(self._write_segment),
                    os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
                    0o600,
                )
                self._size = 0
            write_all(self._fd, data)
        except OSError as error:
            self._alarm(error)
            self._cut_back()
            return False
        self._size += len(data)
        if self._size >= self._segment_bytes:
            self._next_segment()
        return True

    def _cut_back(self) -> None:
        """Takes half a line back, which works on a full disk; else begins a new file."""
        if self._fd is not None:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError:
                self._next_segment()

    def _next_segment(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None
        self._write_segment += 1

    def _alarm(self, error: OSError) -> None:
        if not self._in_trouble:
            self._in_trouble = True
            log.critical(
                "outbox cannot be written (%s): facts are kept in memory; free some space in %s",
                error.strerror,
                self._directory.path,
                extra={"alarm": "outbox_failed"},
            )

    def _remember(self, data: bytes) -> None:
        self._backlog.append(data)
        self._backlog_bytes += len(data)
        while self._backlog_bytes > BACKLOG_BYTES_MAX:
            dropped = self._backlog.popleft()
            self._backlog_bytes -= len(dropped)
            self._lost += dropped.count(b"\n")

    def _write_backlog(self) -> None:
        while self._backlog:
            data = self._backlog[0]
            if not self._write(data):
                return
            self._backlog.popleft()
            self._backlog_bytes -= len(data)
        if self._in_trouble:
            self._in_trouble = False
            log.warning("outbox is being written again, %d facts were lost", self._lost)

    @property
    def is_safe(self) -> bool:
        """Tells that every fact so far is in a file."""
        return not self._backlog

    def last_seq(self, epoch: str) -> int:
        """Returns the `seq` of the newest fact of that epoch (0: none)."""
        return self._last[1] if self._last[0] == epoch else 0

    def close(self) -> None:
        """Tries once more what is in memory, and closes the file."""
        self._write_backlog()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    # The reading half: the database's thread.

    def read(self, limit: int) -> Sequence[tuple[str, Fact]]:
        """Returns up to `limit` of the oldest facts; removes files that are done with."""
        while True:
            finished = self._read_segment < self._write_segment  # Asked before reading.
            found, end = self._read_lines(limit)
            if found:
                return found
            if end > self._read_offset:  # Nothing but lines that made no sense; go on behind them.
                self._read_offset = end
                continue
            if not finished:
                return []
            self._path(self._read_segment).unlink(missing_ok=True)
            self._read_segment += 1
            self._read_offset = 0

    def _read_lines(self, limit: int) -> tuple[list[tuple[str, Fact]], int]:
        self._steps = []
        offset = self._read_offset
        try:
            with self._path(self._read_segment).open("rb") as file:
                file.seek(offset)
                data = file.read(READ_BYTES)
                if len(data) == READ_BYTES:
                    data += file.readline()
        except FileNotFoundError:
            return [], offset
        found: list[tuple[str, Fact]] = []
        for line in data.split(b"\n")[:-1]:
            if len(found) == limit:
                break
            offset += len(line) + 1
            try:
                epoch, value = json.loads(line)
                fact: Fact = decode(Fact, value)
            except (CodecError, ValueError, TypeError, RecursionError) as error:
                log.error(  # noqa: TRY400 - the reason is enough.
                    "outbox-%08d at byte %d: %s; line set aside",
                    self._read_segment,
                    offset - len(line) - 1,
                    error,
                )
                self._set_aside(line)
                continue
            found.append((epoch, fact))
            self._steps.append((offset, epoch, fact.seq))
        return found, offset

    def advance(self, count: int) -> None:
        """Moves the cursor behind the first `count` facts of the last `read`."""
        if count == 0:
            return
        offset, epoch, seq = self._steps[count - 1]
        self._steps = self._steps[count:]
        self._read_offset = offset
        self._stored_last = (epoch, seq)
        cursor: dict[str, Any] = {
            "usher_outbox": FORMAT,
            "segment": self._read_segment,
            "offset": offset,
            "last": self._stored_last,
        }
        try:
            path = self._directory.path / CURSOR_NAME
            write_atomically(path, [_to_json(cursor).encode("ascii") + b"\n"])
        except OSError as error:
            # Harmless: after a restart some facts are sent twice.
            log.warning("%s cannot be written (%s)", CURSOR_NAME, error.strerror)

    def refuse(self, epoch: str, fact: Fact) -> None:
        """Writes the fact to `refused.jsonl`. To try again, rename that to an outbox file."""
        self._set_aside(_to_json((epoch, encode(fact))).encode("ascii"))

    def _set_aside(self, line: bytes) -> None:
        fd = os.open(
            self._directory.path / REFUSED_NAME,
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
            0o600,  # Callers' numbers are in it, as in the rest.
        )
        try:
            write_all(fd, line + b"\n")
        finally:
            os.close(fd)

    def is_empty(self) -> bool:
        """Tells that everything noted so far is stored."""
        return not self._backlog and self._stored_last == self._last


def _last_line(path: Path) -> tuple[str, int] | None:
    """Returns epoch and seq of the last whole line of a segment, None where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - READ_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return None
    for line in reversed(lines):
        try:
            epoch, value = json.loads(line)
            return str(epoch), int(value["seq"])
        except (ValueError, KeyError, TypeError):
            continue
    return None
