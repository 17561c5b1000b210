"""REST requests over ARI's websocket: pipelined, in order, each with a deadline of its own.

Asterisk carries the requests of one websocket out one after another; answers are matched by request
id all the same. Requests are written at once, in the caller's own step of the loop: on the hot path
a task in between would cost a turn of the loop for each.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from engine.adapters.ari.requests import AriRequest, frame

ANSWER_S: Final = 10.0
"""A request that has no answer by then has failed."""

UNANSWERED_MAX: Final = 5_000
"""Requests under way (about 5 MB); one more fails at once. Asterisk answers some 2000 a second."""

Answered = Callable[[int, str, Any], None]
"""Takes an answer: status (0: none came), why, and the body decoded from JSON (None: no body)."""

Write = Callable[[str], None]
"""Writes one text frame at once. Raises `ConnectionError` if there is no connection any more."""


class AriClient:
    """One connection's requests.

    Args:
        write: how to send; answers are given to `take_answer` by whoever reads.
        loop: the running loop.
    """

    def __init__(self, write: Write, loop: asyncio.AbstractEventLoop) -> None:
        """Sends nothing yet."""
        self._write = write
        self._loop = loop
        self._asked: dict[str, tuple[float, Answered]] = {}
        """By request id: when it is overdue (time of the loop), and who waits for the answer."""
        self._number = 0
        self._closed = False
        self._sweep: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def ask(self, request: AriRequest, answered: Answered) -> None:
        """Sends a request; `answered` is called exactly once, later, never within this call."""
        if self._closed:
            self._loop.call_soon(answered, 0, "not connected", None)
            return
        if len(self._asked) >= UNANSWERED_MAX:
            why = f"{UNANSWERED_MAX} requests are unanswered: Asterisk is overloaded or stuck"
            self._loop.call_soon(answered, 0, why, None)
            return
        self._number += 1
        request_id = str(self._number)
        try:
            self._write(frame(request_id, request))
        except ConnectionError:
            self._loop.call_soon(answered, 0, "connection lost", None)
            return
        self._asked[request_id] = (self._loop.time() + ANSWER_S, answered)
        self._idle.clear()
        if self._sweep is None:
            self._sweep = self._loop.call_later(ANSWER_S, self._expire)

    def take_answer(self, message: dict[str, Any]) -> bool:
        """Takes a `RESTResponse`. Returns False for one that nobody waits for (late, or nonsense)."""
        request_id = message.get("request_id")
        asked = self._asked.pop(request_id, None) if isinstance(request_id, str) else None
        if asked is None:
            return False
        self._note_idle()
        status, body = message.get("status_code"), _decoded(message.get("message_body"))
        why = message.get("reason_phrase")
        if isinstance(body, dict):  # Asterisk puts its reason under one of these.
            why = body.get("message") or body.get("error") or why
        asked[1](status if isinstance(status, int) else 0, str(why), body)
        return True

    def close(self) -> None:
        """Fails all that has no answer, and all that is asked from now on."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        unanswered, self._asked = self._asked, {}
        self._idle.set()
        for _, answered in unanswered.values():
            answered(0, "connection lost", None)

    async def wait_idle(self) -> None:
        """Returns when every request has its answer, or has failed."""
        await self._idle.wait()

    @property
    def unanswered(self) -> int:
        """Requests under way."""
        return len(self._asked)

    def _note_idle(self) -> None:
        if not self._asked:
            self._idle.set()

    def _expire(self) -> None:
        """Fails what is overdue. Requests expire in the order in which they were asked."""
        self._sweep = None
        now_s = self._loop.time()
        while self._asked:
            request_id, (due_s, answered) = next(iter(self._asked.items()))
            if due_s > now_s:
                self._sweep = self._loop.call_at(due_s, self._expire)
                return
            del self._asked[request_id]
            self._note_idle()
            answered(0, f"no answer within {ANSWER_S:g} s", None)


def _decoded(body: object) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(body, str) or not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
