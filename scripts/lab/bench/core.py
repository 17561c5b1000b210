"""How fast the brain decides: 1,000 agents in 100 queues (each agent in 5), thousands waiting."""

from __future__ import annotations

import random
import time
from collections import deque

from engine.core.commands import HangUpCall, HangUpLeg, RingPhone
from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, QueueId
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    PhoneReachable,
    PolicyApplied,
    TimePassed,
)
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
from engine.core.router import RoutingCore
from scripts.lab.bench.figures import Figures, percentile

AGENTS = 1000
QUEUES = 100
QUEUES_PER_AGENT = 5
NODE = NodeId("n")
TRUNK = EndpointName("trunk")


def run(*, quick: bool) -> Figures:
    """Measures with 5,000 and with 10,000 waiting."""
    inputs = 20_000 if quick else 200_000
    base = _measure(5_000, inputs)
    return {**base, "waiting_10000": _measure(10_000, inputs)}


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


class Load:
    """Callers and agents around one core; every agent is always talking, the lines always full."""

    def __init__(self) -> None:
        """Opens the centre."""
        self.core = RoutingCore("bench", 1)
        self.policy = policy()
        self.now_ms = 1_700_000_000_000
        self.rng = random.Random(2)  # noqa: S311
        self.took_ns: list[int] = []
        self.todo: deque[Input] = deque()
        self.talking: list[LegId] = []
        self.calls = 0
        for happened in (PolicyApplied(self.policy), NodeConnected(NODE, ())):
            self.core.handle(self.now_ms, happened)
        for agent in self.policy.agents:
            phone = EndpointName(agent.agent_id)
            self.core.handle(self.now_ms, PhoneReachable(NODE, phone, reachable=True))

    def give(self, happened: Input) -> None:
        """Feeds one input, timed, and queues what phones and Asterisk would answer."""
        begin = time.perf_counter_ns()
        outputs = self.core.handle(self.now_ms, happened)
        self.took_ns.append(time.perf_counter_ns() - begin)
        for output in outputs:
            if isinstance(output, RingPhone):
                self.todo.append(LegRinging(output.leg_id))
                self.todo.append(LegAnswered(output.leg_id))
                self.talking.append(output.leg_id)
            elif isinstance(output, HangUpCall):
                self.todo.append(CallerHungUp(output.call_id, 16))
            elif isinstance(output, HangUpLeg):
                self.todo.append(LegEnded(output.leg_id, 16))

    def settle(self) -> None:
        """Feeds all that is queued."""
        while self.todo:
            self.give(self.todo.popleft())

    def arrive(self) -> None:
        """One more caller."""
        self.calls += 1
        dialled = self.rng.choice(self.policy.queues).queue_id
        name = CallId(f"n-{self.calls}")
        self.give(CallArrived(name, NODE, TRUNK, dialled, "1", "", self.now_ms))
        self.settle()

    def one_call_ends(self) -> None:
        """An agent hangs up, takes the next call, and another caller comes."""
        self.now_ms += 5
        index = self.rng.randrange(len(self.talking))
        self.talking[index], leg_id = self.talking[-1], self.talking[index]
        self.talking.pop()
        self.give(LegEnded(leg_id, 16))
        self.settle()
        due_ms = self.core.next_deadline()
        if due_ms is not None and due_ms <= self.now_ms:
            self.give(TimePassed())
        self.arrive()


def _measure(waiting: int, inputs: int) -> Figures:
    load = Load()
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
        "handle_us": {
            "p50": round(percentile(load.took_ns, 50) / 1000, 1),
            "p99": round(percentile(load.took_ns, 99) / 1000, 1),
            "max": round(max(load.took_ns) / 1000, 1),
        },
    }
