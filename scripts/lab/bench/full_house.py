"""Callers and agents around one core, every agent talking: what `core` measures with."""

from __future__ import annotations

import random
import time
from collections import deque

from engine.core.commands import HangUpCall, HangUpLeg, PlayPrompt, RingPhone
from engine.core.ids import CallId, EndpointName, LegId, NodeId
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    PhoneReachable,
    PlaybackEnded,
    PolicyApplied,
    TimePassed,
)
from engine.core.policy import Policy
from engine.core.router import RoutingCore

NODE = NodeId("n")
TRUNK = EndpointName("trunk")


class Load:
    """Callers and agents around one core; every agent is always talking, the lines always full."""

    def __init__(self, policy: Policy) -> None:
        """Opens the centre; each queue has an inbound route of its own number."""
        self.core = RoutingCore("bench", 1)
        self.policy = policy
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
            elif isinstance(output, PlayPrompt):
                self.todo.append(PlaybackEnded(output.playback_id, ok=True))

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
        self.hang_up()
        due_ms = self.core.next_deadline()
        if due_ms is not None and due_ms <= self.now_ms:
            self.give(TimePassed())
        self.arrive()

    def hang_up(self) -> None:
        """An agent hangs up, and takes the next call."""
        index = self.rng.randrange(len(self.talking))
        self.talking[index], leg_id = self.talking[-1], self.talking[index]
        self.talking.pop()
        self.give(LegEnded(leg_id, 16))
        self.settle()
