"""Rules: what a queue says of its members and options makes sense together."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.places import Problem
from engine.config.rules.subject import Subject
from engine.core.policy import Strategy


def members_once(subject: Subject) -> Iterator[Problem]:
    """An agent is a member of a queue once."""
    for number, queue in subject.configuration.queues.items():
        first: dict[str, int] = {}
        for index, member in enumerate(queue.members):
            path = ("queues", number, "members", index, "agent")
            before = first.setdefault(member.agent, index)
            if before != index:
                where = subject.places.line_of((*path[:3], before))
                yield subject.places.problem(path, f"is already a member: {where}")


def without_effect(subject: Subject) -> Iterator[Problem]:
    """Options that do nothing here are worth a warning (row Q-06: no auto-pause with ring-all)."""
    for number, queue in subject.configuration.queues.items():
        path = ("queues", number)
        if not subject.intact(path):
            continue
        if queue.autopause_after and queue.strategy is Strategy.RING_ALL:
            yield subject.places.warning(
                (*path, "autopause_after"),
                "ignored: with ring_all nobody misses a call alone; use another strategy or remove it",
            )
        if not queue.members:
            yield subject.places.warning(path, "has no members, so nobody answers its calls")
        if queue.skill_based:
            continue
        for index, member in enumerate(queue.members):
            if member.skill_level != 1:
                yield subject.places.warning(
                    (*path, "members", index, "skill_level"),
                    "ignored: this queue is not skill_based; add skill_based: true or remove it",
                )
