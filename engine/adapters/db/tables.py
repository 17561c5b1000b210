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

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from engine.adapters.db.history import History, epoch_number
from engine.adapters.db.rows import Grain
from engine.adapters.db.tables_callbacks import callback_histories, callback_moments
from engine.adapters.db.tables_calls import call_histories, call_moments
from engine.adapters.db.tables_people import people_histories, people_moments
from engine.adapters.db.tables_queues import queue_histories
from engine.adapters.db.tables_surveys import survey_moments
from engine.adapters.db.tables_talks import talk_histories, talk_moments
from engine.adapters.db.tables_ways import way_moments

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
    **call_histories(metadata),
    **queue_histories(metadata),
    **talk_histories(metadata),
    **people_histories(metadata),
    **callback_histories(metadata),
}
"""What begins and ends."""

MOMENTS: Final[dict[Grain, Table]] = {
    **call_moments(metadata),
    **talk_moments(metadata),
    **people_moments(metadata),
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
