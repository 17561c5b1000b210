"""Fakes for the office's ports."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.app.ports import Core, Post, StoreUnavailable
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.ids import NodeId
from engine.core.inputs import Input, NodeConnected, SeenChannel

T = TypeVar("T")


class InlineThread:
    """Does the work at once: a thread would not know about virtual time. It can hang, too."""

    def __init__(self) -> None:
        self.hang = False

    async def call(self, work: Callable[[], T]) -> T:
        if self.hang:
            await asyncio.Event().wait()
        return work()

    def submit(self, work: Callable[[], None]) -> None:
        work()


class MemoryStore:
    """A fact store that can be away, slow to die, or allergic to one call."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Fact] = {}
        self.order: list[tuple[str, int]] = []
        self.away = False
        self.writes = 0
        self.largest = 0
        self.fail_after: int | None = None
        self.allergic_to: str | None = None
        self.allergic_to_epoch: str | None = None
        self.closed = False

    def write(self, epoch: str, facts: Sequence[Fact]) -> None:
        self.writes += 1
        self.largest = max(self.largest, len(facts))
        if self.away or epoch == self.allergic_to_epoch:
            raise StoreUnavailable("connection refused")
        disliked = self.allergic_to
        if disliked and any(getattr(fact, "call_id", None) == disliked for fact in facts):
            raise ValueError("violates a constraint")
        staged, order = dict(self.rows), list(self.order)
        for number, fact in enumerate(facts):
            if self.fail_after is not None and number >= self.fail_after:
                self.fail_after = None
                raise StoreUnavailable("connection lost in the middle")  # Nothing is committed.
            if (epoch, fact.seq) not in staged:
                staged[epoch, fact.seq] = fact
                order.append((epoch, fact.seq))
        self.rows, self.order = staged, order

    def close(self) -> None:
        self.closed = True


class FakeTelephony:
    """One node: tells what exists when it connects, and notes the commands."""

    def __init__(self, node: NodeId, post: Post) -> None:
        self.node = node
        self.post = post
        self.channels: tuple[SeenChannel, ...] = ()
        self.sent: list[Command] = []
        self.connects = 0
        self.drained = 0
        self.die = asyncio.Event()
        self.hang_in_drain = False

    async def run(self) -> None:
        self.connects += 1
        self.post(NodeConnected(self.node, self.channels))
        await self.die.wait()
        raise ConnectionError("the adapter has a fault")

    def send(self, command: Command) -> None:
        self.sent.append(command)

    async def drain(self) -> None:
        if self.hang_in_drain:
            await asyncio.Event().wait()
        self.drained += 1


class FakePresence:
    def __init__(self) -> None:
        self.connects = 0

    async def run(self) -> None:
        self.connects += 1
        await asyncio.Event().wait()


class NotedJournal:
    """A journal that writes into a list what was called, in order."""

    def __init__(self, notes: list[object]) -> None:
        self.notes = notes
        self.due = False

    def append(self, now_ms: int, happened: Input) -> None:
        self.notes.append(("append", now_ms, happened))

    def mark_failed(self) -> None:
        self.notes.append("failed")

    def flush(self) -> None:
        self.notes.append("flush")

    def snapshot_due(self) -> bool:
        return self.due

    def rotate(self, core: Core) -> Callable[[], None]:
        self.due = False
        self.notes.append("rotate")
        return lambda: self.notes.append("snapshot")

    def close(self) -> None:
        self.notes.append("close")


class FullDisk:
    """Stands in for `os.write` of a module: after `room` bytes the disk is full."""

    def __init__(self, write: Callable[[int, bytes], int], room: int) -> None:
        self._write = write
        self.room = room

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        fitting = bytes(data)[: self.room]
        self.room -= len(fitting)
        return self._write(fd, fitting)
