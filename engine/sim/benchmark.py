"""The run by which the simulator's own speed is measured: one big day, laws sampled."""

from __future__ import annotations

from engine.core.ids import AgentId, EndpointName, NodeId, QueueId
from engine.core.places import ToQueue
from engine.core.policy import (
    AgentPolicy,
    ExtensionPolicy,
    InboundRoute,
    Member,
    MemberKind,
    Policy,
    QueuePolicy,
    TrunkPolicy,
)
from engine.sim.options import HOUR_MS, Options, Traffic, light
from engine.sim.run import Simulation

_AGENTS = 100
_QUEUES = 4
_TALK_MS = 180_000
_LOAD = 0.9


def big_day(calls: int = 100_000, seed: int = 1) -> Simulation:
    """Returns a simulation of about so many calls (within 1 %), not yet run.

    100 agents in 4 queues (each in two), wrap-up of 10 s, default delays on all wires, agents who
    now and then do not answer, device states reported, no faults. `Simulation.run` is what to time.
    """
    agents = [AgentId(str(1001 + index)) for index in range(_AGENTS)]
    queues = tuple(
        QueuePolicy(
            QueueId(str(6400 + index)),
            f"Queue {index + 1}",
            members=tuple(
                Member(agent, MemberKind.STATIC)
                for number, agent in enumerate(agents)
                if index in (number % _QUEUES, (number + 1) % _QUEUES)
            ),
            weight=1 + index,
            wrapup_ms=10_000,
        )
        for index in range(_QUEUES)
    )
    policy = Policy(
        nodes=(NodeId("node1"),),
        trunks=(TrunkPolicy(EndpointName("trunk")),),
        extensions=tuple(ExtensionPolicy(agent, f"Phone {agent}") for agent in agents),
        agents=tuple(AgentPolicy(agent, f"Agent {agent}") for agent in agents),
        queues=queues,
        inbound_routes=tuple(
            InboundRoute(queue.queue_id, queue.queue_id, ToQueue(queue.queue_id))
            for queue in queues
        ),
    )
    per_hour = _LOAD * _AGENTS * HOUR_MS / (_TALK_MS + 10_000 + 5_000)
    traffic = Traffic(calls_per_hour=per_hour / _QUEUES, talk_ms_mean=_TALK_MS)
    options = Options(seed, duration_ms=int(calls / per_hour * HOUR_MS), traffic=traffic)
    return Simulation(policy, light(options))
