"""Rules: what a queue does for its callers makes sense together (rows C-01, P-01 to P-12, Q-08)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.config.patterns import may_be_digits_after
from engine.config.places import KeyPath, Problem
from engine.config.queue import Queue
from engine.config.rules.subject import Subject
from engine.config.wait import Callback

NUMBER_DIGITS_MIN: Final = 5
"""The shortest number that a caller can register for a callback (C-02)."""


def _queues(subject: Subject, *part: str) -> Iterator[tuple[KeyPath, Queue]]:
    """Yields the queues of which nothing was cut out, with the path of a part of each."""
    for number, queue in subject.configuration.queues.items():
        if subject.intact(("queues", number)):
            yield ("queues", number, *part), queue


def announcements(subject: Subject) -> Iterator[Problem]:
    """Announcements that are never made are worth a warning, and so are intervals without any."""
    for path, queue in _queues(subject, "announcements"):
        said = queue.announcements
        if said.queue and not said.queue_every_s:
            yield subject.places.warning(
                (*path, "queue"), "never played: say how often, for example queue_every_s: 30"
            )
        if said.queue_every_s and not said.queue:
            yield subject.places.warning(
                (*path, "queue_every_s"), "ignored: queue has no prompt to play"
            )
        switches = {"position": said.position, "wait": said.wait, "thanks": said.thanks}
        for name, on in switches.items():
            if on and not said.progress_every_s:
                yield subject.places.warning(
                    (*path, name), "never told: say how often, for example progress_every_s: 60"
                )
        if said.progress_every_s and not any(switches.values()):
            yield subject.places.warning(
                (*path, "progress_every_s"),
                f"ignored: nothing to tell is on; there are: {', '.join(switches)}",
            )
        if said.join_first and not said.join:
            yield subject.places.warning((*path, "join_first"), "ignored: join has no prompt")


def callbacks(subject: Subject) -> Iterator[Problem]:
    """Callbacks can be asked for, by a key of their own, and before the wait ends (row C-01)."""
    for path, queue in _queues(subject, "callback"):
        callback = queue.callback
        if callback is None:
            continue
        if callback.key is None and not callback.offer_after_s:
            yield subject.places.problem(
                path, 'nobody can ask for one: add key: "2", or offer_after_s: 60, or both'
            )
        if callback.key in queue.key_events:
            where = subject.places.line_of((*path[:2], "key_events", str(callback.key)))
            yield subject.places.problem(
                (*path, "key"),
                f"the key {callback.key} is a key event already, in {where}: choose another",
            )
        if queue.max_wait_s and callback.offer_after_s > queue.max_wait_s:
            yield subject.places.problem(
                (*path, "offer_after_s"),
                f"must be max_wait_s, {queue.max_wait_s:g}, or less: nobody waits longer",
            )
        if callback.timeout_s is None and not queue.max_wait_s:
            yield subject.places.warning(
                path,
                "a callback that finds no agent is kept for ever: add timeout_s here, or max_wait_s"
                " to the queue",
            )
        if callback.attempts == 1 and subject.places.has((*path, "spacing_s")):
            yield subject.places.warning(
                (*path, "spacing_s"), "ignored: with attempts: 1 there is no pause between two"
            )


def callback_numbers(subject: Subject) -> Iterator[Problem]:
    """What callbacks dial fits an outbound route of theirs."""
    for path, queue in _queues(subject, "callback"):
        callback = queue.callback
        if callback is None or _some_fit(subject, callback):
            continue
        listed = ", ".join(
            f"{name} ({subject.configuration.outbound_routes[name].pattern})"
            for name in callback.outbound_routes
        )
        written = f"{callback.prefix} and then " if callback.prefix else ""
        yield subject.places.problem(
            (*path, "prefix"),
            f"a customer's number is dialled as {written}{NUMBER_DIGITS_MIN} or more digits, which"
            f" fits none of the outbound routes: {listed}; change prefix, or name another route",
        )


def _some_fit(subject: Subject, callback: Callback) -> bool:
    """Tells whether one of the routes can take a number; routes that are not known may well."""
    routes = subject.configuration.outbound_routes
    return any(
        name not in routes
        or not subject.intact(("outbound_routes", name))
        or may_be_digits_after(routes[name].pattern, callback.prefix, NUMBER_DIGITS_MIN)
        for name in callback.outbound_routes
    )


def surveys(subject: Subject) -> Iterator[Problem]:
    """A survey has keys to press."""
    for path, queue in _queues(subject, "survey"):
        if queue.survey is not None and not queue.survey.keys:
            yield subject.places.problem(
                (*path, "keys"), 'nobody can answer: add a key with its score, such as "1": 5'
            )
