"""Presence of an extension, and what it does to the agent's state (A-04)."""

from __future__ import annotations

from engine.core.inputs import PresenceRequested
from engine.core.state import State


def presence_requested(state: State, asked: PresenceRequested) -> None:
    """Acts on a service's request; a refusal is a fact."""
    raise NotImplementedError
