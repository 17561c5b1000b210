"""Facts of surveys as row operations."""

from __future__ import annotations

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import clean, moment
from engine.core.facts import SurveyEnded


def project_survey(fact: SurveyEnded) -> RowOp:
    """Returns what such a fact does to the tables."""
    return moment(
        Grain.SURVEY,
        fact,
        talk_id=fact.talk_id,
        call_id=fact.call_id,
        queue_id=fact.queue_id,
        agent_id=fact.agent_id,
        why=fact.why.value,
        pressed=clean(fact.key) or None,
        score=fact.score,
    )
