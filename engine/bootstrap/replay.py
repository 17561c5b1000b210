"""`usher replay`: what happened, computed again from the journal."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine.adapters.files import FileSavedState, StateDirectory
from engine.app.calendar import words_of
from engine.app.outputs import is_command
from engine.app.ports import Core, Entry, StateDamaged
from engine.bootstrap.brain import RoutingBrain
from engine.core.codec import CodecError
from engine.core.inputs import HoursChanged, PolicyApplied
from engine.core.waiting import HoursNow

PRIVATE: Final = frozenset({"caller_number", "caller_name", "dialled", "number", "party"})
"""Fields that name callers, or whom they or agents call: shown only if asked for."""


@dataclass(slots=True)
class ReplayReport:
    """What a replay found."""

    epoch: str = ""
    inputs: int = 0
    first_ms: int = 0
    last_ms: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Returns this as a JSON value."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}


class ReplayImpossible(Exception):
    """The file cannot be replayed; the message says why."""


def replay(
    path: Path,
    tell: Callable[[str], None],
    *,
    check_every: int = 1,
    show_private: bool = False,
) -> ReplayReport:
    """Feeds a journal to a core as it was; changes nothing on disk.

    Args:
        path: a journal file (its snapshot is beside it), or a state directory: all that it has.
        tell: takes one line for each input and for each thing that followed from it.
        check_every: the invariants are checked after every so many inputs.
        show_private: show numbers and names of callers.

    Raises:
        ReplayImpossible: there is no snapshot to start from, or not of this version.
    """
    report = ReplayReport()
    core, entries, saved = _open(path)
    report.epoch = core.epoch
    try:
        for entry in entries:
            _step(core, entry, report, tell, show_private=show_private)
            if report.inputs % check_every == 0:
                _check(core, entry)
    except StateDamaged as error:
        report.problems.append(str(error))
    report.notes.extend(saved.notes)
    return report


def _open(path: Path) -> tuple[Core, Iterator[Entry], FileSavedState]:
    if not path.exists():
        raise ReplayImpossible(f"{path}: no such file or directory")
    folder = path if path.is_dir() else path.parent
    saved = FileSavedState(StateDirectory(folder))
    try:
        snapshots = list(saved.snapshots())
        if path.is_dir():
            start = snapshots[-1] if snapshots else None
            wanted = f"{path}: no snapshot to start from"
        else:
            digits = path.stem.rpartition("-")[2]
            if not (path.name.startswith("journal-") and digits.isdecimal()):
                raise ReplayImpossible(
                    f"{path}: not a journal; they are named journal-NUMBER.jsonl"
                )
            number = int(digits)
            start = next((s for s in snapshots if s.segment == number), None)
            wanted = f"{path}: snapshot-{number:08d}.json must be beside it"
    except (StateDamaged, ValueError) as error:
        raise ReplayImpossible(f"{path}: {error}") from None
    if start is None:
        raise ReplayImpossible(wanted)
    try:
        core = RoutingBrain().restored(start.state)
    except CodecError as error:
        raise ReplayImpossible(f"{start.place}: {error}") from None
    try:
        entries = saved.entries(start) if path.is_dir() else saved.entries_of(start)
    except (StateDamaged, OSError) as error:
        raise ReplayImpossible(f"{path}: {error}") from None
    return core, entries, saved


def _step(
    core: Core,
    entry: Entry,
    report: ReplayReport,
    tell: Callable[[str], None],
    *,
    show_private: bool,
) -> None:
    report.inputs += 1
    report.first_ms = report.first_ms or entry.now_ms
    report.last_ms = entry.now_ms
    report.kinds[type(entry.happened).__name__] += 1
    when = datetime.fromtimestamp(entry.now_ms / 1000, UTC).isoformat(timespec="milliseconds")
    tell(f"{when} {_shown(entry.happened, show_private=show_private)}")
    if entry.failed:
        tell("    left out: the core raised on it")
        report.notes.append(f"{entry.place}: the core raised on it")
        return
    try:
        outputs = core.handle(entry.now_ms, entry.happened)
    except Exception as error:  # Border: that is what a replay is for.
        raise StateDamaged(f"{entry.place}: the core raised {error!r}") from error
    for output in outputs:
        mark = "->" if is_command(output) else "  "
        counter = report.commands if is_command(output) else report.facts
        counter[type(output).__name__] += 1
        tell(f"    {mark} {_shown(output, show_private=show_private)}")


def _check(core: Core, entry: Entry) -> None:
    try:
        core.check()
    except AssertionError as error:
        raise StateDamaged(f"{entry.place}: after it an invariant is broken: {error}") from None


def _said(hours: Sequence[HoursNow]) -> str:
    return ", ".join(f"{each.schedule} {words_of(each)}" for each in hours)


def _shown(value: Any, *, show_private: bool) -> str:  # noqa: ANN401 - any input, command or fact.
    if isinstance(value, PolicyApplied):
        text = f"PolicyApplied {len(value.policy.queues)} queues, {len(value.policy.agents)} agents"
        return f"{text}, hours: {_said(value.hours)}" if value.hours else text
    if isinstance(value, HoursChanged):
        return f"HoursChanged {_said(value.hours)}"
    parts = [type(value).__name__]
    for each in dataclasses.fields(value):
        content = getattr(value, each.name)
        if each.name in PRIVATE and not show_private and content:
            content = "…"
        elif dataclasses.is_dataclass(content):
            content = _shown(content, show_private=show_private)
        elif isinstance(content, tuple) and content and dataclasses.is_dataclass(content[0]):
            content = f"[{len(content)}]"
        parts.append(f"{each.name}={content}")
    return " ".join(parts)
