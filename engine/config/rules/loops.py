"""Rule: failure destinations do not send callers round in circles.

A loop of queues can be wanted: a caller waits a minute here, then a minute there, then here again,
until somebody answers. It is an error where nothing on the way depends on anything:

* a queue that fails to itself;
* every queue of the loop has `max_waiting`: when all are full, a call goes round without waiting;
* every queue of the loop has no members, and is left by a limit: nobody can ever answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.forms import QueueDestination
from engine.config.places import Problem
from engine.config.queue import Queue
from engine.config.rules.subject import Subject


def failure_loops(subject: Subject) -> Iterator[Problem]:
    """Yields each loop once, at the failure destination of its first queue."""
    queues = subject.configuration.queues
    for loop in _loops(queues):
        if not all(subject.intact(("queues", number)) for number in loop):
            continue
        why = _fault([queues[number] for number in loop])
        if why is not None:
            way = " -> ".join([*loop, loop[0]])
            yield subject.places.problem(
                ("queues", loop[0], "failure"), f"sends calls in a circle ({way}): {why}"
            )


def empty_loops(subject: Subject) -> Iterator[Problem]:
    """A circle of queues that can all refuse callers is worth a warning: nobody might wait anywhere.

    Usher ends a call that was sent on too often.
    """
    queues = subject.configuration.queues
    for loop in _loops(queues):
        made = [queues[number] for number in loop]
        if _fault(made) is not None or not all(subject.intact(("queues", each)) for each in loop):
            continue
        if all(queue.max_waiting or queue.empty.refuse for queue in made):
            way = " -> ".join([*loop, loop[0]])
            yield subject.places.warning(
                ("queues", loop[0], "failure"),
                f"sends calls in a circle ({way}) when all of these queues are empty or full at once,"
                " until Usher ends the call; end it elsewhere, for example in voicemail",
            )


def _loops(queues: Mapping[str, Queue]) -> Iterator[list[str]]:
    """Every queue has one failure destination, so a walk either ends or closes one loop."""
    done: set[str] = set()
    for start in queues:
        walk: list[str] = []
        number: str | None = start
        while number is not None and number not in done:
            done.add(number)
            walk.append(number)
            number = _next(queues, number)
        if number in walk:
            yield walk[walk.index(number) :]


def _next(queues: Mapping[str, Queue], number: str) -> str | None:
    failure = queues[number].failure
    if isinstance(failure, QueueDestination) and failure.queue in queues:
        return failure.queue
    return None


def _fault(loop: list[Queue]) -> str | None:
    if len(loop) == 1:
        return "choose another destination"
    if all(queue.max_waiting for queue in loop):
        return "when all are full nobody waits anywhere; end it elsewhere, or drop one max_waiting"
    limited = all(queue.max_waiting or queue.max_wait_s for queue in loop)
    if limited and not any(queue.members for queue in loop):
        return "none of them has members; end it elsewhere"
    return None
