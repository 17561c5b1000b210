"""Service actions, parking and summons at any moment, among transfers and faults.

As in test_core_transfers: accepted actions need calls in the right states, so a seeded player brings
them about. Nobody is lost, every record closes, every request has exactly one answer, and all that
can be asked for was granted many times.
"""

from __future__ import annotations

from collections import Counter

import pytest

from engine.core.commands import PlayPrompt
from engine.core.facts import (
    ActionDone,
    ActionRefused,
    CallEnd,
    CallEnded,
    CallParked,
    CallUnparked,
    MonitorEnded,
    MonitorStarted,
    OfferEnded,
    OfferMade,
    ParkEnd,
    RecordingEnded,
    RecordingStarted,
)
from engine.core.ids import AgentId, EndpointName, LegId, QueueId, is_own
from engine.core.inputs import (
    BY_SYSTEM,
    CallAction,
    CallActionRequested,
    CallAgentRequested,
    HangUpNow,
    LegAnswered,
    LegEnded,
    Monitor,
    Park,
    PhoneReachable,
    PickUp,
    PlaybackEnded,
    Record,
    RecordingAction,
    Redirect,
    Transfer,
)
from engine.core.model.call import CallState
from engine.core.model.rng import Rng
from engine.core.places import Destination, HangUp, PlayThenHangUp, ToExtension, ToExternal, ToQueue
from engine.core.policy import MonitorMode, RecordingPolicy, Strategy
from tests.property.test_core_transfers import Player
from tests.support.asking import BOSS, make_centre
from tests.support.centre import NODE

pytestmark = [pytest.mark.property, pytest.mark.row("S-03"), pytest.mark.timeout(600)]

STEPS = 80


class Asker(Player):
    """Plays one history with managers in it."""

    def __init__(self, seed: int) -> None:
        self.rng = Rng(seed)
        self.centre = make_centre(
            last=701 + seed % 2,
            strategy=list(Strategy)[seed % len(Strategy)],
            agent_prompt="sound:x" if seed % 3 == 0 else None,
            ring_in_use=seed % 4 == 0,
            recording=RecordingPolicy(),
            wait_ms_max=25_000 if seed % 5 == 0 else 0,
        )
        self.answers = 0

    def play(self) -> None:
        moves = [
            (3, lambda: self.do_call(self.pick(["6400", "6401"]), None)),
            (2, lambda: self.do_call(self.pick([*["1001", "1005", "1003", "6400"]]), self.phone())),
            (3, lambda: self.do_call(self.pick(["701", "702"]), self.phone())),
            (9, self.do_answer),
            (3, lambda: self.centre.wait(self.pick([1, 900, 5_000, 31_000, 61_000, 61_000]))),
            (2, self.do_prompts),
            (1, self.do_hold),
            (1, self.do_blind),
            (1, self.do_attended),
            (14, self.do_ask),
            (2, self.do_call_agent),
            (3, self.centre.obey),
            (1, self.do_hang_up),
            (1, self.do_fail),
            (1, self.do_cut),
            (1, self.do_restart),
            (1, self.do_reach),
        ]
        drawn = [move for weight, move in moves for _ in range(weight)]
        for _ in range(STEPS):
            self.pick(drawn)()
        self.finish()

    def do_answer(self) -> None:
        state = self.centre.core.state
        ringing = sorted(leg.leg_id for leg in state.legs.values() if leg.rings)
        summoned = [LegId(c.call_id) for c in state.calls.values() if is_own(c.call_id)]
        if ringing or summoned:
            leg_id = self.pick([*ringing, *summoned])
            refused = self.chance(10)
            self.centre.give(LegEnded(leg_id, 17) if refused else LegAnswered(leg_id))

    def do_prompts(self) -> None:
        for prompt in [each for each in self.centre.commands[-8:] if isinstance(each, PlayPrompt)]:
            self.centre.give(PlaybackEnded(prompt.playback_id, self.chance(80)))

    def do_reach(self) -> None:
        phone = EndpointName(self.pick([BOSS, "1001", "1005"]))
        self.centre.give(PhoneReachable(NODE, phone, self.chance(70)))

    def do_ask(self) -> None:
        calls = list(self.centre.core.state.calls.values())
        if not calls:
            return
        call = self.pick(calls)
        seen = call.version - (1 if self.chance(5) else 0)
        by = self.pick([BOSS, BOSS, BOSS, "1001", "1005", BY_SYSTEM])
        self.answers += 1
        request_id = f"r{self.answers}"
        self.centre.give(
            CallActionRequested(request_id, call.call_id, self.wish(call.state), by, seen)
        )
        self.is_answered(request_id)

    def do_call_agent(self) -> None:
        self.answers += 1
        by = self.pick([BOSS, "1003", "1001"])
        agent = AgentId(self.pick(["1001", "1005"]))
        self.centre.give(CallAgentRequested(f"r{self.answers}", agent, by))
        self.is_answered(f"r{self.answers}")

    def is_answered(self, request_id: str) -> None:
        told = [*self.centre.told(ActionDone), *self.centre.told(ActionRefused)]
        assert [each.request_id for each in told].count(request_id) == 1

    def wish(self, state: CallState) -> CallAction:
        fitting: list[CallAction] = [
            PickUp(),
            Redirect(self.destination()),
            Transfer(self.destination()),
            Park(),
            HangUpNow(),
            Monitor(self.pick(list(MonitorMode))),
            Record(self.pick(list(RecordingAction))),
        ]
        if self.chance(70):
            if state is CallState.WAITING:
                return self.pick(fitting[:2])
            if state is CallState.TALKING:
                return self.pick([*fitting[2:4], Park(), *fitting[5:], *fitting[5:]])
        return self.pick(fitting)

    def destination(self) -> Destination:
        return self.pick(
            [
                ToQueue(QueueId("6400")),
                ToQueue(QueueId("6401")),
                ToExtension("1003"),
                ToExtension("4711"),
                ToExternal("0123", "out"),
                HangUp(),
                PlayThenHangUp(("sound:bye",)),
            ]
        )

    def finish(self) -> None:
        super().finish()
        assert not self.centre.core.state.parked
        for begun, ended, name in [
            (CallParked, CallUnparked, "park_id"),
            (OfferMade, OfferEnded, "offer_id"),
            (MonitorStarted, MonitorEnded, "monitor_id"),
            (RecordingStarted, RecordingEnded, "recording_id"),
        ]:
            first = sorted(getattr(fact, name) for fact in self.centre.of(begun))
            last = sorted(getattr(fact, name) for fact in self.centre.of(ended))
            assert first == last, f"every {begun.__name__} has exactly one {ended.__name__}"


@pytest.mark.parametrize("block", range(8))
def test_any_history_of_actions_closes_every_record(block: int) -> None:
    granted: Counter[str] = Counter()
    for seed in range(block * 80, block * 80 + 80):
        player = Asker(seed)
        try:
            player.play()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
        granted.update(each.action for each in player.centre.of(ActionDone))
        granted.update(each.why.value for each in player.centre.of(CallUnparked))
        ends = player.centre.of(CallEnded)
        granted["never came"] += sum(
            is_own(each.call_id) and each.ended_by is CallEnd.FAILED for each in ends
        )
    wanted = ["pick_up", "redirect", "transfer", "park", "hang_up", "monitor", "record"]
    wanted += ["call_agent", "never came", ParkEnd.RETRIEVED, ParkEnd.TIMED_OUT]
    assert not [each for each in wanted if granted[each] < 3], granted
