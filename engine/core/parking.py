"""Parking: callers in slots that can be dialled."""

from __future__ import annotations

from engine.core.call import Call
from engine.core.facts import ParkEnd
from engine.core.state import State


def park(state: State, call: Call, by: str) -> None:
    """Puts a call that is on its way into a free slot, with music; without one it returns to `by`."""
    raise NotImplementedError


def unpark(state: State, call: Call, why: ParkEnd, by: str) -> None:
    """Takes a call out of its slot; it is on its way again, or its caller is gone."""
    raise NotImplementedError


def retrieve(state: State, call: Call, slot: str) -> None:
    """Lets the caller of `call`, who dialled a slot, talk to who is parked there."""
    raise NotImplementedError


def parked_too_long(state: State, call: Call) -> None:
    """Sends a parked call back to who parked it."""
    raise NotImplementedError
