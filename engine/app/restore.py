"""Makes the core that was, from the snapshot and the journal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.app.outputs import is_command, is_kept
from engine.app.ports import Brain, Core, Entry, Outbox, Saved, SavedState, StateDamaged
from engine.core.codec import CodecError
from engine.core.facts import Fact

log = logging.getLogger(__name__)

FAILURES_MAX: Final = 10
"""Inputs on which the core raised in quick succession: beyond it the state is not trusted."""

QUICK_INPUTS: Final = 200
"""Failures further apart than so many inputs have nothing to do with each other."""

FACTS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Restored:
    """A core to go on with. `inputs` counts those of its epoch; `replayed` is part of them.

    `problem` says in one sentence why the history could not simply go on, None if it could.
    """

    core: Core
    inputs: int
    replayed: int
    problem: str | None = None


def restore(
    saved: SavedState,
    outbox: Outbox,
    brain: Brain,
    *,
    now_ms: int,
    new_epoch: Callable[[], str],
) -> Restored:
    """Returns the core as it was when the last process ended, or the best that can be had.

    Facts that the last process had no time to note are noted in the outbox now.

    * Everything readable: the same core, the same epoch.
    * A damage in the middle: what is before it, under a new epoch (so that ids of facts are never
      used twice); the files are set aside. Reconciling with Asterisk corrects the rest.
    * Nothing readable, or another version's: files set aside, an empty core.
    """
    try:
        start = _start_of(saved, brain)
        if start is None:
            return Restored(brain.fresh(new_epoch()), inputs=0, replayed=0)
        replay = _replay_carefully(saved, start, brain, outbox)
    except StateDamaged as error:
        return _start_over(saved, brain, str(error), now_ms, new_epoch)
    core = replay.core
    if replay.problem is None:
        return Restored(core, start.inputs + replay.inputs, replay.inputs)
    core = brain.renamed(core, new_epoch())
    place = saved.set_aside(now_ms)
    return Restored(
        core,
        0,
        replay.inputs,
        f"{replay.problem}; going on from what is before it, as history {core.epoch}; "
        f"the files are in {place}",
    )


class _Raised(Exception):
    """The core raised in replay, on the input at `place`."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True, slots=True)
class _Replay:
    core: Core
    inputs: int
    problem: str | None


def _start_of(saved: SavedState, brain: Brain) -> Saved | None:
    """Returns the newest snapshot that a core can be made of, None if there is nothing at all.

    Raises:
        StateDamaged: there are snapshots, and none is of this version.
    """
    problem = None
    for candidate in saved.snapshots():
        try:
            brain.restored(candidate.state)
        except CodecError as error:
            problem = f"{candidate.place}: {error}"
            log.warning("%s; trying an older one", problem)
        else:
            return candidate
    if problem is not None:
        raise StateDamaged(problem)
    return None


def _start_over(
    saved: SavedState, brain: Brain, problem: str, now_ms: int, new_epoch: Callable[[], str]
) -> Restored:
    core = brain.fresh(new_epoch())
    place = saved.set_aside(now_ms)
    return Restored(
        core,
        0,
        0,
        f"{problem}; starting empty, as history {core.epoch}: agents have to log in again; "
        f"the files are in {place}",
    )


def _replay_carefully(saved: SavedState, start: Saved, brain: Brain, outbox: Outbox) -> _Replay:
    """Replays; where the core raises, begins again without that input, as it left a half state.

    Raises:
        StateDamaged: the core raises again and again on this history.
    """
    left_out: set[str] = set()
    while True:
        try:
            return _replay(saved, start, brain.restored(start.state), outbox, left_out)
        except _Raised as raised:
            left_out.add(raised.place)
            if len(left_out) > FAILURES_MAX:
                raise StateDamaged(
                    f"the core raised on {len(left_out)} inputs, the last at {raised.place}"
                ) from raised


def _replay(
    saved: SavedState, start: Saved, core: Core, outbox: Outbox, left_out: set[str]
) -> _Replay:
    known_seq = outbox.last_seq(core.epoch)
    facts: list[Fact] = []
    inputs = failures = since_failure = 0
    problem = None
    try:
        for entry in saved.entries(start):
            inputs += 1
            since_failure += 1
            if entry.failed or entry.place in left_out:
                failures = failures + 1 if since_failure <= QUICK_INPUTS else 1
                since_failure = 0
                continue
            facts.extend(f for f in _facts_of(core, entry) if f.seq > known_seq)
            if len(facts) >= FACTS_AT_ONCE:
                outbox.append(core.epoch, facts)
                known_seq = facts[-1].seq
                facts.clear()
    except StateDamaged as error:
        problem = str(error)
    outbox.append(core.epoch, facts)
    if failures > FAILURES_MAX:
        raise StateDamaged(f"the core raised on {failures} inputs in quick succession")
    if problem is None and known_seq > core.fact_seq:
        problem = (
            f"the journal ends at fact {core.fact_seq} of {core.epoch}, "
            f"but fact {known_seq} was already told"
        )
    return _Replay(core, inputs, problem)


def _facts_of(core: Core, entry: Entry) -> list[Fact]:
    try:
        outputs = core.handle(entry.now_ms, entry.happened)
    except Exception as error:  # Border: a fault of the core, or a newer version of it.
        log.exception("%s: the core raised in replay; that input is left out", entry.place)
        raise _Raised(entry.place) from error
    return [output for output in outputs if not is_command(output) and is_kept(output)]
