"""How fast the brain decides: 1,000 agents in 100 queues (each agent in 5), thousands waiting.

And where everybody who waits is told how long it will take: `scripts.lab.bench.announcing_house`.
"""

from __future__ import annotations

import random
import time

from engine.core.ids import AgentId, QueueId
from engine.core.places import ToQueue
from engine.core.policy import (
    AgentPolicy,
    ExtensionPolicy,
    InboundRoute,
    Member,
    MemberKind,
    Policy,
    QueuePolicy,
    Strategy,
    TrunkPolicy,
)
from scripts.lab.bench.announcing_house import measure_announcing
from scripts.lab.bench.figures import Figures, microseconds
from scripts.lab.bench.full_house import NODE, TRUNK, Load

AGENTS = 1000
QUEUES = 100
QUEUES_PER_AGENT = 5


def run(*, quick: bool) -> Figures:
    """Measures with 5,000 and with 10,000 waiting."""
    inputs = 20_000 if quick else 200_000
    base = _measure(5_000, inputs)
    return {
        **base,
        "waiting_10000": _measure(10_000, inputs),
        "announcing_house": measure_announcing(3_000 if quick else 30_000),
    }


def policy() -> Policy:
    """A big centre: all single-agent strategies, skills, weights and acceleration mixed."""
    rng = random.Random(1)  # noqa: S311
    agents = [str(10_000 + number) for number in range(AGENTS)]
    members: list[list[Member]] = [[] for _ in range(QUEUES)]
    for agent in agents:
        for queue in rng.sample(range(QUEUES), QUEUES_PER_AGENT):
            members[queue].append(Member(AgentId(agent), MemberKind.STATIC, rng.randint(1, 3)))
    strategies = [each for each in Strategy if each is not Strategy.RING_ALL]
    queues = tuple(
        QueuePolicy(
            QueueId(str(6400 + number)),
            f"queue {number}",
            tuple(members[number]),
            strategy=strategies[number % len(strategies)],
            skill_based=number % 3 == 0,
            weight=1 + number % 5,
            accelerate_ms=60_000 if number % 2 else None,
        )
        for number in range(QUEUES)
    )
    return Policy(
        nodes=(NODE,),
        trunks=(TrunkPolicy(TRUNK),),
        extensions=tuple(ExtensionPolicy(agent, agent) for agent in agents),
        agents=tuple(AgentPolicy(AgentId(agent), agent) for agent in agents),
        queues=queues,
        inbound_routes=tuple(
            InboundRoute(queue.queue_id, queue.queue_id, ToQueue(queue.queue_id))
            for queue in queues
        ),
    )


def _measure(waiting: int, inputs: int) -> Figures:
    load = Load(policy())
    for _ in range(AGENTS + waiting):
        load.arrive()
    load.took_ns.clear()
    begin = time.perf_counter()
    while len(load.took_ns) < inputs:
        load.one_call_ends()
    elapsed_s = time.perf_counter() - begin
    load.core.check()
    still_waiting = sum(len(line.waiting) for line in load.core.state.lines.values())
    return {
        "waiting": still_waiting,
        "inputs_per_second": round(len(load.took_ns) / elapsed_s),
        "handle_us": microseconds(load.took_ns),
    }
