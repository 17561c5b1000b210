"""A request on a call: who asks, what the call must be for it, which right it takes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.agents.rights import may
from engine.core.ids import QueueId
from engine.core.model.call import Call, CallState
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.places import Destination
from engine.core.policy import Right
from engine.core.refusals import NOT_ALLOWED, Refusal
from engine.core.routing.destinations import words_of
from engine.core.routing.sending import follow


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with what it is about."""

    state: State
    call: Call
    by: str

    def demand(self, right: Right) -> None:
        """Raises `Refusal` unless `by` has this right where the call is."""
        queue_id = queue_of(self.state, self.call)
        if not may(self.state, self.by, queue_id, right):
            raise Refusal(NOT_ALLOWED)


def queue_of(state: State, call: Call) -> QueueId | None:
    """Returns the queue in which a call waits, talks, or from which it was parked."""
    if call.visit is not None:
        return call.visit.queue_id
    if call.state is CallState.PARKED:
        return None if call.way_back is None else call.way_back.queue_id
    leg = None if call.leg_id is None else state.legs.get(call.leg_id)
    return None if leg is None else leg.queue_id


def agents_leg(asked: Asked) -> Leg:
    """Returns the agent's end of a talk: the leg.

    Raises:
        Refusal: they do not talk; nothing changed.
    """
    call = asked.call
    leg = None if call.leg_id is None else asked.state.legs.get(call.leg_id)
    if call.state is not CallState.TALKING or leg is None:
        raise Refusal(f"the call is {call.state.value}, not talking")
    return leg


def send(state: State, call: Call, destination: Destination) -> str:
    """Sends a call where a person wants it; returns the destination in words."""
    call.hops = 1  # A person decides: what came before is no loop.
    follow(state, call, destination)
    return words_of(destination)
