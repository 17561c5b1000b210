"""What went otherwise than meant: counted and logged, not stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InputIgnored:
    """An input meant nothing in the present state (late, foreign, duplicate). Counted, not stored."""

    seq: int
    at_ms: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """Asterisk did not do what it was told, and the core dealt with that. Counted, not stored."""

    seq: int
    at_ms: int
    kind: str
    status: int
    why: str
