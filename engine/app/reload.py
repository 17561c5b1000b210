"""A changed configuration takes effect without a restart and without touching a call in progress."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from engine.app.ports import (
    Candidate,
    ConfigSource,
    Reloader,
    ReloadFailed,
    Renderer,
    RenderFailed,
    Thread,
    Watcher,
)
from engine.app.pump import InboxFull
from engine.config.schedule import Schedule
from engine.core.ids import NodeId
from engine.core.policy import Policy

log = logging.getLogger(__name__)

RELOAD_TIMEOUT_S: Final = 15.0
"""How long Asterisk may take to reload one module."""

NO_ANSWER: Final = f"no answer within {RELOAD_TIMEOUT_S:.0f} s"

RETRY_FIRST_S: Final = 15.0
RETRY_MAX_S: Final = 600.0
"""After an incomplete reload: pauses between tries to make up for it, doubled each time."""

OVERLOAD_WAIT_S: Final = 1.0
"""How long to wait before an overloaded engine is given a configuration again."""

START_DELAYS_S: Final = (1.0, 2.0, 4.0, 8.0)
"""At the start the connection to Asterisk may be younger than the wish to reload."""


class Outcome(StrEnum):
    """What became of a reload."""

    SAME = "same"
    """The files say what they said before; if asked by hand, Asterisk was told again."""
    INVALID = "invalid"
    """They contain errors: nothing changed."""
    APPLIED = "applied"
    """The new configuration is in force."""
    INCOMPLETE = "incomplete"
    """It is in force in Usher, but some Asterisk does not know all of it yet; the log says what.

    `run` makes up for it as soon as that is possible.
    """


class Reload:
    """Reads, checks, applies.

    Asterisk is told before the core, so that the core never rings a phone that Asterisk does not
    know yet. What is left of removed phones is harmless: the core does not ring them.

    What some Asterisk was not told, because it was away or a disk was full, is remembered and told
    later. Where nobody knows what Asterisk has read (at the start, and when somebody asks by hand),
    it is told to read everything; it skips files that are as they were.

    Args:
        source: the files.
        apply: puts a policy in force, with its opening hours; raises `InboxFull`.
        renderer: writes Asterisk's files, None where somebody else does.
        reloaders: by node, for those that can be reached.
        thread: for reading and writing files.
    """

    def __init__(
        self,
        source: ConfigSource,
        apply: Callable[[Policy, Sequence[Schedule]], None],
        renderer: Renderer | None,
        reloaders: Mapping[NodeId, Reloader],
        thread: Thread,
    ) -> None:
        """Starts nothing."""
        self._source = source
        self._apply = apply
        self._renderer = renderer
        self._reloaders = reloaders
        self._thread = thread
        self._asked = asyncio.Event()
        self._by_hand = False
        self._owed: dict[NodeId, tuple[str, ...]] = {}
        """Modules that each node has not reloaded yet."""
        self._owes_everything = False
        self._told: set[str] = set()
        """Problems that are in the log already."""
        self.last: Outcome | None = None
        """What became of the last reload."""

    def ask(self) -> None:
        """Asks `run` for a reload (SIGHUP)."""
        self._by_hand = True
        self._asked.set()

    async def run(self, started_with: Candidate) -> None:
        """Reloads whenever it is asked to, one reload after the other.

        First it tells Asterisk what was changed while Usher did not run. After an incomplete reload
        it tries to make up for it without being asked.

        Args:
            started_with: the configuration in force.
        """
        if not await self._tell_asterisk(started_with, everything=True, delays_s=START_DELAYS_S):
            self.last = Outcome.INCOMPLETE
        pause_s = RETRY_FIRST_S
        while True:
            incomplete = self.last is Outcome.INCOMPLETE
            try:
                async with asyncio.timeout(pause_s if incomplete else None):
                    await self._asked.wait()
                pause_s = RETRY_FIRST_S
            except TimeoutError:
                pause_s = min(pause_s * 2, RETRY_MAX_S)
            self._asked.clear()
            await self.reload()

    async def watch(self, watcher: Watcher) -> None:
        """Asks for a reload whenever the files change."""
        async for _ in watcher.changes():
            self._asked.set()

    async def reload(self) -> Outcome:
        """Reloads now. Never raises for an outside cause: what is wrong is logged."""
        self.last = await self._reload()
        return self.last

    async def _reload(self) -> Outcome:
        by_hand, self._by_hand = self._by_hand, False
        again = by_hand or self.last is Outcome.INCOMPLETE
        candidate = await self._thread.call(lambda: self._source.read(again=again))
        if candidate is None:
            log.debug("configuration: nothing has changed")
            return Outcome.SAME
        if by_hand or candidate.changed:
            self._told.clear()
        if by_hand or candidate.changed or candidate.policy is None:
            for problem in candidate.problems:
                harmless = candidate.policy is not None or problem in candidate.warnings
                level = logging.WARNING if harmless else logging.ERROR
                log.log(level, "configuration: %s", problem)
        if candidate.policy is None:
            log.error("configuration not applied, the one before stays in force")
            return Outcome.INVALID
        complete = await self._tell_asterisk(candidate, everything=by_hand)
        if complete:
            self._told.clear()
        if by_hand or candidate.changed:
            for path in candidate.restart:
                log.warning("configuration: %s takes effect when usher is restarted", path)
        if not candidate.changed:
            log.log(
                logging.INFO if by_hand or complete else logging.DEBUG,
                "configuration: nothing has changed%s",
                "" if self._renderer is None or not complete else "; Asterisk was told again",
            )
            return Outcome.SAME if complete else Outcome.INCOMPLETE
        await self._apply_when_possible(candidate.policy, candidate.schedules)
        self._source.accept(candidate)
        log.info("configuration applied")
        return Outcome.APPLIED if complete else Outcome.INCOMPLETE

    async def _apply_when_possible(self, policy: Policy, schedules: Sequence[Schedule]) -> None:
        told = False
        while True:
            try:
                self._apply(policy, schedules)
            except InboxFull as error:
                if not told:
                    log.warning("configuration not applied yet: %s", error)
                told = True
                await asyncio.sleep(OVERLOAD_WAIT_S)
            else:
                return

    async def _tell_asterisk(
        self, candidate: Candidate, *, everything: bool, delays_s: Sequence[float] = ()
    ) -> bool:
        """Writes Asterisk's files and has it read them, and what it was not told before.

        Args:
            candidate: what to tell.
            everything: have it read all files, also those that were not written just now.
            delays_s: how long to wait before each further try to reach a node.

        Returns:
            Whether every Asterisk now knows all of it.
        """
        renderer = self._renderer
        if renderer is None:
            return True
        everything = everything or self._owes_everything
        try:
            written = await self._thread.call(
                lambda: renderer.render(candidate, everything=everything)
            )
        except RenderFailed as error:
            self._owes_everything = True  # Some of the files may be written.
            self._complain(f"configuration: Asterisk's files: {error}")
            return False
        self._owes_everything = False
        for rendered in written:
            if rendered.restart:
                log.warning(
                    "node %s: a changed file is read at Asterisk's start only", rendered.node
                )
            self._owed[rendered.node] = _merged(rendered.modules, self._owed.get(rendered.node, ()))
        for node, modules in list(self._owed.items()):
            self._owed[node] = await self._reload_modules(node, modules, delays_s)
        self._owed = {node: modules for node, modules in self._owed.items() if modules}
        return not self._owed

    async def _reload_modules(
        self, node: NodeId, modules: Sequence[str], delays_s: Sequence[float]
    ) -> tuple[str, ...]:
        """Returns those modules that were not reloaded."""
        failed: dict[str, list[str]] = {}
        for number, module in enumerate(modules):
            problem = await self._try_patiently(
                node, module, delays_s if number == 0 else ()
            )  # Then it is there, or it is not.
            if problem == NO_ANSWER:  # Nor will it answer about the others.
                failed.setdefault(problem, []).extend(modules[number:])
                break
            if problem is None:
                log.info("node %s: %s reloaded", node, module)
            else:
                failed.setdefault(problem, []).append(module)
        for problem, which in failed.items():
            commands = "; ".join(f"asterisk -rx 'module reload {module}'" for module in which)
            self._complain(
                f"node {node}: {', '.join(which)} not reloaded ({problem}); Usher tries again, "
                f"by hand: {commands}"
            )
        return tuple(module for which in failed.values() for module in which)

    def _complain(self, text: str) -> None:
        """Logs what is wrong, once until it is right again or somebody asks."""
        level = logging.DEBUG if text in self._told else logging.ERROR
        self._told.add(text)
        log.log(level, "%s", text)

    async def _try_patiently(
        self, node: NodeId, module: str, delays_s: Sequence[float]
    ) -> str | None:
        problem = await self._try_to_reload(node, module)
        for delay_s in delays_s:
            if problem is None:
                break
            await asyncio.sleep(delay_s)
            problem = await self._try_to_reload(node, module)
        return problem

    async def _try_to_reload(self, node: NodeId, module: str) -> str | None:
        """Returns why it did not work, None if it did."""
        reloader = self._reloaders.get(node)
        if reloader is None:
            return "there is no way to ask it"
        try:
            async with asyncio.timeout(RELOAD_TIMEOUT_S):
                await reloader.reload_module(module)
        except TimeoutError:
            return NO_ANSWER
        except ReloadFailed as error:
            return str(error)
        return None


def _merged(new: Sequence[str], owed: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*new, *owed)))
