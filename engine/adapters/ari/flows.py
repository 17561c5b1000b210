"""Callers whom the dialplan has: how they are sent there and taken back, pure.

Facts about Asterisk 22 behind it (each tried):

* a channel that has left us by `continue` is not heard of again, unless we subscribed to it before.
  The subscription outlives the connection, and the application's list of channels has it;
* a context or extension that is not there ends the call. So the channel goes to a context of our own,
  `usher-away`, which looks first, and hands back (`LOST`) what cannot be sent on;
* a playback delays the leaving until it and all behind it are over, and music goes on in the
  dialplan: both are ended first;
* the subscription tells keys too: somebody's PIN for their voicemail. The decoder drops them.
"""

from __future__ import annotations

import re
from typing import Final

from engine.adapters.ari.requests import (
    APPLICATION,
    CONFLICT,
    NOT_FOUND,
    UNPROCESSABLE,
    AriRequest,
    Unspeakable,
    channel_uri,
)
from engine.core.commands import FetchCall, SendToDialplan

GATE: Final = ("usher-away", "go")
"""Context and extension of our dialplan (dialplan/extensions.conf.j2) that look where it goes."""

FETCH: Final = ("usher-fetch", "go")
"""Context and extension of our dialplan that take back the channel whose id `FETCH_VARIABLE` has, ..."""
FETCH_VARIABLE: Final = "USHER_FETCH"
FETCH_TRIP_VARIABLE: Final = "USHER_FETCH_TRIP"
"""... from this trip, and no other."""

LOST: Final = "lost"
"""First argument of a channel that comes back because there is nothing where it was sent."""

CONTEXT_VARIABLE: Final = "USHER_CONTEXT"
EXTENSION_VARIABLE: Final = "USHER_EXTEN"

_CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,79}\Z")
_EXTENSION = re.compile(r"[0-9A-Za-z*#+_.-]{1,79}\Z")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def send_to_dialplan(command: SendToDialplan) -> tuple[AriRequest, ...]:
    """Returns the requests that let the dialplan have a caller.

    Raises:
        Unspeakable: no dialplan has such a context or extension, or a variable is none.
    """
    if not _CONTEXT.match(command.context):
        raise Unspeakable(f"this is not a context's name: {command.context!r}")
    if not _EXTENSION.match(command.extension):
        raise Unspeakable("this is not an extension of a dialplan")
    for name, value in command.variables:
        if not _VARIABLE.match(name) or _CONTROL.search(value):
            raise Unspeakable(f"this cannot be a channel's variable: {name!r}")
    # Ours last, so that nobody's variable takes their place.
    where = ((CONTEXT_VARIABLE, command.context), (EXTENSION_VARIABLE, command.extension))
    context, extension = GATE
    onward = {"context": context, "extension": extension, "priority": "1"}
    return (
        _subscribe(command.call_id),
        *(_stop(command.call_id, what) for what in ("/moh", "/ring")),
        *(
            AriRequest(
                "POST",
                channel_uri(command.call_id, "/variable"),
                {"variable": name, "value": value},
            )
            for name, value in (*command.variables, *where)
        ),
        AriRequest("POST", channel_uri(command.call_id, "/continue"), onward),
    )


def fetch_call(command: FetchCall) -> tuple[AriRequest, ...]:
    """Returns the request that takes a caller back.

    A channel in the dialplan obeys no other; but another channel's dialplan may send it elsewhere. That
    is a Local channel, which ends at once, and is not our application's.
    """
    context, extension = FETCH
    query = {
        "endpoint": f"Local/{extension}@{context}/n",
        "context": context,
        "extension": "over",
        "priority": "1",
        "timeout": "5",
    }
    variables = {FETCH_VARIABLE: command.call_id, FETCH_TRIP_VARIABLE: str(command.trip)}
    return (AriRequest("POST", "channels", query, {"variables": variables}),)


def _subscribe(channel_id: str) -> AriRequest:
    uri = f"applications/{APPLICATION}/subscription"
    # A channel that is gone is 422 here and 404 in all that follows, which says it better.
    source = {"eventSource": f"channel:{channel_id}"}
    return AriRequest("POST", uri, source, tolerated=(UNPROCESSABLE,))


def _stop(channel_id: str, what: str) -> AriRequest:
    return AriRequest("DELETE", channel_uri(channel_id, what), tolerated=(NOT_FOUND, CONFLICT))
