"""The tables of callbacks: one that was requested, and each time its customer was called."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from engine.adapters.db.history import History, at_least, history, moments, outcome_of, word
from engine.adapters.db.rows import Grain
from engine.core.facts import CallbackOutcome, CallbackReason


def callback_histories(metadata: MetaData) -> dict[Grain, History]:
    """Makes the table of callbacks."""
    return {
        Grain.CALLBACK: history(
            metadata,
            Grain.CALLBACK,
            "callback_id",
            outcome_of(CallbackOutcome, CallbackOutcome.SUCCEEDED, CallbackReason.TALKED),
            at_least("attempts", 0),
            at_least("wait_ms", 0),
            both=(word("queue_id"),),
            start=(
                Column("visit_id", Text),
                Column("caller_call_id", Text),
                Column("waiting_call_id", Text),
                Column("number", Text),
                Column("asked_how", Text),
                Column("entered_at_ms", BigInteger),
            ),
            end=(
                Column("outcome", Text),
                Column("reason", Text),
                Column("last_call_id", Text),
                Column("agent_id", Text),
                Column("attempts", Integer),
                Column("wait_ms", BigInteger),
            ),
            # C-06: the same number does not wait twice in one queue.
            one_open=("queue_id", "number"),
            look_up=("caller_call_id", "waiting_call_id", "last_call_id"),
        ),
    }


def callback_moments(metadata: MetaData) -> dict[Grain, Table]:
    """Makes the table of attempts."""
    return {
        Grain.CALLBACK_ATTEMPT: moments(
            metadata,
            Grain.CALLBACK_ATTEMPT,
            word("callback_id"),
            word("call_id"),
            word("queue_id"),
            word("agent_id"),
            Column("attempt", Integer, nullable=False),
            rules=(at_least("attempt", 1),),
            look_up=("callback_id", "call_id"),
        ),
    }
