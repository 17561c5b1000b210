"""A house that tells everybody how long it will take: 20 queues, 300 agents in all of them.

2,700 callers wait, and each is told the estimated wait every 30 s: 90 questions a second. What is
measured is the whole step of the core, `TimePassed` to the prompt. Time goes by the core's own
deadlines, so that steps are as they would be; mean talk 240 s.
"""

from __future__ import annotations

from typing import Final

from engine.core.ids import AgentId, QueueId
from engine.core.inputs import TimePassed
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
from engine.core.waiting import Announcements
from scripts.lab.bench.figures import Figures, microseconds
from scripts.lab.bench.full_house import NODE, TRUNK, Load

QUEUES: Final = 20
AGENTS: Final = 300
WAITING: Final = 2_700
EVERY_MS: Final = 30_000
TALK_MS: Final = 240_000


def measure_announcing(questions: int) -> Figures:
    """Asks about so many times, after ten minutes."""
    load = Load(_policy())
    for _ in range(AGENTS + WAITING):
        load.now_ms += EVERY_MS // WAITING
        load.arrive()
    house = _House(load)
    while house.ends < 2 * AGENTS:
        house.step()
    load.took_ns.clear()
    house.announcing_ns.clear()
    while len(house.announcing_ns) < questions:
        house.step()
    load.core.check()
    return {
        "queues": QUEUES,
        "shared_agents": AGENTS,
        "waiting": sum(len(line.waiting) for line in load.core.state.lines.values()),
        "handle_us": microseconds(load.took_ns),
        "announcing_us": microseconds(house.announcing_ns),
    }


class _House:
    """Lets time pass."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.ends = 0
        self.announcing_ns: list[int] = []
        self._next_end_ms = load.now_ms

    def step(self) -> None:
        """Goes to what comes next: announcements, or the end of a talk."""
        load = self.load
        due_ms = load.core.next_deadline()
        if due_ms is not None and due_ms <= self._next_end_ms:
            load.now_ms = max(load.now_ms, due_ms)
            load.give(TimePassed())
            if load.todo:  # Who was played something: nothing else becomes due in this house.
                self.announcing_ns.append(load.took_ns[-1])
            load.settle()
            return
        load.now_ms = max(load.now_ms, self._next_end_ms)
        self._next_end_ms += round(load.rng.expovariate(AGENTS / TALK_MS))
        load.hang_up()
        load.arrive()
        self.ends += 1


def _policy() -> Policy:
    agents = [AgentId(str(10_000 + number)) for number in range(AGENTS)]
    members = tuple(Member(each, MemberKind.STATIC) for each in agents)
    announcements = Announcements(progress_every_ms=EVERY_MS, position=True, wait=True)
    queues = tuple(
        QueuePolicy(
            QueueId(str(6400 + number)),
            f"queue {number}",
            members,
            announcements=announcements,
            weight=1 + number % 3,
            accelerate_ms=60_000 if number % 2 else None,
        )
        for number in range(QUEUES)
    )
    return Policy(
        nodes=(NODE,),
        trunks=(TrunkPolicy(TRUNK),),
        extensions=tuple(ExtensionPolicy(each, each) for each in agents),
        agents=tuple(AgentPolicy(each, each) for each in agents),
        queues=queues,
        inbound_routes=tuple(
            InboundRoute(each.queue_id, each.queue_id, ToQueue(each.queue_id)) for each in queues
        ),
    )
