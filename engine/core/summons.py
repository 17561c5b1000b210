"""Calls that Usher places for somebody who asked: their phone rings first (S-03)."""

from __future__ import annotations

from engine.core.call import Call, Next
from engine.core.state import State


def summon(state: State, by: str, then: Next) -> Call:
    """Rings the phone of `by`; picked up, the call goes on to `then`."""
    raise NotImplementedError


def came(state: State, call: Call) -> str | None:
    """The phone was picked up. Returns why that means nothing, or None."""
    return "not summoned"


def failed_to_come(state: State, call: Call, cause: int) -> None:
    """The phone was not picked up, or its channel ended."""
    raise NotImplementedError
