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

from engine.adapters.ari.client import ANSWER_S, AriClient
from engine.adapters.ari.compare import QUESTIONS, picture
from engine.adapters.ari.counters import Counters
from engine.adapters.ari.decode import EVENTS, Decoder, entering_leg
from engine.adapters.ari.encode import (
    AriRequest,
    Unspeakable,
    dial,
    encode,
    stop_playback,
)
from engine.adapters.ari.fields import Event, Nonsense
from engine.adapters.ari.lamps import AriLamps
from engine.adapters.ari.transport import ConnectionRefused, write_now
from engine.core.commands import (
    AnswerCall,
    Command,
    Connect,
    DestroyBridge,
    HangUpLeg,
    PlayPrompt,
    RingPhone,
)
from engine.core.ids import BridgeId, NodeId
from engine.core.inputs import CommandFailed, Input, PlaybackEnded

log = logging.getLogger(__name__)

COMPARE_S: Final = 10.0
"""Within this time of the connection Asterisk must have told what exists."""

ENTER_S: Final = 1.5 * ANSWER_S
"""Within this time of its making a leg must have entered our application."""

BAD_REQUEST: Final = 400
"""The status of a command that cannot be said."""

Playing = dict[str, list[str]]
"""Prompts that play or wait to, by channel, in order."""


class Session:
    """One open connection to one Asterisk.

    Args:
        node: its name.
        socket: the open websocket; `live` reads it.
        post: takes inputs.
        playing: outlives the connection, as playbacks do.
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
        playing: Playing,
        counters: Counters,
        lamps: AriLamps,
    ) -> None:
        """Sends nothing yet."""
        self.ready = False
        self.ready_at_s: float | None = None
        self._node = node
        self._socket = socket
        self._post = post
        self._playing = playing
        self._counters = counters
        self._lamps = lamps
        self._loop = asyncio.get_running_loop()
        self._client = AriClient(partial(write_now, socket), self._loop)
        self._decoder = Decoder(node)
        self._held_back: list[Event] = []
        self._answers: dict[str, Any] = {}
        """To the questions of the comparison."""
        self._undialled: dict[str, tuple[RingPhone, asyncio.TimerHandle]] = {}
        """Legs being made."""
        self._all_dialled = asyncio.Event()
        self._all_dialled.set()

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
        if not self.ready:
            self._fail(command, 0, "not connected")
            return
        try:
            requests = encode(command)
        except Unspeakable as error:
            self._fail(command, BAD_REQUEST, str(error))
            return
        if isinstance(command, Connect):
            self._silence(command.call_id)
            self._silence(command.leg_id)
        elif isinstance(command, AnswerCall):
            self._silence(command.call_id)
        elif isinstance(command, PlayPrompt):
            self._playing.setdefault(command.channel_id, []).append(command.playback_id)
        elif isinstance(command, RingPhone):
            if command.leg_id in self._undialled or self._decoder.knows(command.leg_id):
                return  # Said before. Dialled a second time, Asterisk would destroy the leg.
            timer = self._loop.call_later(ENTER_S, self._never_entered, command.leg_id)
            self._undialled[command.leg_id] = (command, timer)
            self._all_dialled.clear()
        elif isinstance(command, HangUpLeg):
            self._give_up_dialling(command.leg_id)
        self._ask(command, requests)

    async def drain(self) -> None:
        """Returns when every command sent so far is answered or has failed."""
        while self._undialled or self._client.unanswered:
            await self._all_dialled.wait()
            await self._client.wait_idle()

    def end(self) -> None:
        """Fails all commands that have no answer."""
        self.ready = False
        self._lamps.disconnected()
        self._client.close()
        for leg_id in list(self._undialled):
            command = self._give_up_dialling(leg_id)
            if command is not None:
                self._fail(command, 0, "connection lost")

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
            leg_id = entering_leg(event)
            if leg_id is not None:
                self._dial(leg_id)
            happened = self._decoder.decode(event)
        except Nonsense as error:
            self._counters.odd(f"event {kind}", f"an event {kind} that makes no sense: {error}")
            return
        if happened is None:
            if kind not in EVENTS:
                self._counters.odd(f"event {kind}", f"an event {kind} that was not asked for")
            return
        if isinstance(happened, PlaybackEnded):
            self._forget_playback(happened.playback_id)
        self._post(happened)

    # Commands.

    def _ask(self, command: Command, requests: tuple[AriRequest, ...]) -> None:
        """Sends a command's requests; its first failure is posted, once."""
        failures: list[int] = []
        for request in requests:
            self._counters.requests += 1
            self._client.ask(request, partial(self._answered, command, request, failures))

    def _answered(
        self,
        command: Command,
        request: AriRequest,
        failures: list[int],
        status: int,
        why: str,
        _body: object,
    ) -> None:
        if 200 <= status < 300:
            return
        if isinstance(command, RingPhone):
            self._give_up_dialling(command.leg_id)
        if status in request.tolerated or failures:
            return
        failures.append(status)
        if isinstance(command, PlayPrompt):
            self._forget_playback(command.playback_id)
        elif isinstance(command, Connect) and status:  # Its bridge would stay, empty.
            self._remove_bridge(command.node, command.bridge_id)
        self._fail(command, status, why)

    def _fail(self, command: Command, status: int, why: str) -> None:
        self._counters.failed += 1
        self._post(CommandFailed(command, status, why))

    def _remove_bridge(self, node: NodeId, bridge_id: BridgeId) -> None:
        for request in encode(DestroyBridge(node, bridge_id)):
            self._client.ask(request, _unheard)

    def _dial(self, leg_id: str) -> None:
        command = self._give_up_dialling(leg_id)
        if command is not None:
            self._ask(command, (dial(command),))

    def _give_up_dialling(self, leg_id: str) -> RingPhone | None:
        command, timer = self._undialled.pop(leg_id, (None, None))
        if timer is not None:
            timer.cancel()
        if not self._undialled:
            self._all_dialled.set()
        return command

    def _never_entered(self, leg_id: str) -> None:
        command = self._give_up_dialling(leg_id)
        if command is not None:
            self._fail(command, 0, f"the leg did not enter our application within {ENTER_S:g} s")

    def _silence(self, channel_id: str) -> None:
        """Ends what plays on a channel: what comes next would wait for it, and all others too."""
        for playback_id in self._playing.pop(channel_id, ()):
            self._client.ask(stop_playback(playback_id), _unheard)

    def _forget_playback(self, playback_id: str) -> None:
        for channel_id, playing in self._playing.items():
            if playback_id in playing:
                playing.remove(playback_id)
                if not playing:
                    del self._playing[channel_id]
                return

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
        for channel_id in self._playing.keys() - {each.channel_id for each in seen.channels}:
            del self._playing[channel_id]
        self.ready = True
        self.ready_at_s = self._loop.time()
        self._counters.connections += 1
        log.info(
            "telephony connected: node %s, %d channels, %d bridges",
            self._node,
            len(seen.channels),
            len(seen.bridges),
        )
        self._post(seen)
        self._lamps.connected(self._client.ask)
        held_back, self._held_back = self._held_back, []
        for event in held_back:
            if event.get("type") in EVENTS:  # Others came before the filter was set.
                self._take(event)


def _unheard(_status: int, _why: str, _body: object) -> None:
    """Takes an answer that changes nothing."""
