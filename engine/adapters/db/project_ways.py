"""Facts of ways taken and of opening hours as row operations."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import clean, moment
from engine.core.facts import CallRouted, QueueHoursChanged

WayFact = CallRouted | QueueHoursChanged


def project_way(fact: WayFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
        case CallRouted():
            return moment(
                Grain.ROUTE,
                fact,
                call_id=fact.call_id,
                from_place=clean(fact.from_place),
                target=clean(fact.to),
                why=fact.why.value,
                pressed=clean(fact.key) or None,
            )
        case QueueHoursChanged():
            return moment(
                Grain.QUEUE_HOURS,
                fact,
                queue_id=fact.queue_id,
                kind=fact.kind.value,
                holiday=clean(fact.holiday) or None,
                overridden=fact.overridden,
                by=clean(fact.by),
            )
        case _:
            assert_never(fact)
