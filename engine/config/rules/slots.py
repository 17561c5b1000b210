"""Rule: a parking slot's number is nobody else's.

Only phones in the house can dial a slot, so inbound routes do not meet them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.config.places import Problem
from engine.config.rules.subject import Subject
from engine.core.model.numbers import matches

SLOTS_MAX: Final = 1000
_PATH: Final = ("settings", "parking")


def slots(subject: Subject) -> Iterator[Problem]:
    """The slots are a range without extensions and queues, and hide no number outside."""
    made = subject.configuration
    parking = made.settings.parking
    if parking is None or not subject.intact(_PATH):
        return
    first, last = int(parking.first), int(parking.last)
    if last < first:
        yield subject.places.problem((*_PATH, "last"), f"must be {first} (first) or more")
        return
    if last - first >= SLOTS_MAX:
        yield subject.places.problem((*_PATH, "last"), f"more than {SLOTS_MAX} slots")
        return
    numbers = [str(each) for each in range(first, last + 1)]
    for section, what in (("extensions", "an extension's"), ("queues", "a queue's")):
        taken = subject.written.names(section) or ()
        for number in numbers:
            if number in taken:
                where = subject.written.line_of((section, number))
                yield subject.places.problem(
                    (*_PATH, "first"),
                    f"slot {number} of {first} to {last} is {what} number, in {where}: choose"
                    " other slots",
                )
    for name, route in made.outbound_routes.items():
        # A pattern with an open end takes nearly anything; one of a fixed length means numbers.
        if route.pattern[-1] in ".!":
            continue
        hidden = next((each for each in numbers if matches(route.pattern, each)), None)
        if hidden is not None:
            yield subject.places.warning(
                ("outbound_routes", name, "pattern"),
                f"{hidden} is a parking slot, so it cannot be called through this route",
            )
