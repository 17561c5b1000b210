"""The tables of what people do with calls: pass on, park, monitor, record, command."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from engine.adapters.db.history import History, history, moments, word
from engine.adapters.db.rows import Grain


def handling_histories(metadata: MetaData) -> dict[Grain, History]:
    """Makes those of what begins and ends."""
    return {
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
        Grain.MONITOR: history(
            metadata,
            Grain.MONITOR,
            "monitor_id",
            both=(word("call_id"),),
            start=(
                Column("supervisor_call_id", Text),
                Column("by", Text),
                Column("agent_id", Text),
                Column("queue_id", Text),
                Column("mode", Text),
            ),
            one_open=("supervisor_call_id",),
            look_up=("call_id",),
        ),
        Grain.RECORDING: history(
            metadata,
            Grain.RECORDING,
            "recording_id",
            both=(word("call_id"),),
            start=(
                Column("talk_id", Text),
                Column("queue_id", Text),
                Column("agent_id", Text),
                Column("name", Text),
                Column("stereo", Boolean),
                Column("start_by", Text),
            ),
            end=(Column("ok", Boolean), Column("why", Text), Column("stop_by", Text)),
            # No law of one per talk: a file is finished a moment after it was told to end, and the
            # next may have begun by then.
            look_up=("call_id",),
        ),
    }


def handling_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes those of what happens and does not last."""
    return {
        Grain.RECORDING_MARK: moments(
            metadata,
            Grain.RECORDING_MARK,
            word("recording_id"),
            word("call_id"),
            word("mark"),
            word("by"),
            look_up=("recording_id",),
        ),
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
        Grain.PRESENCE: moments(
            metadata,
            Grain.PRESENCE,
            word("agent_id"),
            word("presence"),
            word("how"),
            word("by"),
        ),
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
