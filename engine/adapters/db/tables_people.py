"""The tables of people: shifts, pauses, wrap-ups, presence, and what they asked for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from engine.adapters.db.history import History, at_least, history, moments, word
from engine.adapters.db.rows import Grain


def people_histories(metadata: MetaData) -> dict[Grain, History]:
    """Makes those of what begins and ends."""
    return {
        Grain.LOGIN: history(
            metadata,
            Grain.LOGIN,
            "spell_id",
            both=(
                Column("agent_id", Text, nullable=False),
                Column("queue_id", Text, nullable=False),
            ),
            start=(Column("login_how", Text), Column("login_by", Text)),
            end=(Column("logout_how", Text), Column("logout_by", Text)),
            one_open=("agent_id", "queue_id"),
        ),
        Grain.PAUSE: history(
            metadata,
            Grain.PAUSE,
            "spell_id",
            both=(
                Column("agent_id", Text, nullable=False),
                Column("queue_id", Text, nullable=False),
            ),
            start=(
                Column("reason", Text),
                Column("pause_how", Text),
                Column("pause_by", Text),
            ),
            end=(
                Column("ended_why", Text),
                Column("resume_how", Text),
                Column("resume_by", Text),
            ),
            one_open=("agent_id", "queue_id"),
        ),
        Grain.WRAPUP: history(
            metadata,
            Grain.WRAPUP,
            "wrapup_id",
            both=(
                Column("agent_id", Text, nullable=False),
                Column("queue_id", Text, nullable=False),
            ),
            start=(Column("call_id", Text), Column("planned_end_at_ms", BigInteger)),
            end=(Column("ended_why", Text),),
            one_open=("agent_id", "queue_id"),
            look_up=("call_id",),
        ),
    }


def people_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes those of what happens and does not last."""
    return {
        Grain.WRAPUP_EXTENSION: moments(
            metadata,
            Grain.WRAPUP_EXTENSION,
            word("wrapup_id"),
            word("agent_id"),
            word("queue_id"),
            Column("planned_end_at_ms", BigInteger, nullable=False),
            word("how"),
            word("by"),
            look_up=("wrapup_id",),
        ),
        Grain.PRESENCE: moments(
            metadata,
            Grain.PRESENCE,
            word("agent_id"),
            word("presence"),
            word("how"),
            word("by"),
        ),
        Grain.AUTO_PAUSE: moments(
            metadata,
            Grain.AUTO_PAUSE,
            word("agent_id"),
            word("queue_id"),
            Column("missed", Integer, nullable=False),
            rules=(at_least("missed", 1),),
        ),
        Grain.REFUSAL: moments(
            metadata,
            Grain.REFUSAL,
            word("agent_id"),
            word("queue_id"),
            word("action"),
            word("why"),
            word("by"),
            Column("request_id", Text),
            Column("call_id", Text),
        ),
        Grain.ACTION: moments(
            metadata,
            Grain.ACTION,
            word("action"),
            word("by"),
            word("agent_id"),
            Column("call_id", Text),
            Column("request_id", Text),
            word("detail"),
        ),
    }
