"""Facts of queues as row operations: visits and offers."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import end, start
from engine.adapters.db.words import OFFER_REASONS, VISIT_REASONS, fitting
from engine.core.facts import OfferEnded, OfferMade, VisitEnded, VisitStarted

QueueFact = VisitStarted | VisitEnded | OfferMade | OfferEnded


def project_queue(fact: QueueFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
        case VisitStarted():
            return start(
                Grain.VISIT,
                fact,
                fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                entry_position=fact.position,
            )
        case VisitEnded():
            return end(
                Grain.VISIT,
                fact,
                fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                **fitting(VISIT_REASONS, fact.outcome, fact.reason),
                agent_id=fact.agent_id,
                wait_ms=fact.wait_ms,
                ring_ms=fact.ring_ms,
                exit_position=fact.position,
            )
        case OfferMade():
            return start(
                Grain.OFFER,
                fact,
                fact.offer_id,
                visit_id=fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                attempt=fact.attempt,
            )
        case OfferEnded():
            return end(
                Grain.OFFER,
                fact,
                fact.offer_id,
                visit_id=fact.visit_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                **fitting(OFFER_REASONS, fact.outcome, fact.reason),
                ring_ms=fact.ring_ms,
                cause=fact.cause,
            )
        case _:
            assert_never(fact)
