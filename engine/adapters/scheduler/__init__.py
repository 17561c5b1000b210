"""Jobs by the calendar (housekeeping, reports), through APScheduler.

Door: `Calendar`.
Must not: time calls. Call timers are data in the core; APScheduler reads the wall clock.
"""

from engine.adapters.scheduler.aps import Calendar

__all__ = ["Calendar"]
