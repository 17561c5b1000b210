"""The situations in which the estimated wait is tried: traffic, agents who come and go.

Arrivals are Poisson by hour, patience is exponential. Talks are log-normal, as call centres' talks
were found to be (L. Brown et al., "Statistical analysis of a telephone call center", Journal of the
American Statistical Association 100, 2005), but in the scene that says otherwise. Agents are on
duty by the scene's plan, and take breaks by chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.core.ids import AgentId, EndpointName, NodeId, QueueId
from engine.core.inputs import BY_SYSTEM, AgentAction, AgentActionRequested, Input
from engine.core.places import ToQueue
from engine.core.policy import (
    ExtensionPolicy,
    InboundRoute,
    Member,
    MemberKind,
    Policy,
    QueuePolicy,
    TrunkPolicy,
)
from engine.sim.agenda import Agenda
from engine.sim.options import HOUR_MS, START_MS, Options, Traffic, light
from engine.sim.rng import Streams, exponential_ms
from engine.sim.workload import Source

_BREAKS_PER_HOUR = 0.25
_BREAK_MS_MEAN = 600_000
_TALK_MS = 240_000
_WRAPUP_MS = 20_000
_RING_MS = 5_000
_OPENS = 8
"""The hour (UTC) at which a simulation, and the first day in it, begins."""
_TALK_SPREAD = 0.8
"""Sigma of the log-normal talks: the standard deviation is 0.95 times the mean."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One situation. `absences` are (agent's index, from, until) in hours after the beginning."""

    name: str
    policy: Policy
    sources: tuple[Source, ...]
    traffic: Traffic
    hours: float
    absences: tuple[tuple[int, float, float], ...] = ()
    warm_up_ms: int = HOUR_MS

    def options(self, seed: int) -> Options:
        """Returns the simulation's options."""
        return light(
            Options(seed=seed, duration_ms=int(self.hours * HOUR_MS), traffic=self.traffic)
        )


class Staffing:
    """Sends agents to lunch and home and on breaks, by service requests for all their queues."""

    def __init__(
        self, scene: Scene, seed: int, agenda: Agenda, post: Callable[[Input], None]
    ) -> None:
        """Plans nothing yet; see `start`."""
        self._scene = scene
        self._agenda = agenda
        self._post = post
        self._rng = Streams(seed).stream("staffing")
        self._away: dict[AgentId, int] = {}
        """For how many reasons an agent is away."""
        self._until_ms = START_MS + int(scene.hours * HOUR_MS)

    def start(self) -> None:
        """Plans all absences and each agent's first break."""
        agents = [AgentId(each.number) for each in self._scene.policy.extensions]
        for index, from_hours, until_hours in self._scene.absences:
            # Not everybody drops the headset at the stroke of the hour.
            late_ms = exponential_ms(self._rng, 120_000)
            self._plan(START_MS + int(from_hours * HOUR_MS) + late_ms, self._leaves, agents[index])
            self._plan(START_MS + int(until_hours * HOUR_MS) + late_ms, self._back, agents[index])
        for agent_id in agents:
            self._plan_break(agent_id)

    def _plan(self, at_ms: int, act: Callable[[AgentId], None], agent_id: AgentId) -> None:
        self._agenda.at(max(at_ms, self._agenda.now_ms + 10_000), act, agent_id)

    def _plan_break(self, agent_id: AgentId) -> None:
        wait_ms = exponential_ms(self._rng, HOUR_MS / _BREAKS_PER_HOUR)
        self._plan(self._agenda.now_ms + wait_ms, self._takes_break, agent_id)

    def _takes_break(self, agent_id: AgentId) -> None:
        if self._agenda.now_ms >= self._until_ms:
            return
        self._leaves(agent_id)
        lasts_ms = exponential_ms(self._rng, _BREAK_MS_MEAN)
        self._agenda.after(lasts_ms, self._ends_break, agent_id)

    def _ends_break(self, agent_id: AgentId) -> None:
        self._back(agent_id)
        self._plan_break(agent_id)

    def _leaves(self, agent_id: AgentId) -> None:
        self._away[agent_id] = self._away.get(agent_id, 0) + 1
        if self._away[agent_id] == 1:
            self._ask(agent_id, AgentAction.PAUSE)

    def _back(self, agent_id: AgentId) -> None:
        self._away[agent_id] -= 1
        if self._away[agent_id] == 0:
            self._ask(agent_id, AgentAction.RESUME)

    def _ask(self, agent_id: AgentId, action: AgentAction) -> None:
        self._post(AgentActionRequested(agent_id, None, action, BY_SYSTEM))


def _policy(agents: int, *members: range) -> Policy:
    """Returns a house with so many agents; each range has the indexes of one queue's."""
    ids = [AgentId(str(1001 + index)) for index in range(agents)]
    queues = tuple(
        QueuePolicy(
            QueueId(str(6400 + index)),
            f"Queue {index + 1}",
            members=tuple(Member(ids[each], MemberKind.STATIC) for each in who),
            wrapup_ms=_WRAPUP_MS,
        )
        for index, who in enumerate(members)
    )
    return Policy(
        nodes=(NodeId("node1"),),
        trunks=(TrunkPolicy(EndpointName("trunk")),),
        extensions=tuple(ExtensionPolicy(agent, f"Phone {agent}") for agent in ids),
        queues=queues,
        inbound_routes=tuple(
            InboundRoute(queue.queue_id, queue.queue_id, ToQueue(queue.queue_id))
            for queue in queues
        ),
    )


def _calls(agents: float, load: float) -> float:
    """Returns the calls an hour that keep so many agents busy for that share of their time."""
    return load * agents * HOUR_MS / (_TALK_MS + _WRAPUP_MS + _RING_MS)


def _sources(policy: Policy, *calls_per_hour: float) -> tuple[Source, ...]:
    return tuple(
        Source(f"queue {queue.queue_id}", EndpointName("trunk"), queue.queue_id, rate)
        for queue, rate in zip(policy.queues, calls_per_hour, strict=True)
    )


def _day(**factors: float) -> tuple[float, ...]:
    """Returns 24 factors: 1 but where `h9=0.5` says otherwise for the hour from 09:00."""
    return tuple(factors.get(f"h{hour}", 1.0) for hour in range(24))


def scenes() -> tuple[Scene, ...]:
    """Returns all scenes, in the order of the table."""
    traffic = Traffic(talk_ms_mean=_TALK_MS, talk_spread=_TALK_SPREAD, patience_ms_mean=600_000)
    ten, three, fifteen = _policy(10, range(10)), _policy(3, range(3)), _policy(15, range(15))
    both = _policy(12, range(8), range(4, 12))
    noon = 12 - _OPENS
    return (
        Scene("steady", ten, _sources(ten, _calls(10, 0.95)), traffic, 12),
        Scene(
            "steady, exponential",
            ten,
            _sources(ten, _calls(10, 0.95)),
            replace(traffic, talk_spread=0.0),
            12,
        ),
        Scene(
            "morning ramp",
            ten,
            _sources(ten, _calls(10, 1.0)),
            replace(
                traffic, hour_factors=_day(h8=0.3, h9=0.7, h10=1.3, h11=1.15, h12=0.8, h13=0.7)
            ),
            6,
        ),
        Scene(
            "agents leave at noon",
            ten,
            _sources(ten, _calls(10, 0.8)),
            traffic,
            8,
            absences=tuple((index, noon, noon + 1.0) for index in range(5)),
        ),
        Scene(
            "Monday rush",
            fifteen,
            _sources(fifteen, _calls(15, 0.75)),
            replace(traffic, hour_factors=_day(h8=1.0, h9=2.2, h10=1.5)),
            6,
            warm_up_ms=HOUR_MS // 2,
        ),
        Scene(
            "two queues share agents",
            both,
            _sources(both, _calls(6, 1.0), _calls(6, 0.85)),
            traffic,
            12,
        ),
        Scene("three agents", three, _sources(three, _calls(3, 0.85)), traffic, 24),
        Scene(
            "overload with abandons",
            ten,
            _sources(ten, _calls(10, 1.4)),
            replace(traffic, patience_ms_mean=240_000),
            8,
        ),
    )
