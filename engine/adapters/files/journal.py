"""The journal: every (time, input) as one JSON line, in segments that start from a snapshot.

    journal-00000007.jsonl    {"usher_journal":1,"epoch":"…","inputs":41230}
                              [1764000000123,{"t":"CallArrived",…}]
                              …
    snapshot-00000007.json    {"usher_snapshot":1,"epoch":"…","inputs":41230,"at_ms":…}
                              {…the core's state…}

Snapshot n is the state before the first line of journal n; `inputs` counts the inputs of the epoch
up to there, so that a missing segment is noticed. The line `{"failed":true}` says that the core
raised on the input before it. A last line without its newline was never acted upon.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from typing import Any, Final

from engine.adapters.files.directory import StateDirectory, write_all, write_atomically
from engine.app.ports import Core
from engine.core.codec import encode
from engine.core.inputs import Input

log = logging.getLogger(__name__)

FORMAT: Final = 1
"""Counted up whenever older lines could be misread."""

INPUTS_PER_SEGMENT: Final = 20_000
"""How much is replayed at most after a crash."""

GENERATIONS_KEPT: Final = 2
"""Snapshots kept (with their journals): the newest, and one to fall back to."""

RETRY_MS: Final = 30_000
"""How long after a failed write (a full disk) the next one is tried."""

JOURNAL: Final = ("journal", ".jsonl")
SNAPSHOT: Final = ("snapshot", ".json")
FAILED_MARK: Final = b'{"failed":true}'

_to_json = json.JSONEncoder(separators=(",", ":")).encode


class FileJournal:
    """Writes the journal. `rotate` or `go_on` must be called once before anything is noted.

    Args:
        directory: the state directory.
        inputs: how many inputs of this epoch the core has handled so far.
        facts_safe: tells whether the outbox has all facts on disk; until then old segments, from
            which facts could be made again, are kept.
        inputs_per_segment: after so many inputs a new snapshot is due.
    """

    def __init__(
        self,
        directory: StateDirectory,
        *,
        inputs: int,
        facts_safe: Callable[[], bool],
        inputs_per_segment: int = INPUTS_PER_SEGMENT,
    ) -> None:
        """Looks up the highest segment number; writes nothing."""
        self._directory = directory
        self._inputs = inputs
        self._facts_safe = facts_safe
        self._inputs_per_segment = inputs_per_segment
        self._segment = max(directory.numbers(*JOURNAL) + directory.numbers(*SNAPSHOT), default=0)
        self._fd: int | None = None
        self._lines: list[str] = []
        self._in_segment = 0
        self._now_ms = 0
        self._retry_at_ms: int | None = None
        self._hole_in: int | None = None
        """The segment whose end is missing since a write failed, until a newer snapshot exists."""
        self._rotating = False

    @property
    def is_writing(self) -> bool:
        """Is false while the disk refuses: the engine then works without a journal."""
        return self._fd is not None

    def append(self, now_ms: int, happened: Input) -> None:
        """Notes an input for the next `flush`."""
        self._inputs += 1
        self._in_segment += 1
        self._now_ms = now_ms
        if self._fd is not None:
            self._lines.append(_to_json((now_ms, encode(happened))))

    def mark_failed(self) -> None:
        """Writes the mark behind the last input noted."""
        self.flush()
        if self._fd is not None:
            self._write(FAILED_MARK + b"\n")

    def flush(self) -> None:
        """Writes what was noted, in one go; a full disk switches the journal off, with an alarm."""
        if self._lines:
            self._lines.append("")
            data = "\n".join(self._lines).encode("ascii")
            self._lines.clear()
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._fd is None:
            return
        try:
            write_all(self._fd, data)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Goes on without a journal: the calls come first."""
        if self._hole_in is None:
            log.critical(
                "journal cannot be written (%s): calls go on, but a crash now would lose the "
                "order of waiting callers; free some space in %s",
                error.strerror,
                self._directory.path,
                extra={"alarm": "journal_failed"},
            )
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None
        self._hole_in = self._segment
        self._lines.clear()
        self._retry_at_ms = self._now_ms + RETRY_MS

    def snapshot_due(self) -> bool:
        """Tells that the segment is long, or that a failed write may be tried again."""
        if self._rotating:
            return False
        if self._retry_at_ms is not None:
            return self._now_ms >= self._retry_at_ms
        return self._in_segment >= self._inputs_per_segment

    def go_on(self, core: Core, replayed: int) -> None:
        """Starts a new segment after a restart, without a snapshot: the old chain goes on."""
        self._start_segment(core)
        self._in_segment = replayed

    def rotate(self, core: Core) -> Callable[[], None]:
        """Starts a new segment at once; the returned half writes the snapshot it starts from."""
        if not self._start_segment(core):
            return _nothing
        number = self._segment
        state = core.snapshot()
        header = {
            "usher_snapshot": FORMAT,
            "epoch": core.epoch,
            "inputs": self._inputs,
            "at_ms": core.now_ms,
        }
        self._rotating = True
        return lambda: self._finish(number, header, state)

    def _start_segment(self, core: Core) -> bool:
        self.flush()
        self._now_ms = max(self._now_ms, core.now_ms)
        number = self._segment + 1
        try:
            fd = os.open(
                self._directory.file(JOURNAL[0], number, JOURNAL[1]),
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC,
                0o600,
            )
        except OSError as error:
            self._give_up(error)
            return False
        if self._fd is not None:
            os.close(self._fd)
        self._fd = fd
        self._segment = number
        self._in_segment = 0
        self._retry_at_ms = None
        self._write(_line({"usher_journal": FORMAT, "epoch": core.epoch, "inputs": self._inputs}))
        return self.is_writing

    def _finish(self, number: int, header: dict[str, Any], state: dict[str, Any]) -> None:
        """Writes the snapshot; may run in another thread."""
        try:
            path = self._directory.file(SNAPSHOT[0], number, SNAPSHOT[1])
            write_atomically(path, [_line(header), *_pieces(state)])
            after_hole = self._hole_in is not None and self._hole_in < number
            if self._facts_safe():
                self._clean_up()
        except OSError as error:
            # The chain of older snapshot and journals is still whole; the next one may succeed.
            log.error(  # noqa: TRY400 - what matters is the reason, not where it was raised.
                "snapshot %d cannot be written (%s)",
                number,
                error.strerror,
                extra={"alarm": "snapshot_failed"},
            )
            self._retry_at_ms = self._now_ms + RETRY_MS
        else:
            if after_hole:
                self._hole_in = None
                log.warning("journal is being written again, from snapshot %d", number)
        finally:
            self._rotating = False

    def _clean_up(self) -> None:
        """Removes generations that nobody needs any more."""
        kept = self._directory.numbers(*SNAPSHOT)[-GENERATIONS_KEPT:]
        for kind in (SNAPSHOT, JOURNAL):
            for number in self._directory.numbers(*kind):
                if number < kept[0]:
                    self._directory.file(kind[0], number, kind[1]).unlink(missing_ok=True)

    def close(self) -> None:
        """Writes what was noted and closes the segment."""
        self.flush()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _nothing() -> None:
    """There is no slow half."""


def _line(value: dict[str, Any]) -> bytes:
    return _to_json(value).encode("ascii") + b"\n"


def _pieces(state: dict[str, Any]) -> list[bytes]:
    """Encodes the state entry by entry, so that the encoder never holds the interpreter for long."""
    pieces: list[bytes] = []
    for name, value in state.items():
        pieces.append(b"," if pieces else b"{")
        pieces.append(_to_json(name).encode("ascii") + b":")
        if type(value) is list and value:
            for index, item in enumerate(value):
                pieces.append(b"," if index else b"[")
                pieces.append(_to_json(item).encode("ascii"))
            pieces.append(b"]")
        elif type(value) is dict and value:
            for index, (key, item) in enumerate(value.items()):
                pieces.append(b"," if index else b"{")
                pieces.append(_to_json(key).encode("ascii") + b":")
                pieces.append(_to_json(item).encode("ascii"))
            pieces.append(b"}")
        else:
            pieces.append(_to_json(value).encode("ascii"))
    return [*pieces, b"}\n"] if pieces else [b"{}\n"]
