"""Rules: what a queue says of its members and options makes sense together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.config.places import Key, KeyPath, Problem
from engine.config.rules.subject import Subject
from engine.core.policy import Strategy

_NOT_SKILL_BASED: Final = (
    "ignored: this queue is not skill_based; add skill_based: true or remove it"
)


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
        if subject.places.has((*path, "progressive_step_s")):
            yield from _only_with(subject, number, Strategy.PROGRESSIVE, "progressive_step_s")
        if not queue.skill_based and queue.skill_steps:
            yield subject.places.warning((*path, "skill_steps"), _NOT_SKILL_BASED)
        for index, member in enumerate(queue.members):
            if member.skill_level != 1 and not queue.skill_based:
                yield subject.places.warning(
                    (*path, "members", index, "skill_level"), _NOT_SKILL_BASED
                )
            if member.share != 1:
                yield from _only_with(subject, number, Strategy.WEIGHTED, "members", index, "share")


def _only_with(subject: Subject, number: str, strategy: Strategy, *path: Key) -> Iterator[Problem]:
    queue = subject.configuration.queues[number]
    if queue.strategy is not strategy:
        yield subject.places.warning(
            ("queues", number, *path),
            f"ignored: the strategy is {queue.strategy}; use strategy: {strategy} or remove it",
        )


def skill_steps(subject: Subject) -> Iterator[Problem]:
    """Steps begin at once, follow each other, and open further levels until everybody may be rung."""
    for number, queue in subject.configuration.queues.items():
        path: KeyPath = ("queues", number, "skill_steps")
        if not queue.skill_steps or not subject.intact(("queues", number)):
            continue
        if queue.skill_steps[0].after_s:
            yield subject.places.problem(
                (*path, 0, "after_s"), "must be 0 in the first step: say who is rung at first"
            )
        for index in range(1, len(queue.skill_steps)):
            before, step = queue.skill_steps[index - 1 : index + 1]
            for key in ("after_s", "max_level"):
                least = getattr(before, key)
                if getattr(step, key) <= least:
                    yield subject.places.problem(
                        (*path, index, key), f"must be more than in the step before, {least:g}"
                    )
        last = queue.skill_steps[-1].max_level
        left_out = [each.agent for each in queue.members if each.skill_level > last]
        if left_out and queue.skill_based:
            yield subject.places.warning(
                (*path, len(queue.skill_steps) - 1, "max_level"),
                f"agents beyond level {last} are never rung: {', '.join(left_out)}",
            )


def wrapup_extension(subject: Subject) -> Iterator[Problem]:
    """There is a wrap-up to extend, and room for one extension at least."""
    for number, queue in subject.configuration.queues.items():
        path = ("queues", number)
        most = queue.wrapup_extend_max_s
        if not subject.intact(path):
            continue
        if most is not None and most < queue.wrapup_extend_s:
            yield subject.places.problem(
                (*path, "wrapup_extend_max_s"),
                f"must be wrapup_extend_s, {queue.wrapup_extend_s:g}, or more",
            )
        elif most and not queue.wrapup_extend_s:
            yield subject.places.warning(
                (*path, "wrapup_extend_max_s"), "ignored: wrapup_extend_s is 0"
            )
        if queue.wrapup_extend_s and not queue.wrapup_s:
            yield subject.places.warning(
                (*path, "wrapup_extend_s"), "ignored: without wrapup_s there is nothing to extend"
            )
