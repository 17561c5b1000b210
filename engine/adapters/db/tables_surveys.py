"""The table of what callers were asked after a talk."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

from engine.adapters.db.history import law, moments, word
from engine.adapters.db.rows import Grain


def survey_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes it. A survey is one fact, told at its end."""
    return {
        Grain.SURVEY: moments(
            metadata,
            Grain.SURVEY,
            word("talk_id"),
            word("call_id"),
            word("queue_id"),
            word("agent_id"),
            word("why"),
            Column("pressed", Text),
            Column("score", Integer),
            rules=(
                law(
                    "answer",
                    "(why = 'answered') = (score IS NOT NULL)"
                    " AND (pressed IS NULL) = (score IS NULL)",
                ),
            ),
            look_up=("talk_id",),
        ),
    }
