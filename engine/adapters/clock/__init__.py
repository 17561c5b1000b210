"""Time: the only room that may ask the machine what time it is.

Door: `SystemClock`; `ManualClock` for tests.
Must not: sleep, set timers.
"""

from engine.adapters.clock.system import SystemClock
from engine.adapters.clock.virtual import ManualClock

__all__ = ["ManualClock", "SystemClock"]
