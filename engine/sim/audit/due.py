"""Every timer that is due fires: what must be over by a certain time, and is looked at then."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from engine.core.ids import NodeId
from engine.sim.audit.books import Books, LegBook, MemberBook, VisitBook
from engine.sim.audit.journeys import NEVER_MS

LATER_MS = 1_000

Overdue = Callable[[Any], tuple[str, NodeId | VisitBook | None] | int | None]
"""Returns what should be over and is not, with the node (or the visit's) that it depends on; None if all is well. Or
for how long (milliseconds) there is an excuse: then it is asked again."""


class Dues:
    """Expected ends, in order of time.

    `late_ms` is how late the engine may wake. While the engine is down or a call's node is out of
    reach no timer of it can fire: what came due then is due when it is back.
    """

    def __init__(self, books: Books, late_ms: int) -> None:
        """Begins with nothing expected."""
        self.late_ms = late_ms
        self._books = books
        self._heap: list[tuple[int, int, int, Overdue, Any]] = []
        self._expected = 0

    def expect(self, due_ms: int, overdue: Overdue, subject: Any) -> None:  # noqa: ANN401
        """Asks `overdue(subject)` once `due_ms` has passed."""
        self._expected += 1
        heapq.heappush(self._heap, (due_ms, self._expected, due_ms, overdue, subject))

    def limit_wait(self, visit: VisitBook, wait_ms_max: int) -> None:
        """Expects a visit to end when it has lasted so long, in place of any limit before."""
        visit.wait_limits += 1
        visit.wait_due_ms = NEVER_MS
        if wait_ms_max > 0:
            visit.wait_due_ms = visit.entered_ms + wait_ms_max
            # It may have lasted longer already: in the dialplan, or before the limit was set.
            due_ms = max(visit.wait_due_ms, self._books.now_ms)
            self.expect(due_ms, wait_over, (visit, visit.wait_limits))

    def check(self) -> None:
        """Raises if something should be over by now and is not."""
        books, heap = self._books, self._heap
        now_ms = books.now_ms
        while heap and heap[0][0] + self.late_ms < now_ms:
            _, order, due_ms, overdue, subject = heapq.heappop(heap)
            found = overdue(subject)
            if found is None:
                continue
            if isinstance(found, int):
                heapq.heappush(heap, (now_ms + found, order, now_ms + found, overdue, subject))
                continue
            what, depends = found
            node = books.node_for(depends) if isinstance(depends, VisitBook) else depends
            possible_ms = max(due_ms, books.awake_since_ms)
            if node is not None:
                possible_ms = max(possible_ms, books.up_since_ms.get(node, now_ms))
            if possible_ms + self.late_ms < now_ms:
                raise books.fail("timers", f"{what} was due at {due_ms}, and is not over")
            heapq.heappush(heap, (max(possible_ms, now_ms), order, due_ms, overdue, subject))
            if possible_ms + self.late_ms >= now_ms:
                return


def wait_over(waiting: tuple[VisitBook, int]) -> tuple[str, VisitBook] | int | None:
    """The longest wait of a visit.

    An agent who has just picked up excuses it, and so does a caller who is asking for a callback that
    may wait longer.
    """
    visit, limit = waiting
    if not visit.open or visit.wait_limits != limit:
        return None  # Over, or another limit was set since.
    policy = visit.queue.policy.callback
    asks = policy is not None and policy.timeout_ms is not None and not visit.call.ear.music
    if visit.chosen is not None or (asks and visit.callback is None):
        return LATER_MS
    return f"the longest wait of {visit.visit_id}", visit


def ring_over(ringing: tuple[VisitBook, int]) -> tuple[str, NodeId | None] | None:
    """The ringing that began with this attempt."""
    visit, began_ms = ringing
    if not visit.open or visit.chosen is not None or visit.ring_since_ms != began_ms:
        return None
    return f"the ringing for {visit.visit_id}", visit.call.node


def last_word_over(leg: LegBook) -> tuple[str, NodeId | None] | None:
    """What an agent hears whose caller was parked."""
    if leg.gone or leg.hung_up:
        return None
    return f"the last word to {leg.leg_id}", leg.node


def wrapup_over(wrapup: tuple[MemberBook, str, int]) -> tuple[str, NodeId | None] | None:
    """A wrap-up."""
    member, wrapup_id, until_ms = wrapup
    if member.wrapup != wrapup_id or member.wrapup_until_ms != until_ms:
        return None  # Over, or made longer since.
    return f"the wrap-up of {member.agent.agent_id}", None
