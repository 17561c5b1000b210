"""Reports as JSON: stable keys, described in docs/records.md."""

from __future__ import annotations

import dataclasses
import json
from datetime import tzinfo

from engine.reports.build import SUMMARIES, TOTALLED, Report, ReportRow
from engine.reports.columns import COLUMNS, Column, Form
from engine.reports.period import shown_time

Json = str | int | float | bool | list[str] | list[dict[str, str | int]] | None


def render_json(report: Report, zone: tzinfo) -> str:
    """Returns the report as one JSON object, times in `zone`."""
    query = report.query
    columns = COLUMNS[report.kind]
    answer: dict[str, object] = {
        "report": report.kind.value,
        "from": shown_time(query.from_ms, zone),
        "from_ms": query.from_ms,
        "to": shown_time(query.to_ms, zone),
        "to_ms": query.to_ms,
        "zone": str(zone),
        "queues": list(query.queues),
        "agents": list(query.agents),
    }
    if report.kind not in SUMMARIES:
        answer["limit"] = query.limit
        answer["truncated"] = report.truncated
    if report.sla_ms is not None:
        answer["sla_ms"] = report.sla_ms
    if report.kind in TOTALLED:
        *queues, total = report.rows
        answer["rows"] = [_row(row, columns, zone) for row in queues]
        answer["total"] = _row(total, columns[1:], zone)
    else:
        answer["rows"] = [_row(row, columns, zone) for row in report.rows]
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _row(row: ReportRow, columns: tuple[Column, ...], zone: tzinfo) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for column in columns:
        value = getattr(row, column.name)
        if column.form is Form.TIME:
            name = column.name.removesuffix("_ms")
            shown[name] = None if value is None else shown_time(value, zone)
            shown[column.name] = value
        elif column.form is Form.SCORES:
            shown[column.name] = [dataclasses.asdict(each) for each in value]
        else:
            shown[column.name] = list(value) if column.form is Form.LIST else value
    return shown
