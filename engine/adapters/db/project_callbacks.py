"""Facts of callbacks as row operations."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import clean, end, moment, start
from engine.adapters.db.words import CALLBACK_REASONS, fitting
from engine.core.facts import CallbackAttempted, CallbackEnded, CallbackRequested

CallbackFact = CallbackRequested | CallbackAttempted | CallbackEnded


def project_callback(fact: CallbackFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
        case CallbackRequested():
            return start(
                Grain.CALLBACK,
                fact,
                fact.callback_id,
                queue_id=fact.queue_id,
                visit_id=fact.visit_id,
                caller_call_id=fact.call_id,
                waiting_call_id=fact.waiting_call_id,
                number=clean(fact.number),
                asked_how=fact.trigger.value,
                entered_at_ms=fact.entered_ms,
            )
        case CallbackAttempted():
            return moment(
                Grain.CALLBACK_ATTEMPT,
                fact,
                callback_id=fact.callback_id,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                attempt=fact.attempt,
            )
        case CallbackEnded():
            return end(
                Grain.CALLBACK,
                fact,
                fact.callback_id,
                queue_id=fact.queue_id,
                **fitting(CALLBACK_REASONS, fact.outcome, fact.reason),
                last_call_id=fact.call_id,
                agent_id=fact.agent_id,
                attempts=fact.attempts,
                wait_ms=fact.wait_ms,
            )
        case _:
            assert_never(fact)
