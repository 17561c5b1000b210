"""The queries behind the reports of what people do with calls, and of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, literal, null, or_, select, union_all

from engine.adapters.db.report_parts import at_moments, has, in_period, running, same_call
from engine.adapters.db.tables import (
    action_refusals,
    actions_done,
    calls,
    monitors,
    parkings,
    presence_changes,
    queue_visits,
    recording_marks,
    recordings,
    transfers,
)
from engine.reports.ports import Query


def transfers_query(query: Query) -> Select[Any]:
    """Transfers with their caller."""
    asked = _with_caller(select(transfers, *_CALLER), transfers)
    if query.agents:
        asked = asked.where(
            or_(transfers.c.by.in_(query.agents), transfers.c.target.in_(query.agents))
        )
    return at_moments(_of_queues(asked, transfers, query), transfers, query)


def parkings_query(query: Query) -> Select[Any]:
    """Parked calls with their caller."""
    asked = _with_caller(select(parkings, running(parkings), *_CALLER), parkings)
    if query.agents:
        asked = asked.where(
            or_(parkings.c.park_by.in_(query.agents), parkings.c.unpark_by.in_(query.agents))
        )
    return in_period(_of_queues(asked, parkings, query), parkings, query)


def monitors_query(query: Query) -> Select[Any]:
    """Monitoring with the caller of the call that was monitored."""
    asked = _with_caller(select(monitors, running(monitors), *_CALLER), monitors)
    return in_period(_filtered(asked, monitors, query), monitors, query)


def recordings_query(query: Query) -> Select[Any]:
    """Recordings with their caller, without what their pauses add (see `marks_of_recordings`)."""
    # The file may be finished a moment after the call has ended.
    still = running(recordings, ends_with_call=False)
    asked = _with_caller(select(recordings, still, *_CALLER), recordings)
    return in_period(_filtered(asked, recordings, query), recordings, query)


def marks_of_recordings(recording_ids: Sequence[str]) -> Select[Any]:
    """The pauses and resumptions of these recordings, in the order of their facts."""
    mark = recording_marks.c
    return (
        select(mark.epoch_no, mark.recording_id, mark.at_ms, mark.mark)
        .where(mark.recording_id.in_(recording_ids))
        .order_by(mark.epoch_no, mark.seq)
    )


def presence_query(query: Query) -> Select[Any]:
    """Changes of presence."""
    asked = select(presence_changes)
    if query.agents:
        asked = asked.where(presence_changes.c.agent_id.in_(query.agents))
    return at_moments(asked, presence_changes, query)


def actions_query(query: Query) -> Select[Any]:
    """Actions, done and refused alike."""
    done, refused = actions_done.c, action_refusals.c
    shared = ("epoch_no", "seq", "at_ms", "action", "by", "agent_id", "call_id", "request_id")
    told = union_all(
        select(
            *(done[name] for name in shared),
            literal("done").label("outcome"),
            null().label("queue_id"),
            done.detail,
            null().label("why"),
        ),
        select(
            *(refused[name] for name in shared),
            literal("refused").label("outcome"),
            refused.queue_id,
            null().label("detail"),
            refused.why,
        ),
    ).subquery("told")
    asked = select(told)
    if query.queues:
        asked = asked.where(told.c.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(or_(told.c.agent_id.in_(query.agents), told.c.by.in_(query.agents)))
    return at_moments(asked, told, query)


_CALLER = (calls.c.caller_number, calls.c.caller_name, calls.c.source)


def _with_caller(asked: Select[Any], table: Table) -> Select[Any]:
    return asked.select_from(table).outerjoin(calls, same_call(calls, table))


def _of_queues(asked: Select[Any], table: Table, query: Query) -> Select[Any]:
    if not query.queues:
        return asked
    return asked.where(has(queue_visits, table, queue_visits.c.queue_id.in_(query.queues)))


def _filtered(asked: Select[Any], table: Table, query: Query) -> Select[Any]:
    if query.queues:
        asked = asked.where(table.c.queue_id.in_(query.queues))
    if query.agents:
        asked = asked.where(table.c.agent_id.in_(query.agents))
    return asked
