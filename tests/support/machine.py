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
_STEAL: Final = 8
"""Which word of the first line: what the host took for other machines."""


def withheld_ms() -> float:
    """Returns how long any task waited for a processor, and the machine for its host, since its start."""
    return _pressure_ms() + _stolen_ms()


def _pressure_ms() -> float:
    try:
        some = _PRESSURE.read_text(encoding="ascii").splitlines()[0]
    except OSError:  # A kernel without pressure stall information.
        return 0.0
    return int(some.rpartition("total=")[2]) / 1000


def _stolen_ms() -> float:
    words = _STAT.read_text(encoding="ascii").split(maxsplit=_STEAL + 1)
    return int(words[_STEAL]) * 1000 / os.sysconf("SC_CLK_TCK")


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
