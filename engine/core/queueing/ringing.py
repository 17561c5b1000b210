"""Ringing phones: the one place that makes a leg, marks whose phone is in use, and tells Asterisk.

Why a phone rings (an offer, a direct call, a group, somebody who asked for a call) is its caller's
business, and so is the end of the ringing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.core.commands import RingPhone
from engine.core.facts import CALLBACK_MARK, SourceKind
from engine.core.ids import AgentId, EndpointName, LegId, QueueId, VisitId, leg_id_of
from engine.core.model.call import Call
from engine.core.model.leg import Leg
from engine.core.model.state import State
from engine.core.policy import OutboundRoute

RING_MARGIN_MS: Final = 10_000
"""Asterisk gives up on a phone this much after the core would have: only if the core is away."""


@dataclass(frozen=True, slots=True)
class Phone:
    """What can be rung: a phone of the house, or `number` by the trunk `endpoint`.

    `party` is what the record calls it. `caller_number` None: the caller's own is shown.
    """

    endpoint: EndpointName
    party: str
    number: str | None = None
    caller_number: str | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """What makes a leg an offer: to whom (not always at their own phone), and in which visit."""

    agent_id: AgentId
    queue_id: QueueId
    visit_id: VisitId
    level: int
    alert_info: str | None


def house_phone(number: str) -> Phone:
    """Returns the phone of an extension."""
    return Phone(EndpointName(number), number)


def outside_phone(route: OutboundRoute, number: str) -> Phone:
    """Returns the phone that is reached by dialling `number` through that route."""
    dialled = route.prepend + number[route.strip :]
    return Phone(route.trunk, number, dialled, route.caller_number)


def ring(
    state: State,
    call: Call,
    phone: Phone,
    timeout_ms: int,
    *,
    offered: Offered | None = None,
    chance_ms: int | None = None,
) -> Leg:
    """Rings a phone for this call, as its next leg, and counts the phone as in use from now on.

    The core's own deadline is the caller's business; Asterisk gives up a little after `timeout_ms`.
    `chance_ms`: another phone forwarded here, which began to ring then (`Leg.chance_ms`).
    """
    call.counts.legs += 1
    owner = state.agents.get(AgentId(phone.endpoint)) if phone.number is None else None
    owner_id = None if owner is None else owner.agent_id
    leg = Leg(
        leg_id=leg_id_of(call.call_id, call.counts.legs),
        call_id=call.call_id,
        node=call.node,
        endpoint=phone.endpoint,
        party=phone.party,
        started_ms=state.now_ms,
        agent_id=owner_id if offered is None else offered.agent_id,
        queue_id=None if offered is None else offered.queue_id,
        visit_id=None if offered is None else offered.visit_id,
        level=1 if offered is None else offered.level,
        chance_ms=chance_ms,
        phone_of=None if chance_ms is None else owner_id,
    )
    state.legs[leg.leg_id] = leg
    for agent_id in dict.fromkeys((leg.agent_id, leg.phone_of)):
        if agent_id is not None:
            agent = state.agents[agent_id]
            agent.legs[leg.leg_id] = None
            state.refresh(agent)
    state.tell(
        RingPhone(
            node=call.node,
            leg_id=leg.leg_id,
            call_id=call.call_id,
            endpoint=phone.endpoint,
            number=phone.number,
            timeout_ms=timeout_ms + RING_MARGIN_MS,
            caller_number=phone.caller_number or call.caller_number,
            caller_name=_name_shown(call, phone),
            alert_info=None if offered is None else offered.alert_info,
        )
    )
    return leg


def _name_shown(call: Call, phone: Phone) -> str:
    """Returns the name on the display: on a phone of the house it tells that this is a callback."""
    if call.source is not SourceKind.CALLBACK or phone.number is not None:
        return call.caller_name
    return f"{CALLBACK_MARK} {call.caller_name}".rstrip()


def ring_first(
    state: State, call: Call, phone: Phone, timeout_ms: int, *, shown: tuple[str, str]
) -> None:
    """Rings the phone that is this call's own: its channel has the call's id.

    `shown` are the number and the name on its display, where the route sets no number. A phone of the
    house counts as in use.
    """
    if call.agent_id is not None:
        agent = state.agents[call.agent_id]
        agent.own_calls[call.call_id] = None
        state.refresh(agent)
    number, name = shown
    state.tell(
        RingPhone(
            node=call.node,
            leg_id=LegId(call.call_id),
            call_id=None,
            endpoint=phone.endpoint,
            number=phone.number,
            timeout_ms=timeout_ms + RING_MARGIN_MS,
            caller_number=phone.caller_number or number,
            caller_name=name,
        )
    )
