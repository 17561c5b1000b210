"""A small call centre around a core, for tests: short verbs in, commands and facts out.

Time is an integer of milliseconds that the test moves; every step is followed by `core.check()`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import pytest

from engine.core.callers import calls
from engine.core.commands import HangUpCall, HangUpLeg, RingPhone
from engine.core.directions import ToMonitor
from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    AgentAction,
    AgentActionRequested,
    CallArrived,
    CallerHungUp,
    DigitPressed,
    EngineStarted,
    Input,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    PhoneReachable,
    PolicyApplied,
    RecordingAction,
    TimePassed,
)
from engine.core.places import HangUp, ToQueue
from engine.core.policy import (
    AgentPolicy,
    ExtensionPolicy,
    InboundRoute,
    Member,
    MemberKind,
    MonitorMode,
    PauseReason,
    Policy,
    QueuePolicy,
    Settings,
    TrunkPolicy,
)
from engine.core.refusals import Refusal
from engine.core.router import Output, RoutingCore
from engine.core.supervision import recording

T = TypeVar("T")
NODE = NodeId("n1")
TRUNK = EndpointName("provider")
START_MS = 1_700_000_000_000


def static(*agents: str, level: int = 1) -> tuple[Member, ...]:
    """Static members in this order."""
    return tuple(Member(AgentId(a), MemberKind.STATIC, level) for a in agents)


def dynamic(*agents: str, level: int = 1) -> tuple[Member, ...]:
    """Dynamic members in this order."""
    return tuple(Member(AgentId(a), MemberKind.DYNAMIC, level) for a in agents)


def queue(number: str, *members: Member, **options: Any) -> QueuePolicy:
    """A queue whose DID is its own number."""
    options.setdefault("failure", HangUp(17))
    return QueuePolicy(QueueId(number), f"queue {number}", members=tuple(members), **options)


def policy(*queues: QueuePolicy, **settings: Any) -> Policy:
    """A policy with extensions 1001 to 1009, all of them agents, and these queues."""
    numbers = [str(1001 + i) for i in range(9)]
    return Policy(
        nodes=(NODE,),
        trunks=(TrunkPolicy(TRUNK),),
        extensions=tuple(ExtensionPolicy(n, f"ext {n}") for n in numbers),
        agents=tuple(AgentPolicy(AgentId(n), f"agent {n}") for n in numbers),
        queues=queues,
        inbound_routes=tuple(
            InboundRoute(f"to {q.queue_id}", q.queue_id, ToQueue(q.queue_id)) for q in queues
        ),
        pause_reasons=(PauseReason("01", "Lunch"), PauseReason("02", "Break")),
        settings=Settings(**settings),
    )


class Centre:
    """Drives one core by hand."""

    def __init__(self, *queues: QueuePolicy, seed: int = 1, **settings: Any) -> None:
        self.now_ms = START_MS
        self.core = RoutingCore("e", seed)
        self.facts: list[Any] = []
        self.commands: list[Any] = []
        self.last: list[Output] = []
        self.calls = 0
        self.policy = policy(*queues, **settings)
        self.give(PolicyApplied(self.policy))
        self.give(EngineStarted())
        self.give(NodeConnected(NODE, (), ()))
        for extension in self.policy.extensions:
            self.reach(extension.number)

    def give(self, happened: Input) -> list[Output]:
        """Feeds one input now."""
        return self._take(self.core.handle(self.now_ms, happened))

    def _take(self, outputs: list[Output]) -> list[Output]:
        self.last = list(outputs)
        self.core.check()
        for output in self.last:
            (self.facts if hasattr(output, "seq") else self.commands).append(output)
        return self.last

    def wait(self, duration_ms: int) -> None:
        """Lets time pass, firing deadlines when they are due."""
        until_ms = self.now_ms + duration_ms
        while (due := self.core.next_deadline()) is not None and due <= until_ms:
            self.now_ms = max(self.now_ms, due)
            self.give(TimePassed())
        self.now_ms = until_ms

    def apply(self, *queues: QueuePolicy, **settings: Any) -> None:
        """Reloads the configuration."""
        self.reload(policy(*queues, **settings))

    def reload(self, policy_: Policy) -> None:
        """Reloads a configuration that is written out."""
        self.policy = policy_
        self.give(PolicyApplied(self.policy))

    def call(self, dialled: str, *, source: str = TRUNK, call_id: str | None = None) -> CallId:
        """A caller dials in; returns the call's id."""
        self.calls += 1
        name = CallId(call_id or f"c{self.calls}")
        self.give(
            CallArrived(name, NODE, EndpointName(source), dialled, "0151", "Ann", self.now_ms)
        )
        return name

    def supervise(self, supervisor: str, call_id: CallId, mode: MonitorMode) -> CallId:
        """A supervisor's call goes on to monitoring, as if a code had been dialled."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(calls, "meaning", lambda *_: ToMonitor(call_id, mode))
            return self.call("*90", source=supervisor)

    def press(self, channel_id: str, digit: str) -> None:
        """A key is pressed."""
        self.give(DigitPressed(channel_id, digit))

    def record(self, leg_id: LegId, action: RecordingAction, by: str) -> str | None:
        """Somebody asks for a change of a talk's recording; returns why not, or None."""
        state = self.core.state
        state.out = []
        try:
            recording.change(state, state.legs[leg_id], action, by)
        except Refusal as refusal:
            assert state.out == []
            return str(refusal)
        finally:
            self._take(state.out)
        return None

    def hang_up(self, call_id: CallId, cause: int = 16) -> None:
        """The caller hangs up."""
        self.give(CallerHungUp(call_id, cause))

    def reach(self, agent: str, *, reachable: bool = True) -> None:
        """The phone registers, or is lost."""
        self.give(PhoneReachable(NODE, EndpointName(agent), reachable))

    def act(
        self, agent: str, queue_id: str, action: AgentAction, reason: str | None = None
    ) -> None:
        """A service asks for a change of an agent's state."""
        self.give(
            AgentActionRequested(AgentId(agent), QueueId(queue_id), action, BY_SYSTEM, reason)
        )

    def log_in(self, *agents: str, queue_id: str) -> None:
        """Dynamic agents log in."""
        for agent in agents:
            self.act(agent, queue_id, AgentAction.LOG_IN)

    def ringing(self) -> dict[str, LegId]:
        """Agents whose phones ring or were picked up without being connected: agent -> leg."""
        state = self.core.state
        return {
            str(leg.agent_id): leg.leg_id
            for call in state.calls.values()
            if call.visit is not None
            for leg in [state.legs[leg_id] for leg_id in call.visit.offers]
        }

    def rang(self) -> list[str]:
        """Endpoints rung by the last input, in order."""
        return [output.endpoint for output in self.last if isinstance(output, RingPhone)]

    def ring(self, agent: str) -> LegId:
        """The agent's phone says that it rings."""
        leg_id = self.ringing()[agent]
        self.give(LegRinging(leg_id))
        return leg_id

    def answer(self, agent: str) -> LegId:
        """The agent picks up."""
        leg_id = self.ringing()[agent]
        self.give(LegAnswered(leg_id))
        return leg_id

    def end_leg(self, leg_id: LegId, cause: int = 16) -> None:
        """A phone's channel is gone."""
        self.give(LegEnded(leg_id, cause))

    def obey(self) -> None:
        """Asterisk does all hang-ups that it was told to do and was not seen doing yet."""
        done = 0
        while done < len(self.commands):
            command = self.commands[done]
            done += 1
            if isinstance(command, HangUpLeg) and command.leg_id in self.core.state.legs:
                self.end_leg(command.leg_id)
            if isinstance(command, HangUpCall) and command.call_id in self.core.state.calls:
                self.hang_up(command.call_id)

    def of(self, kind: type[T]) -> list[T]:
        """All facts or commands of one kind so far."""
        return [each for each in [*self.facts, *self.commands] if isinstance(each, kind)]

    def told(self, kind: type[T]) -> list[T]:
        """Outputs of one kind of the last input."""
        return [each for each in self.last if isinstance(each, kind)]


def changed(policy_: QueuePolicy, **options: Any) -> QueuePolicy:
    """The same queue with other options."""
    return dataclasses.replace(policy_, **options)
