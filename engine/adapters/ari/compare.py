"""What exists in one Asterisk, from its own lists: pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from engine.adapters.ari.decode import EVENTS
from engine.adapters.ari.ears import is_twin, recording_of
from engine.adapters.ari.encode import filter_events, list_bridges, list_channels, read_info
from engine.adapters.ari.fields import Event, Nonsense, a_text, an_object, seen_channel
from engine.adapters.ari.requests import AriRequest
from engine.core.ids import (
    BRIDGE_PREFIX,
    MONITOR_BRIDGE_PREFIX,
    NodeId,
    is_ear,
    is_leg,
    is_own,
)
from engine.core.inputs import NodeConnected, SeenChannel

QUESTIONS: Final[tuple[tuple[str, AriRequest], ...]] = (
    ("application", filter_events(EVENTS)),
    ("info", read_info()),
    ("bridges", list_bridges()),
    ("channels", list_channels()),
)
"""What is asked after connecting, in this order.

The application before the channels: a caller who enters between the two is then missing here, and
announced by an event that is still to come. The other way round it would be told twice."""

_HERE: Final = ("Stasis", "AppDial2")
"""What a channel of ours is doing; the second until Stasis has one that we made."""


def picture(
    node: NodeId, answers: dict[str, Any], odd: Callable[[str, str], None]
) -> NodeConnected:
    """Returns what exists, from the answers to `QUESTIONS`.

    A single channel that makes no sense is left out and told to `odd` (kind, text).

    Raises:
        Nonsense: the lists themselves make none.
    """
    channels, bridges = answers["channels"], answers["bridges"]
    if type(channels) is not list or type(bridges) is not list:
        raise Nonsense("no list of channels or bridges")
    ours = set(_texts(_item(answers["application"]), "channel_ids"))
    bridge_of: dict[str, str] = {}
    own_bridges: list[str] = []
    for bridge in bridges:
        bridge_id = a_text(_item(bridge), "id")
        bridge_of.update(dict.fromkeys(_texts(bridge, "channels"), bridge_id))
        if bridge_id.startswith((BRIDGE_PREFIX, MONITOR_BRIDGE_PREFIX)):
            own_bridges.append(bridge_id)
    found: list[SeenChannel] = []
    for channel in channels:
        try:
            channel_id = a_text(_item(channel), "id")
            if channel_id in ours or _made_by_us(channel_id):
                away = channel_id in ours and _is_away(channel)
                found.append(seen_channel(channel, bridge_of.get(channel_id), away=away))
        except Nonsense as error:
            odd("channel", f"a channel that makes no sense: {error}")
    boot_id = _boot_id(answers.get("info"))
    return NodeConnected(node, tuple(found), tuple(own_bridges), boot_id)


def as_told(seen: NodeConnected) -> NodeConnected:
    """Returns what the core is told: a recording is one ear to it, not two."""
    firsts = {each.channel_id for each in seen.channels}
    channels = tuple(
        each
        for each in seen.channels
        if not is_twin(each.channel_id) or recording_of(each.channel_id) not in firsts
    )
    return dataclasses.replace(seen, channels=channels)


def _made_by_us(channel_id: str) -> bool:
    return is_leg(channel_id) or is_own(channel_id) or is_ear(channel_id)


def _is_away(channel: Event) -> bool:
    """Tells a call that the dialplan has: we are subscribed to it, and it is not in Stasis.

    Where Asterisk does not say what runs, it is not away: else a living caller would count as gone.
    """
    where = channel.get("dialplan")
    runs = where.get("app_name") if isinstance(where, dict) else None
    return isinstance(runs, str) and runs not in _HERE


def _item(value: object) -> Event:
    if type(value) is not dict:
        raise Nonsense("an item is not an object")
    return value


def _texts(parent: Event, key: str) -> list[str]:
    value = parent.get(key)
    if type(value) is not list or any(type(each) is not str for each in value):
        raise Nonsense(f"{key} is not a list of strings")
    return value


def _boot_id(info: object) -> str:
    """Returns what stays the same until Asterisk is restarted: when it was started."""
    if type(info) is not dict:
        return ""
    try:
        return a_text(an_object(info, "status"), "startup_time")
    except Nonsense:
        return ""
