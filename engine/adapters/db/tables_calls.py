"""The tables of calls: their stay, and how they are passed on and parked."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from engine.adapters.db.history import History, history, moments, word
from engine.adapters.db.rows import Grain


def call_histories(metadata: MetaData) -> dict[Grain, History]:
    """Makes those of what begins and ends."""
    return {
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
        Grain.PARKING: history(
            metadata,
            Grain.PARKING,
            "park_id",
            both=(word("call_id"), word("slot")),
            start=(Column("park_by", Text),),
            end=(Column("ended_why", Text), Column("unpark_by", Text)),
            one_open=("slot",),
            look_up=("call_id",),
        ),
    }


def call_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes that of transfers."""
    return {
        Grain.TRANSFER: moments(
            metadata,
            Grain.TRANSFER,
            word("call_id"),
            word("kind"),
            word("by"),
            word("target"),
            Column("other_call_id", Text),
            look_up=("call_id",),
        ),
    }
