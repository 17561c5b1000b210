"""Loopback ports for servers that run side by side.

Asking the kernel for a free port and handing it to a server leaves a gap in which somebody else may
take it. Here a process claims a block of ports by locking files that every run on this machine
shares; the kernel lets go of the locks when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below the range from which the kernel takes ports for outgoing connections (32768 and up).
_FIRST_PORT = 10_000
_LAST_PORT = 32_000
_SLOT_PORTS = 500
_SLOTS = (_LAST_PORT - _FIRST_PORT) // _SLOT_PORTS


class NoFreePorts(Exception):
    """Every block of ports on this machine is claimed or in use."""


@dataclass(slots=True)
class PortBlock:
    """Ports of the loopback interface that nobody else in the laboratory uses until `release`."""

    first: int
    count: int
    _locks: list[int]
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        """Starts handing out at the first port."""
        self._next = self.first

    def take(self, *, even: bool = False) -> int:
        """Returns one port of the block that is free now for UDP and TCP, never the same twice.

        Raises:
            NoFreePorts: the block is used up.
        """
        while self._next < self.first + self.count:
            port = self._next
            self._next += 1
            if not (even and port % 2) and _is_free(port):
                return port
        raise NoFreePorts(f"block {self.first}+{self.count} is used up")

    def take_range(self, count: int) -> tuple[int, int]:
        """Returns the first (even) and last (odd) port of a range of `count` for RTP.

        Single ports of it may be in use by others; Asterisk and phones then try the next pair.

        Raises:
            NoFreePorts: the block has no such range left.
        """
        first = self._next + self._next % 2
        if first + count > self.first + self.count:
            raise NoFreePorts(f"block {self.first}+{self.count} has no {count} ports left")
        self._next = first + count
        return first, first + count - 1

    def release(self) -> None:
        """Gives the block back. Harmless when repeated."""
        while self._locks:
            os.close(self._locks.pop())

    def __enter__(self) -> Self:
        """Returns the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gives the block back."""
        self.release()


def claim(count: int = 1_000) -> PortBlock:
    """Claims a block of at least `count` neighbouring ports.

    Raises:
        NoFreePorts: there is none.
    """
    wanted = -(-count // _SLOT_PORTS)
    for start in _starts(wanted):
        locks: list[int] = []
        for slot in range(start, start + wanted):
            lock = _lock(slot)
            if lock is None:
                break
            locks.append(lock)
        else:
            return PortBlock(_FIRST_PORT + start * _SLOT_PORTS, wanted * _SLOT_PORTS, locks)
        for lock in locks:
            os.close(lock)
    raise NoFreePorts(f"no {count} neighbouring ports are unclaimed")


def _starts(wanted: int) -> Iterator[int]:
    # Spread by process, so that a block just given back (its sockets may linger) is not the next one.
    shift = os.getpid() * 7
    for index in range(_SLOTS):
        start = (index + shift) % _SLOTS
        if start + wanted <= _SLOTS:
            yield start


def _lock(slot: int) -> int | None:
    folder = Path(tempfile.gettempdir()) / f"usher-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / str(slot), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _is_free(port: int) -> bool:
    with contextlib.ExitStack() as stack:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
