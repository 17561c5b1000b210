"""What the rules look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.config.forms import Destination
from engine.config.lookup import Places, find
from engine.config.models import Configuration
from engine.config.places import KeyPath, Problem
from engine.config.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Subject:
    """A configuration, of which parts with problems of their own may have been cut out.

    Attributes:
        configuration: what is well-formed.
        places: where that was written.
        written: the places of everything, well-formed or not.
        complete: every file could be read, so that what is not there really is not.
    """

    configuration: Configuration
    places: Places
    written: Places
    complete: bool

    def intact(self, path: KeyPath) -> bool:
        """Tells whether nothing was cut out of what was written at this path."""
        kept = find(self.places.root, path)
        # Items before it may have been cut out of a list, so that its index was another.
        written = find(self.written.root, (*kept.path, *path[len(kept.steps) :]))
        if kept.path != written.path:
            return False
        return kept.node is written.node or kept.steps != path

    def absent(self, section: str, name: str, path: KeyPath, what: str) -> Iterator[Problem]:
        """Yields a problem if a name is in no entry, not even an ill-formed one, of a section.

        Args:
            section: the section's key, such as `queues`.
            name: the key that is asked for.
            path: where it is asked for.
            what: what the thing is called.
        """
        names = self.written.names(section)
        if not self.complete or names is None or name in names:
            return
        guess = did_you_mean(name, names) or f": add it to {section}"
        yield self.places.problem(path, f"there is no {what} {name}{guess}")

    def destinations(self) -> Iterator[tuple[KeyPath, Destination]]:
        """Yields every place where a destination is asked for, with what is said there."""
        for number, queue in self.configuration.queues.items():
            yield ("queues", number, "failure"), queue.failure
            for key, destination in queue.key_events.items():
                yield ("queues", number, "key_events", key), destination
            if queue.hours is not None:
                path: KeyPath = ("queues", number, "hours")
                yield (*path, "closed"), queue.hours.closed
                if queue.hours.holiday is not None:
                    yield (*path, "holiday"), queue.hours.holiday
        for name, route in self.configuration.inbound_routes.items():
            yield ("inbound_routes", name, "destination"), route.destination
        for name, menu in self.configuration.menus.items():
            for key, does in menu.keys.items():
                yield ("menus", name, "keys", key, "destination"), does.destination
            yield ("menus", name, "wrong"), menu.wrong
            yield ("menus", name, "silence"), menu.silence
        for name, group in self.configuration.ring_groups.items():
            yield ("ring_groups", name, "failure"), group.failure
        for name, flow in self.configuration.call_flows.items():
            yield ("call_flows", name, "too_long"), flow.too_long
