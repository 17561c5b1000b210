"""Facts of calls as row operations: their stay, and how they are passed on and parked."""

from __future__ import annotations

from typing import assert_never

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import clean, end, moment, start
from engine.core.facts import CallEnded, CallParked, CallStarted, CallTransferred, CallUnparked

CallFact = CallStarted | CallEnded | CallTransferred | CallParked | CallUnparked


def project_call(fact: CallFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
        case CallStarted():
            return start(
                Grain.CALL,
                fact,
                fact.call_id,
                node=fact.node,
                source=fact.source.value,
                endpoint=clean(fact.endpoint),
                caller_number=clean(fact.caller_number),
                caller_name=clean(fact.caller_name),
                dialled=clean(fact.dialled),
                arrived_at_ms=fact.arrived_ms,
                parent_id=fact.parent_id,
                by=clean(fact.by) or None,
            )
        case CallEnded():
            return end(
                Grain.CALL,
                fact,
                fact.call_id,
                ended_by=fact.ended_by.value,
                cause=fact.cause,
            )
        case CallTransferred():
            return moment(
                Grain.TRANSFER,
                fact,
                call_id=fact.call_id,
                kind=fact.kind.value,
                by=clean(fact.by),
                target=clean(fact.to),
                other_call_id=fact.other_call_id,
            )
        case CallParked():
            return start(
                Grain.PARKING,
                fact,
                fact.park_id,
                call_id=fact.call_id,
                slot=clean(fact.slot),
                park_by=clean(fact.by),
            )
        case CallUnparked():
            return end(
                Grain.PARKING,
                fact,
                fact.park_id,
                call_id=fact.call_id,
                slot=clean(fact.slot),
                ended_why=fact.why.value,
                unpark_by=clean(fact.by) or None,
            )
        case _:
            assert_never(fact)
