"""Recordings and monitoring of talks for reports: the queries and their typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from engine.adapters.db.project_talks import PAUSED
from engine.adapters.db.report_parts import (
    CALLER,
    AnyRow,
    duration_ms,
    ended_status,
    filtered,
    in_period,
    running,
    with_caller,
)
from engine.adapters.db.tables import monitors, recording_marks, recordings
from engine.reports.definitions import left_out_ms
from engine.reports.ports import Query
from engine.reports.rows_talks import MonitorRow, RecordingRow


def monitors_query(query: Query) -> Select[Any]:
    """Monitoring with the caller of the call that was monitored."""
    asked = with_caller(select(monitors, running(monitors), *CALLER), monitors)
    return in_period(filtered(asked, monitors, query), monitors, query)


def recordings_query(query: Query) -> Select[Any]:
    """Recordings with their caller, without what their pauses add (see `marks_of_recordings`)."""
    # The file may be finished a moment after the call has ended.
    still = running(recordings, ends_with_call=False)
    asked = with_caller(select(recordings, still, *CALLER), recordings)
    return in_period(filtered(asked, recordings, query), recordings, query)


def marks_of_recordings(recording_ids: Sequence[str]) -> Select[Any]:
    """The pauses and resumptions of these recordings, in the order of their facts."""
    mark = recording_marks.c
    return (
        select(mark.epoch_no, mark.recording_id, mark.at_ms, mark.mark)
        .where(mark.recording_id.in_(recording_ids))
        .order_by(mark.epoch_no, mark.seq)
    )


def monitor_row(row: AnyRow) -> MonitorRow:
    """Returns a spell of monitoring."""
    return MonitorRow(
        monitor_id=row.monitor_id,
        supervisor_call_id=row.supervisor_call_id,
        call_id=row.call_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        by=row.by,
        agent_id=row.agent_id,
        queue_id=row.queue_id,
        mode=row.mode,
        status=ended_status(row),
        duration_ms=duration_ms(row),
        source=row.source,
    )


def recording_row(row: AnyRow, marks: Sequence[AnyRow]) -> RecordingRow:
    """Returns a recording; `marks` are its own, in the order of their facts."""
    whole_ms = duration_ms(row)
    paused_ms = None
    if whole_ms is not None:
        told = [(mark.at_ms, mark.mark == PAUSED) for mark in marks]
        paused_ms = left_out_ms(told, row.ended_at_ms)
    return RecordingRow(
        recording_id=row.recording_id,
        call_id=row.call_id,
        talk_id=row.talk_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        queue_id=row.queue_id,
        agent_id=row.agent_id,
        name=row.name,
        stereo=row.stereo,
        status=ended_status(row),
        ok=row.ok,
        why=row.why or None,
        pauses=sum(mark.mark == PAUSED for mark in marks),
        paused_ms=paused_ms,
        duration_ms=None if whole_ms is None or paused_ms is None else whole_ms - paused_ms,
        start_by=row.start_by or None,
        stop_by=row.stop_by or None,
        source=row.source,
    )
