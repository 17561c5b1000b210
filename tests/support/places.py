"""Menus, groups, boxes and flows in tests of the core: a house that has some of each."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine.core.commands import PlayPrompt, RingPhone
from engine.core.facts import CallRouted, RouteReason
from engine.core.ids import CallId, LegId
from engine.core.inputs import PlaybackEnded, PolicyApplied
from engine.core.model.call import Call, CallState
from engine.core.places import CallFlow, Destination, Menu, MenuKey, RingGroup, VoicemailBox
from engine.core.policy import InboundRoute, QueuePolicy
from tests.support.centre import Centre

MENU = ("sound:menu",)


def menu(name: str, *keys: MenuKey, **options: Any) -> Menu:
    """A menu that says what it is."""
    options.setdefault("media", MENU)
    return Menu(name, keys=keys, **options)


def house(
    *queues: QueuePolicy,
    menus: tuple[Menu, ...] = (),
    groups: tuple[RingGroup, ...] = (),
    dials: dict[str, Destination] | None = None,
    **settings: Any,
) -> Centre:
    """A centre with these places; `dials` says what its numbers lead to.

    Flow "shop" and the boxes 1001, 1002 and 8000 (a group's: 1001, 1003) are always there.
    """
    centre = Centre(*queues, **settings)
    furnish(centre, menus=menus, groups=groups, dials=dials)
    return centre


def furnish(
    centre: Centre,
    *,
    menus: tuple[Menu, ...] = (),
    groups: tuple[RingGroup, ...] = (),
    dials: dict[str, Destination] | None = None,
) -> None:
    """Reloads with these places instead of those before."""
    routes = tuple(InboundRoute(f"r{n}", n, to) for n, to in (dials or {}).items())
    voiced = ("1001", "1002")
    centre.policy = dataclasses.replace(
        centre.policy,
        menus=menus,
        ring_groups=groups,
        call_flows=(CallFlow("shop", "shop-context", "start"),),
        voicemail_boxes=(VoicemailBox("8000", ("1001", "1003")),),
        extensions=tuple(
            dataclasses.replace(each, voicemail=each.number in voiced)
            for each in centre.policy.extensions
        ),
        inbound_routes=routes
        + tuple(r for r in centre.policy.inbound_routes if not r.name.startswith("r")),
    )
    centre.give(PolicyApplied(centre.policy))


def call_of(centre: Centre, call_id: CallId) -> Call:
    """The call, as the core knows it."""
    return centre.core.state.calls[call_id]


def is_in(centre: Centre, call_id: CallId, state: CallState) -> bool:
    """Tells where the call is."""
    return call_of(centre, call_id).state is state


def heard(centre: Centre) -> list[tuple[str, ...]]:
    """What callers were told to hear so far, in order."""
    return [each.media for each in centre.of(PlayPrompt)]


def prompt_ends(centre: Centre, call_id: CallId, *, ok: bool = True) -> None:
    """The prompt that plays to this caller is over."""
    playback_id = call_of(centre, call_id).playback_id
    assert playback_id is not None
    centre.give(PlaybackEnded(playback_id, ok))


def routes(centre: Centre) -> list[tuple[str, str, RouteReason, str]]:
    """Where calls were sent so far: from, to, why, key."""
    return [(each.from_place, each.to, each.why, each.key) for each in centre.of(CallRouted)]


def rung_legs(centre: Centre) -> dict[str, LegId]:
    """Phones that ring: endpoint -> leg; the last where there are several."""
    told = {each.leg_id for each in centre.of(RingPhone)}
    legs = centre.core.state.legs.values()
    return {leg.endpoint: leg.leg_id for leg in legs if leg.rings and leg.leg_id in told}
