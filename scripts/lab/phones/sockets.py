"""Pairs of UDP ports for RTP and RTCP."""

import contextlib
import socket
from typing import Final

_TRIES: Final = 200


class Sink:
    """A UDP port that is never read: the kernel throws away what its small buffer cannot hold."""

    def __init__(self, host: str) -> None:
        """Binds a free even port."""
        self._pair = even_pair(host)
        for sock in self._pair:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.port: int = self._pair[0].getsockname()[1]

    def close(self) -> None:
        """Give the ports back."""
        for sock in self._pair:
            sock.close()


def even_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Binds a free even port and the one above it.

    Raises:
        OSError: there are none.
    """
    for _ in range(_TRIES):
        first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            first.bind((host, 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind((host, port + 1))
                first.settimeout(0)
                second.settimeout(0)
                return first, second
        first.close()
        second.close()
    raise OSError("no free pair of UDP ports")
