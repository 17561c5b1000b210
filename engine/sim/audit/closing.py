"""Who may join a queue and stay in it: open queues only (Q-04), and none that is empty (Q-08)."""

from __future__ import annotations

from engine.core.facts import VisitEnded, VisitReason, VisitStarted
from engine.sim.audit.books import Books, QueueBook, VisitBook
from engine.sim.audit.hours import is_closed, sends_away
from engine.sim.audit.presence import nobody_there
from engine.sim.audit.step import Step
from engine.sim.audit.terms import Answer


class ClosingLaws:
    """Takes visits as they begin and end, and looks at who waits."""

    def __init__(self, books: Books, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._step = step
        self._entered: list[tuple[VisitBook, Answer]] = []
        """In this step, with whether the queue was empty for joining."""

    def visit_started(self, fact: VisitStarted) -> None:
        """A closed queue takes nobody."""
        books = self._books
        call = books.calls.get(fact.call_id)
        visit = None if call is None else call.visit
        if visit is None:
            return
        if is_closed(books, visit.queue):
            raise books.fail("hours", f"{fact.visit_id} began in {fact.queue_id}, which is closed")
        rule = visit.queue.policy.join_empty
        if rule is not None:
            self._entered.append((visit, nobody_there(books, visit.queue, rule)))
            self._step.attention = True

    def visit_ended(self, fact: VisitEnded) -> None:
        """Who is sent away is so for a reason."""
        books = self._books
        queue = books.queues.get(fact.queue_id)
        if queue is None:
            return
        if fact.reason is VisitReason.JOIN_EMPTY:
            if nobody_there(books, queue, queue.policy.join_empty) is Answer.NO:
                raise books.fail("empty", f"{fact.visit_id} was refused by {fact.queue_id}")
        elif fact.reason is VisitReason.LEFT_EMPTY:
            if nobody_there(books, queue, queue.policy.leave_empty) is Answer.NO:
                raise books.fail("empty", f"{fact.visit_id} left {fact.queue_id} for nothing")
        elif fact.reason is VisitReason.CLOSED and not sends_away(books, queue):
            raise books.fail("hours", f"{fact.visit_id} left {fact.queue_id}, which keeps them")

    def step_ends(self) -> None:
        """Nobody joined a queue that was empty."""
        for visit, empty in self._entered:
            if visit.open and empty is Answer.YES:
                raise self._books.fail("empty", f"{visit.visit_id} joined an empty queue")
        self._entered.clear()

    def check(self, queue: QueueBook) -> None:
        """Nobody waits where nobody may stay. For somebody who waits there."""
        books = self._books
        closed = sends_away(books, queue)
        if not closed and nobody_there(books, queue, queue.policy.leave_empty) is not Answer.YES:
            return
        for visit in queue.waiting.values():
            stays = visit.chosen is not None if closed else bool(visit.offers)
            if not stays and books.within_reach(visit) and not visit.call.doubtful:
                why = "closed" if closed else "empty"
                raise books.fail(
                    "hours" if closed else "empty", f"{visit.visit_id} waits, but it is {why}"
                )
