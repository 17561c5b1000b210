"""Rules: rights are such as the role can have, and managers are named once (row S-01)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.places import Problem
from engine.config.rules.subject import Subject
from engine.core.agents.rights import GRANTABLE, Role


def grantable(subject: Subject) -> Iterator[Problem]:
    """Nobody is given a right that their role never has."""
    for number, queue in subject.configuration.queues.items():
        given = {Role.MANAGER: queue.rights.managers, Role.AGENT: queue.rights.agents}
        for role, rights in given.items():
            path = ("queues", number, "rights", f"{role.value}s")
            if not subject.places.has(path):
                continue
            for index, right in enumerate(rights):
                if right not in GRANTABLE[role]:
                    possible = ", ".join(GRANTABLE[role])
                    yield subject.places.problem(
                        (*path, index),
                        f"{role.value}s can never have {right}; they can have: {possible}",
                    )
                elif right in rights[:index]:
                    yield subject.places.problem((*path, index), f"{right} stands there already")


def managers_once(subject: Subject) -> Iterator[Problem]:
    """A manager is named once; rights for managers want managers."""
    for number, queue in subject.configuration.queues.items():
        path = ("queues", number)
        if not subject.intact(path):
            continue
        for index, manager in enumerate(queue.managers):
            if manager in queue.managers[:index]:
                yield subject.places.problem(
                    (*path, "managers", index), f"{manager} stands there already"
                )
        if subject.places.has((*path, "rights", "managers")) and not queue.managers:
            yield subject.places.warning(
                (*path, "rights", "managers"), "ignored: this queue has no managers"
            )
