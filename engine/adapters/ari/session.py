"""One connection's life: compare, then events in and commands out.

    socket open ─> filter, status, bridges, channels asked ─> NodeConnected ─> events, commands
                   events that come meanwhile are held back ─────────┘ and follow, in order

What is held back may say again what the lists had already, or tell of channels that were gone when
the lists were made: the decoder knows from the lists who is alive, and tells nothing twice. A
caller is in the lists only if Asterisk counts the channel to our application *and* has it: one that
enters between the two lists is announced by an event that is still to come.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import aiohttp

from engine.adapters.ari.client import AriClient
from engine.adapters.ari.compare import QUESTIONS, as_told, picture
from engine.adapters.ari.counters import Counters
from engine.adapters.ari.decode import EVENTS, Decoder
from engine.adapters.ari.fields import Event, Nonsense
from engine.adapters.ari.lamps import AriLamps
from engine.adapters.ari.lane import Lane
from engine.adapters.ari.prompts import Prompts
from engine.adapters.ari.requests import AriRequest
from engine.adapters.ari.signals import entering, settled, starting
from engine.adapters.ari.transport import ConnectionRefused, write_now
from engine.core.commands import Command
from engine.core.ids import NodeId
from engine.core.inputs import Input, PlaybackEnded, RecordingFinished

log = logging.getLogger(__name__)

COMPARE_S: Final = 10.0
"""Within this time of the connection Asterisk must have told what exists."""


class Session:
    """One open connection to one Asterisk.

    Args:
        node: its name.
        socket: the open websocket; `live` reads it.
        post: takes inputs.
        prompts: outlive the connection, as playbacks do.
        counters: the node's.
        lamps: the node's, which outlive the connection too.

    Attributes:
        ready: whether `NodeConnected` has been posted and commands are taken.
        ready_at_s: when that came to be (time of the loop), None before.
    """

    def __init__(
        self,
        node: NodeId,
        socket: aiohttp.ClientWebSocketResponse,
        post: Callable[[Input], None],
        prompts: Prompts,
        counters: Counters,
        lamps: AriLamps,
    ) -> None:
        """Sends nothing yet."""
        self.ready = False
        self.ready_at_s: float | None = None
        self._node = node
        self._socket = socket
        self._post = post
        self._prompts = prompts
        self._counters = counters
        self._lamps = lamps
        self._loop = asyncio.get_running_loop()
        self._client = AriClient(partial(write_now, socket), self._loop)
        self._decoder = Decoder(node)
        self._lane = Lane(self._client, self._decoder, prompts, counters, post)
        self._held_back: list[Event] = []
        self._answers: dict[str, Any] = {}
        """To the questions of the comparison."""

    async def live(self) -> str:
        """Reads until the connection is lost; returns why, as far as known.

        Raises:
            ConnectionRefused: what answers is no ARI, or lets another have our application.
        """
        for name, request in QUESTIONS:
            self._client.ask(request, partial(self._compare, name, request))
        try:
            async with asyncio.timeout(COMPARE_S) as deadline:
                return await self._read_all(deadline)
        except TimeoutError:
            raise ConnectionRefused(f"did not say within {COMPARE_S:g} s what exists") from None

    def send(self, command: Command) -> None:
        """Carries out a command, or posts its failure."""
        if self.ready:
            self._lane.send(command)
        else:
            self._lane.fail(command, 0, "not connected")

    async def drain(self) -> None:
        """Returns when every command sent so far is answered or has failed."""
        await self._lane.drain()

    def end(self) -> None:
        """Fails all commands that have no answer."""
        self.ready = False
        self._lamps.disconnected()
        self._client.close()
        self._lane.end()

    # Messages.

    async def _read_all(self, deadline: asyncio.Timeout) -> str:
        """Reads until the end, and takes the deadline away when the comparison is done."""
        why = ""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._read(message.data)
                if self.ready and deadline.when() is not None:
                    deadline.reschedule(None)
            elif message.type is aiohttp.WSMsgType.ERROR:
                why = f"{type(message.data).__name__}: {message.data}"
            else:
                self._counters.odd("frame", f"a frame of type {message.type.name}")
        return why or f"closed with {self._socket.close_code}"

    def _read(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            self._counters.odd("json", "a message that is not JSON")
            return
        if type(message) is not dict:
            self._counters.odd("json", "a message that is not a JSON object")
        elif message.get("type") == "RESTResponse":
            if not self._client.take_answer(message):
                self._counters.late += 1
        elif self.ready:
            self._counters.events += 1
            self._take(message)
        else:
            self._counters.events += 1
            self._held_back.append(message)

    def _take(self, event: Event) -> None:
        kind = event.get("type")
        if kind == "ApplicationReplaced":
            raise ConnectionRefused("another connection has taken over our application")
        try:
            entered, started, told = entering(event), starting(event), settled(event)
            happened = self._decoder.decode(event)
        except Nonsense as error:
            self._counters.odd(f"event {kind}", f"an event {kind} that makes no sense: {error}")
            return
        if entered is not None:
            self._lane.entered(entered)
        if started is not None:
            self._lane.started(started)
        if told is not None:
            self._lane.settled(told)
        if happened is None:
            if kind not in EVENTS:
                self._counters.odd(f"event {kind}", f"an event {kind} that was not asked for")
            return
        if isinstance(happened, PlaybackEnded):
            self._prompts.over(happened.playback_id)
        elif isinstance(happened, RecordingFinished):
            self._lane.recorded(happened)
        self._post(happened)

    # The comparison.

    def _compare(self, name: str, request: AriRequest, status: int, why: str, body: object) -> None:
        """Takes one of the answers; the last of them begins the normal life."""
        if not status:  # The connection is lost, or the deadline of `live` will say so.
            return
        if status >= 300 and name != "status":
            raise ConnectionRefused(f"{request.method} {request.uri}: {status} {why}")
        self._answers[name] = body
        if len(self._answers) == len(QUESTIONS):
            self._begin()

    def _begin(self) -> None:
        try:
            seen = picture(self._node, self._answers, self._counters.odd)
        except Nonsense as error:
            raise ConnectionRefused(f"what exists was told in a strange way: {error}") from None
        self._answers.clear()
        self._decoder.begin(seen.channels)
        self._prompts.keep(each.channel_id for each in seen.channels)
        self.ready = True
        self.ready_at_s = self._loop.time()
        self._counters.connections += 1
        log.info(
            "telephony connected: node %s, %d channels, %d bridges",
            self._node,
            len(seen.channels),
            len(seen.bridges),
        )
        self._post(as_told(seen))
        self._lamps.connected(self._client.ask)
        held_back, self._held_back = self._held_back, []
        for event in held_back:
            if event.get("type") in EVENTS:  # Others came before the filter was set.
                self._take(event)
