"""Answers of `report_queries_handling` as the typed rows that reports are made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from engine.adapters.db.project_talks import PAUSED
from engine.reports.definitions import left_out_ms
from engine.reports.rows import Status
from engine.reports.rows_handling import (
    ActionRow,
    MonitorRow,
    ParkingRow,
    PresenceRow,
    RecordingRow,
    TransferRow,
)

AnyRow = Row[Any]


def transfer_row(row: AnyRow) -> TransferRow:
    """Returns a transfer."""
    return TransferRow(
        at_ms=row.at_ms,
        call_id=row.call_id,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        kind=row.kind,
        by=row.by,
        target=row.target,
        other_call_id=row.other_call_id,
        source=row.source,
    )


def parking_row(row: AnyRow) -> ParkingRow:
    """Returns a parked call."""
    return ParkingRow(
        park_id=row.park_id,
        call_id=row.call_id,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        caller_number=row.caller_number,
        caller_name=row.caller_name,
        slot=row.slot,
        park_by=row.park_by,
        status=_status(row),
        reason=row.ended_why,
        unpark_by=row.unpark_by,
        duration_ms=_duration_ms(row),
        source=row.source,
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
        status=_status(row),
        duration_ms=_duration_ms(row),
        source=row.source,
    )


def recording_row(row: AnyRow, marks: Sequence[AnyRow]) -> RecordingRow:
    """Returns a recording; `marks` are its own, in the order of their facts."""
    whole_ms = _duration_ms(row)
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
        status=_status(row),
        ok=row.ok,
        why=row.why or None,
        pauses=sum(mark.mark == PAUSED for mark in marks),
        paused_ms=paused_ms,
        duration_ms=None if whole_ms is None or paused_ms is None else whole_ms - paused_ms,
        start_by=row.start_by or None,
        stop_by=row.stop_by or None,
        source=row.source,
    )


def presence_row(row: AnyRow) -> PresenceRow:
    """Returns a change of presence."""
    return PresenceRow(row.at_ms, row.agent_id, row.presence, row.how, row.by)


def action_row(row: AnyRow) -> ActionRow:
    """Returns an action; what it did not name is None."""
    return ActionRow(
        at_ms=row.at_ms,
        outcome=row.outcome,
        action=row.action,
        by=row.by,
        agent_id=row.agent_id or None,
        queue_id=row.queue_id or None,
        call_id=row.call_id,
        detail=row.detail or None,
        why=row.why,
        request_id=row.request_id,
    )


def _status(row: AnyRow) -> Status:
    if row.ended_seq is not None:
        return Status.ENDED
    return Status.OPEN if row.running else Status.UNKNOWN


def _duration_ms(row: AnyRow) -> int | None:
    if row.started_at_ms is None or row.ended_at_ms is None:
        return None
    return int(row.ended_at_ms - row.started_at_ms)
