"""The websocket to Asterisk: its address, opening it, and why it was refused."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp

from engine.adapters.ari.requests import APPLICATION

CONNECT_S: Final = 10.0
CLOSE_S: Final = 1.0
"""How long the other side's goodbye is waited for."""

HEARTBEAT_S: Final = 10.0
"""Between pings; without a pong within half of it the connection is lost. Asterisk answers pings in
the same thread as requests, so this also finds a websocket on which a request is stuck."""

MESSAGE_BYTES_MAX: Final = 64 * 1024 * 1024
"""The list of all channels comes in one message: 700 bytes each."""


class ConnectionRefused(Exception):
    """Asterisk answered the connection with a refusal, or not like an Asterisk."""


def events_url(url: str) -> str:
    """Returns where the websocket is, for the address of Asterisk's web server.

    `http` becomes `ws`; user and password in the address are dropped: they go into a header.
    """
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = parts.path.rstrip("/").removesuffix("/ari") + "/ari/events"
    query = f"app={quote(APPLICATION, safe='')}&subscribeAll=false"
    return urlunsplit((scheme, parts.netloc.rpartition("@")[2], path, query, ""))


def authorization(user: str, secret: str) -> dict[str, str]:
    """Returns the header that says who we are (RFC 7617)."""
    token = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@contextlib.asynccontextmanager
async def open_socket(
    url: str, headers: dict[str, str]
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Opens the websocket, for as long as the block lasts.

    Raises:
        ConnectionRefused: there is no ARI for us there; the text says why, as far as known.
        OSError, aiohttp.ClientError: there is nobody.
    """
    async with aiohttp.ClientSession() as http:
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await http.ws_connect(
                    url,
                    headers=headers,
                    heartbeat=HEARTBEAT_S,
                    max_msg_size=MESSAGE_BYTES_MAX,
                    compress=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise ConnectionRefused(_explained(error.status)) from None
        except TimeoutError:
            raise ConnectionRefused(f"no answer within {CONNECT_S:g} s") from None
        try:
            yield socket
        finally:
            await socket.close()


def write_now(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    """Writes a text frame without waiting for room in the socket's buffer.

    Without compression aiohttp writes the frame in the first step of `send_str`; what may follow is
    a wait until the buffer is emptier. That wait is left out here: how much can be in the buffer is
    bounded by the number of unanswered requests.

    Raises:
        ConnectionError: there is no connection any more.
    """
    sending = socket.send_str(text)
    try:
        room = sending.send(None)
    except StopIteration:
        return
    except aiohttp.ClientError as error:
        raise ConnectionError(str(error)) from None
    # Nobody waits for this future: as a task would, say that it was taken, so that others may wait.
    room._asyncio_future_blocking = False  # noqa: SLF001 - the protocol between futures and tasks
    sending.close()


def _explained(status: int) -> str:
    reasons = {
        401: "user or password is wrong",
        403: "this ARI user may not do this (read_only?)",
        404: "no ARI at this address (is http enabled, and res_ari loaded?)",
        503: "Asterisk is not ready or takes no more connections",
    }
    return f"status {status}: {reasons.get(status, 'not what an ARI answers')}"
