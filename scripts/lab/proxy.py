"""A TCP connection that can be cut or frozen: a network between two programs on one machine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Self

CHUNK: Final = 65_536


class TcpProxy:
    """Passes bytes between whoever connects to `port` and a target on this machine.

    async with TcpProxy() as proxy:
        proxy.target = asterisk.ports.http
        ...
        proxy.cut()      # all connections are reset, new ones are refused
        proxy.mend()
        proxy.freeze()   # nothing comes through any more, and nobody is told
        proxy.thaw()     # what was held back comes through, late
    """

    def __init__(self) -> None:
        """Opens nothing."""
        self.port = 0
        self.target = 0
        self.connections = 0
        """How many connections were made through it."""
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    async def __aenter__(self) -> Self:
        """Listens on a free port of the loopback interface."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Resets all connections."""
        assert self._server is not None
        self._server.close()
        self.cut()
        self.thaw()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Resets all connections; new ones are reset too, until `mend`."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Lets new connections through again."""
        self._is_cut = False

    def freeze(self) -> None:
        """Holds everything back; the connections stay open."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Lets it flow again."""
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        ends = {writer, back}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(reader, back))
                tasks.create_task(self._pass_on(there, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
