"""Callers who leave a queue: by a key (P-11), or sent away all at once.

The latter when the queue became empty (Q-08), or its hours ended (Q-04). That is looked at as the last
thing of a step, and only for lines marked in it (`State.leaving`): where the last agent who counted
as there left, a phone stopped to ring for a caller, hours turned, a node came back. So an agent who is only passing from one call to the next makes no queue empty.

* An empty queue keeps the callers for whom a phone rings, or was picked up: somebody is there for
  these very callers. They are looked at again when that ends.
* At closing who has an agent that has picked up already (agent prompt) stays; phones that only ring
  are let go.
* Callers whose Asterisk is out of reach are looked at when it is back.
"""

from __future__ import annotations

from engine.core.facts import RouteReason, VisitOutcome, VisitReason
from engine.core.model.call import Call
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.queueing.empties import may_not_stay
from engine.core.queueing.visits import leave_queue
from engine.core.routing.hours import WayOut, way_out
from engine.core.routing.sending import route


def leave_by_key(state: State, call: Call, key: str) -> bool:
    """Lets a waiting caller leave by a key event (P-11); returns False if the queue has none on it.

    The key counts in every moment of the wait, also while a prompt plays, phones ring, or an agent who
    has picked up hears the agent prompt: it is the caller's will, and the caller knows of no agent yet.
    """
    visit = call.visit
    assert visit is not None
    line = state.lines[visit.queue_id]
    for event in line.policy.key_events:
        if event.key == key:
            leave_queue(state, call, VisitOutcome.MISSED, VisitReason.KEY_EVENT)
            route(state, call, event.destination, RouteReason.KEY_EVENT, line.queue_id, key)
            return True
    return False


def look_at_lines(state: State) -> None:
    """Sends away who has to leave, in line order."""
    while state.leaving:
        queue_id = next(iter(state.leaving))
        del state.leaving[queue_id]
        line = state.lines.get(queue_id)
        if line is None or not line.waiting:
            continue
        for call in must_leave(state, line):
            _leave(state, call, line)


def must_leave(state: State, line: Line) -> list[Call]:
    """Returns the callers who must not wait in this line any longer, in its order."""
    closed = closing_way(state, line) is not None
    if not closed and not may_not_stay(state, line):
        return []
    found = []
    for *_, call_id in line.waiting:
        call = state.calls[call_id]
        visit = call.visit
        assert visit is not None
        stays = visit.chosen is not None if closed else bool(visit.offers)
        if not stays and state.node_up(call.node):
            found.append(call)
    return found


def closing_way(state: State, line: Line) -> WayOut | None:
    """Returns where a queue that is not open sends those who wait; None: they are served."""
    hours = line.policy.hours
    return way_out(state, line) if hours is not None and hours.leave_at_closing else None


def _leave(state: State, call: Call, line: Line) -> None:
    way = closing_way(state, line)
    if way is not None:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.CLOSED)
        route(state, call, way.to, way.why, line.queue_id)
    else:
        leave_queue(state, call, VisitOutcome.MISSED, VisitReason.LEFT_EMPTY)
        route(state, call, line.policy.failure, RouteReason.VISIT_ENDED, line.queue_id)
