"""The tables of talks: holds, monitoring and recordings with them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from engine.adapters.db.history import History, at_least, history, moments, word
from engine.adapters.db.rows import Grain


def talk_histories(metadata: MetaData) -> dict[Grain, History]:
    """Makes those of what begins and ends."""
    return {
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


def talk_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes that of the pauses in recordings."""
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
    }
