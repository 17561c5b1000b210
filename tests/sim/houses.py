"""Small houses and meddling cores for the tests of the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.core.ids import AgentId, EndpointName, NodeId, QueueId
from engine.core.inputs import Input, PolicyApplied
from engine.core.places import ToQueue
from engine.core.policy import (
    AgentPolicy,
    ExtensionPolicy,
    InboundRoute,
    Member,
    MemberKind,
    Policy,
    QueuePolicy,
    Settings,
    TrunkPolicy,
)
from engine.core.router import RoutingCore
from engine.sim.options import HOUR_MS, Habits, Latency, Options, Traffic

QUEUE = QueueId("6400")


def house(agents: int, *, kind: MemberKind = MemberKind.STATIC, **queue: Any) -> Policy:
    """Returns one node, one queue, and so many agents in it."""
    ids = [AgentId(str(1001 + index)) for index in range(agents)]
    members = tuple(Member(agent, kind) for agent in ids)
    return house_of(ids, QueuePolicy(QUEUE, "Queue", members=members, **queue))


def house_of(ids: list[AgentId], *queues: QueuePolicy, **settings: Any) -> Policy:
    """Returns one node with these queues, each reached by dialling its number from the trunk."""
    return Policy(
        nodes=(NodeId("node1"),),
        trunks=(TrunkPolicy(EndpointName("trunk")),),
        extensions=tuple(ExtensionPolicy(agent, f"Phone {agent}") for agent in ids),
        agents=tuple(AgentPolicy(agent, f"Agent {agent}") for agent in ids),
        queues=queues,
        inbound_routes=tuple(
            InboundRoute(queue.queue_id, queue.queue_id, ToQueue(queue.queue_id))
            for queue in queues
        ),
        settings=Settings(**settings),
    )


def textbook(seed: int, hours: float, traffic: Traffic, **options: Any) -> Options:
    """Returns options of a queue as in the textbooks: no delays, agents who answer at once."""
    return Options(
        seed=seed,
        duration_ms=int(hours * HOUR_MS),
        traffic=traffic,
        habits=Habits(
            answer_ms_min=0, answer_ms_mean=0, ignores=0.0, rejects=0.0, breaks_per_hour=0.0
        ),
        latency=Latency(command_ms_max=0, event_ms_max=0, presence_ms_max=0, ring_ms_max=0),
        device_states=False,
        **options,
    )


Meddle = Callable[[int, Input, list[Any]], list[Any]]
Lie = Callable[[Policy], Policy]


class MeddledCore:
    """The real core between a liar, who changes what it is told, and one who changes what it says.

    Facts are numbered anew, so that it is not just the gap in the numbers that is found.
    """

    def __init__(self, core: RoutingCore, meddle: Meddle | None, lie: Lie | None, late_ms: int):
        self.core = core
        self._meddle = meddle
        self._lie = lie
        self._late_ms = late_ms
        self._seq = core.fact_seq

    def handle(self, now_ms: int, happened: Input) -> list[Any]:
        if isinstance(happened, PolicyApplied) and self._lie is not None:
            happened = PolicyApplied(self._lie(happened.policy))
        outputs = list(self.core.handle(now_ms, happened))
        if self._meddle is not None:
            outputs = self._meddle(now_ms, happened, outputs)
        for index, output in enumerate(outputs):
            if hasattr(output, "seq"):
                self._seq += 1
                outputs[index] = replace(output, seq=self._seq)
        return outputs

    def next_deadline(self) -> int | None:
        deadline_ms = self.core.next_deadline()
        return None if deadline_ms is None else deadline_ms + self._late_ms

    def snapshot(self) -> dict[str, Any]:
        return self.core.snapshot()

    def check(self) -> None:
        """Says nothing: the auditor is to find it alone."""


class MeddledCores:
    """Makes such cores."""

    def __init__(
        self, meddle: Meddle | None = None, lie: Lie | None = None, late_ms: int = 0
    ) -> None:
        self._meddle = meddle
        self._lie = lie
        self._late_ms = late_ms

    def new(self, epoch: str, seed: int) -> MeddledCore:
        return self._wrap(RoutingCore(epoch, seed))

    def restore(self, snapshot: dict[str, Any]) -> MeddledCore:
        return self._wrap(RoutingCore.restore(snapshot))

    def _wrap(self, core: RoutingCore) -> MeddledCore:
        return MeddledCore(core, self._meddle, self._lie, self._late_ms)
