"""Actions on talks that move the caller, or the called party: transfer, park."""

from __future__ import annotations

from engine.core.callers.parking import free_slot, park
from engine.core.commands import PlayPrompt
from engine.core.facts import CallTransferred, SourceKind, TransferKind
from engine.core.ids import playback_id_of
from engine.core.inputs import BY_SYSTEM
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.model.whereabouts import WayBack
from engine.core.places import Destination, ToExtension
from engine.core.policy import Right
from engine.core.queueing.offers import agent_language
from engine.core.refusals import Refusal
from engine.core.routing.destinations import check_destination, words_of
from engine.core.talking.actions.asked import Asked, agents_leg, send
from engine.core.talking.passing import adopt_leg, go_elsewhere

SLOT_PROMPT = 2
"""Ordinal of the prompt that tells a leg its caller's slot; the agent prompt is the first."""


def transfer(asked: Asked, destination: Destination) -> str:
    """Sends the caller of a talk, or its called party, somewhere else; returns where, for the record.

    Raises:
        Refusal: they do not talk, or who asked may not do that; nothing changed.
    """
    state, call = asked.state, asked.call
    leg = _leg_to_take_from(asked, Right.DISTRIBUTE)
    check_destination(state, asked.by, destination)
    if isinstance(destination, ToExtension) and destination.number == leg.endpoint:
        raise Refusal("they talk to each other already")
    to = words_of(destination)
    if _called_party_moves(asked):
        call = adopt_leg(state, call, dialled=to)
    else:
        go_elsewhere(state, call)
    state.note(CallTransferred, call.call_id, asked.by, TransferKind.SERVICE, to, None)
    return send(state, call, destination)


def park_caller(asked: Asked) -> str:
    """Parks the caller; the agent hears the slot before the phone is hung up. Returns the slot.

    Raises:
        Refusal: they do not talk, no slot is free, or who asked may not do that; nothing changed.
    """
    state, call = asked.state, asked.call
    leg = _leg_to_take_from(asked, Right.PARK)
    if state.policy.settings.parking.first == 0:
        raise Refusal("no parking is configured")
    if free_slot(state) is None:
        raise Refusal("no free parking slot")
    if _called_party_moves(asked):
        slot = free_slot(state)
        back_to = call.endpoint if asked.by == BY_SYSTEM else asked.by
        call = adopt_leg(state, call, dialled=f"{slot}", last_words=(f"digits:{slot}",))
        park(state, call, back_to)
        return f"{slot}"
    call.way_back = WayBack(queue_id=leg.queue_id)
    call.hops = 1
    go_elsewhere(state, call, hang_up=False)
    back_to = leg.party if asked.by == BY_SYSTEM else asked.by
    slot = park(state, call, back_to)
    assert slot is not None
    _tell_slot(state, leg, slot)
    return slot


def _leg_to_take_from(asked: Asked, right: Right) -> Leg:
    leg = agents_leg(asked)
    if asked.by not in (leg.endpoint, asked.call.endpoint):
        asked.demand(right)
    return leg


def _called_party_moves(asked: Asked) -> bool:
    """Tells whether, of a talk, it is the called party that is to be sent on.

    So it is where a phone of the house placed the call and asks itself, or called outside.
    """
    call, state = asked.call, asked.state
    called_back = call.source is SourceKind.CALLBACK and call.endpoint not in state.extensions
    if call.source is SourceKind.TRUNK or called_back:
        return False
    assert call.leg_id is not None
    outside = state.legs[call.leg_id].endpoint in state.trunks
    return call.endpoint == asked.by or (outside and asked.by != state.legs[call.leg_id].endpoint)


def _tell_slot(state: State, leg: Leg, slot: str) -> None:
    agent = None if leg.agent_id is None else state.agents.get(leg.agent_id)
    state.tell(
        PlayPrompt(
            node=leg.node,
            playback_id=playback_id_of(leg.leg_id, SLOT_PROMPT),
            channel_id=leg.leg_id,
            media=(f"digits:{slot}",),
            language="en" if agent is None else agent_language(state, agent),
        )
    )
