"""Business hours (Q-04): whether a queue is open, from what the calendar and its managers said."""

from __future__ import annotations

from engine.core.facts import QueueHoursChanged
from engine.core.ids import QueueId
from engine.core.inputs import HoursChanged, PolicyApplied
from engine.core.waiting import HoursKind
from engine.sim.audit.books import Books, QueueBook


def kind_of(books: Books, queue: QueueBook) -> HoursKind:
    """Returns how a queue stands. A schedule of which nobody said anything is open."""
    queue_id, hours = queue.policy.queue_id, queue.policy.hours
    if queue_id in books.closed_by_hand:
        return HoursKind.CLOSED
    said = None if hours is None else books.hours.get(hours.schedule)
    if hours is None or said is None:
        return HoursKind.OPEN
    return said.usual if hours.ignore_holidays else said.kind


def is_closed(books: Books, queue: QueueBook) -> bool:
    """Tells whether callers are sent elsewhere."""
    return kind_of(books, queue) is not HoursKind.OPEN


def sends_away(books: Books, queue: QueueBook) -> bool:
    """Tells whether those are sent away, too, who wait already."""
    hours = queue.policy.hours
    return hours is not None and hours.leave_at_closing and is_closed(books, queue)


class HoursLaws:
    """Takes what the calendar says, and what is noted of it."""

    def __init__(self, books: Books) -> None:
        """Shares the books."""
        self._books = books
        self._told: dict[QueueId, HoursKind] = {}
        self.turned = False
        """In this step."""

    def applied(self, happened: PolicyApplied) -> None:
        """All schedules anew."""
        self._books.hours = {each.schedule: each for each in happened.hours}
        self.turned = True

    def changed(self, happened: HoursChanged) -> None:
        """Some schedules turned."""
        self._books.hours.update({each.schedule: each for each in happened.hours})
        self.turned = True

    def noted(self, fact: QueueHoursChanged) -> None:
        """A queue opens or closes; closed by hand only by somebody."""
        books = self._books
        if fact.overridden and fact.queue_id not in books.closed_by_hand and not fact.by:
            raise books.fail("hours", f"{fact.queue_id} was closed by nobody")
        if fact.overridden:
            books.closed_by_hand[fact.queue_id] = None
        else:
            books.closed_by_hand.pop(fact.queue_id, None)
        self._told[fact.queue_id] = fact.kind
        self.turned = True

    def step_ends(self) -> None:
        """What is noted of each queue is how it stands."""
        self.turned = False
        books = self._books
        for queue_id in [each for each in self._told if each not in books.queues]:
            del self._told[queue_id]
            books.closed_by_hand.pop(queue_id, None)
        for queue_id, queue in books.queues.items():
            kind, told = kind_of(books, queue), self._told.get(queue_id, HoursKind.OPEN)
            if kind is not told:
                raise books.fail("hours", f"{queue_id} is {kind}, but was told to be {told}")
