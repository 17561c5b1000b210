"""The service line, beside all else: a menu, waiting with announcements, a callback, a survey, closing.

What a caller meets when nobody is free. It begins before the engine is killed, so that a place in line
and a callback that was promised have to outlive that.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from scripts.lab.phones import IncomingCall
from scripts.lab.show.checks import require
from scripts.lab.show.ledger import Kind, Row
from scripts.lab.show.people import RING_S, Customer, Desk, hear_each_other, talk
from scripts.lab.waiting import look_until

if TYPE_CHECKING:
    from scripts.lab.show.scenario import Scenario

SERVICE: Final = "6403"
SERVICE_LINE: Final = "5550104"
MENU: Final = "service"
MENU_KEY: Final = "1#"
"""`#`, as extensions of the house can be dialled as well, and theirs begin with 1."""
CALLBACK_KEY: Final = "2"
YES: Final = "1"
LIKED_IT: Final = "1"
AS_LONG_AS_SAID_S: Final = 0.7
"""How much of a question somebody hears before they answer it."""
ANSWER_S: Final = 1.5
"""How much of a spoken answer somebody listens to."""
MESSAGE_BYTES: Final = 48_000
"""Three seconds of a message; Asterisk writes it in pieces of two."""
SLOW_S: Final = 60.0
"""More than any sequence of prompts of the sample takes."""


class ServiceLine:
    """The scenes around one queue; they use the scenario's people, checks and eyes."""

    def __init__(self, scenario: Scenario) -> None:
        """Calls nobody."""
        self._play = scenario
        self._check = scenario.checks.that
        self.nina: Customer
        self.oskar: Customer
        self._promised: Row

    async def calls_come(self) -> None:
        """Two customers find their way through the menu; nobody is free, and one asks for a callback."""
        self._play.say("Nina and Oskar call the service line: a menu, and nobody is free")
        with self._check("two callers choose a key in a menu, and wait where it leads"):
            self.nina = await self._through_the_menu("Nina", tone=400)
            await self._play.visit_of(self.nina, ended=False)
            self.oskar = await self._through_the_menu("Oskar", tone=500)
            await self._play.visit_of(self.oskar, ended=False)
        with self._check("a key and a confirmation, and a callback has the caller's place in line"):
            await self.oskar.call.wait_until_hears("anything")
            await self.oskar.call.send_dtmf(CALLBACK_KEY)
            await asyncio.sleep(AS_LONG_AS_SAID_S)
            await self.oskar.call.send_dtmf(YES)
            [self._promised] = await self._play.written(
                Kind.CALLBACK, lambda row: row["queue_id"] == SERVICE
            )
            left = await self._play.visit_of(self.oskar, ended=True)
            require(left["reason"] == "callback", f"his visit ended as {left['reason']}")
            require(
                self._promised["entered_at_ms"] == left["started_at_ms"], "the place is another"
            )
        # The goodbye is still to be heard; the engine is killed in the middle of it.

    async def _through_the_menu(self, name: str, *, tone: int) -> Customer:
        customer = self._play.customer(name, SERVICE_LINE, tone=tone)
        await customer.call.wait_until_hears("anything", seconds=RING_S)
        await asyncio.sleep(AS_LONG_AS_SAID_S)
        await customer.call.send_dtmf(MENU_KEY)
        call = await self._play.call_of(customer, ended=False)
        [way] = await self._play.written(
            Kind.ROUTE, lambda row: row["call_id"] == call["call_id"] and row["from_place"] == MENU
        )
        require(
            (way["why"], way["pressed"]) == ("menu_key", MENU_KEY.rstrip("#")),
            f"{name}: {way['why']}, key {way['pressed']}",
        )
        return customer

    async def wait_is_told(self) -> None:
        """Who waits hears the place in line, and music again after it."""
        announcements = self._play.centre.configuration.queues[SERVICE].announcements
        every_s = announcements.progress_every_s
        self._play.say(f"Nina still waits; every {every_s:g} s she is told her place in line")
        with self._check("a caller who waits is told the place in line; then there is music again"):
            call = await self._play.call_of(self.nina, ended=False)
            visit = await self._play.visit_of(self.nina, ended=False)
            due_ms = visit["started_at_ms"] + round(every_s * 1000)
            await self._play.prompt_after(call["call_id"], due_ms)
            await self.nina.call.wait_until_hears("anything")

    async def served(self, emil: Desk) -> None:
        """The agent is free: first Nina, who is asked afterwards, then Oskar's callback."""
        with self._check(
            "who came by the menu has kept her place, and reaches the next free agent"
        ):
            there = await emil.rings()
            await talk(self.nina, emil, there, pick_up_s=0.5)
        with self._check("after the agent has hung up the caller is asked, and the answer is kept"):
            there.hang_up()
            await self._asked()
        await self._called_back(emil)

    async def _asked(self) -> None:
        call = await self._play.call_of(self.nina, ended=False)
        await self.nina.call.wait_until_hears("anything")
        await asyncio.sleep(AS_LONG_AS_SAID_S)
        await self.nina.call.send_dtmf(LIKED_IT)
        [survey] = await self._play.written(
            Kind.SURVEY, lambda row: row["call_id"] == call["call_id"]
        )
        wanted = self._play.centre.configuration.queues[SERVICE].survey
        assert wanted is not None
        got = (survey["why"], survey["pressed"], survey["score"])
        require(got == ("answered", LIKED_IT, wanted.keys[LIKED_IT]), f"written down: {got}")
        ending = await self.nina.call.ended.within(SLOW_S)
        require(ending.by == "there", f"the caller had to hang up: {ending}")

    async def _called_back(self, emil: Desk) -> None:
        at_home = Desk("Oskar", self._play.centre.carrier(media="tone:600"), 600)
        with self._check(
            "who asked for it heard the goodbye to its end, although the engine was killed"
        ):
            ending = await self.oskar.call.ended.within(SLOW_S)
            require(ending.by == "there", f"the caller had to hang up: {ending}")
        rung: list[Desk] = []
        with self._check(
            "a callback, promised before the kill: the agent's phone first, then the customer's"
        ):
            there = await emil.rings()
            rung += [at_home] if at_home.take() else []
            require(not rung, "the customer's phone rang before the agent's was answered")
            there.answer()
            home = await at_home.rings(SLOW_S)
            home.answer()
            await hear_each_other(_who_talks(at_home, home), emil, there)
        home.hang_up()
        with self._check("the callback is written down as one, with the wait since the first call"):
            [row] = await self._play.written(
                Kind.CALLBACK,
                lambda row: (
                    row["callback_id"] == self._promised["callback_id"]
                    and row["ended_seq"] is not None
                ),
            )
            got = (row["outcome"], row["reason"], row["agent_id"], row["attempts"])
            require(got == ("succeeded", "talked", emil.number, 1), f"written down: {got}")
            waited_ms = row["ended_at_ms"] - row["entered_at_ms"]
            require(row["wait_ms"] == waited_ms, f"{row['wait_ms']} instead of {waited_ms} ms")

    async def closed_by_hand(self, reception: Desk) -> None:
        """The reception closes the queue; who calls then leaves a message, which lights a lamp."""
        code = self._play.centre.configuration.settings.feature_codes.hours_toggle
        self._play.say(
            f"{reception.name} dials {code}{SERVICE}: the service line is closed by hand"
        )
        with self._check("a manager closes a queue from the phone, and hears it confirmed"):
            await self._dial(reception, f"{code}{SERVICE}")
            turns = await self._play.written(Kind.HOURS, lambda row: row["queue_id"] == SERVICE)
            got = (turns[-1]["kind"], turns[-1]["overridden"], turns[-1]["by"])
            require(got == ("closed", True, reception.number), f"written down: {got}")
        with self._check("a caller of the closed queue leaves a message, and the lamp is lit"):
            dark = reception.messages_waiting()
            paul = await self._through_the_menu("Paul", tone=400)
            call = await self._play.call_of(paul, ended=False)
            ways = await self._play.written(
                Kind.ROUTE, lambda row: row["call_id"] == call["call_id"], count=2
            )
            require(ways[-1]["why"] == "closed", f"sent on because of: {ways[-1]['why']}")
            await paul.call.wait_until_hears("anything")
            await asyncio.sleep(AS_LONG_AS_SAID_S)
            await paul.call.send_dtmf("#")  # Past the greeting.
            await look_until(self._message_begun, "a message to be recorded", SLOW_S)
            paul.call.hang_up()
            await reception.told_of_messages(dark + 1)
            require(
                not self._play.ledger.query(
                    "SELECT 1 FROM queue_visits WHERE call_id = ?", [call["call_id"]]
                ),
                "the call entered the queue",
            )
        with self._check("the same code lets the queue go by its hours again"):
            await self._dial(reception, f"{code}{SERVICE}")
            turns = await self._play.written(
                Kind.HOURS, lambda row: row["queue_id"] == SERVICE, count=2
            )
            now = (turns[-1]["kind"], turns[-1]["overridden"])
            require(now == ("open", False), f"written down: {now}")

    def _message_begun(self) -> bool:
        spool = self._play.centre.asterisk.spool / "voicemail"
        with contextlib.suppress(FileNotFoundError):  # It is moved once it is whole.
            return any(each.stat().st_size > MESSAGE_BYTES for each in spool.rglob("*.wav"))
        return False

    async def _dial(self, desk: Desk, code: str) -> None:
        call = desk.phone.place(code)
        self._play.inside_calls += 1
        await call.answered.within(RING_S)
        await call.wait_until_hears("anything")
        await asyncio.sleep(ANSWER_S)
        call.hang_up()


def _who_talks(desk: Desk, call: IncomingCall) -> Customer:
    """Returns somebody at home as a customer, who was called instead of calling."""
    return Customer(desk.name, call, desk.tone, 0.0)
