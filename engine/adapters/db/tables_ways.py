"""The tables of the ways calls take: where they were sent, and when queues open and close."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, MetaData, Table, Text

from engine.adapters.db.history import moments, word
from engine.adapters.db.rows import Grain


def way_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes them."""
    return {
        Grain.ROUTE: moments(
            metadata,
            Grain.ROUTE,
            word("call_id"),
            word("from_place"),
            word("target"),
            word("why"),
            Column("pressed", Text),
            look_up=("call_id",),
        ),
        Grain.QUEUE_HOURS: moments(
            metadata,
            Grain.QUEUE_HOURS,
            word("queue_id"),
            word("kind"),
            Column("holiday", Text),
            Column("overridden", Boolean, nullable=False),
            word("by"),
        ),
    }
