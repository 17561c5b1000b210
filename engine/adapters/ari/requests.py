"""ARI's REST requests, and the frames that carry them over the websocket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

APPLICATION: Final = "usher"
"""The Stasis application; the dialplan hands calls to it by this name."""

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
CONFLICT: Final = 409
PRECONDITION_FAILED: Final = 412
UNPROCESSABLE: Final = 422


class Unspeakable(Exception):
    """A command that cannot be said in ARI; the text says why. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class AriRequest:
    """One REST request. `tolerated` are statuses that are as good as success for it."""

    method: str
    uri: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    tolerated: tuple[int, ...] = ()


def frame(request_id: str, request: AriRequest) -> str:
    """Returns the websocket text that carries a request."""
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
    return json.dumps(message)


def quoted(name: str) -> str:
    """Returns a name as one part of an address."""
    return quote(name, safe="")


def channel_uri(channel_id: str, rest: str = "") -> str:
    """Returns the address of a channel, or of what belongs to it."""
    return f"channels/{quoted(channel_id)}{rest}"


def bridge_uri(bridge_id: str, rest: str = "") -> str:
    """Returns the address of a bridge, or of what belongs to it."""
    return f"bridges/{quoted(bridge_id)}{rest}"
