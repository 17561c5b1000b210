"""Reports as a table for a terminal."""

from __future__ import annotations

import unicodedata
from datetime import tzinfo
from typing import Final

from engine.core.facts import CALLBACK_MARK, SourceKind
from engine.reports.build import SUMMARIES, Report, ReportKind, ReportRow, SummaryRow
from engine.reports.columns import COLUMNS, Column, Form
from engine.reports.period import shown_clock
from engine.reports.rows_callbacks import CallbackSummaryRow

_NOTHING: Final = "-"
_RIGHT: Final = (Form.NUMBER, Form.DURATION, Form.PERCENT)
_TITLES: Final = {
    ReportKind.CALLS: "Calls",
    ReportKind.VISITS: "Queue visits",
    ReportKind.OFFERS: "Offers",
    ReportKind.SUMMARY: "Queue visits by queue",
    ReportKind.TRANSFERS: "Transfers",
    ReportKind.RECORDINGS: "Recordings",
    ReportKind.MONITORS: "Monitoring",
    ReportKind.PARKINGS: "Parked calls",
    ReportKind.PRESENCE: "Changes of presence",
    ReportKind.ACTIONS: "Actions",
    ReportKind.CALLBACKS: "Callbacks",
    ReportKind.CALLBACK_SUMMARY: "Callbacks by queue",
    ReportKind.SURVEYS: "Surveys",
    ReportKind.SURVEY_SUMMARY: "Surveys by queue and agent",
    ReportKind.ROUTES: "Ways taken",
}


def render_text(report: Report, zone: tzinfo) -> str:
    """Returns the report as lines of text, times in `zone`, without a last line break."""
    columns = tuple(column for column in COLUMNS[report.kind] if column.title)
    table = [tuple(column.title for column in columns)]
    table += [tuple(_cell(row, column, zone) for column in columns) for row in report.rows]
    widths = [max(_width(line[place]) for line in table) for place in range(len(columns))]
    query = report.query
    period = f"{shown_clock(query.from_ms, zone)} to {shown_clock(query.to_ms, zone)}, {zone}"
    head = [f"{_TITLES[report.kind]}, {period}"]
    if query.queues:
        head.append(f"queues: {', '.join(query.queues)}")
    if query.agents:
        head.append(f"agents: {', '.join(query.agents)}")
    if report.kind is ReportKind.ACTIONS and query.queues:
        head.append("refused actions only: of those that were done the queue is not recorded")
    if report.sla_ms is not None:
        head.append(f"SLA: answered in less than {report.sla_ms / 1000:g} s, of all visits")
    body = [_line(line, widths, columns) for line in table]
    return "\n".join([*head, "", *body, *_foot(report)])


def shown_duration(duration_ms: int) -> str:
    """Returns a duration as h:mm:ss, in whole seconds gone by."""
    minutes, seconds = divmod(duration_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _foot(report: Report) -> list[str]:
    if report.kind in SUMMARIES:
        return []
    if not report.rows:
        return ["", "none"]
    if report.truncated:
        return ["", f"the latest {len(report.rows)}; there are more (--limit)"]
    return ["", f"{len(report.rows)} in all"]


def _cell(row: ReportRow, column: Column, zone: tzinfo) -> str:
    value = getattr(row, column.name)
    if value is None:
        # The last row of a summary is about no queue in particular.
        is_total = isinstance(row, SummaryRow | CallbackSummaryRow) and column.name == "queue_id"
        return "total" if is_total else _NOTHING
    match column.form:
        case Form.TIME:
            return shown_clock(value, zone)
        case Form.DURATION:
            return shown_duration(value)
        case Form.PERCENT:
            return f"{value:.2f}"
        case Form.FLAG:
            return "yes" if value else "no"
        case Form.SCORES:
            return (
                "  ".join(f"{each.key} ({each.score}): {each.count}" for each in value) or _NOTHING
            )
        case Form.LIST:
            return _printable(" ".join(value)) or _NOTHING
        case _:
            return _mark(row, column) + (_printable(str(value)) or _NOTHING)


def _mark(row: ReportRow, column: Column) -> str:
    """Returns what is put before the number of a callback's customer (C-06)."""
    is_callback = getattr(row, "source", None) == SourceKind.CALLBACK
    return f"{CALLBACK_MARK} " if is_callback and column.name == "caller_number" else ""


def _printable(text: str) -> str:
    """Callers choose their names: what would move the cursor or change colours is not printed."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _width(text: str) -> int:
    """Columns that a terminal needs: two for a wide (Chinese, Japanese, Korean) character."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )


def _line(cells: tuple[str, ...], widths: list[int], columns: tuple[Column, ...]) -> str:
    padded = []
    for cell, width, column in zip(cells, widths, columns, strict=True):
        padding = " " * (width - _width(cell))
        padded.append(padding + cell if column.form in _RIGHT else cell + padding)
    return "  ".join(padded).rstrip()
