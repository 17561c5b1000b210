"""The fingerprint of a run, and its last lines."""

from __future__ import annotations

import pytest

from engine.core.commands import AnswerCall
from engine.core.facts import CallEnd, CallEnded
from engine.core.ids import CallId, NodeId
from engine.core.inputs import CallerHungUp, TimePassed
from engine.sim.trace import LINES_KEPT, Trace

pytestmark = pytest.mark.unit


def step(number: int):
    call = CallId(f"c{number}")
    ended = CallEnded(number, number, call, CallEnd.CALLER, 16)
    return number, CallerHungUp(call, 16), [ended, AnswerCall(NodeId("n"), call)]


def fingerprint(numbers, *, ask_at: int | None = None) -> str:
    trace = Trace()
    for number in numbers:
        trace.record(*step(number))
        if number == ask_at:
            trace.sha256()
    return trace.sha256()


def test_it_depends_on_every_step_and_on_nothing_else():
    same = fingerprint(range(2_000))
    assert fingerprint(range(2_000)) == same
    assert fingerprint(range(2_000), ask_at=700) == same
    assert fingerprint(range(1_999)) != same
    assert fingerprint([*range(1_998), 1_999, 1_998]) != same
    assert Trace().sha256() != same


def test_the_last_lines_reach_back_over_what_was_hashed():
    for count in (3, 512, 530, 1_024):
        trace = Trace()
        for number in range(count):
            trace.record(*step(number))
        trace.record(count, TimePassed(), [])
        lines = trace.last_lines()
        assert len(lines) == min(count + 1, LINES_KEPT)
        assert lines[-1].startswith(f"{count} TimePassed")
        assert f"call_id=c{count - 1} " in lines[-2]
        assert trace.steps == count + 1
