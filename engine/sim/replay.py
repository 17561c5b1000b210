"""A failed run once more: its inputs through a fresh core, judged at every step.

State is a fold over inputs, so crashes need no special care: what the core went through is all
there. (A fault of `snapshot` or `restore` itself does not show here; the seed shows it.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.sim.auditor import Auditor
from engine.sim.failure import AuditFailure
from engine.sim.options import Faults, Options
from engine.sim.process import CoreMaker
from engine.sim.run import RealCores
from engine.sim.trace import Journal, Trace


def replay(path: Path, maker: CoreMaker | None = None) -> int:
    """Feeds a journal to a core.

    Args:
        path: a file that `usher simulate` wrote.
        maker: makes the core, by default the real one.

    Returns:
        How many inputs it had.

    Raises:
        AuditFailure: a law was broken.
        ValueError: not such a file; the message names the line.
        OSError: it cannot be read.
    """
    journal, header = Journal.load(path)
    core = (maker or RealCores()).new(journal.epoch, journal.core_seed)
    auditor = Auditor(_options(journal, header))
    trace = Trace()
    for now_ms, happened in journal.entries:
        try:
            outputs = core.handle(now_ms, happened)
            trace.record(now_ms, happened, outputs)
            auditor.observe(now_ms, happened, outputs)
            core.check()
        except AuditFailure as failure:
            failure.seed, failure.trace = journal.core_seed, trace.last_lines()
            raise
        except AssertionError as error:
            broken = AuditFailure("core.check", str(error), at_ms=now_ms, seed=journal.core_seed)
            broken.trace = trace.last_lines()
            raise broken from error
    return len(journal.entries)


def _options(journal: Journal, header: dict[str, Any]) -> Options:
    """Returns what the auditor needs to know of the options."""
    try:
        late_ms = int(header["options"]["faults"]["timer_late_ms_max"])
    except (KeyError, TypeError, ValueError):
        late_ms = 0
    return Options(seed=journal.core_seed, faults=Faults(timer_late_ms_max=late_ms))
