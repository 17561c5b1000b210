"""The ways calls took, for reports: the queries and their typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, or_, select, union

from engine.adapters.db.report_parts import (
    at_moments,
    follows_attempt,
    has,
    same_call,
    was_in,
)
from engine.adapters.db.tables import (
    callback_attempts,
    callbacks,
    calls,
    routes_taken,
    talk_segments,
)
from engine.reports.ports import Query
from engine.reports.rows_ways import RouteRow


def routes_query(query: Query) -> Select[Any]:
    """Ways taken with their caller."""
    asked = (
        select(routes_taken, calls.c.caller_number, calls.c.caller_name, calls.c.source)
        .select_from(routes_taken)
        .outerjoin(calls, same_call(calls, routes_taken))
    )
    if query.queues:
        sent_from = routes_taken.c.from_place.in_(query.queues)
        asked = asked.where(or_(sent_from, was_in(routes_taken, query)))
    if query.agents:
        talked = talk_segments.c.agent_id.in_(query.agents)
        asked = asked.where(has(talk_segments, routes_taken, talked))
    return at_moments(asked, routes_taken, query)


def routes_of_calls(call_ids: Sequence[str]) -> Select[Any]:
    """The ways that these calls took, in the order of their facts."""
    route = routes_taken.c
    return select(routes_taken).where(route.call_id.in_(call_ids)).order_by(route.seq)


def queues_of_callbacks(call_ids: Sequence[str]) -> Select[Any]:
    """The queues of those of these calls that are callbacks, which wait without a visit."""
    callback, attempt = callbacks.c, callback_attempts.c
    told = union(
        *(
            select(callback.epoch_no, waiting.label("call_id"), callback.queue_id).where(
                waiting.in_(call_ids)
            )
            for waiting in (callback.waiting_call_id, callback.last_call_id)
        ),
        select(attempt.epoch_no, attempt.call_id, attempt.queue_id).where(
            attempt.call_id.in_(call_ids)
        ),
        select(calls.c.epoch_no, calls.c.call_id, attempt.queue_id)
        .join_from(calls, callback_attempts, follows_attempt(calls))
        .where(calls.c.call_id.in_(call_ids)),
    )
    return select(told.subquery("called_back"))


def route_row(row: Row[Any]) -> RouteRow:
    """Returns a way taken."""
    return RouteRow(
        at_ms=row.at_ms,
        call_id=row.call_id,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        from_place=row.from_place,
        target=row.target,
        why=row.why,
        key=row.pressed,
        source=row.source,
    )


def route_words(row: Row[Any]) -> str:
    """Returns a way taken in one line: `6400 -> menu main (key_event 2)`."""
    why = f"{row.why} {row.pressed}" if row.pressed else row.why
    return f"{row.from_place or '-'} -> {row.target} ({why})"
