"""Which columns a report has, in which order, and how a value of each is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from engine.reports.build import ReportKind


class Form(Enum):
    """How a value is written."""

    TEXT = auto()
    NUMBER = auto()
    LIST = auto()
    TIME = auto()
    """Epoch milliseconds; in JSON also as ISO 8601 under the name without `_ms`."""
    DURATION = auto()
    PERCENT = auto()
    FLAG = auto()
    SCORES = auto()
    """Keys of a survey with their scores, and how often each was pressed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is the row's field and the JSON key; `title` heads it in a table.

    A column without a title is in JSON only: a table must fit a screen.
    """

    name: str
    form: Form
    title: str = ""


_STARTED: Final = Column("started_at_ms", Form.TIME, "started")
_ENDED: Final = Column("ended_at_ms", Form.TIME)
_NUMBER: Final = Column("caller_number", Form.TEXT, "caller")
_NAME: Final = Column("caller_name", Form.TEXT, "name")
_STATUS: Final = Column("status", Form.TEXT, "status")
_REASON: Final = Column("reason", Form.TEXT, "reason")
_RING: Final = Column("ring_ms", Form.DURATION, "ring")
_TALK: Final = Column("talk_ms", Form.DURATION, "talk")
_HOLD: Final = Column("hold_ms", Form.DURATION, "hold")
_WAIT: Final = Column("wait_ms", Form.DURATION, "wait")
_QUEUE: Final = Column("queue_id", Form.TEXT, "queue")
_AGENT: Final = Column("agent_id", Form.TEXT, "agent")
_CALL: Final = Column("call_id", Form.TEXT)
_SHOWN_CALL: Final = Column("call_id", Form.TEXT, "call")
_AT: Final = Column("at_ms", Form.TIME, "at")
_BY: Final = Column("by", Form.TEXT, "by")
_LENGTH: Final = Column("duration_ms", Form.DURATION, "length")
_VISIT: Final = Column("visit_id", Form.TEXT)
_ENTERED: Final = Column("entered_at_ms", Form.TIME, "joined")
_TALK_ID: Final = Column("talk_id", Form.TEXT)
_CAUSE: Final = Column("cause", Form.NUMBER)
_OPEN: Final = Column("open", Form.NUMBER, "open")
_UNKNOWN: Final = Column("unknown", Form.NUMBER)
_KEY: Final = Column("key", Form.TEXT, "key")
_WHY: Final = Column("why", Form.TEXT, "why")
_SOURCE: Final = Column("source", Form.TEXT)
"""Where the call came from; the number of a callback's customer is marked (C-06)."""

COLUMNS: Final[dict[ReportKind, tuple[Column, ...]]] = {
    ReportKind.CALLS: (
        _STARTED,
        _ENDED,
        _SHOWN_CALL,
        _SOURCE,
        Column("endpoint", Form.TEXT, "from"),
        _NUMBER,
        _NAME,
        Column("dialled", Form.TEXT, "dialled"),
        _STATUS,
        Column("queues", Form.LIST, "queues"),
        Column("parties", Form.LIST, "talked with"),
        _WAIT,
        _RING,
        _TALK,
        _HOLD,
        Column("ended_by", Form.TEXT, "ended by"),
        _CAUSE,
        Column("parent_id", Form.TEXT, "rest of"),
        Column("by", Form.TEXT, "asked by"),
        Column("routes", Form.LIST),
    ),
    ReportKind.VISITS: (
        _STARTED,
        _ENDED,
        _VISIT,
        _CALL,
        _QUEUE,
        _NUMBER,
        _NAME,
        _STATUS,
        _REASON,
        _AGENT,
        Column("offers", Form.NUMBER, "offers"),
        _WAIT,
        _RING,
        _TALK,
        _HOLD,
        Column("talk_ended_by", Form.TEXT, "ended by"),
        Column("entry_position", Form.NUMBER),
        Column("exit_position", Form.NUMBER),
    ),
    ReportKind.OFFERS: (
        _STARTED,
        _ENDED,
        Column("offer_id", Form.TEXT),
        _VISIT,
        _CALL,
        _QUEUE,
        _AGENT,
        _NUMBER,
        _NAME,
        Column("attempt", Form.NUMBER, "attempt"),
        _STATUS,
        _REASON,
        _RING,
        _CAUSE,
        Column("visit_status", Form.TEXT, "visit"),
        _SOURCE,
    ),
    ReportKind.SUMMARY: (
        _QUEUE,
        Column("total", Form.NUMBER, "total"),
        Column("answered", Form.NUMBER, "answered"),
        Column("missed", Form.NUMBER, "missed"),
        Column("abandoned", Form.NUMBER, "abandoned"),
        _OPEN,
        _UNKNOWN,
        Column("handle_ms_average", Form.DURATION, "avg handle"),
        Column("wait_answered_ms_average", Form.DURATION, "avg wait (answered)"),
        Column("wait_ms_average", Form.DURATION, "avg wait (all)"),
        Column("wait_ms_max", Form.DURATION, "max wait"),
        Column("talk_ms_average", Form.DURATION, "avg talk"),
        Column("hold_ms_average", Form.DURATION, "avg hold"),
        Column("answered_percent", Form.PERCENT, "answered %"),
        Column("missed_percent", Form.PERCENT, "missed %"),
        Column("abandoned_percent", Form.PERCENT, "abandoned %"),
        Column("sla_percent", Form.PERCENT, "SLA %"),
    ),
    ReportKind.TRANSFERS: (
        _AT,
        _SHOWN_CALL,
        _NUMBER,
        _NAME,
        Column("kind", Form.TEXT, "kind"),
        _BY,
        Column("target", Form.TEXT, "to"),
        Column("other_call_id", Form.TEXT, "consultation"),
        _SOURCE,
    ),
    ReportKind.RECORDINGS: (
        _STARTED,
        _ENDED,
        Column("recording_id", Form.TEXT),
        _CALL,
        _TALK_ID,
        _QUEUE,
        _AGENT,
        _NUMBER,
        _NAME,
        Column("name", Form.TEXT, "file"),
        Column("stereo", Form.FLAG),
        _STATUS,
        Column("ok", Form.FLAG, "ok"),
        _WHY,
        _LENGTH,
        Column("pauses", Form.NUMBER, "pauses"),
        Column("paused_ms", Form.DURATION, "left out"),
        Column("start_by", Form.TEXT, "started by"),
        Column("stop_by", Form.TEXT, "ended by"),
        _SOURCE,
    ),
    ReportKind.MONITORS: (
        _STARTED,
        _ENDED,
        Column("monitor_id", Form.TEXT),
        Column("supervisor_call_id", Form.TEXT),
        _SHOWN_CALL,
        _BY,
        Column("mode", Form.TEXT, "mode"),
        _AGENT,
        _QUEUE,
        _NUMBER,
        _NAME,
        _STATUS,
        _LENGTH,
        _SOURCE,
    ),
    ReportKind.PARKINGS: (
        _STARTED,
        _ENDED,
        Column("park_id", Form.TEXT),
        _SHOWN_CALL,
        _NUMBER,
        _NAME,
        Column("slot", Form.TEXT, "slot"),
        Column("park_by", Form.TEXT, "parked by"),
        _STATUS,
        _REASON,
        Column("unpark_by", Form.TEXT, "taken out by"),
        _LENGTH,
        _SOURCE,
    ),
    ReportKind.PRESENCE: (
        _AT,
        _AGENT,
        Column("presence", Form.TEXT, "presence"),
        Column("how", Form.TEXT, "how"),
        _BY,
    ),
    ReportKind.ACTIONS: (
        _AT,
        Column("outcome", Form.TEXT, "outcome"),
        Column("action", Form.TEXT, "action"),
        _BY,
        _AGENT,
        _QUEUE,
        _SHOWN_CALL,
        Column("detail", Form.TEXT, "detail"),
        _WHY,
        Column("request_id", Form.TEXT),
    ),
    ReportKind.CALLBACKS: (
        _ENTERED,
        Column("started_at_ms", Form.TIME),
        Column("callback_id", Form.TEXT),
        _CALL,
        Column("caller_call_id", Form.TEXT),
        _QUEUE,
        _NUMBER,
        _NAME,
        Column("asked_how", Form.TEXT, "asked by"),
        Column("ended_at_ms", Form.TIME, "called back"),
        Column("number", Form.TEXT, "number"),
        _WAIT,
        Column("attempts", Form.NUMBER, "attempts"),
        Column("attempted_at_ms", Form.TIME),
        _AGENT,
        _STATUS,
        _REASON,
    ),
    ReportKind.CALLBACK_SUMMARY: (
        _QUEUE,
        Column("requests", Form.NUMBER, "requests"),
        Column("succeeded", Form.NUMBER, "succeeded"),
        Column("failed", Form.NUMBER, "failed"),
        _OPEN,
        _UNKNOWN,
        Column("total_calls", Form.NUMBER, "total calls"),
    ),
    ReportKind.SURVEYS: (
        _AT,
        _ENTERED,
        _TALK_ID,
        _CALL,
        _QUEUE,
        _AGENT,
        _NUMBER,
        _NAME,
        Column("why", Form.TEXT, "ended"),
        _KEY,
        Column("score", Form.NUMBER, "score"),
        _SOURCE,
    ),
    ReportKind.SURVEY_SUMMARY: (
        _QUEUE,
        _AGENT,
        Column("asked", Form.NUMBER, "asked"),
        Column("keys", Form.SCORES, "key (score): count"),
        Column("total_keys", Form.NUMBER, "total keys"),
        Column("total_score", Form.NUMBER, "total score"),
        Column("score_average", Form.PERCENT, "average"),
    ),
    ReportKind.ROUTES: (
        _AT,
        _SHOWN_CALL,
        _NUMBER,
        _NAME,
        Column("from_place", Form.TEXT, "from"),
        _KEY,
        Column("target", Form.TEXT, "to"),
        _WHY,
        _SOURCE,
    ),
}
"""Every field of the rows of a kind, once. docs/records.md describes the JSON keys."""
