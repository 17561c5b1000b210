"""`scripts/demo`: customers and agents who go on until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Final

from engine.adapters.clock import SystemClock
from scripts.lab.asterisk import AsteriskDied
from scripts.lab.show.board import LATELY, Board
from scripts.lab.show.centre import DemoCentre
from scripts.lab.show.crowd import Crowd
from scripts.lab.show.ledger import Ledger
from scripts.lab.show.logwatch import LogWatch
from scripts.lab.show.screen import Ink, Screen
from scripts.lab.show.summary import beside_the_line, figures, in_all, table
from scripts.lab.show.words import Names, Teller

POLL_S: Final = 0.25
STATUS_EVERY_MS: Final = 30_000
"""How often the state of things is said in a line, where no frame can be redrawn."""


async def play_on(centre: DemoCentre, screen: Screen, calls_per_minute: int) -> None:
    """Plays until cancelled.

    Raises:
        AsteriskDied: Asterisk ended by itself.
    """
    loop = asyncio.get_running_loop()
    screen.line("Usher demo: a call centre at work", Ink.BOLD)
    screen.line("Starting a private Asterisk and the engine ...")
    begun = loop.time()
    async with centre:
        ledger = Ledger(centre.data / "usher.db")
        seed = SystemClock().now_ms()
        crowd = Crowd(centre, ledger, rate=calls_per_minute, seed=seed)
        seated = await crowd.seat()
        screen.line(f"... both are up and {seated} phones registered, {loop.time() - begun:.1f} s")
        screen.line()
        for line in _invitation(centre, crowd.guest):
            screen.line(line)
        screen.line()
        show = _Show(centre, ledger, screen, f"{calls_per_minute} calls/min")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(crowd.live())
                tasks.create_task(show.keep_running())
                tasks.create_task(show.tell_on())
        finally:
            screen.line()
            for line in table(figures(ledger), centre.queue_name, centre.configuration.queues):
                screen.line(line)
            screen.line(in_all(ledger))
            screen.line(beside_the_line(ledger))
            ledger.close()


def _invitation(centre: DemoCentre, guest: str | None) -> Iterator[str]:
    """Says how somebody at this machine can take part."""
    host, port = centre.sip
    settings = centre.configuration.settings
    if guest is not None:
        yield f"Join in with a softphone on this machine, as {centre.name_of(guest)}:"
        yield f"  SIP server {host}, port {port}, UDP; user {guest}; codec PCMA or PCMU;"
        yield f"  the password is in {centre.password_file(guest)}"
        for number, queue in centre.configuration.queues.items():
            called = f"dial {number} to call {queue.name}"
            if any(member.agent == guest for member in queue.members):
                code = f"{settings.feature_codes.login_toggle}{number}"
                called += f", {code} to log in there as an agent (and out again)"
            if guest in queue.managers and settings.feature_codes.listen and queue.members:
                agent = queue.members[0].agent
                called += f", {settings.feature_codes.listen}{agent} to listen to"
                called += f" {centre.name_of(agent)} while on a call of it"
            yield f"  {called}"
    yield f"Change {centre.queues_file}, and it counts at once."
    yield "Kill the engine with kill -9, and nobody is dropped: it is started again."


class _Show:
    """What the audience sees, and the stage hand who starts the engine again."""

    def __init__(self, centre: DemoCentre, ledger: Ledger, screen: Screen, title: str) -> None:
        self._centre = centre
        self._ledger = ledger
        self._screen = screen
        self._title = title
        self._teller = Teller(ledger, Names(centre.name_of, centre.queue_name))
        self._board = Board(centre, ledger)
        self._log = LogWatch(centre.log_path, centre.config)
        self._clock = SystemClock()
        self._begun_ms = self._status_ms = self._clock.now_ms()
        self._lately: deque[str] = deque(maxlen=LATELY)

    async def tell_on(self) -> None:
        """Shows what is new, until cancelled."""
        while True:
            for at_ms, text in self._teller.lines(self._ledger.poll()):
                self._tell(at_ms, text)
            now_ms = self._clock.now_ms()
            for text in self._log.poll():
                self._tell(now_ms, text)
            if self._screen.live:
                title = f"{self._title}   engine {self._engine()}   Ctrl-C ends it"
                up_ms = now_ms - self._begun_ms
                self._screen.frame(
                    self._board.frame(now_ms, up_ms, title, self._lately, self._screen.height)
                )
            elif now_ms - self._status_ms >= STATUS_EVERY_MS:
                self._status_ms = now_ms
                self._tell(now_ms, self._board.one_line(now_ms))
            await asyncio.sleep(POLL_S)

    async def keep_running(self) -> None:
        """Starts the engine again when it ends.

        Raises:
            AsteriskDied: it is Asterisk that has ended.
        """
        while True:
            await asyncio.sleep(POLL_S)
            if not self._centre.asterisk.running:
                raise AsteriskDied(f"has ended\n{self._centre.asterisk.last_words()}")
            engine = self._centre.engine
            if engine is not None and engine.returncode is not None:
                self._tell(self._clock.now_ms(), "The engine is dead; starting it again")
                self._centre.engine = None
                await self._centre.start_engine()
                self._tell(self._clock.now_ms(), "The engine is back")

    def _engine(self) -> str:
        engine = self._centre.engine
        return "is away" if engine is None else f"is process {engine.pid}"

    def _tell(self, at_ms: int, text: str) -> None:
        line = f"{self._minute(at_ms)}  {text}"
        self._lately.append(line)
        if not self._screen.live:
            self._screen.line(line)

    def _minute(self, at_ms: int) -> str:
        """Returns the time of day, UTC, as the engine's log has it."""
        seconds = at_ms // 1000 % 86_400
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
