"""Time zones in which the clock shows a full minute whenever a test wants one.

Schedules turn on full minutes, and a test does not wait for one. So there are sixty zones a second
apart, from UTC to UTC plus 59 s, as zones of old times were; an engine knows them by `engine_with`.
"""

from __future__ import annotations

import struct
import time
import zoneinfo
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.support.hours import every_day

_DAY_S: Final = 86_400


class Turn(NamedTuple):
    """A schedule that is open now and closes at a moment."""

    at_ms: int
    """When, of the wall clock."""
    schedule: dict[str, Any]


def engine_with(folder: Path) -> list[str]:
    """Writes the zones; returns what to put in front of the engine's command."""
    (folder / "Lab").mkdir(parents=True)
    for seconds in range(60):
        (folder / "Lab" / f"S{seconds:02}").write_bytes(_zone_file(seconds))
    return ["env", "PYTHONTZPATH=" + ":".join([str(folder), *zoneinfo.TZPATH])]


def _zone_file(offset_s: int) -> bytes:
    """A zone file (RFC 8536) of version 1 with one kind of local time, and no change of it."""
    counts = struct.pack("!6l", 0, 0, 0, 0, 1, 4)
    return b"TZif" + bytes(16) + counts + struct.pack("!lBB", offset_s, 0, 0) + b"LAB\0"


def closes_in(seconds: float) -> Turn:
    """Returns a schedule that closes so soon, at a full second, and has been open for an hour."""
    at_s = int(time.time_ns() / 1e9 + seconds) + 1
    offset_s = -at_s % 60
    shown_s = (at_s + offset_s) % _DAY_S
    period = f"{_clock(shown_s - 3600)}-{_clock(shown_s)}"
    zone = f"Lab/S{offset_s:02}"
    return Turn(at_s * 1000, {"time_zone": zone, "weekly": every_day(period)})


def _clock(shown_s: int) -> str:
    minutes = shown_s % _DAY_S // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
