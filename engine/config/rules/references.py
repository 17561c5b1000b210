"""Rules: what is named elsewhere exists."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.forms import (
    CallFlowDestination,
    ExtensionDestination,
    ExternalDestination,
    MenuDestination,
    MusicSound,
    PauseForReason,
    QueueDestination,
    RingGroupDestination,
    VoicemailDestination,
)
from engine.config.models import Configuration
from engine.config.people import PresenceRules
from engine.config.places import KeyPath, Problem
from engine.config.rules.subject import Subject
from engine.config.words import did_you_mean
from engine.core.model.numbers import matches
from engine.core.policy import Presence


def agents(subject: Subject) -> Iterator[Problem]:
    """An agent works on an extension, whose number is the agent's."""
    for number in subject.configuration.agents:
        yield from subject.absent("extensions", number, ("agents", number), "extension")


def members(subject: Subject) -> Iterator[Problem]:
    """A queue's members are agents."""
    for number, queue in subject.configuration.queues.items():
        for index, member in enumerate(queue.members):
            path = ("queues", number, "members", index, "agent")
            yield from subject.absent("agents", member.agent, path, "agent")


def destinations(subject: Subject) -> Iterator[Problem]:
    """Destinations lead somewhere; an outbound route fits the number that is sent to it."""
    for path, destination in subject.destinations():
        match destination:
            case ExtensionDestination(extension=number):
                where = (*path, "extension")
                yield from subject.absent("extensions", number, where, "extension")
            case QueueDestination(queue=number):
                yield from subject.absent("queues", number, (*path, "queue"), "queue")
            case ExternalDestination(external=external):
                where = (*path, "external", "route")
                yield from subject.absent(
                    "outbound_routes", external.route, where, "outbound route"
                )
                route = subject.configuration.outbound_routes.get(external.route)
                if route is not None and not matches(route.pattern, external.number):
                    yield subject.places.problem(
                        (*path, "external", "number"),
                        f"does not fit the pattern {route.pattern} of outbound route"
                        f" {external.route}",
                    )
            case MenuDestination(menu=name):
                yield from subject.absent("menus", name, (*path, "menu"), "menu")
            case RingGroupDestination(ring_group=name):
                where = (*path, "ring_group")
                yield from subject.absent("ring_groups", name, where, "ring group")
            case CallFlowDestination(call_flow=name):
                yield from subject.absent("call_flows", name, (*path, "call_flow"), "call flow")
            case VoicemailDestination(voicemail=box):
                yield from _no_box(subject, box, (*path, "voicemail"))
            case _:
                pass


def _no_box(subject: Subject, box: str, path: KeyPath) -> Iterator[Problem]:
    made = subject.configuration
    if not subject.complete or not subject.intact(("voicemail_groups",)):
        return
    groups = [each.number for each in made.voicemail_groups.values()]
    if box in groups:
        return
    extension = made.extensions.get(box)
    if extension is not None:
        if subject.intact(("extensions", box)) and extension.voicemail is None:
            yield subject.places.problem(
                path, f"extension {box} has no voicemail box: add voicemail to it"
            )
    elif box not in (subject.written.names("extensions") or ()):
        boxes = [number for number, each in made.extensions.items() if each.voicemail is not None]
        guess = did_you_mean(box, [*boxes, *groups])
        yield subject.places.problem(
            path,
            f"there is no voicemail box {box}"
            + (guess or ": it is an extension with voicemail, or the number of a voicemail group"),
        )


def ring_group_members(subject: Subject) -> Iterator[Problem]:
    """A ring group's members have extensions."""
    for name, group in subject.configuration.ring_groups.items():
        for index, member in enumerate(group.members):
            path = ("ring_groups", name, "members", index)
            yield from subject.absent("extensions", member, path, "extension")


def callback_routes(subject: Subject) -> Iterator[Problem]:
    """Callbacks leave by outbound routes that are there."""
    for number, queue in subject.configuration.queues.items():
        for index, route in enumerate(queue.callback.outbound_routes if queue.callback else ()):
            path = ("queues", number, "callback", "outbound_routes", index)
            yield from subject.absent("outbound_routes", route, path, "outbound route")


def trunks(subject: Subject) -> Iterator[Problem]:
    """Routes name trunks that are there."""
    for name, inbound in subject.configuration.inbound_routes.items():
        if inbound.trunk is not None:
            path = ("inbound_routes", name, "trunk")
            yield from subject.absent("trunks", inbound.trunk, path, "trunk")
    for name, outbound in subject.configuration.outbound_routes.items():
        path = ("outbound_routes", name, "trunk")
        yield from subject.absent("trunks", outbound.trunk, path, "trunk")


def outbound_rights(subject: Subject) -> Iterator[Problem]:
    """Extensions have rights to outbound routes that are there."""
    for number, extension in subject.configuration.extensions.items():
        for index, route in enumerate(extension.outbound_routes):
            path = ("extensions", number, "outbound_routes", index)
            yield from subject.absent("outbound_routes", route, path, "outbound route")


def music(subject: Subject) -> Iterator[Problem]:
    """The music that callers hear is a class of `settings.music`."""
    path = ("settings", "music")
    if not subject.complete or not subject.intact(path):
        return
    classes = subject.configuration.settings.music
    for where, music_class in _music_named(subject.configuration):
        if music_class not in classes:
            yield subject.places.problem(
                where,
                f"there is no music {music_class}; settings.music has:"
                f" {', '.join(classes) or 'nothing'}",
            )


def _music_named(made: Configuration) -> Iterator[tuple[KeyPath, str]]:
    for number, queue in made.queues.items():
        if isinstance(queue.waiting_sound, MusicSound):
            yield ("queues", number, "waiting_sound", "music"), queue.waiting_sound.music
        if queue.hold_music is not None:
            yield ("queues", number, "hold_music"), queue.hold_music
    if made.settings.parking is not None:
        yield ("settings", "parking", "music"), made.settings.parking.music


def managers(subject: Subject) -> Iterator[Problem]:
    """A queue's managers have extensions."""
    for number, queue in subject.configuration.queues.items():
        for index, manager in enumerate(queue.managers):
            path = ("queues", number, "managers", index)
            yield from subject.absent("extensions", manager, path, "extension")


def presence_reasons(subject: Subject) -> Iterator[Problem]:
    """A presence pauses for a reason that there is."""
    settings = subject.configuration.settings
    rules: list[tuple[KeyPath, PresenceRules]] = [
        (("settings", "presence_rules"), settings.presence_rules)
    ]
    for number, agent in subject.configuration.agents.items():
        if agent.presence_rules is not None:
            rules.append((("agents", number, "presence_rules"), agent.presence_rules))
    for path, each in rules:
        for presence in Presence:
            does = getattr(each, presence.value)
            if isinstance(does, PauseForReason):
                where = (*path, presence.value, "pause_all")
                yield from subject.absent("pause_reasons", does.pause_all, where, "pause reason")


def skills(subject: Subject) -> Iterator[Problem]:
    """A skill that is required is somebody's; else the calls wait in vain, which is worth a warning."""
    if not subject.complete or not subject.intact(("agents",)):
        return
    known = {skill for agent in subject.configuration.agents.values() for skill in agent.skills}
    asked: list[tuple[KeyPath, tuple[str, ...]]] = [
        (("inbound_routes", name), route.required_skills)
        for name, route in subject.configuration.inbound_routes.items()
    ]
    asked += [
        (("menus", name, "keys", key), does.required_skills or ())
        for name, menu in subject.configuration.menus.items()
        for key, does in menu.keys.items()
    ]
    for path, required in asked:
        for index, skill in enumerate(required):
            if skill not in known:
                yield subject.places.warning(
                    (*path, "required_skills", index),
                    f"no agent has the skill {skill}{did_you_mean(skill, known)}",
                )
