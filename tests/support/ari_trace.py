"""Recorded conversations between the ARI adapter and a real Asterisk, and their replay.

A trace is JSON lines, in the order in which things happened in one connection:

    {"in": message}        Asterisk said this
    {"command": command}   the core said this
    {"out": message}       so the adapter wrote this
    {"posted": input}      and told the core this
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import WSMessage, WSMsgType

import engine.adapters.ari.session as session_module
from engine.adapters.ari.counters import Counters
from engine.adapters.ari.lamps import AriLamps
from engine.adapters.ari.prompts import Prompts
from engine.adapters.ari.session import Session
from engine.core import codec
from engine.core.commands import Command
from engine.core.ids import NodeId
from engine.core.inputs import Input

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "ari"
NODE = NodeId("lab")
NO_MACHINE = "00:00:00:00:00:00"
Line = dict[str, Any]


class Recorder:
    """Notes what goes through every session while it is the context."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def __enter__(self) -> Recorder:
        self._write, self._read = session_module.write_now, Session._read
        self._send, lines = Session.send, self.lines

        def write(socket: Any, text: str) -> None:
            lines.append({"out": json.loads(text)})
            self._write(socket, text)

        def read(session: Session, text: str) -> None:
            lines.append({"in": json.loads(text)})
            self._read(session, text)

        def send(session: Session, command: Command) -> None:
            lines.append({"command": codec.encode(command)})
            self._send(session, command)

        session_module.write_now = write
        Session._read, Session.send = read, send
        return self

    def __exit__(self, *_: object) -> None:
        session_module.write_now = self._write
        Session._read, Session.send = self._read, self._send

    def posted(self, happened: Input) -> None:
        """Notes an input; call it first in `post`."""
        self.lines.append({"posted": codec.encode(happened)})

    def write(self, flow: str) -> None:
        """Writes the trace."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        for line in self.lines:
            came = line.get("in", {})
            if "asterisk_id" in came:  # It names the machine, as an address of its network card.
                body = came.get("message_body")
                if body is not None:
                    came["message_body"] = body.replace(came["asterisk_id"], NO_MACHINE)
                came["asterisk_id"] = NO_MACHINE
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self.lines)
        (FOLDER / f"{flow}.jsonl").write_text(text, encoding="utf-8")


def read_trace(path: Path) -> list[Line]:
    """Reads one."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class ReplaySocket:
    """Gives what Asterisk said, and between that says what the core said."""

    close_code = 1000

    def __init__(self, lines: Iterable[Line], session: list[Session]) -> None:
        self._lines = iter(lines)
        self._session = session
        self.done: list[Line] = []
        """What the adapter did, in the form of the trace."""

    async def send_str(self, text: str) -> None:
        self.done.append({"out": json.loads(text)})

    def post(self, happened: Input) -> None:
        self.done.append({"posted": codec.encode(happened)})

    def __aiter__(self) -> ReplaySocket:
        return self

    async def __anext__(self) -> WSMessage:
        for line in self._lines:
            if "in" in line:
                self.done.append(line)
                return WSMessage(WSMsgType.TEXT, json.dumps(line["in"]), None)
            if "command" in line:
                self.done.append(line)
                self._session[0].send(codec.decode(Command, line["command"]))
        raise StopAsyncIteration


async def replay(lines: list[Line]) -> tuple[list[Line], Counters]:
    """Returns what the adapter does today in that conversation, and its counters."""
    sessions: list[Session] = []
    socket = ReplaySocket(lines, sessions)
    counters = Counters(NODE)
    sessions.append(
        Session(NODE, socket, socket.post, Prompts(), counters, AriLamps(NODE))  # type: ignore[arg-type]
    )
    await sessions[0].live()
    done = list(socket.done)
    sessions[0].end()
    return done, counters
