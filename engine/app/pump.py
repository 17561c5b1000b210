"""The pump: the only task that touches the core.

    post ──> inbox ──> journal ──> core.handle ──> commands ──> lanes (Asterisk)
    deadline ───────────┘                └───────> facts ─────> outbox, counters

Inputs are taken in batches. Each is noted in the journal before the core sees it, and the batch is
written in one go before any command leaves or any fact is told: whatever the world has seen of us
can be computed again after a crash.

Time is stamped when an input is posted, so that waits are measured rightly even if the pump is
behind; inputs that are already there go before a deadline that is due, so that a phone picked up in
the last moment is not hung up.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.app.outputs import is_command
from engine.app.ports import Clock, Core, Journal
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.inputs import Input, PolicyApplied, TimePassed

log = logging.getLogger(__name__)

INBOX_MAX: Final = 100_000
"""Inputs waiting (about 50 MB). Normal is one; a thousand means that the machine is too small."""

BATCH_MAX: Final = 256
"""Inputs handled before the loop may do other things, such as sending what was decided."""

STUCK_WAIT_MS: Final = 50
"""How long a deadline that is due but stays due is left alone (a fault of the core)."""


class CoreFailed(Exception):
    """The core raised on an input: a fault in Usher. A restart leaves that input out."""


class InboxFull(Exception):
    """The engine is overloaded: the request was not taken."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Where the pump's results go; none of these may block or raise.

    `send` takes commands and `publish` facts (with their epoch), in order. `overflowed` is called
    when the inbox has been full and is half empty again. `offload` runs the slow half of a
    snapshot elsewhere. `policy_applied` is called after the core took a new policy.
    """

    send: Callable[[Command], None]
    publish: Callable[[str, Sequence[Fact]], None]
    overflowed: Callable[[], None]
    offload: Callable[[Callable[[], None]], None]
    policy_applied: Callable[[], None] = lambda: None


class Pump:
    """Feeds the core.

    When the inbox is full, an input from Asterisk cannot wait and must not vanish: it is counted,
    and `overflowed` is called once, upon which the office reconnects the nodes; each then posts the
    full picture, which makes good what was missed. Requests by people are refused with `InboxFull`.

    Args:
        core: nobody else may touch it from now on.
        clock: the time.
        journal: written before anything follows from an input.
        effects: where results go.
        inbox_max: how many inputs may wait.
    """

    def __init__(
        self,
        core: Core,
        clock: Clock,
        journal: Journal,
        effects: Effects,
        *,
        inbox_max: int = INBOX_MAX,
    ) -> None:
        """Starts nothing; inputs posted before `run` wait."""
        self._core = core
        self._clock = clock
        self._journal = journal
        self._effects = effects
        self._inbox_max = inbox_max
        self._inbox: deque[tuple[int, Input]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0
        self._stuck_until_ms = 0
        self._stopping = False
        self.inputs = 0
        """Inputs handled so far by this process."""
        self.inbox_high = 0
        """The most inputs that ever waited."""
        self.dropped = 0
        """Inputs for which there was no room."""
        self._dropped_told = 0
        self.stuck_deadlines = 0
        """How often a deadline was still due after `TimePassed`."""

    def post(self, happened: Input) -> None:
        """Takes an input, for `engine.app.ports.Post`. Call it from the loop's thread only."""
        if len(self._inbox) >= self._inbox_max:
            if self.dropped == self._dropped_told:
                log.critical(
                    "inbox is full (%d inputs): the engine is overloaded; the nodes will be "
                    "reconnected and compared when it has caught up",
                    self._inbox_max,
                    extra={"alarm": "inbox_full"},
                )
            self.dropped += 1
            return
        self._inbox.append((self._clock.now_ms(), happened))
        self._wake()

    def request(self, happened: Input) -> None:
        """Takes an input that somebody asked for and can ask for again.

        Raises:
            InboxFull: there is no room; nothing was taken.
        """
        if len(self._inbox) >= self._inbox_max:
            raise InboxFull("the engine is overloaded; try again in some seconds")
        self.post(happened)

    def stop(self) -> None:
        """Makes `run` return once the inbox is empty."""
        self._stopping = True
        self._wake()

    @property
    def waiting(self) -> int:
        """Inputs in the inbox."""
        return len(self._inbox)

    async def run(self) -> None:
        """Feeds the core until `stop`.

        Raises:
            CoreFailed: the core raised; the journal says on which input.
        """
        try:
            while True:
                if self._inbox:
                    self._handle_batch()
                elif self._stopping:
                    return
                if self._deadline_is_due():
                    self._handle_time()
                self._look_after()
                if self._inbox:
                    await asyncio.sleep(0)
                elif not self._stopping:  # Nobody would wake us any more.
                    await self._wait()
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _handle_batch(self) -> None:
        inbox = self._inbox
        self.inbox_high = max(self.inbox_high, len(inbox))
        self._handle([inbox.popleft() for _ in range(min(len(inbox), BATCH_MAX))])

    def _handle_time(self) -> None:
        self._handle([(self._clock.now_ms(), TimePassed())])
        deadline_ms = self._core.next_deadline()
        now_ms = self._core.now_ms
        if deadline_ms is not None and deadline_ms <= now_ms:
            if self.stuck_deadlines == 0:
                log.error(
                    "a deadline of %d ms ago is still due after it was handled: a fault in Usher",
                    now_ms - deadline_ms,
                )
            self.stuck_deadlines += 1
            self._stuck_until_ms = now_ms + STUCK_WAIT_MS

    def _handle(self, batch: Sequence[tuple[int, Input]]) -> None:
        core = self._core
        journal = self._journal
        commands: list[Command] = []
        facts: list[Fact] = []
        happened: Input = TimePassed()
        policy_applied = False
        try:
            for posted_ms, happened in batch:
                now_ms = max(posted_ms, core.now_ms)
                journal.append(now_ms, happened)
                for output in core.handle(now_ms, happened):
                    if is_command(output):
                        commands.append(output)
                    else:
                        facts.append(output)
                self.inputs += 1
                policy_applied = policy_applied or type(happened) is PolicyApplied
        except Exception as error:  # Border: whatever goes wrong in the core.
            journal.mark_failed()
            raise CoreFailed(f"the core raised on {type(happened).__name__}") from error
        finally:
            journal.flush()
            for command in commands:
                self._effects.send(command)
            if facts:
                self._effects.publish(core.epoch, facts)
        if policy_applied:
            self._effects.policy_applied()

    def _look_after(self) -> None:
        """Does what must happen between batches: a snapshot, the end of an overflow, the timer."""
        self._save_if_due()  # Also while inputs wait: under steady load they always do.
        if self.dropped != self._dropped_told and len(self._inbox) <= self._inbox_max // 2:
            self._dropped_told = self.dropped
            log.warning("inbox has room again, %d inputs were dropped in all", self.dropped)
            self._effects.overflowed()
        self._set_timer()

    def _save_if_due(self) -> None:
        if self._journal.snapshot_due():
            try:
                self._core.check()
            except AssertionError as error:
                log.critical(
                    "the state breaks an invariant: %s", error, extra={"alarm": "invariant"}
                )
            self._effects.offload(self._journal.rotate(self._core))

    def _due_ms(self) -> int | None:
        deadline_ms = self._core.next_deadline()
        if deadline_ms is None:
            return None
        return max(deadline_ms, self._stuck_until_ms)

    def _deadline_is_due(self) -> bool:
        due_ms = self._due_ms()
        return due_ms is not None and due_ms <= self._clock.now_ms()

    def _set_timer(self) -> None:
        """Arms the one timer, unless the one that runs wakes us early enough anyway."""
        due_ms = self._due_ms()
        if due_ms is None:
            return
        if self._timer is not None:
            if self._timer_ms <= due_ms:
                return
            self._timer.cancel()
        left_ms = max(due_ms - self._clock.now_ms(), 0)
        self._timer_ms = due_ms
        self._timer = asyncio.get_running_loop().call_later(left_ms / 1000, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
