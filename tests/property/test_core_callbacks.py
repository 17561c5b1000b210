"""The core's machine again, in a house that calls back: each history begins with callbacks in line."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from engine.core.commands import RingPhone
from engine.core.facts import CallbackAttempted
from engine.core.ids import CallId, EndpointName, LegId, playback_id_of
from engine.core.inputs import (
    AgentAction,
    DeviceState,
    LegAnswered,
    LegEnded,
    PhoneDevice,
    PlaybackEnded,
)
from engine.core.model.visit import Visit
from engine.core.policy import Member, QueuePolicy, Right, Strategy
from engine.core.waiting import CallbackPolicy, EmptyRule, HoursKind, HoursNow
from tests.property.test_core_machine import AnyHistory
from tests.support.centre import NODE, Centre, dynamic, queue, static

pytestmark = [
    pytest.mark.property,
    pytest.mark.timeout(600),
    pytest.mark.row("C-02"),
    pytest.mark.row("C-06"),
]

BUSY = 17
CONFIRM = "1"
NUMBERS = ("0012345#", "0067890#", "0055555#", "0024680#")
"""The callback key, and a number that the route takes with the prefix 0."""

policies = st.builds(
    CallbackPolicy,
    key=st.just("0"),
    offer_after_ms=st.sampled_from([0, 1_000]),
    prefix=st.just("0"),
    outbound_routes=st.just(("out",)),
    timeout_ms=st.sampled_from([None, 8_000, 60_000]),
    attempts=st.integers(1, 3),
    spacing_ms=st.sampled_from([0, 2_000]),
    ring_timeout_ms=st.just(6_000),
)


def line(number: str, *members: Member, **options: object) -> QueuePolicy:
    return queue(
        number,
        *members,
        managers=("1004", "1009"),
        manager_rights=tuple(Right),
        ring_timeout_ms=5_000,
        **options,
    )


class CallingBackHistory(AnyHistory):
    """Begins with two callbacks, one of them on its way to the customer; agents come and go."""

    @initialize(
        policy=policies,
        strategy=st.sampled_from(Strategy),
        wait_ms_max=st.sampled_from([0, 30_000]),
        prompt=st.sampled_from([None, "sound:x"]),
        empty=st.sampled_from([None, None, EmptyRule(unregistered=True, paused=True)]),
        begun=st.sampled_from([0, 1, 2, 2, 2, 3]),
        what=st.integers(0, 4),
    )
    def open_centre(
        self,
        policy: CallbackPolicy,
        strategy: Strategy,
        wait_ms_max: int,
        prompt: str | None,
        empty: EmptyRule | None,
        begun: int,
        what: int,
    ) -> None:
        options = {
            "callback": policy,
            "strategy": strategy,
            "wait_ms_max": wait_ms_max,
            "agent_prompt": prompt,
            "leave_empty": empty,
        }
        self.lines = (
            line("6400", *static("1001"), *dynamic("1002"), **options),
            line("6401", *static("1002"), *dynamic("1004"), **options),
        )
        self.centre = Centre(*self.lines)
        self.strangers = 0
        self.hours = HoursNow("office", HoursKind.OPEN, HoursKind.OPEN)
        self.apply(*self.lines)
        for number in ("6400", "6401"):
            self.caller_wants_to_be_called_back(number, NUMBERS[0])
        self.centre.obey()  # The phones that rang for the callers are free again.
        first, _ = self.centre.core.state.callbacks.values()
        for _ in range(begun):
            self.go_on(first, what, BUSY)

    @rule(number=st.sampled_from(["6400", "6401"]), keys=st.sampled_from(NUMBERS))
    def caller_wants_to_be_called_back(self, number: str, keys: str) -> None:
        self.press(self.centre.call(number), keys + CONFIRM)

    @rule(
        data=st.data(),
        steps=st.sampled_from([1, 2, 3, 3]),
        what=st.integers(0, 4),
        cause=st.sampled_from([0, 1, 16, 17, 19]),
    )
    def callback_goes_on(self, data: st.DataObject, steps: int, what: int, cause: int) -> None:
        """A free agent picks up, has heard who is called; the customer answers, or does not."""
        self.centre.obey()
        if not self.offered():
            self.agents_are_there()
        if self.offered():
            call_id = self.pick(data, self.offered())
            for _ in range(steps):
                self.go_on(call_id, what, cause)

    def agents_are_there(self) -> None:
        for agent in ("1001", "1002"):
            self.centre.reach(agent)
            self.centre.give(PhoneDevice(NODE, EndpointName(agent), DeviceState.NOT_INUSE))
            for number in ("6400", "6401"):
                for action in (AgentAction.LOG_IN, AgentAction.RESUME):
                    self.centre.act(agent, number, action)

    def go_on(self, call_id: CallId, what: int, cause: int) -> None:
        """The next thing that happens to a callback for which a phone rings or was picked up."""
        if call_id not in self.offered():
            return
        visit, leg_id = self.visit_of(call_id), LegId(call_id)
        if not self.centre.core.state.calls[call_id].absent:
            self.centre.give(LegAnswered(leg_id) if what < 2 else LegEnded(leg_id, cause))
        elif visit.chosen is not None:
            self.centre.give(PlaybackEnded(playback_id_of(visit.chosen, 1), True))
        else:
            self.centre.give(LegAnswered(next(iter(visit.offers))))

    def offered(self) -> list[CallId]:
        """Callbacks for which an agent's phone rings or was picked up."""
        calls = self.centre.core.state.callbacks.values()
        return [each for each in calls if self.visit_of(each).offers]

    def visit_of(self, call_id: CallId) -> Visit:
        visit = self.centre.core.state.calls[call_id].visit
        assert visit is not None
        return visit

    def everything_has_ended(self) -> None:
        super().everything_has_ended()
        rung = [each.leg_id for each in self.centre.of(RingPhone)]
        assert len(set(rung)) == len(rung), "a channel's id is given once"
        customers = [each.leg_id for each in self.centre.of(RingPhone) if each.call_id is None]
        attempts = [each.call_id for each in self.centre.of(CallbackAttempted)]
        called = [each for each in customers if each in attempts]
        assert sorted(called) == sorted(attempts), "each attempt rings the customer exactly once"


CallingBackHistory.TestCase.settings = settings(
    max_examples=int(os.environ.get("USHER_EXAMPLES", "120")),
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestCallingBackHistory = CallingBackHistory.TestCase
