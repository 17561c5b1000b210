"""Rules: menus can be used, ring groups ring, and nobody is sent on for ever (row Q-03).

A menu may send callers back to itself: Usher ends a call that was sent on too often. What is an error
is a menu out of which no key, and no silence, ever leads to a person or to an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.forms import (
    CallFlowDestination,
    Destination,
    MenuDestination,
    QueueDestination,
    RingGroupDestination,
)
from engine.config.models import Configuration
from engine.config.places import Problem
from engine.config.queue import Queue
from engine.config.rules.subject import Subject

Spot = tuple[str, str]
"""A place on a caller's way: a section and an entry of it."""


def choices(subject: Subject) -> Iterator[Problem]:
    """A menu offers something."""
    for name, menu in subject.configuration.menus.items():
        path = ("menus", name)
        if subject.intact(path) and not menu.keys and not menu.direct_dial:
            yield subject.places.problem(
                path, "nobody can choose anything: add keys, or direct_dial: true"
            )


def groups(subject: Subject) -> Iterator[Problem]:
    """A group has members, each once."""
    for name, group in subject.configuration.ring_groups.items():
        path = ("ring_groups", name, "members")
        if not subject.intact(path):
            continue
        if not group.members:
            yield subject.places.problem(path, "rings nobody: name at least one extension")
        for index, member in enumerate(group.members):
            if member in group.members[:index]:
                yield subject.places.problem(
                    (*path, index), f"{member} is a member of this group already"
                )


def group_circles(subject: Subject) -> Iterator[Problem]:
    """Groups that send to each other ring until Usher ends the call, which is worth a warning."""
    on = {
        name: group.failure.ring_group
        for name, group in subject.configuration.ring_groups.items()
        if isinstance(group.failure, RingGroupDestination)
    }
    for name, way in _circles(on):
        yield subject.places.warning(
            ("ring_groups", name, "failure"),
            f"rings on in a circle ({way}) until Usher ends the call; end it elsewhere, for"
            " example in voicemail",
        )


def flow_circles(subject: Subject) -> Iterator[Problem]:
    """Call flows that send to each other who is there too long are worth the same warning."""
    on = {
        name: flow.too_long.call_flow
        for name, flow in subject.configuration.call_flows.items()
        if flow.limit_s is not None and isinstance(flow.too_long, CallFlowDestination)
    }
    for name, way in _circles(on):
        yield subject.places.warning(
            ("call_flows", name, "too_long"),
            f"sends calls in a circle ({way}) until Usher ends them; end it elsewhere, for example in"
            " voicemail",
        )


def _circles(on: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields a name on each circle, and the way round. From each name goes one way on at most."""
    done: set[str] = set()
    for start in on:
        walk: list[str] = []
        name: str | None = start
        while name is not None and name not in done:
            done.add(name)
            walk.append(name)
            name = on.get(name)
        if name in walk:
            yield name, " -> ".join([*walk[walk.index(name) :], name])


def dead_ends(subject: Subject) -> Iterator[Problem]:
    """Out of every menu there is a way to a person, or to an end."""
    made = subject.configuration
    if not subject.complete:
        return
    arriving = _arriving(subject)
    for name in made.menus:
        spot = ("menus", name)
        if spot not in arriving and made.menus[name].keys and subject.intact(spot):
            yield subject.places.problem(
                spot,
                "callers come to nobody and to no end, whatever they press: every way leads back to"
                " menus, or to queues without members",
            )


def _arriving(subject: Subject) -> set[Spot]:
    """Returns the spots from which a caller can come to a person or to an end."""
    made = subject.configuration
    ways = {spot: list(_ways_on(made, spot)) for spot in _spots(made)}
    arriving = {spot for spot in ways if _is_end(subject, spot)}
    while True:
        more = {
            spot
            for spot, on in ways.items()
            if spot not in arriving
            and any(way is None or way in arriving or way not in ways for way in on)
        }
        if not more:
            return arriving
        arriving |= more


def _spots(made: Configuration) -> Iterator[Spot]:
    yield from (("menus", name) for name in made.menus)
    yield from (("queues", number) for number in made.queues)


def _is_end(subject: Subject, spot: Spot) -> bool:
    """Tells whether there is somebody here, or a caller stays. What is ill-formed may well be."""
    section, name = spot
    if not subject.intact(spot):
        return True
    if section == "menus":
        return subject.configuration.menus[name].direct_dial
    queue = subject.configuration.queues[name]
    return bool(queue.members) or not _can_fail(queue)


def _can_fail(queue: Queue) -> bool:
    refuses = queue.empty.refuse is not None or queue.empty.leave is not None
    return bool(queue.max_wait_s or queue.max_waiting) or refuses


def _ways_on(made: Configuration, spot: Spot) -> Iterator[Spot | None]:
    """Yields where callers can go from here; None is neither a menu nor a queue."""
    section, name = spot
    if section == "menus":
        menu = made.menus[name]
        destinations = [menu.wrong, menu.silence]
        destinations += [each.destination for each in menu.keys.values()]
    else:
        queue = made.queues[name]
        destinations = [queue.failure, *queue.key_events.values()]
        if queue.hours is not None:
            destinations += [queue.hours.closed, queue.hours.holiday or queue.hours.closed]
    yield from map(_spot_of, destinations)


def _spot_of(destination: Destination) -> Spot | None:
    match destination:
        case MenuDestination(menu=name):
            return ("menus", name)
        case QueueDestination(queue=number):
            return ("queues", number)
        case _:
            return None
