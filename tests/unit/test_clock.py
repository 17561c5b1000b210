"""The clock: always forwards, never a jump, and in the end the right time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.clock import ManualClock, SystemClock
from engine.adapters.clock.system import SLEW_DIVISOR

pytestmark = pytest.mark.unit

MS = 1_000_000
START_MS = 1_800_000_000_000


class Machine:
    """A wall clock that can be stepped and a steady one that cannot."""

    def __init__(self):
        self.wall_ns = START_MS * MS
        self.steady_ns = 5_000 * MS

    def clock(self, floor_ms=0):
        return SystemClock(floor_ms, wall_ns=lambda: self.wall_ns, steady_ns=lambda: self.steady_ns)

    def passes(self, ns):
        self.wall_ns += ns
        self.steady_ns += ns

    def step(self, ms):
        self.wall_ns += ms * MS


@pytest.fixture
def machine():
    return Machine()


def test_it_starts_with_the_wall_clock_and_keeps_its_pace(machine):
    clock = machine.clock()
    assert clock.now_ms() == START_MS
    machine.passes(1_234 * MS)
    assert clock.now_ms() == START_MS + 1_234
    assert clock.behind_ms == 0


def test_a_wall_clock_stepped_back_slows_it_down_and_no_more(machine):
    clock = machine.clock()
    machine.step(-1_000)
    assert clock.now_ms() == START_MS
    assert clock.behind_ms == -1_000
    machine.passes(1_000 * MS)
    assert clock.now_ms() == START_MS + 950
    assert clock.behind_ms == -950


def test_a_wall_clock_stepped_forward_is_caught_up_with_slowly(machine):
    clock = machine.clock()
    machine.step(3_600_000)
    assert clock.now_ms() == START_MS
    machine.passes(1_000 * MS)
    assert clock.now_ms() == START_MS + 1_050
    assert clock.behind_ms == 3_600_000 - 50


def test_what_the_wall_clock_says_can_be_asked_and_jumps(machine):
    clock = machine.clock(floor_ms=START_MS + 500)
    assert clock.wall_ms() == START_MS
    machine.step(-3_600_000)
    assert clock.wall_ms() == START_MS - 3_600_000
    assert clock.now_ms() == START_MS + 500


@pytest.mark.parametrize("step_ms", [1_000, -1_000])
def test_a_step_of_a_second_is_made_up_in_twenty(machine, step_ms):
    clock = machine.clock()
    machine.step(step_ms)
    for _ in range(1_900):
        machine.passes(10 * MS)
        clock.now_ms()
    assert clock.behind_ms == step_ms // 20
    machine.passes(1_000 * MS)
    assert clock.now_ms() == machine.wall_ns // MS
    assert clock.behind_ms == 0


def test_asking_often_does_not_stop_it_from_catching_up(machine):
    clock = machine.clock()
    machine.wall_ns += 1_000
    for _ in range(20_000 // 19 + 1):
        machine.passes(19)  # A twentieth of it is less than a nanosecond.
        clock.now_ms()
    assert clock._behind_ns == 0


def test_after_a_restart_it_is_never_before_what_was_journalled(machine):
    clock = machine.clock(floor_ms=START_MS + 500)
    assert clock.now_ms() == START_MS + 500
    machine.passes(10_000 * MS)
    assert clock.now_ms() == START_MS + 10_000


def test_a_floor_in_the_past_changes_nothing(machine):
    assert machine.clock(floor_ms=START_MS - 1).now_ms() == START_MS


def test_a_steady_clock_that_runs_backwards_is_a_broken_machine(machine):
    clock = machine.clock()
    machine.steady_ns -= 1
    with pytest.raises(AssertionError, match="ran backwards"):
        clock.now_ms()


_events = st.lists(
    st.tuples(st.integers(0, 10**10), st.integers(-(10**7), 10**7)), min_size=1, max_size=50
)


@given(_events, st.integers(-(10**6), 10**6))
def test_whatever_the_wall_clock_does_time_goes_forward_at_nearly_its_pace(events, floor_ms):
    machine = Machine()
    clock = machine.clock(START_MS + floor_ms)
    first = last = clock.now_ms()
    started_ns = machine.steady_ns
    for passed_ns, step_ms in events:
        machine.passes(passed_ns)
        machine.step(step_ms)
        now = clock.now_ms()
        assert now >= last
        last = now
    passed_ms = (machine.steady_ns - started_ns) / MS
    assert abs((last - first) - passed_ms) <= passed_ms / SLEW_DIVISOR + 1


def test_the_real_one_tells_the_time_of_day():
    before_ms = time.time_ns() // MS
    now_ms = SystemClock().now_ms()
    assert before_ms <= now_ms <= time.time_ns() // MS


def test_the_manual_clock_moves_by_hand():
    clock = ManualClock(100)
    assert clock.now_ms() == 100
    assert clock.advance(5) == 105 == clock.now_ms()
    with pytest.raises(ValueError, match="never runs backwards"):
        clock.advance(-1)
