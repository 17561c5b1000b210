"""Facts of what people do with calls, as row operations: pass on, park, monitor, record, command."""

from __future__ import annotations

from typing import Final, assert_never

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import clean, end, moment, start
from engine.core.facts import (
    ActionDone,
    CallParked,
    CallTransferred,
    CallUnparked,
    MonitorEnded,
    MonitorStarted,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)

HandlingFact = (
    CallTransferred
    | CallParked
    | CallUnparked
    | MonitorStarted
    | MonitorEnded
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingEnded
    | ActionDone
)
RecordingFact = RecordingStarted | RecordingPaused | RecordingResumed | RecordingEnded

PAUSED: Final = "paused"
RESUMED: Final = "resumed"
"""What is marked in a recording."""


def handling(fact: HandlingFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
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
        case MonitorStarted():
            return start(
                Grain.MONITOR,
                fact,
                fact.monitor_id,
                call_id=fact.call_id,
                supervisor_call_id=fact.supervisor_call_id,
                by=clean(fact.by),
                agent_id=fact.agent_id,
                queue_id=fact.queue_id,
                mode=fact.mode.value,
            )
        case MonitorEnded():
            return end(Grain.MONITOR, fact, fact.monitor_id, call_id=fact.call_id)
        case ActionDone():
            return moment(
                Grain.ACTION,
                fact,
                request_id=clean(fact.request_id) or None,
                action=clean(fact.action),
                by=clean(fact.by),
                call_id=clean(fact.call_id) or None,
                agent_id=clean(fact.agent_id),
                detail=clean(fact.detail),
            )
        case _:
            return _recording(fact)


def _recording(fact: RecordingFact) -> RowOp:
    match fact:
        case RecordingStarted():
            return start(
                Grain.RECORDING,
                fact,
                fact.recording_id,
                call_id=fact.call_id,
                talk_id=fact.talk_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                name=clean(fact.name),
                stereo=fact.stereo,
                start_by=clean(fact.by),
            )
        case RecordingEnded():
            return end(
                Grain.RECORDING,
                fact,
                fact.recording_id,
                call_id=fact.call_id,
                ok=fact.ok,
                why=clean(fact.why),
                stop_by=clean(fact.by),
            )
        case RecordingPaused():
            return _mark(fact, PAUSED)
        case RecordingResumed():
            return _mark(fact, RESUMED)
        case _:
            assert_never(fact)


def _mark(fact: RecordingPaused | RecordingResumed, mark: str) -> RowOp:
    return moment(
        Grain.RECORDING_MARK,
        fact,
        recording_id=fact.recording_id,
        call_id=fact.call_id,
        mark=mark,
        by=clean(fact.by),
    )
