"""Transfers that a phone asks for (SIP REFER), blind and attended (A-07)."""

from __future__ import annotations

from engine.core.inputs import TransferRequested
from engine.core.state import State


def transfer_requested(state: State, asked: TransferRequested) -> str | None:
    """Passes a caller on. Returns why the wish means nothing, or None."""
    return "not yet"
