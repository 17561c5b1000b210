"""Presence and actions of people for reports: the queries and their typed rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, literal, null, or_, select, union_all

from engine.adapters.db.report_parts import AnyRow, at_moments
from engine.adapters.db.tables import action_refusals, actions_done, presence_changes
from engine.reports.ports import Query
from engine.reports.rows_people import ActionRow, PresenceRow


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


def presence_row(row: AnyRow) -> PresenceRow:
    """Returns a change of presence."""
    return PresenceRow(row.at_ms, row.agent_id, row.presence, row.how, row.by)


def action_row(row: AnyRow) -> ActionRow:
    """Returns an action; what it did not name is None."""
    return ActionRow(
        at_ms=row.at_ms,
        outcome=row.outcome,
        action=row.action,
        by=row.by,
        agent_id=row.agent_id or None,
        queue_id=row.queue_id or None,
        call_id=row.call_id,
        detail=row.detail or None,
        why=row.why,
        request_id=row.request_id,
    )
