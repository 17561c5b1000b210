"""The life of a process on a state directory, without a loop: restore, take inputs, be killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from engine.adapters.files import FileJournal, FileOutbox, FileSavedState, StateDirectory
from engine.app.outputs import is_command, is_kept
from engine.app.ports import Brain
from engine.app.restore import Restored, restore
from engine.core.facts import Fact
from engine.core.inputs import Input
from tests.support.scripted_core import ScriptedBrain

START_MS = 1_800_000_000_000


class Life:
    """One process on a state directory: what the engine does, without a loop."""

    def __init__(
        self, path: Path, inputs_per_segment: int = 1_000_000, brain: Brain | None = None
    ) -> None:
        self.directory = StateDirectory(path)
        self.directory.lock()
        self.outbox = FileOutbox(self.directory)
        self.saved = FileSavedState(self.directory)
        self.restored: Restored = restore(
            self.saved,
            self.outbox,
            brain or ScriptedBrain(),
            now_ms=START_MS + 999_999,
            new_epoch=lambda: "e2" if list(path.glob("journal-*")) else "e1",
        )
        self.core: Any = self.restored.core
        self.journal = FileJournal(
            self.directory,
            inputs=self.restored.inputs,
            facts_safe=lambda: self.outbox.is_safe,
            inputs_per_segment=inputs_per_segment,
        )
        self.told: list[tuple[str, int]] = []
        if self.restored.replayed and self.restored.problem is None:
            self.journal.go_on(self.core, self.restored.replayed)
        else:
            self.journal.rotate(self.core)()

    def take(self, now_ms: int, happened: Input) -> list[Fact]:
        self.journal.append(now_ms, happened)
        try:
            outputs = self.core.handle(now_ms, happened)
        except RuntimeError:
            self.journal.mark_failed()
            raise
        self.journal.flush()
        facts = [o for o in outputs if not is_command(o) and is_kept(o)]
        self.outbox.append(self.core.epoch, facts)
        self.told.extend((self.core.epoch, f.seq) for f in facts)
        if self.journal.snapshot_due():
            self.journal.rotate(self.core)()
        return facts

    def kill(self) -> None:
        """Ends without a goodbye; files stay as they are."""
        for part in (self.journal, self.outbox):
            if part._fd is not None:
                os.close(part._fd)
                part._fd = None
        self.directory.unlock()


def facts_in(directory: Path) -> list[tuple[str, int]]:
    lines = []
    for path in sorted(directory.glob("outbox-*.jsonl")):
        for line in path.read_text().splitlines():
            epoch, fact = json.loads(line)
            lines.append((epoch, fact["seq"]))
    return lines
