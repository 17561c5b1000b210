"""Service actions on calls (S-03): each with rights checked, against the version that was seen."""

from __future__ import annotations

from engine.core.inputs import CallActionRequested, CallAgentRequested
from engine.core.state import State


def call_action(state: State, asked: CallActionRequested) -> None:
    """Acts on a request; a refusal is a fact."""
    raise NotImplementedError


def call_agent(state: State, asked: CallAgentRequested) -> None:
    """Rings who asked, then the agent."""
    raise NotImplementedError
