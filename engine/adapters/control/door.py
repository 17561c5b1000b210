"""The engine's side of the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from engine.adapters.control.wire import (
    AskAgent,
    AskCall,
    AskCallAgent,
    AskPresence,
    BadRequest,
    Request,
    ShowAgents,
    ShowCalls,
    parse,
)
from engine.app.ports import Thread
from engine.app.services import Done, NotAnswered, NotTaken, Outcome, Refused, Services
from engine.core.policy import PauseReason
from engine.core.refusals import UNKNOWN_REASON

log = logging.getLogger(__name__)

SOCKET_NAME: Final = "control.sock"

LINE_BYTES_MAX: Final = 65_536

VISITORS_MAX: Final = 32

Answer = dict[str, Any]


class ControlDoor:
    """Serves the socket as long as the engine runs.

    Nobody else works on the data directory (it is locked), so a socket that is there was left by the
    engine before, and nobody listens at it.
    """

    def __init__(self, path: Path, services: Services, thread: Thread) -> None:
        """Opens nothing yet; `thread` is for work on files."""
        self._path = path
        self._services = services
        self._thread = thread
        self._visitors: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serves until cancelled. A socket that cannot be made is an alarm and no reason to stop."""
        try:
            made = await self._thread.call(lambda: _listen(self._path))
        except OSError as error:
            log.critical(
                "no control socket, `usher ctl` will not work: %s: %s",
                self._path,
                error.strerror or error,
                extra={"alarm": "control_socket"},
            )
            await asyncio.Event().wait()
            return
        server = await asyncio.start_unix_server(self._serve, sock=made, limit=LINE_BYTES_MAX)
        log.info("control socket: %s", self._path)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for visitor in list(self._visitors):
                visitor.cancel()
            if self._visitors:
                await asyncio.wait(self._visitors)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visitors.add(task)
        try:
            if len(self._visitors) > VISITORS_MAX:
                await _tell(writer, _no("too many are talking here already; try again"))
            else:
                await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # The visitor left, or the engine stops: nobody waits for this task.
        except Exception:  # Border: a fault here must not stay unseen, nor stop the engine.
            log.exception("control socket")
        finally:
            self._visitors.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # Longer than the limit.
                await _tell(writer, _no(f"a request has at most {LINE_BYTES_MAX} bytes"))
                return
            if not line.endswith(b"\n"):
                return
            await _tell(writer, await self.answer(line))

    async def answer(self, line: bytes) -> Answer:
        """Returns the answer to one request."""
        try:
            return await self._act(parse(line))
        except (BadRequest, NotTaken, NotAnswered) as error:
            return _no(str(error))

    async def _act(self, request: Request) -> Answer:
        services = self._services
        match request:
            case ShowCalls():
                return {"ok": True, "calls": [asdict(each) for each in services.calls()]}
            case ShowAgents():
                return {"ok": True, "agents": [asdict(each) for each in services.agents()]}
            case AskCall(call_id, action, by, seen):
                if seen is None:
                    now = services.call(call_id)
                    seen = 0 if now is None else now.version
                return _told(await services.act(call_id, action, by=by, seen=seen))
            case AskCallAgent(agent_id, by):
                return _told(await services.call_agent(agent_id, by=by))
            case AskAgent(agent_id, change, queue_id, reason, by, seen):
                reason = _named(reason, services.pause_reasons())
                outcome = await services.change_agent(
                    agent_id, change, by=by, queue_id=queue_id, reason=reason, seen=seen
                )
                if isinstance(outcome, Refused) and outcome.why == UNKNOWN_REASON:
                    return _no(_unknown_reason(reason, services.pause_reasons()))
                return _told(outcome)
            case AskPresence(agent_id, presence, by, seen):
                return _told(await services.set_presence(agent_id, presence, by=by, seen=seen))


def _listen(path: Path) -> socket.socket:
    """Makes the socket; nobody else can have connected before it has its mode."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))  # Connecting fails until it listens.
        path.chmod(0o600)
    except OSError:
        made.close()
        raise
    return made


def _named(reason: str | None, reasons: Sequence[PauseReason]) -> str | None:
    """Returns the name of a reason that was given by its name or its code.

    A name counts before a code. What is neither stays as it is: the core refuses it, and the
    refusal is in the record.
    """
    if any(each.name == reason for each in reasons):
        return reason
    return next((each.name for each in reasons if each.code == reason), reason)


def _unknown_reason(reason: str | None, reasons: Sequence[PauseReason]) -> str:
    known = ", ".join(f"{each.code} {each.name}" for each in reasons) or "none is configured"
    return f"{UNKNOWN_REASON}: {reason!r} is neither the code nor the name of one ({known})"


def _told(outcome: Outcome) -> Answer:
    if isinstance(outcome, Done):
        return {
            "ok": True,
            "call": outcome.call_id,
            "agent": outcome.agent_id,
            "detail": outcome.detail,
        }
    return _no(outcome.why)


def _no(why: str) -> Answer:
    return {"ok": False, "why": why}


async def _tell(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
    await writer.drain()
