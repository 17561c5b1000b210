"""One node's call control: connects, compares, then passes events in and commands out."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from engine.adapters.ari.client import AriClient
from engine.adapters.ari.decode import EVENTS, Decoder, Nonsense, entering_leg, seen_channel
from engine.adapters.ari.encode import APPLICATION, AriRequest, dial, encode, stop_playback
from engine.core.commands import Command, Connect, HangUpLeg, PlayPrompt, RingPhone
from engine.core.ids import NodeId, is_leg
from engine.core.inputs import (
    CommandFailed,
    Input,
    NodeConnected,
    NodeDisconnected,
    PlaybackEnded,
    SeenChannel,
)
from engine.core.rng import Rng

log = logging.getLogger(__name__)

BACKOFF_FIRST_S: Final = 0.05
BACKOFF_MAX_S: Final = 3.0
HEARTBEAT_S: Final = 10.0
"""A connection that is silent for one and a half of these is lost."""
CONNECT_S: Final = 10.0
COMPARE_S: Final = 10.0
MESSAGE_BYTES_MAX: Final = 64 * 1024 * 1024
"""The list of all channels comes in one message."""


class ConnectionRefused(Exception):
    """Asterisk answered the connection with a refusal, or not like an Asterisk."""


class _Carried:
    """A command under way; its first failure is told, once."""

    __slots__ = ("_command", "_failed", "_post")

    def __init__(self, command: Command, post: Callable[[Input], None]) -> None:
        self._command = command
        self._post = post
        self._failed = False

    def answered(self, request: AriRequest, status: int, why: str, _body: object) -> None:
        """Takes the answer to one of its requests."""
        if 200 <= status < 300 or status in request.tolerated or self._failed:
            return
        self._failed = True
        self._post(CommandFailed(self._command, status, why))


class AriTelephony:
    """The port `Telephony` for one Asterisk.

    Args:
        node: its name.
        url: its web server, such as `http://127.0.0.1:8088`.
        user: ARI user.
        secret: that user's password; never logged.
        post: takes inputs.
        rng: for the jitter of the backoff.
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
        self._node = node
        self._url = _events_url(url)
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, secret)}
        self._post = post
        self._rng = rng or Rng(int.from_bytes(os.urandom(8)))
        self._client: AriClient | None = None
        self._ready = False
        self._decoder = Decoder(node)
        self._held_back: list[dict[str, Any]] | None = None
        self._playing: dict[str, str] = {}
        """Prompts that play, by channel: a channel cannot be connected before they end."""
        self._undialled: dict[str, tuple[AriRequest, _Carried]] = {}
        """Legs being made, each with the request that will ring it."""
        self.oddities: Counter[str] = Counter()
        """What came that made no sense, by kind; each kind is logged once."""

    def send(self, command: Command) -> None:
        """Queues a command; see the port."""
        client = self._client
        if client is None or not self._ready:
            self._post(CommandFailed(command, 0, "not connected"))
            return
        requests = encode(command)
        if isinstance(command, Connect):
            playing = [self._playing.pop(c, None) for c in (command.call_id, command.leg_id)]
            requests = (*(stop_playback(p) for p in playing if p is not None), *requests)
        elif isinstance(command, PlayPrompt):
            self._playing[command.channel_id] = command.playback_id
        carried = _Carried(command, self._post)
        if isinstance(command, RingPhone):
            self._undialled[command.leg_id] = (dial(command), carried)
        elif isinstance(command, HangUpLeg):
            self._undialled.pop(command.leg_id, None)
        for request in requests:
            client.ask(request, partial(carried.answered, request))

    async def drain(self) -> None:
        """Returns when every command sent so far has its answer."""
        if self._client is not None:
            await self._client.wait_idle()

    async def run(self) -> None:
        """Stays connected until cancelled."""
        delay_s = BACKOFF_FIRST_S
        told = ""
        while True:
            try:
                await self._connection()
                delay_s, told = BACKOFF_FIRST_S, ""
                log.warning("telephony lost: node %s", self._node)
            except (aiohttp.ClientError, OSError, TimeoutError, ConnectionRefused) as error:
                why = f"{type(error).__name__}: {error}"
                if self._ready:
                    delay_s, told = BACKOFF_FIRST_S, ""
                if why != told:
                    told = why
                    log.warning("telephony away: node %s: %s; trying again", self._node, why)
            finally:
                self._lost()
            await asyncio.sleep(delay_s * (0.5 + self._rng.below(1000) / 2000))
            delay_s = min(delay_s * 2, BACKOFF_MAX_S)

    def _lost(self) -> None:
        was_ready, self._ready = self._ready, False
        if was_ready:
            self._post(NodeDisconnected(self._node))
        client, self._client = self._client, None
        if client is not None:
            client.close()
        self._held_back = None
        self._playing.clear()
        self._undialled.clear()

    async def _connection(self) -> None:
        """Lives through one connection; returns when the other side closes it."""
        async with aiohttp.ClientSession() as session:
            async with asyncio.timeout(CONNECT_S):
                try:
                    socket = await session.ws_connect(
                        self._url,
                        headers=self._headers,
                        heartbeat=HEARTBEAT_S,
                        max_msg_size=MESSAGE_BYTES_MAX,
                        compress=0,
                    )
                except aiohttp.WSServerHandshakeError as error:
                    raise ConnectionRefused(_explained(error.status)) from None
            client = self._client = AriClient(socket, asyncio.get_running_loop())
            refusals: list[Exception] = []
            async with socket, asyncio.TaskGroup() as tasks:
                side = (
                    tasks.create_task(_until_gone(client.write(), socket, refusals)),
                    tasks.create_task(_until_gone(self._compare(client), socket, refusals)),
                )
                try:
                    await self._read(socket, client)
                finally:
                    for task in side:
                        task.cancel()
            if refusals:
                raise refusals[0]

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, client: AriClient) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                self._odd("frame", f"a frame of type {message.type.name}")
                continue
            try:
                event = json.loads(message.data)
            except ValueError:
                self._odd("json", "a message that is not JSON")
                continue
            if not isinstance(event, dict):
                self._odd("json", "a message that is not an object")
            elif event.get("type") == "RESTResponse":
                client.take_answer(event)
            elif self._held_back is not None or not self._ready:
                if self._held_back is None:
                    self._held_back = []
                self._held_back.append(event)
            else:
                self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        try:
            leg_id = entering_leg(event)
            if leg_id is not None:
                self._dial(leg_id)
            happened = self._decoder.decode(event)
        except Nonsense as error:
            kind = str(event.get("type"))[:40]
            self._odd(kind, f"an event {kind} that makes no sense: {error}")
            return
        if happened is None:
            return
        if isinstance(happened, PlaybackEnded):
            self._forget_playback(happened.playback_id)
        self._post(happened)

    def _dial(self, leg_id: str) -> None:
        undialled = self._undialled.pop(leg_id, None)
        if undialled is not None and self._client is not None:
            request, carried = undialled
            self._client.ask(request, partial(carried.answered, request))

    def _forget_playback(self, playback_id: str) -> None:
        for channel_id, playing in list(self._playing.items()):
            if playing == playback_id:
                del self._playing[channel_id]

    def _odd(self, kind: str, text: str) -> None:
        self.oddities[kind] += 1
        if self.oddities[kind] == 1:
            log.warning("node %s sent %s; counted from now on", self._node, text)

    async def _compare(self, client: AriClient) -> None:
        """Asks what exists, tells it, then lets the events that came meanwhile follow.

        Those may tell again what the lists had already: each input is harmless a second time.
        """
        # Answers are events too: a filter without them would leave us deaf.
        wanted = {"allowed": [{"type": name} for name in (*EVENTS, "RESTResponse")]}
        filtering = AriRequest("PUT", f"applications/{APPLICATION}/eventFilter", {}, wanted)
        async with asyncio.timeout(COMPARE_S):
            _, info, application, channels, bridges = await asyncio.gather(
                _asked(client, filtering),
                _asked(client, AriRequest("GET", "asterisk/info", {"only": "status"})),
                _asked(client, AriRequest("GET", f"applications/{APPLICATION}")),
                _asked(client, AriRequest("GET", "channels")),
                _asked(client, AriRequest("GET", "bridges")),
            )
        seen = self._seen(application, channels, bridges)
        boot_id = str(info["status"]["startup_time"]) if isinstance(info, dict) else ""
        self._decoder.begin(seen)
        self._ready = True
        bridge_ids = tuple(str(bridge["id"]) for bridge in bridges)
        self._post(NodeConnected(self._node, seen, bridge_ids, boot_id))
        held_back, self._held_back = self._held_back or [], None
        for event in held_back:
            self._take(event)
        log.info(
            "telephony connected: node %s, %d channels, %d bridges",
            self._node,
            len(seen),
            len(bridge_ids),
        )

    def _seen(self, application: Any, channels: Any, bridges: Any) -> tuple[SeenChannel, ...]:  # noqa: ANN401 - JSON
        ours = set(application["channel_ids"])
        bridge_of = {
            channel_id: bridge["id"] for bridge in bridges for channel_id in bridge["channels"]
        }
        found = []
        for channel in channels:
            channel_id = channel["id"]
            if channel_id not in ours and not is_leg(channel_id):
                continue
            try:
                found.append(seen_channel(channel, bridge_of.get(channel_id)))
            except Nonsense as error:
                self._odd("channel", f"a channel in its list that makes no sense: {error}")
        return tuple(found)


async def _until_gone(
    work: Coroutine[Any, Any, None],
    socket: aiohttp.ClientWebSocketResponse,
    refusals: list[Exception],
) -> None:
    """Does one side of a connection; a failure is kept and ends the connection."""
    try:
        await work
    except (OSError, TimeoutError, aiohttp.ClientError, ConnectionRefused) as error:
        refusals.append(error)
        await socket.close()
    except (KeyError, TypeError, AttributeError) as error:
        refusals.append(ConnectionRefused(f"an answer that makes no sense: {error!r}"))
        await socket.close()


async def _asked(client: AriClient, request: AriRequest) -> Any:  # noqa: ANN401 - JSON
    """Asks and waits. Raises `ConnectionRefused` where the answer is not a success."""
    answer: asyncio.Future[tuple[int, str, Any]] = asyncio.get_running_loop().create_future()

    def answered(status: int, why: str, body: Any) -> None:  # noqa: ANN401
        if not answer.done():
            answer.set_result((status, why, body))

    client.ask(request, answered)
    status, why, body = await answer
    if not 200 <= status < 300:
        raise ConnectionRefused(f"{request.method} {request.uri}: {status} {why}")
    return body


def _events_url(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = parts.path.rstrip("/") + "/ari/events"
    return urlunsplit((scheme, parts.netloc, path, f"app={APPLICATION}", ""))


def _explained(status: int) -> str:
    reasons = {
        401: "user or password is wrong (nodes.*.ari)",
        403: "the ARI user may not do this (read_only?)",
        404: "no ARI at that address (is http enabled and res_ari loaded?)",
    }
    return f"status {status}: {reasons.get(status, 'refused')}"
