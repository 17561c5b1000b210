"""The tables, with the machine's law repeated in their constraints. docs/records.md explains them.

* Times are `BIGINT` epoch milliseconds, UTC, in columns named `*_at_ms`: the same value and the
  same resolution on every database. The views `<table>_utc` show them readable.
* A row is made by its start fact and completed by its end fact; `started_seq` and `ended_seq` name
  those facts. A row that lacks one of them says that the fact never came: nothing is invented.
* Ids are unique within an epoch (one history of the core), so every key has `epoch_no` in it.
* The vocabularies of words (`ended_by`, `reason`, `how` and so on) are those of `core.facts`; the
  tables do not repeat them, for they grow (see `words`).
* There are no foreign keys between facts: a fact is kept even when the one before it was lost.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text

from engine.adapters.db.history import (
    History,
    at_least,
    epoch_number,
    history,
    law,
    moments,
    outcome_of,
    word,
)
from engine.adapters.db.rows import Grain
from engine.adapters.db.tables_callbacks import callback_histories, callback_moments
from engine.adapters.db.tables_handling import handling_histories, handling_moments
from engine.adapters.db.tables_surveys import survey_moments
from engine.adapters.db.tables_ways import way_moments
from engine.core.facts import OfferOutcome, OfferReason, VisitOutcome, VisitReason

SCHEMA_REVISION: Final = "0003"
"""The migration that makes exactly these tables. Revisions are numbered, each one higher."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

epochs: Final = Table(
    "epochs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("epoch", Text, nullable=False, unique=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("seen_from_seq", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
)
"""One row per history of the core: how far it is stored. `facts_seen` has all from `seen_from_seq`."""

facts_seen: Final = Table(
    "facts_seen",
    metadata,
    epoch_number(),
    Column("seq", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
"""The facts that were stored lately, so that none is stored twice."""

facts_rejected: Final = Table(
    "facts_rejected",
    metadata,
    epoch_number(),
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("error", Text, nullable=False),
)
"""Facts that break a law of the tables, as JSON, with what was wrong. Empty in a sound system."""

HISTORIES: Final[dict[Grain, History]] = {
    Grain.CALL: history(
        metadata,
        Grain.CALL,
        "call_id",
        start=(
            Column("node", Text),
            Column("source", Text),
            Column("endpoint", Text),
            Column("caller_number", Text),
            Column("caller_name", Text),
            Column("dialled", Text),
            Column("arrived_at_ms", BigInteger),
            Column("parent_id", Text),
            Column("by", Text),
        ),
        end=(Column("ended_by", Text), Column("cause", Integer)),
        rare=("parent_id",),
    ),
    Grain.VISIT: history(
        metadata,
        Grain.VISIT,
        "visit_id",
        outcome_of(VisitOutcome, VisitOutcome.ANSWERED, VisitReason.CONNECTED),
        at_least("entry_position", 1),
        at_least("exit_position", 0),
        at_least("ring_ms", 0),
        law("wait_ms", "wait_ms >= ring_ms"),
        law("agent_id", "(outcome = 'answered') = (agent_id IS NOT NULL)"),
        both=(
            Column("call_id", Text, nullable=False),
            Column("queue_id", Text, nullable=False),
        ),
        start=(Column("entry_position", Integer),),
        end=(
            Column("outcome", Text),
            Column("reason", Text),
            Column("agent_id", Text),
            Column("wait_ms", BigInteger),
            Column("ring_ms", BigInteger),
            Column("exit_position", Integer),
        ),
        one_open=("call_id",),
        look_up=("call_id",),
    ),
    Grain.OFFER: history(
        metadata,
        Grain.OFFER,
        "offer_id",
        outcome_of(OfferOutcome, OfferOutcome.ANSWERED, OfferReason.ANSWERED),
        at_least("attempt", 1),
        at_least("ring_ms", 0),
        both=(
            Column("visit_id", Text, nullable=False),
            Column("call_id", Text, nullable=False),
            Column("queue_id", Text, nullable=False),
            Column("agent_id", Text, nullable=False),
        ),
        start=(Column("attempt", Integer),),
        end=(
            Column("outcome", Text),
            Column("reason", Text),
            Column("ring_ms", BigInteger),
            Column("cause", Integer),
        ),
        one_open=("agent_id",),
        look_up=("visit_id",),
    ),
    Grain.TALK: history(
        metadata,
        Grain.TALK,
        "talk_id",
        at_least("talk_ms", 0),
        both=(Column("call_id", Text, nullable=False),),
        start=(
            Column("visit_id", Text),
            Column("queue_id", Text),
            Column("agent_id", Text),
            Column("party", Text),
        ),
        end=(Column("ended_by", Text), Column("talk_ms", BigInteger)),
        one_open=("call_id",),
        look_up=("call_id", "visit_id"),
    ),
    Grain.HOLD: history(
        metadata,
        Grain.HOLD,
        "hold_id",
        at_least("hold_ms", 0),
        both=(
            Column("talk_id", Text, nullable=False),
            Column("call_id", Text, nullable=False),
        ),
        start=(Column("by_caller", Boolean),),
        end=(Column("hold_ms", BigInteger),),
        one_open=("talk_id", "by_caller"),
        look_up=("talk_id",),
    ),
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
    **handling_histories(metadata),
    **callback_histories(metadata),
}
"""What begins and ends."""

MOMENTS: Final[dict[Grain, Table]] = {
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
    Grain.AUTO_PAUSE: moments(
        metadata,
        Grain.AUTO_PAUSE,
        word("agent_id"),
        word("queue_id"),
        Column("missed", Integer, nullable=False),
        rules=(at_least("missed", 1),),
    ),
    **handling_moments(metadata),
    **callback_moments(metadata),
    **survey_moments(metadata),
    **way_moments(metadata),
}
"""What happens and does not last."""

calls: Final = HISTORIES[Grain.CALL].table
queue_visits: Final = HISTORIES[Grain.VISIT].table
offers: Final = HISTORIES[Grain.OFFER].table
talk_segments: Final = HISTORIES[Grain.TALK].table
holds: Final = HISTORIES[Grain.HOLD].table
parkings: Final = HISTORIES[Grain.PARKING].table
monitors: Final = HISTORIES[Grain.MONITOR].table
recordings: Final = HISTORIES[Grain.RECORDING].table
callbacks: Final = HISTORIES[Grain.CALLBACK].table
callback_attempts: Final = MOMENTS[Grain.CALLBACK_ATTEMPT]
surveys: Final = MOMENTS[Grain.SURVEY]
routes_taken: Final = MOMENTS[Grain.ROUTE]
queue_hours_changes: Final = MOMENTS[Grain.QUEUE_HOURS]
recording_marks: Final = MOMENTS[Grain.RECORDING_MARK]
transfers: Final = MOMENTS[Grain.TRANSFER]
presence_changes: Final = MOMENTS[Grain.PRESENCE]
action_refusals: Final = MOMENTS[Grain.REFUSAL]
actions_done: Final = MOMENTS[Grain.ACTION]
