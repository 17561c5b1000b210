"""Facts to row operations: a pure function of one fact, no history, no connection."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.project_callbacks import CallbackFact, project_callback
from engine.adapters.db.project_calls import CallFact, project_call
from engine.adapters.db.project_people import PeopleFact, project_people
from engine.adapters.db.project_queues import QueueFact, project_queue
from engine.adapters.db.project_surveys import project_survey
from engine.adapters.db.project_talks import TalkFact, project_talk
from engine.adapters.db.project_ways import WayFact, project_way
from engine.adapters.db.rows import RowOp
from engine.core.facts import CommandRefused, Fact, InputIgnored, SurveyEnded


def project(fact: Fact) -> RowOp | None:
    """Returns what `fact` does to the tables; None for the kinds that are counted, not stored."""
    if isinstance(fact, InputIgnored | CommandRefused):
        return None
    if isinstance(fact, QueueFact):
        return project_queue(fact)
    if isinstance(fact, TalkFact):
        return project_talk(fact)
    if isinstance(fact, CallFact):
        return project_call(fact)
    if isinstance(fact, PeopleFact):
        return project_people(fact)
    if isinstance(fact, WayFact):
        return project_way(fact)
    if isinstance(fact, CallbackFact):
        return project_callback(fact)
    if isinstance(fact, SurveyEnded):
        return project_survey(fact)
    assert_never(fact)
