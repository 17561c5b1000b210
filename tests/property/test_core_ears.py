"""The core's machine again, in a house that talks: supervisors and recordings have work in each history."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from engine.core.policy import Member, QueuePolicy, RecordingPolicy, Right
from engine.core.waiting import HoursKind, HoursNow
from tests.property.test_core_machine import AnyHistory
from tests.support.centre import Centre, queue, static

pytestmark = [pytest.mark.property, pytest.mark.timeout(600)]


def line(number: str, *members: Member, stereo: bool) -> QueuePolicy:
    return queue(
        number,
        *members,
        managers=("1004", "1009"),
        manager_rights=(Right.MONITOR, Right.RECORD),
        recording=RecordingPolicy(stereo=stereo),
        ring_timeout_ms=5_000,
    )


class TalkingHistory(AnyHistory):
    """Begins with two talks, one of them monitored."""

    @initialize(stereo=st.booleans(), key=st.sampled_from("012"))
    def open_centre(self, stereo: bool, key: str) -> None:
        self.lines = (
            line("6400", *static("1001"), stereo=stereo),
            line("6401", *static("1002", "1004"), stereo=stereo),
        )
        self.centre = Centre(*self.lines)
        self.strangers = 0
        self.hours = HoursNow("office", HoursKind.OPEN, HoursKind.OPEN)
        for agent, number in (("1001", "6400"), ("1002", "6401")):
            self.centre.call(number)
            self.centre.answer(agent)
        self.centre.call(f"*9{key}1001", source="1009")
        assert self.centre.core.state.monitors


TalkingHistory.TestCase.settings = settings(
    max_examples=int(os.environ.get("USHER_EXAMPLES", "120")),
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
TestTalkingHistory = TalkingHistory.TestCase
