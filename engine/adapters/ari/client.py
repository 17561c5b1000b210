"""REST requests over ARI's websocket: pipelined, in order, each with a deadline of its own.

The websocket is written by one task, so that `ask` never waits. Asterisk carries requests out one
after another; answers are matched by request id.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from engine.adapters.ari.encode import AriRequest

ANSWER_S: Final = 10.0
"""A request that has no answer by then has failed."""

UNANSWERED_MAX: Final = 20_000
"""Requests under way; one more fails at once."""

Answered = Callable[[int, str, Any], None]
"""Takes an answer: status (0: none came), why, and the body decoded from JSON (None: no body)."""


@dataclass(slots=True)
class _Asked:
    request_id: str
    due_s: float
    answered: Answered


class AriClient:
    """One connection's requests.

    Args:
        socket: the open websocket; read by somebody else, who gives answers to `take_answer`.
        loop: the running loop.
    """

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Sends nothing yet."""
        self._socket = socket
        self._loop = loop
        self._unsent: deque[str] = deque()
        self._wake = asyncio.Event()
        self._asked: dict[str, _Asked] = {}
        self._number = 0
        self._closed = False
        self._sweep: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def ask(self, request: AriRequest, answered: Answered) -> None:
        """Queues a request; `answered` is called exactly once, later."""
        if self._closed or len(self._asked) >= UNANSWERED_MAX:
            why = "not connected" if self._closed else "too many unanswered requests"
            self._loop.call_soon(answered, 0, why, None)
            return
        self._number += 1
        request_id = str(self._number)
        message: dict[str, Any] = {
            "type": "RESTRequest",
            "transaction_id": request_id,
            "request_id": request_id,
            "method": request.method,
            "uri": request.uri,
        }
        if request.query:
            message["query_strings"] = [
                {"name": name, "value": value} for name, value in request.query.items()
            ]
        if request.body is not None:
            message["content_type"] = "application/json"
            message["message_body"] = json.dumps(request.body)
        self._asked[request_id] = _Asked(request_id, self._loop.time() + ANSWER_S, answered)
        self._idle.clear()
        if self._sweep is None:
            self._sweep = self._loop.call_later(ANSWER_S, self._expire)
        self._unsent.append(json.dumps(message))
        self._wake.set()

    async def write(self) -> None:
        """Writes what was asked, until cancelled or the connection is lost."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._unsent:
                await self._socket.send_str(self._unsent.popleft())

    def take_answer(self, event: dict[str, Any]) -> None:
        """Takes a `RESTResponse`; one that nobody waits for (late, or nonsense) is ignored."""
        asked = self._asked.pop(str(event.get("request_id")), None)
        if asked is None:
            return
        status = event.get("status_code")
        body = event.get("message_body")
        value: Any = None
        if isinstance(body, str) and body:
            try:
                value = json.loads(body)
            except ValueError:
                value = None
        self._note_idle()
        why = str(event.get("reason_phrase", ""))
        if isinstance(value, dict) and isinstance(value.get("message"), str):
            why = value["message"]
        asked.answered(status if isinstance(status, int) else 0, why, value)

    def close(self) -> None:
        """Fails all that has no answer, and all that is asked from now on."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        unanswered, self._asked = self._asked, {}
        self._idle.set()
        for asked in unanswered.values():
            asked.answered(0, "connection lost", None)

    async def wait_idle(self) -> None:
        """Returns when every request has its answer."""
        await self._idle.wait()

    def _note_idle(self) -> None:
        if not self._asked:
            self._idle.set()

    def _expire(self) -> None:
        """Fails what is overdue. Requests expire in the order in which they were asked."""
        self._sweep = None
        now_s = self._loop.time()
        while self._asked:
            oldest = next(iter(self._asked.values()))
            if oldest.due_s > now_s:
                self._sweep = self._loop.call_at(oldest.due_s, self._expire)
                return
            del self._asked[oldest.request_id]
            self._note_idle()
            oldest.answered(0, f"no answer within {ANSWER_S:g} s", None)
