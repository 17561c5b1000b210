"""Rules: what is named elsewhere exists."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.forms import (
    ExtensionDestination,
    ExternalDestination,
    MusicSound,
    PauseForReason,
    QueueDestination,
)
from engine.config.people import PresenceRules
from engine.config.places import KeyPath, Problem
from engine.config.rules.subject import Subject
from engine.config.words import did_you_mean
from engine.core.numbers import matches
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
            case _:
                pass


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
    """The music that waiting callers hear is a class of `settings.music`."""
    path = ("settings", "music")
    if not subject.complete or not subject.intact(path):
        return
    classes = subject.configuration.settings.music
    for number, queue in subject.configuration.queues.items():
        sound = queue.waiting_sound
        if isinstance(sound, MusicSound) and sound.music not in classes:
            yield subject.places.problem(
                ("queues", number, "waiting_sound", "music"),
                f"there is no music {sound.music}; settings.music has:"
                f" {', '.join(classes) or 'nothing'}",
            )
    parking = subject.configuration.settings.parking
    if parking is not None and parking.music not in classes:
        yield subject.places.problem(
            ("settings", "parking", "music"),
            f"there is no music {parking.music}; settings.music has:"
            f" {', '.join(classes) or 'nothing'}",
        )


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
    for name, route in subject.configuration.inbound_routes.items():
        for index, skill in enumerate(route.required_skills):
            if skill not in known:
                yield subject.places.warning(
                    ("inbound_routes", name, "required_skills", index),
                    f"no agent has the skill {skill}{did_you_mean(skill, known)}",
                )
