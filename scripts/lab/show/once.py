"""`scripts/demo --once`: the fixed scenario, told as it happens, and summed up."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Final

from engine.adapters.clock import SystemClock
from scripts.lab.show.centre import DemoCentre
from scripts.lab.show.checks import Check, Checks, Unmet, require
from scripts.lab.show.ledger import Ledger
from scripts.lab.show.scenario import Scenario, expected_figures, require_sample
from scripts.lab.show.screen import Ink, Screen
from scripts.lab.show.summary import Figures, beside_the_line, in_all, table
from scripts.lab.show.words import Names, Teller

POLL_S: Final = 0.2
_OF_THE_KILL: Final = re.compile(
    r"Error reading from web socket: Connection reset by peer|Stasis app 'usher' not active"
).search
"""What Asterisk cannot but say when the engine is killed on purpose."""
PLAY_S: Final = 240.0
"""The scenario takes about a minute; this long on the slowest of machines."""


async def play_once(centre: DemoCentre, screen: Screen) -> int:
    """Plays the scenario; returns how many expectations were not met.

    Raises:
        UnsuitableConfig: the configuration is not the sample's.
    """
    require_sample(centre.configuration)
    loop = asyncio.get_running_loop()
    screen.line("Usher demo: one fixed scenario on the sample configuration", Ink.BOLD)
    screen.line("Starting a private Asterisk and the engine ...")
    begun = loop.time()
    async with centre:
        screen.line(f"... both are up after {loop.time() - begun:.1f} s")
        ledger = Ledger(centre.data / "usher.db")
        show = _Show(centre, ledger, screen)
        try:
            checks = await show.play()
            with checks.that("usher report tells the same story"):
                await _report(centre, ledger, screen, show.begun_ms)
        finally:
            ledger.close()
        with checks.that("the engine stops in order"):
            code = await centre.stop_engine()
            require(code == 0, f"exit code {code}")
    with checks.that("the engine's journal replays, and all invariants hold at every step"):
        try:
            await centre.usher("replay", str(centre.data), "--quiet")
        except RuntimeError as error:
            raise Unmet(str(error)) from None
    with checks.that("no error is in the logs of the engine and Asterisk"):
        complaints = _complaints(centre)
        require(not complaints, f"{len(complaints)}, the first: {(complaints or [''])[0]}")
    _sum_up(checks, screen)
    return checks.failed


class _Show:
    """One evening: the scenario on stage, and the news told to the audience."""

    def __init__(self, centre: DemoCentre, ledger: Ledger, screen: Screen) -> None:
        self._centre = centre
        self._ledger = ledger
        self._screen = screen
        self._teller = Teller(ledger, Names(centre.name_of, centre.queue_name))
        self._clock = SystemClock()
        self.begun_ms = self._clock.now_ms()

    async def play(self) -> Checks:
        """Plays; returns what came of it."""
        checks = Checks(self._settled)
        scenario = Scenario(self._centre, self._ledger, checks, self._say)
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._tell_on())
            with checks.that("the scenario is played to its end"):
                async with asyncio.timeout(PLAY_S):
                    await scenario.play()
            telling.cancel()
        self._tell()
        return checks

    async def _tell_on(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(POLL_S)

    def _tell(self) -> None:
        for at_ms, text in self._teller.lines(self._ledger.poll()):
            self._line(at_ms, f"  {text}")

    def _say(self, text: str) -> None:
        self._tell()
        self._line(self._clock.now_ms(), text, Ink.BOLD)

    def _settled(self, check: Check) -> None:
        if check.why:
            self._tell()
            self._line(self._clock.now_ms(), f"FAILED: {check.text}", Ink.RED)

    def _line(self, at_ms: int, text: str, *inks: Ink) -> None:
        after = f"{(at_ms - self.begun_ms) / 1000:6.1f}"
        self._screen.line(f"{after}  {self._screen.ink(text, *inks)}")


async def _report(centre: DemoCentre, ledger: Ledger, screen: Screen, begun_ms: int) -> None:
    """Shows `usher report`, and holds it against what the scenario's customers went through.

    Raises:
        Unmet: it has other figures.
    """
    since = datetime.fromtimestamp(begun_ms / 1000, tz=UTC).isoformat(timespec="seconds")
    rows = await centre.report("summary", "--from", since)
    reported = {row["queue_id"]: Figures.of_report(row) for row in rows}
    screen.line()
    for line in table(reported, centre.queue_name, centre.configuration.queues):
        screen.line(line)
    screen.line(in_all(ledger))
    screen.line(beside_the_line(ledger))
    for queue, expected in expected_figures(centre.configuration).items():
        seen = reported[queue]
        got = (seen.answered, seen.abandoned, seen.missed)
        require(got == expected, f"queue {queue}: answered, abandoned, missed are {got}")


def _complaints(centre: DemoCentre) -> list[str]:
    found = []
    for path, pattern in (
        (centre.log_path, r" (ERROR|CRITICAL) |Traceback"),
        (centre.asterisk.log / "messages.log", r"\] ERROR\["),
    ):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [line for line in lines if re.search(pattern, line) and not _OF_THE_KILL(line)]
    return found


def _sum_up(checks: Checks, screen: Screen) -> None:
    screen.line()
    for check in checks.settled:
        if check.why:
            screen.line(f"{screen.ink('FAILED', Ink.RED)}  {check.text}")
            screen.line(f"        {check.why}")
        else:
            screen.line(f"{screen.ink('ok', Ink.GREEN)}      {check.text}")
    screen.line()
    met = len(checks.settled) - checks.failed
    if checks.failed:
        screen.line(f"FAILED: {checks.failed} of {len(checks.settled)} expectations not met")
    else:
        screen.line(f"All {met} expectations met.", Ink.BOLD)
