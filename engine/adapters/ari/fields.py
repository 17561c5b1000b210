"""Fields of ARI's JSON, each checked where it is taken: what came is text from outside."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from engine.core.ids import EndpointName
from engine.core.inputs import SeenChannel

Event = dict[str, Any]

UP = "Up"

_CHANNEL_NAME = re.compile(r"[^/]+/(.+)-[0-9a-f]{8}\Z", re.DOTALL)
"""Technology/endpoint-serial; an endpoint's name may contain dashes itself."""

_BACK = re.compile(r"[^,]+,(?:back|lost),([0-9]{1,9})\Z")
"""What Stasis was given for a caller whom the dialplan gives back (dialplan/extensions.conf.j2)."""

_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
"""Asterisk passes a display name on as it stands between its quotes (RFC 3261, quoted-string)."""


class Nonsense(Exception):
    """Something that is not what Asterisk's API description says; the text names the place.

    It never has the value itself, which may be a caller's number.
    """


def an_object(parent: Event, key: str) -> Event:
    """Returns a field that must be an object. Raises `Nonsense`."""
    value = parent.get(key)
    if type(value) is not dict:
        raise Nonsense(f"{key} is not an object")
    return value


def a_text(parent: Event, key: str) -> str:
    """Returns a field that must be a string. Raises `Nonsense`."""
    value = parent.get(key)
    if type(value) is not str:
        raise Nonsense(f"{key} is not a string")
    # JSON can spell half a surrogate pair, which no file and no database takes.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def a_whole(parent: Event, key: str, missing: int) -> int:
    """Returns a field that must be a whole number where it is there. Raises `Nonsense`."""
    value = parent.get(key, missing)
    if type(value) is not int:
        raise Nonsense(f"{key} is not a whole number")
    return value


def a_time_ms(parent: Event, key: str) -> int:
    """Returns a field that must be a time, as epoch milliseconds. Raises `Nonsense`."""
    text = a_text(parent, key)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Nonsense(f"{key} is not a time") from None


def endpoint_of(channel: Event) -> str:
    """Returns whose channel it is: an endpoint's, or for an ear the channel that it hears.

    It is "" if the name does not say. Raises `Nonsense`.
    """
    name = _CHANNEL_NAME.match(a_text(channel, "name"))
    return name[1] if name else ""


def seen_channel(
    channel: Event, bridge_id: str | None = None, *, away: bool = False
) -> SeenChannel:
    """Returns what is known of a channel from its ARI object. Raises `Nonsense`."""
    endpoint = endpoint_of(channel)
    caller = an_object(channel, "caller")
    return SeenChannel(
        channel_id=a_text(channel, "id"),
        up=a_text(channel, "state") == UP,
        bridge_id=bridge_id,
        endpoint=EndpointName(endpoint),
        dialled=a_text(an_object(channel, "dialplan"), "exten"),
        caller_number=a_text(caller, "number"),
        caller_name=_QUOTED_PAIR.sub(r"\1", a_text(caller, "name")),
        created_ms=a_time_ms(channel, "creationtime"),
        away=away,
        trip=_trip_of(an_object(channel, "dialplan")),
    )


def _trip_of(dialplan: Event) -> int:
    """Returns from which trip a channel came back that is with us, by the arguments of its Stasis."""
    if dialplan.get("app_name") != "Stasis":
        return 0
    data = dialplan.get("app_data", "")  # Of a channel that dialled in; others may have none.
    back = _BACK.match(data) if isinstance(data, str) else None
    return 0 if back is None else int(back[1])
