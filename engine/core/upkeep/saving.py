"""The whole state to a JSON value and back; indexes and lists that follow from it are rebuilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.core import codec
from engine.core.ids import AgentId, CallId, QueueId
from engine.core.model.agent import Agent
from engine.core.model.call import Call
from engine.core.model.ears import Monitor, Recording
from engine.core.model.leg import Leg
from engine.core.model.line import Line, Service
from engine.core.model.pace import Pace
from engine.core.model.state import Ended, Node, State
from engine.core.model.timers import TimerKind
from engine.core.policy import Policy
from engine.core.queueing.attempts import know_again
from engine.core.upkeep.older import with_grouped_calls
from engine.core.waiting import HoursNow

VERSION = 7
READABLE = (2, 3, 4, 5, 6, 7)
"""Versions that can be read: what an older one did not have yet takes its default.

What it had in another form is given today's first (`engine.core.upkeep.older`).
"""


@dataclass(slots=True)
class SavedTimer:
    """One running timer, due at epoch milliseconds `at_ms`."""

    kind: TimerKind
    owner: str
    at_ms: int


@dataclass(slots=True)
class SavedLate:
    """A timer that is due but put off until `until`."""

    kind: TimerKind
    owner: str
    until: str


@dataclass(slots=True)
class SavedLine:
    """What a line remembers beyond its policy and its callers."""

    queue_id: str
    last_static: int
    last_static_agent: AgentId | None
    last_dynamic: int
    available: list[str]
    served: dict[str, str] = field(default_factory=dict)
    """By what the caller is known by: when (epoch milliseconds), a space, and by whom."""
    pace: Pace = field(default_factory=Pace)
    spelled: dict[str, str] = field(default_factory=dict)
    """The same callers' numbers, where these are not what they are known by."""


@dataclass(slots=True)
class Saved:
    """A snapshot."""

    version: int
    epoch: str
    rng: int
    now_ms: int
    fact_seq: int
    entries: int
    offer_order: int
    policy: Policy
    calls: list[Call]
    ended: dict[str, Ended | int]
    """Up to version 4: since when, alone."""
    legs: list[Leg]
    agents: list[Agent]
    lines: list[SavedLine]
    nodes: list[Node]
    timers: list[SavedTimer]
    late: list[SavedLate]
    monitors: list[Monitor] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    own_calls: int = 0
    hours: list[HoursNow] = field(default_factory=list)
    overrides: dict[str, str] = field(default_factory=dict)
    """Queues closed by hand, and by whom."""


def save(state: State) -> dict[str, Any]:
    """Returns the state, which must be at rest between two inputs, as a JSON value."""
    assert not state.dirty
    assert not state.following
    assert not state.leaving
    saved = Saved(
        version=VERSION,
        epoch=state.epoch,
        rng=state.rng.state,
        now_ms=state.now_ms,
        fact_seq=state.fact_seq,
        entries=state.entries,
        offer_order=state.offer_order,
        policy=state.policy,
        calls=list(state.calls.values()),
        ended={str(call_id): ended for call_id, ended in state.ended.items()},
        legs=list(state.legs.values()),
        agents=list(state.agents.values()),
        lines=[
            SavedLine(
                line.queue_id,
                line.last_static,
                line.last_static_agent,
                line.last_dynamic,
                list(line.available),
                {known_by: f"{at_ms} {who}" for known_by, (at_ms, who, _) in line.served.items()},
                line.pace,
                {by: each.number for by, each in line.served.items() if by != each.number},
            )
            for line in state.lines.values()
        ],
        nodes=list(state.nodes.values()),
        monitors=list(state.monitors.values()),
        recordings=list(state.recordings.values()),
        own_calls=state.own_calls,
        hours=list(state.hours.values()),
        overrides={str(queue_id): by for queue_id, by in state.overrides.items()},
        timers=[SavedTimer(*each) for each in state.timers.saved()],
        late=[SavedLate(*each) for each in state.timers.saved_late()],
    )
    encoded: dict[str, Any] = codec.encode(saved)
    return encoded


def load(snapshot: dict[str, Any]) -> State:
    """Makes the state anew. Raises `CodecError` if the value is no snapshot that can be read."""
    if snapshot.get("version") not in READABLE:
        raise codec.CodecError(f"expected a snapshot of a version among {READABLE}")
    if snapshot["version"] < 7:
        snapshot = with_grouped_calls(snapshot)
    saved: Saved = codec.decode(Saved, snapshot)
    state = State(saved.epoch, 0)
    state.rng.state = saved.rng
    state.now_ms = saved.now_ms
    state.fact_seq = saved.fact_seq
    state.entries = saved.entries
    state.offer_order = saved.offer_order
    state.index(saved.policy)
    state.calls = {call.call_id: call for call in saved.calls}
    state.ended = _ended(saved)
    state.legs = {leg.leg_id: leg for leg in saved.legs}
    state.agents = {agent.agent_id: agent for agent in saved.agents}
    state.nodes = {node.node: node for node in saved.nodes}
    state.monitors = {each.monitor_id: each for each in saved.monitors}
    state.recordings = {each.recording_id: each for each in saved.recordings}
    state.own_calls = saved.own_calls
    state.hours = {each.schedule: each for each in saved.hours}
    state.overrides = {QueueId(queue_id): by for queue_id, by in saved.overrides.items()}
    state.callbacks = {
        (call.visit.queue_id, call.callback.callback_id): call.call_id
        for call in saved.calls
        if call.callback is not None and call.visit is not None
    }
    state.parked = {
        call.parked.slot: call.call_id for call in saved.calls if call.parked is not None
    }
    policies = {policy.queue_id: policy for policy in saved.policy.queues}
    for each in saved.lines:
        line = Line(policies[QueueId(each.queue_id)])
        line.use(line.policy)
        line.last_static, line.last_dynamic = each.last_static, each.last_dynamic
        line.last_static_agent = each.last_static_agent
        line.pace = each.pace
        state.house.change(each.pace.talks.count, each.pace.talks.total_ms)
        line.served = _served(each)
        line.available = {AgentId(agent_id): None for agent_id in each.available}
        state.lines[line.queue_id] = line
    for call in state.calls.values():
        if call.visit is None:
            continue
        line = state.lines[call.visit.queue_id]
        line.add(call, call.visit)
        if call.visit.wanting:
            call.visit.wanting = False
            line.want(call.call_id, call.visit)
    for agent in state.agents.values():
        state.refresh(agent)  # Who counts as there is not in the snapshot; the rest is as it was.
    state.dirty.clear()
    state.leaving.clear()
    for timer in saved.timers:
        state.timers.set(timer.kind, timer.owner, timer.at_ms)
    for late in saved.late:
        state.timers.put_off(late.kind, late.owner, late.until)
    if saved.version == 2:
        _complete_version_2(state)
    know_again(state)
    return state


def _served(saved: SavedLine) -> dict[str, Service]:
    """Returns the callers whom a line remembers. What an older version wrote is what they showed."""
    served = {}
    for known_by, service in saved.served.items():
        at_ms, _, agent_id = service.partition(" ")
        number = saved.spelled.get(known_by, known_by)
        served[known_by] = Service(int(at_ms), AgentId(agent_id), number)
    return served


def _ended(saved: Saved) -> dict[CallId, Ended]:
    """Returns the calls that ended; of which Asterisk they were, older versions tell by their ids.

    An id begins with its Asterisk's name. One that begins with none that is known is dropped.
    """
    ended: dict[CallId, Ended] = {}
    for call_id, each in saved.ended.items():
        if isinstance(each, Ended):
            ended[CallId(call_id)] = each
            continue
        names = [node.node for node in saved.nodes if call_id.startswith(f"{node.node}-")]
        if names:
            ended[CallId(call_id)] = Ended(max(names, key=len), each)
    return ended


def _complete_version_2(state: State) -> None:
    """Works out what version 2 did not write down of its agents."""
    for agent in state.agents.values():
        for membership in agent.memberships.values():
            membership.in_last_login = membership.login_id is not None
            owner = f"{agent.agent_id}/{membership.queue_id}"
            due_ms = state.timers.due_ms(TimerKind.WRAPUP, owner)
            if due_ms is not None:
                membership.wrapup_until_ms = due_ms
