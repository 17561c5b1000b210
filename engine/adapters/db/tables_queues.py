"""The tables of queues: visits and offers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text

from engine.adapters.db.history import History, at_least, history, law, outcome_of
from engine.adapters.db.rows import Grain
from engine.core.facts import OfferOutcome, OfferReason, VisitOutcome, VisitReason


def queue_histories(metadata: MetaData) -> dict[Grain, History]:
    """Makes them."""
    return {
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
    }
