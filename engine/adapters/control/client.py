"""The other side of the control socket: one request, one answer, blocking."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Final

TIMEOUT_S: Final = 10.0

READ_BYTES: Final = 65_536


class ControlAway(Exception):
    """The engine does not answer at that socket; the message says what to do."""


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Returns the engine's answer to a request (`wire`).

    Raises:
        ControlAway: nobody answers there.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
            made.settimeout(TIMEOUT_S)
            made.connect(str(path))
            made.sendall(json.dumps(request).encode() + b"\n")
            line = _read_line(made)
    except FileNotFoundError:
        raise ControlAway(
            f"{path} does not exist: is the engine running, with settings.control_socket: true?"
        ) from None
    except ConnectionRefusedError:
        raise ControlAway(f"{path}: nobody listens there; the engine is not running") from None
    except OSError as error:
        raise ControlAway(f"{path}: {error.strerror or error}") from None
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ControlAway(f"{path}: the engine hung up in the middle of its answer")
    return answer


def _read_line(made: socket.socket) -> bytes:
    parts: list[bytes] = []
    while not (parts and parts[-1].endswith(b"\n")):
        part = made.recv(READ_BYTES)
        if not part:
            break
        parts.append(part)
    return b"".join(parts)
