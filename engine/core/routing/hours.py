"""Business hours (Q-04): whether a queue is open, and where its callers go while it is not.

Schedules belong to the calendar outside, which says what each of them says (`HoursNow`); the core
only asks what that means for a queue. Besides, a queue's managers can close it by hand, whatever its
hours say, until they take that back: also across its next opening, a restart, and a reload.

* A schedule that nobody told of counts as open: a fault of the calendar must not turn callers away.
* A queue without hours can be closed by hand too; its callers go to its failure destination.
* A call that finds the queue closed makes no visit. Who waits already is served, unless the queue
  sends them away at closing (`leaving`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.core.agents.rights import may
from engine.core.directions import Next, ToDestinationAfter
from engine.core.facts import ActionDone, ActionRefused, QueueHoursChanged, RouteReason
from engine.core.ids import QueueId
from engine.core.inputs import HoursOverrideRequested
from engine.core.model.line import Line
from engine.core.model.state import State
from engine.core.policy import Right
from engine.core.refusals import CLOSED_ALREADY, NOT_ALLOWED, NOT_CLOSED, UNKNOWN_QUEUE, Refusal
from engine.core.waiting import HoursKind, HoursNow

CLOSE_QUEUE: Final = "close_queue"
BY_HOURS: Final = "queue_by_hours"
"""Names of the two actions, for the record."""


@dataclass(frozen=True, slots=True)
class Now:
    """How a queue stands. `overridden`: it was closed by hand."""

    kind: HoursKind = HoursKind.OPEN
    holiday: str = ""
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where callers of a queue go that is not open, and why."""

    to: Next
    why: RouteReason


def now_of(state: State, line: Line) -> Now:
    """Returns how a queue stands at this moment."""
    if line.queue_id in state.overrides:
        return Now(HoursKind.CLOSED, overridden=True)
    said = _said(state, line)
    if said is None:
        return Now()
    hours = line.policy.hours
    if hours is not None and hours.ignore_holidays:
        return Now(said.usual)
    return Now(said.kind, said.holiday if said.kind is HoursKind.HOLIDAY else "")


def way_out(state: State, line: Line) -> WayOut | None:
    """Returns where a caller goes who finds this queue not open; None: it is open."""
    kind = now_of(state, line).kind
    if kind is HoursKind.OPEN:
        return None
    hours = line.policy.hours
    if hours is None:
        return WayOut(line.policy.failure, RouteReason.CLOSED)
    if kind is HoursKind.CLOSED:
        return WayOut(hours.closed, RouteReason.CLOSED)
    to = hours.closed if hours.holiday is None else hours.holiday
    said = _said(state, line)
    if hours.holiday_prompt and said is not None and said.prompt:
        return WayOut(ToDestinationAfter(said.prompt, to), RouteReason.HOLIDAY)
    return WayOut(to, RouteReason.HOLIDAY)


def all_now(state: State) -> dict[QueueId, Now]:
    """Returns how each queue stands, to be compared with later (`note_turns`)."""
    return {line.queue_id: now_of(state, line) for line in state.lines.values()}


def note_turns(state: State, before: dict[QueueId, Now], by: str = "") -> None:
    """Notes which queues stand otherwise than before; a new one was open before."""
    for line in state.lines.values():
        now = now_of(state, line)
        if now != before.get(line.queue_id, Now()):
            state.note(QueueHoursChanged, line.queue_id, now.kind, now.holiday, now.overridden, by)
            state.leaving[line.queue_id] = None


def hours_changed(state: State, changed: tuple[HoursNow, ...]) -> None:
    """The calendar turned."""
    before = all_now(state)
    for each in changed:
        state.hours[each.schedule] = each
    note_turns(state, before)


def override(state: State, queue_id: QueueId, by: str, *, closed: bool) -> None:
    """Closes a queue by hand, or lets it go by its hours again.

    Raises:
        Refusal: with nothing changed.
    """
    if queue_id not in state.lines:
        raise Refusal(UNKNOWN_QUEUE)
    if not may(state, by, queue_id, Right.CHANGE_STATE):
        raise Refusal(NOT_ALLOWED)
    if closed == (queue_id in state.overrides):
        raise Refusal(CLOSED_ALREADY if closed else NOT_CLOSED)
    before = all_now(state)
    if closed:
        state.overrides[queue_id] = by
    else:
        del state.overrides[queue_id]
    note_turns(state, before, by)


def override_requested(state: State, asked: HoursOverrideRequested) -> None:
    """Acts on a service's request; a refusal is a fact."""
    action = CLOSE_QUEUE if asked.closed else BY_HOURS
    try:
        override(state, asked.queue_id, asked.by, closed=asked.closed)
    except Refusal as refusal:
        state.note(
            ActionRefused,
            agent_id="",
            queue_id=asked.queue_id,
            action=action,
            why=str(refusal),
            by=asked.by,
            request_id=asked.request_id,
        )
    else:
        state.note(
            ActionDone,
            request_id=asked.request_id,
            action=action,
            by=asked.by,
            call_id="",
            agent_id="",
            detail=asked.queue_id,
        )


def _said(state: State, line: Line) -> HoursNow | None:
    hours = line.policy.hours
    return None if hours is None else state.hours.get(hours.schedule)
