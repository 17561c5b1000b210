"""Facts of talks as row operations: holds, monitoring and recordings with them."""

from __future__ import annotations

from typing import Final, assert_never

from engine.adapters.db.rows import Grain, RowOp
from engine.adapters.db.telling import clean, end, moment, start
from engine.core.facts import (
    HoldEnded,
    HoldStarted,
    MonitorEnded,
    MonitorStarted,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    TalkEnded,
    TalkStarted,
)

RecordingFact = RecordingStarted | RecordingPaused | RecordingResumed | RecordingEnded
TalkFact = (
    TalkStarted
    | TalkEnded
    | HoldStarted
    | HoldEnded
    | MonitorStarted
    | MonitorEnded
    | RecordingFact
)

PAUSED: Final = "paused"
RESUMED: Final = "resumed"
"""What is marked in a recording."""


def project_talk(fact: TalkFact) -> RowOp:
    """Returns what such a fact does to the tables."""
    match fact:
        case TalkStarted():
            return start(
                Grain.TALK,
                fact,
                fact.talk_id,
                call_id=fact.call_id,
                visit_id=fact.visit_id,
                queue_id=fact.queue_id,
                agent_id=fact.agent_id,
                party=clean(fact.party),
            )
        case TalkEnded():
            return end(
                Grain.TALK,
                fact,
                fact.talk_id,
                call_id=fact.call_id,
                ended_by=fact.ended_by.value,
                talk_ms=fact.talk_ms,
            )
        case HoldStarted():
            return start(
                Grain.HOLD,
                fact,
                fact.hold_id,
                talk_id=fact.talk_id,
                call_id=fact.call_id,
                by_caller=fact.by_caller,
            )
        case HoldEnded():
            return end(
                Grain.HOLD,
                fact,
                fact.hold_id,
                talk_id=fact.talk_id,
                call_id=fact.call_id,
                hold_ms=fact.hold_ms,
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
        case RecordingPaused():
            return _mark(fact, PAUSED)
        case RecordingResumed():
            return _mark(fact, RESUMED)
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
