"""Where calls go, from the admin's forms to the core's."""

from __future__ import annotations

from typing import assert_never

from engine.config.forms import (
    CallFlowDestination,
    Destination,
    ExtensionDestination,
    ExternalDestination,
    HangUpWithCause,
    MenuDestination,
    PlayDestination,
    QueueDestination,
    RingGroupDestination,
    VoicemailDestination,
)
from engine.config.menus import Menu, RingGroup
from engine.config.values import milliseconds
from engine.core import places
from engine.core.ids import QueueId


def to_destination(destination: Destination) -> places.Destination:  # noqa: PLR0911 - a table.
    """Returns the core's form of a destination."""
    match destination:
        case "hang_up":
            return places.HangUp()
        case HangUpWithCause(hang_up=cause):
            return places.HangUp(cause)
        case ExtensionDestination(extension=number):
            return places.ToExtension(number)
        case QueueDestination(queue=number):
            return places.ToQueue(QueueId(number))
        case ExternalDestination(external=external):
            return places.ToExternal(external.number, external.route)
        case PlayDestination(play=media):
            return places.PlayThenHangUp(media)
        case VoicemailDestination(voicemail=box):
            return places.ToVoicemail(box)
        case MenuDestination(menu=name):
            return places.ToMenu(name)
        case CallFlowDestination(call_flow=name):
            return places.ToCallFlow(name)
        case RingGroupDestination(ring_group=name):
            return places.ToRingGroup(name)
        case _:
            assert_never(destination)


def to_menu(name: str, menu: Menu) -> places.Menu:
    """Returns the core's form of a menu."""
    return places.Menu(
        name=name,
        media=menu.prompt,
        keys=tuple(
            places.MenuKey(
                key, to_destination(each.destination), each.priority, each.required_skills
            )
            for key, each in menu.keys.items()
        ),
        timeout_ms=milliseconds(menu.timeout_s),
        tries=menu.tries,
        wrong_media=menu.wrong_prompt,
        silence_media=menu.silence_prompt,
        wrong=to_destination(menu.wrong),
        silence=to_destination(menu.silence),
        direct_dial=menu.direct_dial,
        language=menu.language,
    )


def to_ring_group(name: str, group: RingGroup) -> places.RingGroup:
    """Returns the core's form of a ring group."""
    return places.RingGroup(
        name=name,
        members=group.members,
        strategy=group.strategy,
        ring_timeout_ms=milliseconds(group.ring_timeout_s),
        failure=to_destination(group.failure),
    )
