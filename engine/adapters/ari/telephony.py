"""The port `Telephony` for one Asterisk: stays connected, one `Session` after another."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Final

import aiohttp

from engine.adapters.ari.counters import Counters
from engine.adapters.ari.lamps import AriLamps
from engine.adapters.ari.prompts import Prompts
from engine.adapters.ari.session import Session
from engine.adapters.ari.transport import (
    ConnectionRefused,
    authorization,
    events_url,
    open_socket,
)
from engine.core.commands import Command
from engine.core.ids import NodeId
from engine.core.inputs import CommandFailed, Input, NodeDisconnected
from engine.core.model.rng import Rng

log = logging.getLogger(__name__)

BACKOFF_FIRST_S: Final = 0.05
BACKOFF_MAX_S: Final = 3.0
STEADY_S: Final = 10.0
"""A connection that lasted this long was a good one: after it the backoff starts anew."""


class AriTelephony:
    """The port `Telephony` for one Asterisk.

    `run` may be cancelled and called again: it then makes a fresh connection and compares anew.

    Args:
        node: its name.
        url: its web server, such as `http://127.0.0.1:8088`.
        user: ARI user.
        secret: that user's password; sent in a header, never logged.
        post: takes inputs.
        rng: for the jitter of the backoff.

    Attributes:
        counters: what went over the wire.
        lamps: the port `LampBoard` of this node.
    """

    def __init__(
        self,
        *,
        node: NodeId,
        url: str,
        user: str,
        secret: str,
        post: Callable[[Input], None],
        rng: Rng | None = None,
    ) -> None:
        """Connects to nothing yet."""
        self.counters = Counters(node)
        self.lamps = AriLamps(node)
        self._node = node
        self._url = events_url(url)
        self._headers = authorization(user, secret)
        self._post = post
        self._rng = rng or Rng(int.from_bytes(os.urandom(8)))
        self._session: Session | None = None
        self._prompts = Prompts()
        self._told = ""
        """What the log was told last about being away."""

    def send(self, command: Command) -> None:
        """Queues a command; see the port."""
        if self._session is None:
            self._post(CommandFailed(command, 0, "not connected"))
        else:
            self._session.send(command)

    async def drain(self) -> None:
        """Returns when every command sent so far is answered, failed, or out of reach."""
        if self._session is not None:
            await self._session.drain()

    async def run(self) -> None:
        """Stays connected until cancelled."""
        delay_s = BACKOFF_FIRST_S
        while True:
            lasted_s = await self._connect_once()
            if lasted_s >= STEADY_S:
                delay_s = BACKOFF_FIRST_S
            await asyncio.sleep(delay_s * (0.5 + self._rng.below(1000) / 2000))
            delay_s = min(delay_s * 2, BACKOFF_MAX_S)

    async def _connect_once(self) -> float:
        """Lives through one connection, or its failing; returns how many seconds it was good."""
        session: Session | None = None
        try:
            async with open_socket(self._url, self._headers) as socket:
                session = self._session = Session(
                    self._node, socket, self._post, self._prompts, self.counters, self.lamps
                )
                why = await session.live()
        except ConnectionRefused as error:
            why = str(error)
        except (aiohttp.ClientError, OSError) as error:
            why = f"{type(error).__name__}: {error}"
        finally:
            self._session = None
            if session is not None:
                self._lost(session)
        if session is not None and session.ready_at_s is not None:
            log.warning("telephony lost: node %s: %s; trying again", self._node, why)
            self._told = why
            return asyncio.get_running_loop().time() - session.ready_at_s
        if why != self._told:
            log.warning("telephony away: node %s: %s; trying again", self._node, why)
            self._told = why
        return 0.0

    def _lost(self, session: Session) -> None:
        """Tells of a lost connection first, so that the failures of its commands are understood."""
        if session.ready:
            self._post(NodeDisconnected(self._node))
        session.end()
