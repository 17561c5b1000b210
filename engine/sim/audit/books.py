"""What the auditor believes: calls, visits, legs, agents and queues, kept from what was said."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.ids import (
    AgentId,
    CallId,
    EndpointName,
    LegId,
    MonitorId,
    NodeId,
    PlaybackId,
    QueueId,
    RecordingId,
    TalkId,
    VisitId,
    talk_id_of,
)
from engine.core.inputs import NO_ENDPOINT, DeviceState
from engine.core.policy import MemberKind, MonitorMode, Policy, QueuePolicy
from engine.core.waiting import CallbackPolicy, HoursNow
from engine.sim.audit.journeys import NEVER_MS, EarBook, WayBook
from engine.sim.failure import AuditFailure


class CallBook:
    """A call, from `CallStarted` until it has ended and its channel is gone."""

    __slots__ = (
        "absent",
        "answered",
        "answers",
        "arrived_ms",
        "as_leg",
        "away",
        "call_id",
        "callback",
        "doubtful",
        "ear",
        "ended",
        "endpoint",
        "fresh",
        "gone",
        "hung_up",
        "leg_talks",
        "legs",
        "mark_ms",
        "monitor",
        "node",
        "number",
        "owner",
        "parked",
        "priority",
        "required",
        "settled",
        "slot",
        "sounding",
        "summoned",
        "talk",
        "version",
        "visit",
        "visits",
        "way",
    )

    def __init__(self, call_id: CallId, node: NodeId, arrived_ms: int) -> None:
        """Begins a call that is nowhere yet."""
        self.call_id = call_id
        self.node = node
        self.arrived_ms = arrived_ms
        self.owner: AgentBook | None = None
        """The agent from whose phone it was placed."""
        self.visit: VisitBook | None = None
        self.talk: LegBook | None = None
        self.legs: dict[LegId, LegBook] = {}
        """Phones rung for it whose channels are not known to be gone."""
        self.visits = self.answers = self.leg_talks = 0
        """Visits, times that it was told to be answered, talks that its channel has had as a leg."""
        self.mark_ms = arrived_ms
        """Up to when every second of it is accounted for as wait or talk."""
        self.settled = False
        """The call's end must follow at once: its talk ended, or its caller is gone."""
        self.answered = False
        self.sounding = False
        """The waiting sound was started and not stopped."""
        self.endpoint: EndpointName = NO_ENDPOINT
        self.number = ""
        self.priority = 0
        self.required: tuple[str, ...] = ()
        """Skills that its route asks for."""
        self.fresh = True
        """It has been nowhere yet, so its first wait counts from its arrival."""
        self.version = 0
        """`seq` of the last fact that changed where it is."""
        self.parked: str | None = None
        """The parking that it is in, ..."""
        self.slot = ""
        """... and the slot of that."""
        self.monitor: MonitorBook | None = None
        """What its caller, a supervisor, listens to."""
        self.summoned = False
        """Usher rings its caller, who has not come yet."""
        self.as_leg: LegBook | None = None
        """Its caller has become a party of another call."""
        self.ended = self.gone = self.hung_up = False
        self.doubtful = False
        """A command about its channel failed: whether that exists is not certain."""
        self.callback: CallbackBook | None = None
        """The callback that it is."""
        self.absent = False
        """It was a callback, and never had a channel."""
        self.away = False
        """The dialplan has it."""
        self.ear = EarBook()
        self.way = WayBook()

    def is_absent(self) -> bool:
        """Tells a callback that waits: it has no channel."""
        return self.absent or (self.callback is not None and self.callback.called is not self)


class VisitBook:
    """A stay in a queue, from `VisitStarted` to `VisitEnded`."""

    __slots__ = (
        "announced_ms",
        "attempts",
        "away_ms",
        "call",
        "callback",
        "called_back",
        "chosen",
        "directed",
        "doubt_until_ms",
        "entered_ms",
        "joins_until_ms",
        "kept_for",
        "offers",
        "open",
        "order",
        "progress_due_ms",
        "queue",
        "queue_due_ms",
        "rests_until_ms",
        "ring_due_ms",
        "ring_ms",
        "ring_since_ms",
        "rings_many",
        "step_due_ms",
        "tried",
        "visit_id",
        "wait_due_ms",
        "wait_limits",
        "welcome",
    )

    def __init__(
        self, visit_id: VisitId, call: CallBook, queue: QueueBook, entered_ms: int, order: int
    ) -> None:
        """Begins a visit without offers."""
        self.visit_id = visit_id
        self.call = call
        self.queue = queue
        self.entered_ms = entered_ms
        self.order = order
        self.open = True
        self.offers: dict[LegId, LegBook] = {}
        self.chosen: LegBook | None = None
        self.directed: LegBook | None = None
        """The offer to somebody who asked for this very call."""
        self.away_ms = NEVER_MS
        """When its node was last connected again: timers from before that fire afterwards."""
        self.kept_for: AgentId | None = None
        """Who served this caller last and has not missed the chance to do so again."""
        self.tried: dict[AgentId, None] = {}
        """Agents who had their chance in this round."""
        self.attempts = 0
        self.ring_ms = 0
        self.ring_since_ms = NEVER_MS
        self.ring_due_ms = NEVER_MS
        """When this attempt ends; who joins it later (ring-all) does not prolong it."""
        self.rests_until_ms = NEVER_MS
        self.step_due_ms = NEVER_MS
        """Progressive: from then on one more may be rung."""
        self.doubt_until_ms = NEVER_MS
        """Until then it may be resting or not."""
        self.wait_due_ms = NEVER_MS
        self.wait_limits = 0
        """How many limits to its wait were set; only the last one counts."""
        self.welcome: PlaybackId | None = None
        """The first prompt of this visit."""
        self.joins_until_ms = NEVER_MS
        """Until then at most no agent is rung, as the join prompt plays (P-01)."""
        self.rings_many = False
        """Its phones were rung all at once (the strategy may have changed since)."""
        self.callback: CallbackBook | None = None
        """The callback whose stay in line this is."""
        self.announced_ms = NEVER_MS
        """When the queue announcement began last."""
        self.queue_due_ms = self.progress_due_ms = NEVER_MS
        """When announcements are due."""
        self.called_back = False
        """Its caller asked for a callback."""


class CallbackBook:
    """A callback, from the request to its end; `visit` is its stay in line."""

    __slots__ = (
        "agent_id",
        "agent_left",
        "asked_for",
        "attempt_ms",
        "attempts",
        "called",
        "failed",
        "inside",
        "number",
        "over",
        "requested_ms",
        "rung",
        "visit",
    )

    def __init__(
        self, visit: VisitBook, number: str, requested_ms: int, asked_for: CallbackPolicy | None
    ) -> None:
        """Begins a callback that waits."""
        self.visit = visit
        self.number = number
        self.requested_ms = requested_ms
        self.asked_for = asked_for
        """The terms under which it was requested."""
        self.inside = False
        """It goes to the phone of the house from which it was requested."""
        self.attempts = 0
        self.attempt_ms = NEVER_MS
        self.called: CallBook | None = None
        """The call whose phone is rung: an attempt is under way."""
        self.rung = False
        self.agent_id: AgentId | None = None
        self.agent_left = False
        """The agent hung up during this attempt."""
        self.failed = False
        """An attempt has failed."""
        self.over = False

    def terms(self) -> CallbackPolicy:
        """Returns what counts for it now."""
        return self.visit.queue.policy.callback or self.asked_for or CallbackPolicy()


class LegBook:
    """A phone that was rung, until its channel is gone."""

    __slots__ = (
        "agent",
        "alert_info",
        "answered_ms",
        "call",
        "doubtful",
        "elsewhere",
        "gone",
        "hang_ups",
        "hold_id",
        "hold_ms",
        "hung_up",
        "in_vain",
        "last_word",
        "leg_id",
        "level",
        "node",
        "offer",
        "offered_ms",
        "phone",
        "queue_id",
        "recording",
        "ring_ms_min",
        "talk_id",
        "talk_ms",
        "talks",
        "told_again",
        "visit",
    )

    def __init__(self, leg_id: LegId, call: CallBook, agent: AgentBook | None) -> None:
        """Begins a leg that rings."""
        self.leg_id = leg_id
        self.call = call
        self.node = call.node
        self.agent = agent
        """Whose offer or phone it is."""
        self.phone = agent
        """Whose phone it is: another's where an offer was forwarded."""
        self.recording: RecordingBook | None = None
        """What records its talk, and was not told to stop."""
        self.visit: VisitBook | None = None
        self.queue_id: QueueId | None = None
        self.level = 1
        self.offer = False
        """It is a live offer: made and not ended."""
        self.offered_ms = NEVER_MS
        self.answered_ms = NEVER_MS
        self.talk_ms = NEVER_MS
        self.talks = 0
        self.talk_id: TalkId | None = None
        """Of the talk that it is in."""
        self.ring_ms_min = 0
        """Who rang for less has not rung in vain."""
        self.hang_ups = 0
        self.told_again = False
        self.alert_info: str | None = None
        self.last_word = False
        """It hears a last word and is hung up soon."""
        self.in_vain = False
        """It was picked up for a callback, whose customer was not reached."""
        self.elsewhere = False
        """Its phone is to show no missed call."""
        self.hold_id: str | None = None
        self.hold_ms = NEVER_MS
        self.hung_up = False
        self.gone = False
        self.doubtful = False


class MemberBook:
    """An agent in a queue."""

    __slots__ = (
        "agent",
        "answered",
        "extended_ms",
        "kind",
        "level",
        "login_order",
        "login_spell",
        "missed",
        "pause_reason",
        "pause_spell",
        "position",
        "queue",
        "removed",
        "talk_ms",
        "wrapup",
        "wrapup_until_ms",
    )

    def __init__(self, agent: AgentBook, queue: QueueBook) -> None:
        """Begins logged out."""
        self.agent = agent
        self.queue = queue
        self.kind = MemberKind.DYNAMIC
        self.level = 1
        self.position = 0
        self.login_order = 0
        self.login_spell: str | None = None
        self.pause_spell: str | None = None
        self.pause_reason: str | None = None
        self.wrapup: str | None = None
        self.wrapup_until_ms = NEVER_MS
        self.extended_ms = 0
        self.answered = 0
        self.missed = 0
        self.talk_ms = 0
        """In this queue since the log-in."""
        self.removed = False


class MonitorBook:
    """A supervisor's spell of monitoring in one mode."""

    __slots__ = ("call", "leg", "mode", "monitor_id", "supervisor")

    def __init__(
        self,
        monitor_id: MonitorId,
        supervisor: CallBook,
        call: CallBook,
        leg: LegBook,
        mode: MonitorMode,
    ) -> None:
        """Begins a spell."""
        self.monitor_id = monitor_id
        self.supervisor = supervisor
        self.call = call
        self.leg = leg
        self.mode = mode


class RecordingBook:
    """A recording, until its file is closed."""

    __slots__ = ("call", "leg", "paused", "recording_id", "stopped")

    def __init__(self, recording_id: RecordingId, call: CallBook, leg: LegBook) -> None:
        """Begins a recording."""
        self.recording_id = recording_id
        self.call = call
        self.leg = leg
        self.paused = False
        self.stopped = False


class AgentBook:
    """An agent and the phone."""

    __slots__ = (
        "agent_id",
        "back_off_until_ms",
        "devices",
        "last_offer",
        "legs",
        "members",
        "offers",
        "own_calls",
        "reachable",
        "talks",
    )

    def __init__(self, agent_id: AgentId) -> None:
        """Begins with an unknown phone."""
        self.agent_id = agent_id
        self.members: dict[QueueId, MemberBook] = {}
        self.reachable: dict[NodeId, None] = {}
        self.devices: dict[NodeId, DeviceState] = {}
        """The phone's state as told by each node, until a call of ours on it ends there: a state
        from before that spoke of our call, and is no excuse any more."""
        self.legs: dict[LegId, LegBook] = {}
        self.own_calls: dict[CallId, CallBook | None] = {}
        self.offers = 0
        self.talks = 0
        """Queue calls that are connected."""
        self.back_off_until_ms = NEVER_MS
        self.last_offer = 0


class QueueBook:
    """A queue: its policy, its members, and who waits in it."""

    __slots__ = (
        "last_dynamic",
        "last_static",
        "last_static_agent",
        "members",
        "memory_known",
        "policy",
        "removed",
        "served",
        "static_only",
        "waiting",
    )

    def __init__(self, policy: QueuePolicy) -> None:
        """Begins empty."""
        self.policy = policy
        self.members: dict[AgentId, MemberBook] = {}
        self.waiting: dict[VisitId, VisitBook] = {}
        self.served: dict[tuple[bool, str], tuple[int, AgentId]] = {}
        """When a caller's last talk here ended, and with whom: by whether it is a phone of the house, and
        by the caller's number."""
        self.static_only = False
        self.last_static = -1
        self.last_static_agent: AgentId | None = None
        self.last_dynamic = 0
        self.memory_known = True
        """Which static agent was rung last is certain; a reload that moves members clouds it."""
        self.removed = False


class Books:
    """All of it, and the step in progress."""

    def __init__(self) -> None:
        """Begins before the first input."""
        self.policy = Policy()
        self.calls: dict[CallId, CallBook] = {}
        self.calls_seen: set[CallId] = set()
        """Only ever asked, never iterated over."""
        self.legs: dict[LegId, LegBook] = {}
        self.agents: dict[AgentId, AgentBook] = {}
        self.queues: dict[QueueId, QueueBook] = {}
        self.slots: dict[str, CallBook] = {}
        self.callbacks: dict[VisitId, CallbackBook] = {}
        self.hours: dict[str, HoursNow] = {}
        """What each schedule says."""
        self.closed_by_hand: dict[QueueId, None] = {}
        self.settling_ms = 0
        """When registrations began to be incomplete, the last time."""
        self.monitors: dict[MonitorId, MonitorBook] = {}
        self.recordings: dict[RecordingId, RecordingBook] = {}
        self.skills: Mapping[AgentId, tuple[str, ...]] = {}
        self.extensions: Mapping[str, None] = {}
        self.up_since_ms: dict[NodeId, int] = {}
        """Nodes that are connected, and since when."""
        self.awake_since_ms = 0
        self.fired_ms = 0
        """All timers due until then have fired: the last `TimePassed`."""
        self.now_ms = 0
        self.visits_seen = 0
        self.orders = 0
        """Counts offers and log-ins, to put them in order."""

    def node_up(self, node: NodeId) -> bool:
        """Tells whether this node is connected."""
        return node in self.up_since_ms

    def node_for(self, visit: VisitBook) -> NodeId:
        """Returns the node on which this visit depends: a callback takes any, while none rings."""
        callback = visit.callback
        if callback is None or callback.called is not None or visit.offers:
            return visit.call.node
        return next(iter(self.up_since_ms), visit.call.node)

    def within_reach(self, visit: VisitBook) -> bool:
        """Tells whether an agent can be rung for this visit."""
        return self.node_for(visit) in self.up_since_ms

    def phone(self, agent_id: AgentId) -> AgentBook:
        """Returns the book of this phone, who may not be an agent's yet."""
        known = self.agents.get(agent_id)
        if known is None:
            known = self.agents[agent_id] = AgentBook(agent_id)
        return known

    def leg_of_talk(self, talk_id: TalkId) -> LegBook | None:
        """Returns the leg whose next talk has this id; None: there is none."""
        leg = self.legs.get(LegId(talk_id))
        if leg is None:
            leg = self.legs.get(LegId(talk_id.rpartition("-t")[0]))
        if leg is None or talk_id_of(leg.leg_id, leg.talks + 1) != talk_id:
            return None
        return leg

    def fail(self, rule: str, what: str) -> AuditFailure:
        """Returns the failure to raise."""
        return AuditFailure(rule, what, at_ms=self.now_ms)

    def leg_is_gone(self, leg: LegBook) -> None:
        """Its channel exists no more."""
        leg.gone = True
        self.legs.pop(leg.leg_id, None)
        leg.call.legs.pop(leg.leg_id, None)
        if leg.agent is not None and leg.agent is not leg.phone:
            leg.agent.legs.pop(leg.leg_id, None)
        phone = leg.phone
        if phone is not None and phone.legs.pop(leg.leg_id, None) is not None:
            phone.devices.pop(leg.node, None)

    def becomes_leg(self, call: CallBook, of: CallBook) -> LegBook:
        """The caller of one call becomes a party of another."""
        leg = LegBook(LegId(call.call_id), of, call.owner)
        leg.answered_ms = self.now_ms
        leg.talks = call.leg_talks
        call.as_leg = leg
        self.legs[leg.leg_id] = of.legs[leg.leg_id] = leg
        if call.owner is not None:
            call.owner.own_calls.pop(call.call_id, None)
            call.owner.legs[leg.leg_id] = leg
        return leg

    def becomes_call(self, leg: LegBook, call: CallBook) -> None:
        """A party becomes, or is again, the caller of a call."""
        self.leg_is_gone(leg)
        call.as_leg = None
        call.answered = True
        call.sounding = False
        call.leg_talks = leg.talks
        if leg.phone is not None:
            call.owner = leg.phone
            leg.phone.own_calls[call.call_id] = call

    def call_is_gone(self, call: CallBook) -> None:
        """The caller's channel exists no more."""
        call.gone = True
        owner = call.owner
        if owner is not None and call.call_id in owner.own_calls:
            del owner.own_calls[call.call_id]
            owner.devices.pop(call.node, None)
        if call.ended:
            self.calls.pop(call.call_id, None)
