"""A small core that obeys the contract, for tests of the office alone.

It answers calls, hangs up whoever stays longer than `STAY_MS`, reconciles, and raises (leaving a
half-changed state behind) on a call to "boom".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.core.codec import CodecError
from engine.core.commands import AnswerCall, Command, HangUpCall
from engine.core.facts import CallEnd, CallEnded, CallStarted, Fact, InputIgnored, SourceKind
from engine.core.ids import CallId, EndpointName, NodeId
from engine.core.inputs import (
    CallArrived,
    CallerHungUp,
    EngineStarted,
    Input,
    NodeConnected,
    PolicyApplied,
    TimePassed,
)
from engine.core.model.state import State

STAY_MS = 20_000
NODE = NodeId("ast1")
BOOM = "boom"


@dataclass(slots=True)
class Stay:
    until_ms: int
    node: NodeId


class ScriptedCore:
    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.fact_seq = 0
        self.now_ms = 0
        self.stays: dict[CallId, Stay] = {}
        self.handled: list[Input] = []
        self.broken: str | None = None
        self.stuck = False
        self.state = State(epoch, 0)

    def handle(self, now_ms: int, happened: Input) -> list[Command | Fact]:
        assert now_ms >= self.now_ms
        self.now_ms = now_ms
        self.handled.append(happened)
        match happened:
            case CallArrived():
                return self._arrived(happened)
            case CallerHungUp(call_id):
                return self._end(call_id, CallEnd.CALLER)
            case TimePassed():
                return [] if self.stuck else self._time_passed()
            case NodeConnected(node, channels):
                seen = {CallId(channel.channel_id) for channel in channels}
                gone = [c for c, s in self.stays.items() if s.node == node and c not in seen]
                return [out for call_id in gone for out in self._end(call_id, CallEnd.LOST)]
            case PolicyApplied() | EngineStarted():
                return []
            case _:
                return [InputIgnored(self._seq(), now_ms, type(happened).__name__, "no script")]

    def _seq(self) -> int:
        self.fact_seq += 1
        return self.fact_seq

    def _arrived(self, call: CallArrived) -> list[Command | Fact]:
        self.stays[call.call_id] = Stay(self.now_ms + STAY_MS, call.node)
        started = CallStarted(
            self._seq(),
            self.now_ms,
            call.call_id,
            call.node,
            SourceKind.TRUNK,
            call.endpoint,
            call.caller_number,
            call.caller_name,
            call.dialled,
            call.created_ms,
        )
        if call.dialled == BOOM:
            raise RuntimeError(BOOM)
        return [started, AnswerCall(call.node, call.call_id)]

    def _end(self, call_id: CallId, why: CallEnd) -> list[Command | Fact]:
        if self.stays.pop(call_id, None) is None:
            return [InputIgnored(self._seq(), self.now_ms, "CallerHungUp", "no such call")]
        return [CallEnded(self._seq(), self.now_ms, call_id, why, 16)]

    def _time_passed(self) -> list[Command | Fact]:
        outputs: list[Command | Fact] = []
        for call_id, stay in list(self.stays.items()):
            if stay.until_ms <= self.now_ms:
                outputs.append(HangUpCall(stay.node, call_id, 16))
                outputs.extend(self._end(call_id, CallEnd.SYSTEM))
        return outputs

    def next_deadline(self) -> int | None:
        return min((stay.until_ms for stay in self.stays.values()), default=None)

    def snapshot(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "fact_seq": self.fact_seq,
            "now_ms": self.now_ms,
            "stays": {call_id: [s.until_ms, s.node] for call_id, s in self.stays.items()},
        }

    def check(self) -> None:
        assert self.broken is None, self.broken

    @classmethod
    def restore(cls, snapshot: dict[str, Any]) -> ScriptedCore:
        try:
            core = cls(snapshot["epoch"])
            core.fact_seq = snapshot["fact_seq"]
            core.now_ms = snapshot["now_ms"]
            core.stays = {CallId(c): Stay(*s) for c, s in snapshot["stays"].items()}
        except (KeyError, TypeError) as error:
            raise CodecError(f"not a scripted core: {error!r}") from None
        return core


class ScriptedBrain:
    def fresh(self, epoch: str) -> ScriptedCore:
        return ScriptedCore(epoch)

    def restored(self, snapshot: dict[str, Any]) -> ScriptedCore:
        return ScriptedCore.restore(snapshot)

    def renamed(self, core: ScriptedCore, epoch: str) -> ScriptedCore:
        return ScriptedCore.restore({**core.snapshot(), "epoch": epoch})


def call(number: int, dialled: str = "6400", node: NodeId = NODE) -> CallArrived:
    call_id = CallId(f"ast1-{number}")
    return CallArrived(call_id, node, EndpointName("trunk"), dialled, "5551", "Ann", 1)


def hang_up(number: int) -> CallerHungUp:
    return CallerHungUp(CallId(f"ast1-{number}"), 16)
