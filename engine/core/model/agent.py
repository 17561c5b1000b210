"""An agent: status (what the agent chose), state (what is seen) and membership, kept apart.

`Membership` holds the choices per queue: logged in, paused; `Agent` what is seen: is the phone
there, is it in use. `may_be_offered` is the one rule that says who can be rung.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.core.ids import AgentId, CallId, LegId, NodeId, QueueId
from engine.core.inputs import DeviceState
from engine.core.policy import MemberKind, Presence
from engine.core.waiting import EmptyRule

_BUSY = (
    DeviceState.INUSE,
    DeviceState.BUSY,
    DeviceState.RINGING,
    DeviceState.RINGINUSE,
    DeviceState.ONHOLD,
)


@dataclass(slots=True, eq=False)
class Membership:
    """An agent in a queue. `position` is the configured place, `login_order` the order of log-in."""

    queue_id: QueueId
    kind: MemberKind
    level: int
    position: int
    login_order: int = 0
    login_id: str | None = None
    """The running log-in spell, None while logged out."""
    pause_id: str | None = None
    """The running pause, None while not paused."""
    pause_reason: str | None = None
    answered: int = 0
    """Queue calls answered here since the membership began (fewest calls)."""
    missed_in_row: int = 0
    """Offers missed here since the last that was answered; a log-out, a pause, a queue call placed by the
    agent and a restart of the engine clear it too (Q-06)."""
    share: int = 1
    """Weight in the weighted strategy."""
    wrapup_id: str | None = None
    wrapup_until_ms: int = 0
    """When the running wrap-up ends by itself; 0 where none runs."""
    wrapup_extended_ms: int = 0
    """How much longer the running wrap-up has been made."""
    talk_ms: int = 0
    """Talk time in this queue since the log-in (least talk, R-08)."""
    balance: int = 0
    """What the weighted strategy owes this agent since the log-in (`engine.core.matching.shares`)."""
    in_last_login: bool = False
    """Was logged in here when the agent last logged out of everything (`LOG_IN_LAST`)."""


@dataclass(slots=True, eq=False)
class Agent:
    """A phone, and the person at it. One without memberships is a phone that may become an agent's."""

    agent_id: AgentId
    memberships: dict[QueueId, Membership] = field(default_factory=dict)
    reachable_at: dict[NodeId, None] = field(default_factory=dict)
    """Nodes that see the phone registered."""
    devices: dict[NodeId, DeviceState] = field(default_factory=dict)
    """Its state as each node last told it. Forgotten when one of our own calls on the phone ends: that
    state still speaks of our call, and only the next one says whether there is another."""
    legs: dict[LegId, None] = field(default_factory=dict)
    """Our channels to the phone, until they are gone."""
    own_calls: dict[CallId, None] = field(default_factory=dict)
    """Calls placed from the phone."""
    offers: int = 0
    """How many of `legs` are live offers: ringing or picked up, not yet talking."""
    backing_off: bool = False
    """Missed an offer otherwise than by ringing in vain (busy, rejected, unreachable, ...): is not rung for
    `Settings.failed_offer_pause_ms`."""
    wrapups: int = 0
    """How many memberships are in wrap-up."""
    last_offer: int = 0
    """Order of the last offer among all offers; 0: never offered."""
    presence: Presence = Presence.AVAILABLE
    version: int = 0
    """`seq` of the last fact that changed the agent's state (S-03)."""

    @property
    def in_use(self) -> bool:
        """Tells whether the phone is on a call, with us or elsewhere."""
        if self.legs or self.own_calls:
            return True
        return self.device_busy

    @property
    def device_busy(self) -> bool:
        """Tells whether some node says that the phone is in use."""
        return any(device in _BUSY for device in self.devices.values())


def counts_as_there(
    agent: Agent, membership: Membership, rule: EmptyRule, *, engaged: bool
) -> bool:
    """Tells whether this agent keeps the queue from being empty by this rule (Q-08).

    `engaged`: in use in the sense of `engine.core.queueing.empties`.
    """
    if membership.login_id is None or (rule.unregistered and not agent.reachable_at):
        return False
    if rule.paused and membership.pause_id is not None:
        return False
    return not (rule.in_use and engaged)


def is_there(agent: Agent, membership: Membership) -> bool:
    """Tells whether this agent is at work in this queue, free or not."""
    return (
        membership.login_id is not None and membership.pause_id is None and bool(agent.reachable_at)
    )


def at_work(
    agents: Mapping[AgentId, Agent], members: Iterable[AgentId], queue_id: QueueId
) -> list[tuple[Agent, Membership]]:
    """Works out who of a queue's members is at work in it, in their order. O(members)."""
    found = [(agents[agent_id], agents[agent_id].memberships[queue_id]) for agent_id in members]
    return [each for each in found if is_there(*each)]


def may_be_offered(
    agent: Agent, membership: Membership, *, ring_in_use: bool, shared_wrapup: bool
) -> bool:
    """Tells whether this agent may be rung for this queue now (Q-05, Q-06, Q-11, A-05)."""
    if membership.login_id is None or membership.pause_id is not None:
        return False
    if membership.wrapup_id is not None or (shared_wrapup and agent.wrapups > 0):
        return False
    if agent.backing_off or not agent.reachable_at:
        return False
    if agent.in_use:
        return ring_in_use and agent.offers == 0
    return True
