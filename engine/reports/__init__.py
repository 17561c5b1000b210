"""The archive: what the record says, as figures whose meaning is written down.

Door: `make_report` (with `ReportStore`, `Query`, `parse_period`, `parse_zone`), `render_text`,
`render_json`; `definitions` is the one place that says what a figure means.
Must not: know SQL, read a clock, mix the grains (call, visit, offer) in one total.
"""

from engine.reports.build import TOTALLED, BadQuery, Report, ReportKind, make_report
from engine.reports.period import BadPeriod, parse_period, parse_zone
from engine.reports.ports import LIMIT_DEFAULT, Query, ReportStore
from engine.reports.render_json import render_json
from engine.reports.render_text import render_text

__all__ = [
    "LIMIT_DEFAULT",
    "TOTALLED",
    "BadPeriod",
    "BadQuery",
    "Query",
    "Report",
    "ReportKind",
    "ReportStore",
    "make_report",
    "parse_period",
    "parse_zone",
    "render_json",
    "render_text",
]
