"""Typed rows of the ways calls took. As in `rows`: milliseconds, None."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.ids import CallId


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One caller sent to `target`, from a queue, menu or group (`from_place`), for a reason (`why`).

    `key` is what was pressed or dialled, if anything.
    """

    at_ms: int
    call_id: CallId
    caller_number: str | None
    caller_name: str | None
    from_place: str
    target: str
    why: str
    key: str | None
    source: str | None
