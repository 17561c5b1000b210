"""For how long the machine did not come round to what it had to do: it makes measured times longer.

A test that compares what a record says with what phones saw allows for this besides its tolerance. On
a machine with nothing else to do it is nearly nothing, so that a wrong record shows there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PRESSURE: Final = Path("/proc/pressure/cpu")
_STAT: Final = Path("/proc/stat")
_TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")


def withheld_ms() -> float:
    """Returns how long any task waited for a processor, and the machine for its host, since its start."""
    times = [int(word) for word in _STAT.read_text(encoding="ascii").split(maxsplit=11)[1:11]]
    user, nice, system, _idle, _waits, irq, softirq, steal, *_ = times
    try:
        some = _PRESSURE.read_text(encoding="ascii").splitlines()[0]
        waited_ms = int(some.rpartition("total=")[2]) / 1000
    except OSError:  # A kernel without that figure: for how long the processors were busy.
        waited_ms = (user + nice + system + irq + softirq) * _TICK_MS / (os.cpu_count() or 1)
    return waited_ms + steal * _TICK_MS


class Machine:
    """Counts that from a moment on."""

    def __init__(self) -> None:
        """Begins now."""
        self.begin()

    def begin(self) -> None:
        """Begins anew."""
        self._begin_ms = withheld_ms()

    @property
    def late_ms(self) -> float:
        """By how much things may be late."""
        return withheld_ms() - self._begin_ms


TOLERANCE_MS = 100
"""How far a record may be from what a phone measured: two processes on one machine."""
LATE_MS_MAX = 2_000
"""What the machine is allowed besides at most, however busy it is."""

_test = Machine()
"""Since the beginning of the latest test."""


def begin_test() -> None:
    """What was withheld before is no excuse any more."""
    _test.begin()


def about(expected_ms: float, measured_ms: float, tolerance_ms: float = TOLERANCE_MS) -> bool:
    """Tells whether two measurements of one duration agree.

    A machine that was too busy during this test is allowed that besides (`Machine`).
    """
    return abs(expected_ms - measured_ms) <= tolerance_ms + late_ms()


def within(limit_ms: float, measured_ms: float) -> bool:
    """Tells whether something took no longer than that; allows for a busy machine as `about` does."""
    return measured_ms <= limit_ms + late_ms()


def at_least(least_ms: float, measured_ms: float) -> bool:
    """Tells whether something took as long as that; allows for a busy machine as `about` does."""
    return measured_ms >= least_ms - late_ms()


def late_ms() -> float:
    """Returns by how much a busy machine may have made a measurement of this test wrong."""
    return min(_test.late_ms, LATE_MS_MAX)


def ms_between(earlier_ns: int, later_ns: int) -> float:
    """Returns milliseconds between two times of the phones' clock."""
    return (later_ns - earlier_ns) / 1_000_000
