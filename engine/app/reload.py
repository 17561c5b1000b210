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
from engine.core.ids import NodeId
from engine.core.policy import Policy

log = logging.getLogger(__name__)

RELOAD_TIMEOUT_S: Final = 15.0
"""How long Asterisk may take to reload one module."""


OVERLOAD_WAIT_S: Final = 1.0
"""How long to wait before an overloaded engine is given a configuration again."""

START_DELAYS_S: Final = (1.0, 2.0, 4.0, 8.0)
"""At the start the connection to Asterisk may be younger than the wish to reload."""


class Outcome(StrEnum):
    """What became of a reload."""

    SAME = "same"
    """The files say what they said before."""
    INVALID = "invalid"
    """They contain errors: nothing changed."""
    APPLIED = "applied"
    """The new configuration is in force."""
    INCOMPLETE = "incomplete"
    """It is in force in Usher, but some Asterisk does not know all of it yet; the log says what."""


class Reload:
    """Reads, checks, applies.

    Asterisk is told before the core, so that the core never rings a phone that Asterisk does not
    know yet. What is left of removed phones is harmless: the core does not ring them.

    Args:
        source: the files.
        apply: puts a policy in force; raises `InboxFull`.
        renderer: writes Asterisk's files, None where somebody else does.
        reloaders: by node, for those that can be reached.
        thread: for reading and writing files.
    """

    def __init__(
        self,
        source: ConfigSource,
        apply: Callable[[Policy], None],
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
        self.last: Outcome | None = None
        """What became of the last reload."""

    def ask(self) -> None:
        """Asks `run` for a reload (SIGHUP)."""
        self._by_hand = True
        self._asked.set()

    async def run(self, started_with: Candidate) -> None:
        """Reloads whenever it is asked to, one reload after the other.

        First it tells Asterisk what was changed while Usher did not run.

        Args:
            started_with: the configuration in force.
        """
        await self._tell_asterisk(started_with, delays_s=START_DELAYS_S)
        while True:
            await self._asked.wait()
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
        candidate = await self._thread.call(self._source.read)
        if candidate is None:
            level = logging.INFO if by_hand else logging.DEBUG
            log.log(level, "configuration: nothing has changed")
            return Outcome.SAME
        for problem in candidate.problems:
            log.log(
                logging.WARNING if candidate.policy else logging.ERROR, "configuration: %s", problem
            )
        if candidate.policy is None:
            log.error("configuration not applied, the one before stays in force")
            return Outcome.INVALID
        complete = await self._tell_asterisk(candidate)
        await self._apply_when_possible(candidate.policy)
        self._source.accept(candidate)
        for path in candidate.restart:
            log.warning("configuration: %s takes effect when usher is restarted", path)
        log.info("configuration applied")
        return Outcome.APPLIED if complete else Outcome.INCOMPLETE

    async def _apply_when_possible(self, policy: Policy) -> None:
        told = False
        while True:
            try:
                self._apply(policy)
            except InboxFull as error:
                if not told:
                    log.warning("configuration not applied yet: %s", error)
                told = True
                await asyncio.sleep(OVERLOAD_WAIT_S)
            else:
                return

    async def _tell_asterisk(self, candidate: Candidate, delays_s: Sequence[float] = ()) -> bool:
        """Writes Asterisk's files and has it read them; tells whether all went well.

        Args:
            candidate: what to tell.
            delays_s: how long to wait before each further try to reach a node.
        """
        renderer = self._renderer
        if renderer is None:
            return True
        try:
            written = await self._thread.call(lambda: renderer.render(candidate))
        except RenderFailed as error:
            log.error("configuration: Asterisk's files: %s", error)  # noqa: TRY400
            return False
        complete = True
        for rendered in written:
            if rendered.restart:
                log.warning(
                    "node %s: a changed file is read at Asterisk's start only", rendered.node
                )
            for number, module in enumerate(rendered.modules):
                patience_s = delays_s if number == 0 else ()  # Then it is there, or it is not.
                complete &= await self._reload_module(rendered.node, module, patience_s)
        return complete

    async def _reload_module(self, node: NodeId, module: str, delays_s: Sequence[float]) -> bool:
        problem = await self._try_to_reload(node, module)
        for delay_s in delays_s:
            if problem is not None:
                await asyncio.sleep(delay_s)
                problem = await self._try_to_reload(node, module)
        if problem is None:
            log.info("node %s: %s reloaded", node, module)
            return True
        log.error(
            "node %s: %s not reloaded (%s): run `asterisk -rx 'module reload %s'` there",
            node,
            module,
            problem,
            module,
        )
        return False

    async def _try_to_reload(self, node: NodeId, module: str) -> str | None:
        """Returns why it did not work, None if it did."""
        reloader = self._reloaders.get(node)
        if reloader is None:
            return "there is no way to ask it"
        try:
            async with asyncio.timeout(RELOAD_TIMEOUT_S):
                await reloader.reload_module(module)
        except TimeoutError:
            return f"no answer within {RELOAD_TIMEOUT_S:.0f} s"
        except ReloadFailed as error:
            return str(error)
        return None
