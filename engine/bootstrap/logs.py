"""How log lines look: one line per thing, UTC, what was given as `extra` at the end."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from typing_extensions import override

CHATTY: Final = ("alembic", "apscheduler", "panoramisk")
"""Libraries whose news are no news."""

_STANDARD: Final = frozenset(
    [*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"]
)


def set_up_logging(level: str, *, as_json: bool) -> None:
    """Sends log lines to stderr, where systemd and docker expect them."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class TextLines(logging.Formatter):
    """`2026-11-22T15:17:00.123Z WARNING engine.app.pump: what happened alarm=inbox_full`."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Returns the line (and a traceback below it, if there is one)."""
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        message = record.getMessage().replace("\n", "\\n")
        line = f"{_when(record)} {record.levelname} {record.name}: {message}{extra}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonLines(logging.Formatter):
    """The same as one JSON object."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        entry: dict[str, Any] = {
            "at": _when(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def _when(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
