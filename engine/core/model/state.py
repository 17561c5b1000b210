"""All that the core knows, and the two ways in which it speaks: `tell` (commands) and `note` (facts).

The modules beside this one are the entities that it holds. The verbs are on the floors above; they
act on one `State` and keep nothing of their own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec

from engine.core.commands import Command
from engine.core.facts import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallEnded,
    CallParked,
    CallStarted,
    CallTransferred,
    CallUnparked,
    Fact,
    HoldStarted,
    MonitorStarted,
    OfferMade,
    PauseEnded,
    PauseStarted,
    PresenceChanged,
    RecordingStarted,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitStarted,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)
from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    QueueId,
    RecordingId,
    VisitId,
)
from engine.core.model import numbers
from engine.core.model.agent import Agent, Membership, counts_as_there, may_be_offered
from engine.core.model.call import Call
from engine.core.model.ears import Monitor, Recording
from engine.core.model.leg import Leg, LegState
from engine.core.model.line import Line
from engine.core.model.pace import Tally
from engine.core.model.rng import Rng
from engine.core.model.timers import TimerKind, Timers
from engine.core.places import CallFlow, Menu, RingGroup
from engine.core.policy import (
    ExtensionPolicy,
    InboundRoute,
    OutboundRoute,
    Policy,
    TrunkPolicy,
)
from engine.core.waiting import EmptyRule, HoursNow

Output = Command | Fact

P = ParamSpec("P")

_MOVES_CALL = frozenset(
    (
        CallStarted,
        CallEnded,
        VisitStarted,
        VisitEnded,
        TalkStarted,
        TalkEnded,
        CallTransferred,
        CallParked,
        CallUnparked,
    )
)
_BEGINS = frozenset(
    (
        CallStarted,
        VisitStarted,
        OfferMade,
        TalkStarted,
        HoldStarted,
        CallParked,
        MonitorStarted,
        RecordingStarted,
    )
)
"""Facts by which something begins that a lost node ends."""
_CHANGES_AGENT = frozenset(
    (
        AgentLoggedIn,
        AgentLoggedOut,
        PauseStarted,
        PauseEnded,
        WrapupStarted,
        WrapupEnded,
        WrapupExtended,
        PresenceChanged,
    )
)
"""Facts whose `seq` is the new version of the call or agent in them (S-03). Ringing and holds are not
among them: who redirects a waiting caller does not mind that a phone began to ring meanwhile."""

GHOST_MS_MAX = 120_000
"""For this long a call that ended is remembered: Asterisk may list its channel while it dies."""


@dataclass(slots=True, eq=False)
class Node:
    """An Asterisk."""

    node: NodeId
    up: bool = False
    boot_id: str = ""
    down_ms: int | None = None
    """Since when (epoch milliseconds) it is out of reach, as far as this process can tell; None: it is not, or
    never was in reach."""
    seen_ms: int | None = None
    """Until when what happened there was known, whichever process knew it: what it lost ended then; None as
    `down_ms`."""
    lost: dict[str, None] = field(default_factory=dict)
    """Channels of calls that were ended because it did not come back (`engine.core.upkeep.outages`)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call whose channel, of Asterisk `node`, is gone since `at_ms` (epoch milliseconds)."""

    node: NodeId
    at_ms: int


class State:
    """The entities, indexes over the policy, the timers, and what was said in this step."""

    __slots__ = (
        "agents",
        "call_flows",
        "callbacks",
        "calls",
        "dirty",
        "ended",
        "entries",
        "epoch",
        "extensions",
        "fact_seq",
        "following",
        "hours",
        "house",
        "later",
        "leaving",
        "legs",
        "lines",
        "lost_ms",
        "mailboxes",
        "menus",
        "monitors",
        "nodes",
        "now_ms",
        "numbers",
        "offer_order",
        "out",
        "outbound_routes",
        "overrides",
        "own_calls",
        "parked",
        "policy",
        "recordings",
        "ring_groups",
        "rng",
        "skills",
        "timers",
        "trunks",
    )

    extensions: dict[str, ExtensionPolicy]
    skills: dict[AgentId, frozenset[str]]
    """Of those who have any."""
    trunks: dict[EndpointName, TrunkPolicy]
    outbound_routes: dict[str, OutboundRoute]
    numbers: list[str]
    """Of extensions and queues, sorted."""
    menus: dict[str, Menu]
    ring_groups: dict[str, RingGroup]
    call_flows: dict[str, CallFlow]
    mailboxes: dict[str, tuple[str, ...]]
    """Who may listen to a voicemail box, by its number."""

    def __init__(self, epoch: str, seed: int) -> None:
        """Makes an empty state."""
        self.epoch = epoch
        self.rng = Rng(seed)
        self.timers = Timers()
        self.index(Policy())
        self.now_ms = 0
        self.lost_ms: int | None = None
        """Only while what was lost with a node is ended: until when that was known (epoch ms)."""
        self.fact_seq = 0
        self.entries = 0
        """How many times a line was entered: the order of entry."""
        self.offer_order = 0
        """How many offers were made, and log-ins counted: orders both."""
        self.calls: dict[CallId, Call] = {}
        self.ended: dict[CallId, Ended] = {}
        """Calls whose channel is gone, oldest first: they cannot arrive again."""
        self.legs: dict[LegId, Leg] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.lines: dict[QueueId, Line] = {}
        self.house = Tally()
        """The talks that its lines remember, all together (`engine.core.estimate.handling`)."""
        self.nodes: dict[NodeId, Node] = {}
        self.monitors: dict[MonitorId, Monitor] = {}
        self.recordings: dict[RecordingId, Recording] = {}
        self.callbacks: dict[tuple[QueueId, VisitId], CallId] = {}
        """The calls that are callbacks, by queue and the callback's id, which goes from call to call."""
        self.parked: dict[str, CallId] = {}
        """Who is parked, by slot."""
        self.own_calls = 0
        """How many calls Usher has placed."""
        self.hours: dict[str, HoursNow] = {}
        """What each schedule says."""
        self.overrides: dict[QueueId, str] = {}
        """Queues that are closed whatever their hours say, and by whom."""
        self.out: list[Output] = []
        self.later: list[Command] = []
        self.dirty: dict[QueueId, None] = {}
        """Lines where a caller and an agent may have come together in this step."""
        self.leaving: dict[QueueId, None] = {}
        """Lines whose callers may have to leave all at once (`engine.core.queueing.leaving`)."""
        self.following: dict[CallId, None] = {}
        """Calls whose `then` is to be done before the step ends."""

    def index(self, policy: Policy) -> None:
        """Takes a policy and makes the look-ups over it."""
        self.policy = policy
        self.extensions = {extension.number: extension for extension in policy.extensions}
        self.numbers = sorted({*self.extensions, *(queue.queue_id for queue in policy.queues)})
        self.trunks = {trunk.name: trunk for trunk in policy.trunks}
        self.outbound_routes = {route.name: route for route in policy.outbound_routes}
        self.menus = {menu.name: menu for menu in policy.menus}
        self.ring_groups = {group.name: group for group in policy.ring_groups}
        self.call_flows = {flow.name: flow for flow in policy.call_flows}
        own = {each.number: (each.number,) for each in policy.extensions if each.voicemail}
        self.mailboxes = own | {box.number: box.members for box in policy.voicemail_boxes}
        self.skills = {
            agent.agent_id: frozenset(agent.skills) for agent in policy.agents if agent.skills
        }

    def tell(self, command: Command) -> None:
        """Gives a command."""
        self.out.append(command)

    def tell_later(self, command: Command) -> None:
        """Gives a command after all others of this step: a new caller's phone call comes first."""
        self.later.append(command)

    def tell_now(self) -> None:
        """Gives what was kept for the end of the step: what comes next must not overtake it."""
        if self.later:
            self.out.extend(self.later)
            self.later.clear()

    def note(
        self, kind: Callable[Concatenate[int, int, P], Fact], *rest: P.args, **named: P.kwargs
    ) -> None:
        """Notes a fact of this moment; the arguments are its fields after `seq` and `at_ms`."""
        self.fact_seq += 1
        self._keep(kind(self.fact_seq, self.now_ms, *rest, **named))

    def note_at(
        self,
        at_ms: int,
        kind: Callable[Concatenate[int, int, P], Fact],
        *rest: P.args,
        **named: P.kwargs,
    ) -> None:
        """Notes a fact of the moment `at_ms`."""
        self.fact_seq += 1
        self._keep(kind(self.fact_seq, at_ms, *rest, **named))

    @property
    def ends_ms(self) -> int:
        """When that ended which ends in this step (epoch ms): now, or when its node was seen last."""
        return self.now_ms if self.lost_ms is None else self.lost_ms

    def note_end(
        self, kind: Callable[Concatenate[int, int, P], Fact], *rest: P.args, **named: P.kwargs
    ) -> None:
        """Notes a fact that says of something on a node that it has ended, at `ends_ms`."""
        self.note_at(self.ends_ms, kind, *rest, **named)

    def _keep(self, fact: Any) -> None:  # noqa: ANN401 - The two sets of kinds say what it has.
        self.out.append(fact)
        kind = type(fact)
        if kind in _BEGINS and self.lost_ms is None:
            self._is_seen(fact.call_id)
        if kind in _MOVES_CALL:
            call = self.calls.get(fact.call_id)
            if call is not None:
                call.version = self.fact_seq
        elif kind in _CHANGES_AGENT:
            self.agents[fact.agent_id].version = self.fact_seq

    def _is_seen(self, call_id: CallId) -> None:
        """Something begins: what is lost with its node ends no earlier, and it is to end."""
        call = self.calls.get(call_id)
        node = None if call is None or call.absent else self.nodes.get(call.node)
        if node is None or node.seen_ms is None:
            return
        node.seen_ms = self.now_ms
        limit_ms = self.policy.settings.lost_node_ms
        if limit_ms > 0 and not self.timers.is_set(TimerKind.LOST_NODE, node.node):
            self.timers.set(TimerKind.LOST_NODE, node.node, self.now_ms + limit_ms)

    def fresh_id(self) -> str:
        """Returns an id for a spell, unique in all histories: epoch and the next fact's number."""
        return f"{self.epoch}.{self.fact_seq + 1}"

    def bury(self, call: Call) -> None:
        """Forgets a call, but for its id: news of it that come late must not raise a ghost."""
        self.calls.pop(call.call_id, None)
        self.ended[call.call_id] = Ended(call.node, self.now_ms)
        while (oldest := next(iter(self.ended))) and (
            self.ended[oldest].at_ms < self.now_ms - GHOST_MS_MAX
        ):
            del self.ended[oldest]

    def forget_ended(self, node: NodeId) -> None:
        """Forgets which calls of a node have ended: a new Asterisk may give the same ids again."""
        for call_id in [each for each, ended in self.ended.items() if ended.node == node]:
            del self.ended[call_id]

    def has_longer_number(self, pressed: str) -> bool:
        """Tells whether the number of a queue or extension begins with this and is longer."""
        at = bisect_right(self.numbers, pressed)
        return at < len(self.numbers) and self.numbers[at].startswith(pressed)

    def has_more_calls_than(self, many: int) -> bool:
        """Tells whether more than so many calls are in the house; callbacks that wait use nothing of it."""
        if len(self.calls) <= many:
            return False
        absent = sum(self.calls[call_id].absent for call_id in self.callbacks.values())
        return len(self.calls) - absent > many

    def node_up(self, node: NodeId) -> bool:
        """Tells whether a node can be commanded now."""
        known = self.nodes.get(node)
        return known is not None and known.up

    def phone(self, endpoint: EndpointName) -> Agent:
        """Returns the phone of that name; one not heard of before is remembered from now on.

        Nodes tell changes only, so what is told of a phone that is not an agent's yet must be kept.
        """
        agent_id = AgentId(endpoint)
        agent = self.agents.get(agent_id)
        if agent is None:
            agent = self.agents[agent_id] = Agent(agent_id)
        return agent

    def membership(self, agent_id: AgentId, queue_id: QueueId) -> Membership | None:
        """Returns an agent's membership, or None (no such agent, or not a member)."""
        agent = self.agents.get(agent_id)
        return None if agent is None else agent.memberships.get(queue_id)

    def refresh(self, agent: Agent) -> None:
        """Works out anew for which queues this agent may be rung. Call it after each change."""
        shared = self.policy.settings.shared_wrapup
        agent_id = agent.agent_id
        for queue_id, membership in agent.memberships.items():
            line = self.lines[queue_id]
            if may_be_offered(
                agent, membership, ring_in_use=line.policy.ring_in_use, shared_wrapup=shared
            ):
                if agent_id not in line.available:
                    line.available[agent_id] = None
                    if line.wanting or line.pools:
                        self.dirty[queue_id] = None
            elif agent_id in line.available:
                del line.available[agent_id]
            if line.policy.join_empty is not None:
                self._count(agent, line, line.policy.join_empty, line.there_to_join)
            if line.policy.leave_empty is not None:
                self._count(agent, line, line.policy.leave_empty, line.there_to_stay)
                if not line.there_to_stay:
                    self.leaving[queue_id] = None

    def _count(self, agent: Agent, line: Line, rule: EmptyRule, there: dict[AgentId, None]) -> None:
        if self.counts_as_there(agent, line, rule):
            there[agent.agent_id] = None
        else:
            there.pop(agent.agent_id, None)

    def counts_as_there(self, agent: Agent, line: Line, rule: EmptyRule) -> bool:
        """Tells whether a member keeps the queue from being empty by this rule (Q-08)."""
        live = [leg_id for leg_id in agent.legs if self.legs[leg_id].state is not LegState.ENDING]
        # While one of our own calls ends the device still speaks of that.
        engaged = bool(live or agent.own_calls or (not agent.legs and agent.device_busy))
        return counts_as_there(agent, agent.memberships[line.queue_id], rule, engaged=engaged)

    def at_work_changes(self, agent: Agent, membership: Membership) -> None:
        """An agent may have come to work in a queue or left (`engine.core.model.agent.is_there`).

        Callers who are kept for one who leaves may be served by others.
        """
        line = self.lines[membership.queue_id]
        line.rosters.clear()
        if line.crew is not None:
            line.crew.look_at(agent, membership)
        if line.pools:
            self.dirty[line.queue_id] = None

    def inbound_route(self, trunk: EndpointName, dialled: str) -> InboundRoute | None:
        """Returns the first inbound route for a number from a trunk."""
        for route in self.policy.inbound_routes:
            if route.trunk in (None, trunk) and numbers.matches(route.pattern, dialled):
                return route
        return None

    def outbound_route(self, extension: ExtensionPolicy, dialled: str) -> OutboundRoute | None:
        """Returns the first outbound route that this extension may use for a number."""
        for route in self.policy.outbound_routes:
            if route.name in extension.outbound_routes and numbers.matches(route.pattern, dialled):
                return route
        return None
