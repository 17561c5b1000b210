"""Talks passed on in every way, at any moment, by anybody: nobody is lost and every record closes.

Transfers need several calls in the right states, which the general machine rarely brings about; so
these histories are drawn by a seeded player who mostly answers, dials colleagues and transfers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from engine.core.facts import (
    CallEnded,
    CallStarted,
    CallTransferred,
    HoldEnded,
    HoldStarted,
    TalkEnded,
    TalkStarted,
    VisitEnded,
    VisitStarted,
)
from engine.core.inputs import (
    CommandFailed,
    EngineStarted,
    HoldChanged,
    LegAnswered,
    LegEnded,
    NodeConnected,
    NodeDisconnected,
    SeenChannel,
    TransferRequested,
)
from engine.core.model.call import CallState
from engine.core.model.rng import Rng
from engine.core.router import RoutingCore
from tests.support.centre import NODE, Centre, queue, static

pytestmark = [pytest.mark.property, pytest.mark.row("A-07"), pytest.mark.timeout(600)]

T = TypeVar("T")
PHONES = ("1001", "1002", "1003", "1004")
STEPS = 60


class Player:
    """Plays one history."""

    def __init__(self, seed: int) -> None:
        self.rng = Rng(seed)
        self.centre = Centre(
            queue("6400", *static("1001", "1002"), wrapup_ms=2_000, ring_in_use=True),
            queue("6401", *static("1003"), wait_ms_max=20_000),
            shared_wrapup=seed % 2 == 0,
        )

    def play(self) -> None:
        moves: list[tuple[int, Callable[[], None]]] = [
            (3, lambda: self.do_call(self.pick(["6400", "6401"]), None)),
            (4, lambda: self.do_call(self.pick([*PHONES, "6400"]), self.phone())),
            (8, self.do_answer),
            (3, lambda: self.centre.wait(self.pick([1, 900, 5_000, 31_000]))),
            (2, self.do_hold),
            (5, self.do_blind),
            (9, self.do_attended),
            (4, self.centre.obey),
            (2, self.do_hang_up),
            (1, self.do_fail),
            (1, self.do_cut),
            (1, self.do_restart),
        ]
        drawn = [move for weight, move in moves for _ in range(weight)]
        for _ in range(STEPS):
            self.pick(drawn)()
        self.finish()

    def pick(self, population: Sequence[T]) -> T:
        return population[self.rng.below(len(population))]

    def chance(self, percent: int) -> bool:
        return self.rng.below(100) < percent

    def phone(self) -> str:
        return self.pick(PHONES)

    def channels(self) -> list[str]:
        state = self.centre.core.state
        return sorted({*state.calls, *state.legs})

    def talks(self) -> list[str]:
        calls = self.centre.core.state.calls.values()
        return sorted(
            str(name)
            for call in calls
            if call.state is CallState.TALKING
            for name in (call.call_id, call.leg_id)
        )

    def do_call(self, number: str, source: str | None) -> None:
        self.centre.call(number, **({} if source is None else {"source": source}))

    def do_answer(self) -> None:
        ringing = sorted(leg.leg_id for leg in self.centre.core.state.legs.values() if leg.rings)
        if ringing:
            self.centre.give(LegAnswered(self.pick(ringing)))

    def do_hold(self) -> None:
        if self.talks():
            channel = self.pick(self.talks())
            self.centre.give(HoldChanged(channel, self.chance(60)))

    def do_blind(self) -> None:
        if self.talks():
            target = self.pick([*PHONES, "6400", "6401", "4711", ""])
            self.centre.give(TransferRequested(self.pick(self.talks()), target))

    def do_attended(self) -> None:
        talks = self.talks()
        if not talks:
            return
        source = self.pick(talks)
        phone = self.endpoint(source)
        mine = [c for c in self.channels() if c != source and self.endpoint(c) == phone]
        other = self.pick(mine or [*self.channels(), "nobody"])
        self.centre.give(TransferRequested(source, "", other))

    def endpoint(self, channel: str) -> str:
        state = self.centre.core.state
        entity = state.calls.get(channel) or state.legs[channel]  # type: ignore[call-overload,index]
        return str(entity.endpoint)

    def do_hang_up(self) -> None:
        if self.channels():
            channel = self.pick(self.channels())
            if channel.startswith("leg-"):
                self.centre.give(LegEnded(channel, 16))  # type: ignore[arg-type]
            else:
                self.centre.hang_up(channel)  # type: ignore[arg-type]

    def do_fail(self) -> None:
        if self.centre.commands:
            command = self.pick(self.centre.commands[-6:])
            self.centre.give(CommandFailed(command, self.pick([0, 404, 500]), "because"))

    def do_cut(self) -> None:
        self.centre.give(NodeDisconnected(NODE))
        self.centre.wait(self.pick([0, 3_000]))
        self.reconnect(keep=80)

    def do_restart(self) -> None:
        core = self.centre.core
        restored = RoutingCore.restore(json.loads(json.dumps(core.snapshot())))
        assert restored.snapshot() == core.snapshot()
        self.centre.core = restored
        self.centre.give(EngineStarted())
        self.reconnect(keep=90)

    def reconnect(self, keep: int) -> None:
        seen = [
            SeenChannel(name, up=self.chance(90)) for name in self.channels() if self.chance(keep)
        ]
        self.centre.give(NodeConnected(NODE, tuple(seen)))

    def finish(self) -> None:
        centre = self.centre
        self.reconnect(keep=100)
        for _ in range(4):
            centre.obey()
            for channel in self.channels():
                if channel in centre.core.state.calls:
                    centre.hang_up(channel)  # type: ignore[arg-type]
        centre.obey()
        centre.wait(600_000)
        state = centre.core.state
        assert not state.calls
        assert not state.legs
        for begun, ended, name in [
            (CallStarted, CallEnded, "call_id"),
            (VisitStarted, VisitEnded, "visit_id"),
            (TalkStarted, TalkEnded, "talk_id"),
            (HoldStarted, HoldEnded, "hold_id"),
        ]:
            first = sorted(getattr(fact, name) for fact in centre.of(begun))
            last = sorted(getattr(fact, name) for fact in centre.of(ended))
            assert first == last, f"every {begun.__name__} has exactly one {ended.__name__}"
            assert len(set(first)) == len(first)
        for agent in state.agents.values():
            assert not agent.legs
            assert not agent.own_calls


@pytest.mark.parametrize("block", range(8))
def test_any_history_of_transfers_closes_every_record(block: int) -> None:
    transferred = 0
    for seed in range(block * 40, block * 40 + 40):
        player = Player(seed)
        try:
            player.play()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
        transferred += len(player.centre.of(CallTransferred))
    assert transferred > 40, "the player did not get to transferring"
