"""The fixed scenario on the sample configuration: about a minute in a call centre's day.

It plays what a manager would ask about first: log-in by code, a quick answer, after-call work, a
caller who gives up, a full queue, an agent who does not answer, VIPs first, a wrong number, a call
within the house, the service line with its menu, callback and survey - and an engine that is killed in the
middle of all that. Every expectation is
settled by what real phones see and hear, or by what the engine has written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from engine.adapters.clock import SystemClock
from engine.config import Configuration
from scripts.lab.journal import Input
from scripts.lab.phones import IncomingCall
from scripts.lab.show.centre import DemoCentre, UnsuitableConfig
from scripts.lab.show.checks import Checks, Unmet, require
from scripts.lab.show.ledger import Kind, Ledger, Row
from scripts.lab.show.people import RING_S, Customer, Desk, any_rings, hear_each_other, talk
from scripts.lab.show.service import MENU, SERVICE, ServiceLine

SALES: Final = "6400"
SUPPORT: Final = "6401"
VIP: Final = "6402"
LINES: Final = {SALES: "5550100", SUPPORT: "5550101", VIP: "5550102"}
OFFICE_LINE: Final = "5550201"
WRONG_NUMBER: Final = "5550999"
STAFF: Final = ("1001", "1002", "1003", "1004", "1005", "1007", "1008")
WRITTEN_S: Final = 40.0
"""How long something may take to be found in the database."""
LATE_MS: Final = 3000
"""How late a phone may ring, or be heard of, on a very busy machine."""
LONGEST_ABSENCE_S: Final = 40.0
"""How long a new engine may take to come up on a busy machine."""
LONGEST_PROMPTS_S: Final = 60.0
WITHOUT_ENGINE_S: Final = 1.5
"""How long the scenario leaves the engine dead before it starts it again."""

CALLBACKS: Final = 1
"""Calls that Usher makes itself: one for each callback, as its first attempt succeeds."""

Talks = dict[Desk, tuple[Customer, IncomingCall]]


class Scenario:
    """One play. `say` tells the audience what the demo itself does; `play` plays it."""

    def __init__(
        self, centre: DemoCentre, ledger: Ledger, checks: Checks, say: Callable[[str], None]
    ) -> None:
        """Starts nothing."""
        self.centre = centre
        self.ledger = ledger
        self.checks = checks
        self.say = say
        self.desks: dict[str, Desk] = {}
        self.customers: list[Customer] = []
        self.rush: list[Customer] = []
        self.clock = SystemClock()
        self.back_ms = 0
        """When the engine was back after it was killed."""
        self.inside_calls = 0
        self._numbers = iter(range(5551001, 5559999))
        queue = centre.configuration.queues[SALES]
        self.places = queue.max_waiting
        self.wrapup_ms = round(queue.wrapup_s * 1000)
        self.vip_ring_ms = round(centre.configuration.queues[VIP].ring_timeout_s * 1000)

    async def play(self) -> None:
        """Plays all of it; afterwards every call has ended."""
        await self._take_seats()
        ann, ben, chen, dora, emil, reception, office = (self.desks[each] for each in STAFF)
        service = ServiceLine(self)
        self.say("The shift begins: Ben, Emil and Dora dial their log-in codes")
        with self.checks.that("agents log in from their phones and hear it confirmed"):
            await self._log_in(
                (ben, SALES), (emil, SALES), (emil, SERVICE), (dora, SUPPORT), (dora, VIP)
            )
        async with asyncio.TaskGroup() as scenes:
            scenes.create_task(self._wrong_number())
            talks = await self._busy_sales([ann, ben, emil])
            waiting = scenes.create_task(service.calls_come())
            await self._give_up()
            _, first_call = talks.pop(ann)
            first_call.hang_up()
            # Not earlier: the ringing must outlast the engine's absence, however slow the machine.
            rung = asyncio.Event()
            scenes.create_task(self._no_answer(chen, dora, rung))
            await rung.wait()
            await self._overflow(dora)
            await waiting
            await self._engine_dies(talks, office, leaving=service.oskar)
            await self._line_goes_on(ann)
        await self._weights(reception, chen)
        await service.wait_is_told()
        self.say("Closing time: everybody hangs up")
        for customer in self.customers:
            if customer is not service.nina:
                customer.call.hang_up()
        await service.served(emil)
        await service.closed_by_hand(reception)
        with self.checks.that("how long they talked is written down as the phones saw it"):
            for customer, there in talks.values():
                await self._talk_agrees(customer, there)
        with self.checks.that("every call has ended and is written down once"):
            await self._all_closed()

    # Scenes.

    async def _take_seats(self) -> None:
        for place, number in enumerate(STAFF):
            tone = 700 + 150 * place
            phone = await self.centre.phone(number, media=f"tone:{tone}")
            self.desks[number] = Desk(self.centre.name_of(number), phone, tone)

    async def _log_in(self, *shifts: tuple[Desk, str]) -> None:
        async def one(desk: Desk, queue: str) -> None:
            call = desk.phone.place(f"*7{queue}")
            self.inside_calls += 1
            await call.answered.within(RING_S)
            await call.wait_until_hears("anything")
            await asyncio.sleep(1)  # "Agent logged in."
            call.hang_up()  # The queue's number, which follows, they know.

        async with asyncio.TaskGroup() as calls:
            for desk, queue in shifts:
                calls.create_task(one(desk, queue))
        wanted = {(desk.number, queue) for desk, queue in shifts}
        await self.written(
            Kind.LOGIN,
            lambda row: (row["agent_id"], row["queue_id"]) in wanted and row["login_how"] == "code",
            count=len(wanted),
        )

    async def _busy_sales(self, agents: list[Desk]) -> Talks:
        self.say("Three customers call Sales; a fourth finds everybody busy")
        talks: Talks = {}
        with self.checks.that("three customers reach three agents; each pair hears each other"):
            for name, tone in (("Mia", 350), ("Noah", 450), ("Lea", 550)):
                customer = self.customer(name, LINES[SALES], tone=tone)
                desk, there = await any_rings([each for each in agents if each not in talks])
                await talk(customer, desk, there, pick_up_s=0.5)
                talks[desk] = (customer, there)
        return talks

    async def _give_up(self) -> None:
        with self.checks.that("a caller who gives up hears music until then and rings no phone"):
            omar = self.customer("Omar", LINES[SALES], tone=350)
            await omar.call.wait_until_hears("anything")
            await asyncio.sleep(1)
            omar.call.hang_up()
            visit = await self.visit_of(omar, ended=True)
            require(visit["outcome"] == "abandoned", f"written down as {visit['outcome']}")
            require(visit["ring_ms"] == 0, "a phone rang")

    async def _wrong_number(self) -> None:
        with self.checks.that("an unknown number hears a message, and enters no queue"):
            wim = self.customer("Wim", WRONG_NUMBER, tone=350)
            await wim.call.wait_until_hears("anything")
            ending = await wim.call.ended.within(LONGEST_ABSENCE_S + 20)
            call = await self.call_of(wim, ended=True)
            require(ending.by == "there", f"the caller had to hang up: {ending}")
            require(call["ended_by"] == "system", f"ended by {call['ended_by']}")
            require(not self.ledger.query(_VISITS_OF, [wim.name]), "it entered a queue")

    async def _overflow(self, dora: Desk) -> None:
        self.say(f"A rush: {self.places} customers wait for Sales, and one more calls")
        with self.checks.that(f"the {self.places + 1}st in the line of Sales goes on to Support"):
            for place in range(1, self.places + 1):
                # Three of them listen to the music; for all of them it would be the same.
                tone = 350 if place in {1, 2, self.places} else 0
                self.rush.append(self.customer(f"Rush {place:02}", LINES[SALES], tone=tone))
                await asyncio.sleep(0.03)
                if place == 1:
                    await self.visit_of(self.rush[0], ended=False)
            await self.written(Kind.VISIT, lambda row: row["entry_position"] == self.places)
            last = self.customer("Max", LINES[SALES], tone=350)
            try:
                await talk(last, dora, await dora.rings(), pick_up_s=0.5)
            finally:  # What else is to be seen needs her.
                last.call.hang_up()
            call = await self.call_of(last, ended=True)
            visits = await self.written(
                Kind.VISIT, lambda row: row["call_id"] == call["call_id"], count=2
            )
            way = [(visit["queue_id"], visit["reason"]) for visit in visits]
            require(way[0] == (SALES, "queue_full"), f"his way: {way}")
            require(way[1][0] == SUPPORT, f"his way: {way}")

    async def _engine_dies(self, talks: Talks, office: Desk, leaving: Customer) -> None:
        there_before = [each for each in self.customers if not each.gone and each is not leaving]
        visits = {row["visit_id"] for row in self._open_now(Kind.VISIT)}
        segments = {row["talk_id"] for row in self._open_now(Kind.TALK)}
        ringing = len(self._open_now(Kind.OFFER))
        loop = asyncio.get_running_loop()
        assert self.centre.engine is not None
        killed_at = loop.time()
        pid = self.centre.engine.pid
        await self.centre.kill_engine()
        self.say(
            f"kill -9 {pid}, the engine: {len(segments)} talks, {len(visits)} waiting,"
            f" {ringing} phone ringing"
        )
        with self.checks.that("without an engine those who talk go on talking"):
            await asyncio.sleep(0.4)  # What is heard now was said after the end of the engine.
            for desk, (customer, there) in talks.items():
                await hear_each_other(customer, desk, there)
        with self.checks.that("without an engine those who wait go on hearing music"):
            for customer in self.rush:
                if customer.tone:
                    await customer.call.wait_until_hears("anything")
        with self.checks.that("a new caller meanwhile is answered with music"):
            zoe = self.customer("Zoe", OFFICE_LINE, tone=350)
            await zoe.call.wait_until_hears("anything")
        self.say("Without it both talks and the music go on; Zoe calls, and is kept")
        await asyncio.sleep(max(0, killed_at + WITHOUT_ENGINE_S - loop.time()))
        await self.centre.start_engine()
        away = loop.time() - killed_at
        self.back_ms = self.clock.now_ms()
        self.say(f"The engine is back after {away:.1f} s")
        with self.checks.that("the new engine adopts all: nobody is dropped, no place is lost"):
            gone = [customer.name for customer in there_before if customer.gone]
            require(not gone, f"dropped: {', '.join(gone)}")
            lost = visits - {row["visit_id"] for row in self._open_now(Kind.VISIT)}
            lost |= segments - {row["talk_id"] for row in self._open_now(Kind.TALK)}
            require(not lost, f"no longer written down as going on: {', '.join(sorted(lost))}")
            require(segments and ringing, "there was nothing to adopt")
        with self.checks.that("that new caller is put through as soon as the engine is back"):
            await talk(zoe, office, await office.rings(), pick_up_s=0.3)
            zoe.call.hang_up()
        with self.checks.that("talks across the kill go on, and end as one talk each"):
            for desk, (customer, there) in talks.items():
                await hear_each_other(customer, desk, there)

    async def _line_goes_on(self, ann: Desk) -> None:
        first = self.rush[0]
        with self.checks.that(
            f"after-call work keeps an agent free of calls for {self.wrapup_ms / 1000:g} s, through"
            " the kill"
        ):
            there = await ann.rings(self.wrapup_ms / 1000 + LONGEST_ABSENCE_S)
            [wrapup] = await self.written(Kind.WRAPUP, lambda row: row["agent_id"] == ann.number)
            [offer] = await self.written(
                Kind.OFFER, lambda row: row["call_id"] == self._call_id(first)
            )
            late = offer["started_at_ms"] - max(wrapup["planned_end_at_ms"], self.back_ms)
            require(offer["started_at_ms"] >= wrapup["planned_end_at_ms"], "rung too early")
            require(late < LATE_MS, f"rung {late} ms too late")
        with self.checks.that("the first in line is the first to be served, with the whole wait"):
            await talk(first, ann, there, pick_up_s=0.5)
            loop = asyncio.get_running_loop()
            waited = (loop.time() - first.placed_at) * 1000
            visit = await self.visit_of(first, ended=True)
            require(
                abs(visit["wait_ms"] - waited) < LATE_MS,
                f"waited {waited:.0f} ms, written down: {visit['wait_ms']} ms",
            )
        self.say("The rush loses patience")
        for customer in self.rush[1:]:
            customer.call.hang_up()
        await asyncio.sleep(0.5)
        first.call.hang_up()

    async def _no_answer(self, chen: Desk, dora: Desk, rings: asyncio.Event) -> None:
        with self.checks.that(
            f"a VIP's call rings {self.vip_ring_ms / 1000:g} s in vain, then at the next agent"
        ):
            vera = self.customer("Vera", LINES[VIP], tone=450)
            try:
                rung = await chen.rings()
            finally:
                rings.set()
            await rung.ended.within(self.vip_ring_ms / 1000 + LONGEST_ABSENCE_S)
            there = await dora.rings()
            require(
                there.alert_info == self.centre.configuration.queues[VIP].alert_info,
                "no VIP ring tone",
            )
            await talk(vera, dora, there, pick_up_s=0.3)
            offers = await self.written(
                Kind.OFFER,
                lambda row: row["call_id"] == self._call_id(vera) and row["ended_seq"] is not None,
                count=2,
            )
            seen = [(row["agent_id"], row["reason"]) for row in offers]
            require(
                seen == [(chen.number, "no_answer"), (dora.number, "answered")], f"seen: {seen}"
            )
            # An engine that was away when the time was up acts as soon as it is back.
            first = offers[0]
            due_ms = max(first["started_at_ms"] + self.vip_ring_ms, self.back_ms)
            require(first["ring_ms"] >= self.vip_ring_ms, f"it rang only {first['ring_ms']} ms")
            require(first["ended_at_ms"] - due_ms < LATE_MS, f"it rang {first['ring_ms']} ms")

    async def _weights(self, reception: Desk, chen: Desk) -> None:
        self.say(f"{reception.name} calls {chen.name}; then a Support and a VIP customer call")
        with self.checks.that("a direct call within the house connects"):
            inside = reception.phone.place(chen.number)
            self.inside_calls += 1
            there = await chen.rings()
            await asyncio.sleep(0.3)
            there.answer()
            await inside.wait_until_hears(chen.tone)
            await there.wait_until_hears(reception.tone)
        with self.checks.that("a VIP goes before a caller who has waited longer"):
            sam = self.customer("Sam", LINES[SUPPORT], tone=350)
            await self.visit_of(sam, ended=False)
            await asyncio.sleep(1)
            viola = self.customer("Viola", LINES[VIP], tone=450)
            await self.visit_of(viola, ended=False)
            await asyncio.sleep(0.5)
            there.hang_up()
            for customer in (viola, sam):
                there = await chen.rings()
                await talk(customer, chen, there, pick_up_s=0.3)
                await asyncio.sleep(0.3)
                there.hang_up()

    # Who calls, and what is written down.

    async def prompt_after(self, call_id: str, at_ms: int) -> Input:
        """Waits until Asterisk has played a prompt to a caller, to its end, after this moment.

        Raises:
            Unmet: it has not, in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LONGEST_PROMPTS_S
        while True:
            for each in self.centre.journal.inputs():
                if (
                    each["t"] == "PlaybackEnded"
                    and each["ok"]
                    and each["playback_id"].startswith(f"play-{call_id}-")
                    and each["at_ms"] > at_ms
                ):
                    return each
            if loop.time() > deadline:
                raise Unmet("no prompt was played to its end")
            await asyncio.sleep(0.05)

    def customer(self, name: str, number: str, *, tone: int) -> Customer:
        """Places a call from outside; the caller speaks in a tone, or (0) has no ears either."""
        call = self.centre.caller.place(
            number,
            from_number=str(next(self._numbers)),
            from_name=name,
            media=f"tone:{tone}" if tone else "none",
        )
        customer = Customer(name, call, tone, asyncio.get_running_loop().time())
        self.customers.append(customer)
        return customer

    async def written(
        self, kind: Kind, fits: Callable[[Row], object], *, count: int = 1
    ) -> list[Row]:
        """Waits until so many rows that fit are written down; returns all that fit.

        Raises:
            Unmet: they are not, in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WRITTEN_S
        while True:
            found = [row for row in self.ledger.rows(kind) if fits(row)]
            if len(found) >= count:
                return found
            if loop.time() > deadline:
                raise Unmet(f"{len(found)} of {count} are written down in {kind}")
            await asyncio.sleep(0.05)

    async def call_of(self, customer: Customer, *, ended: bool) -> Row:
        """Returns a customer's call as written down."""
        rows = await self.written(
            Kind.CALL,
            lambda row: (
                row["caller_name"] == customer.name
                and row["source"] == "trunk"
                and (row["ended_seq"] is not None or not ended)
            ),
        )
        return rows[-1]

    async def visit_of(self, customer: Customer, *, ended: bool) -> Row:
        """Returns a customer's visit to a queue, once it is written down (as ended)."""
        call = await self.call_of(customer, ended=False)
        rows = await self.written(
            Kind.VISIT,
            lambda row: (
                row["call_id"] == call["call_id"] and (row["ended_seq"] is not None or not ended)
            ),
        )
        return rows[-1]

    async def _talk_agrees(self, customer: Customer, there: IncomingCall) -> None:
        call = await self.call_of(customer, ended=True)
        [row] = await self.written(Kind.TALK, lambda row: row["call_id"] == call["call_id"])
        await there.ended
        seen_ms = (there.ended.at_ns - there.answered.at_ns) // 1_000_000
        require(
            abs(row["talk_ms"] - seen_ms) < LATE_MS,
            f"{customer.name}: {seen_ms} ms by the phone, {row['talk_ms']} ms written down",
        )

    def _call_id(self, customer: Customer) -> str:
        [row] = self.ledger.query(
            "SELECT call_id FROM calls WHERE caller_name = ?", [customer.name]
        )
        return str(row["call_id"])

    def _open_now(self, kind: Kind) -> list[Row]:
        return [row for row in self.ledger.rows(kind) if row["ended_seq"] is None]

    async def _all_closed(self) -> None:
        expected = len(self.customers) + self.inside_calls + CALLBACKS
        await self.written(Kind.CALL, lambda row: row["ended_seq"] is not None, count=expected)
        calls = self.ledger.rows(Kind.CALL)
        require(len(calls) == expected, f"{expected} calls were made, {len(calls)} written down")
        for kind in (Kind.VISIT, Kind.OFFER, Kind.TALK):
            left = self._open_now(kind)
            require(not left, f"still going on in {kind}: {len(left)}")


_VISITS_OF: Final = (
    "SELECT * FROM queue_visits JOIN calls USING (call_id) WHERE caller_name = ?"
    " ORDER BY queue_visits.rowid"
)


def require_sample(configuration: Configuration) -> None:
    """Makes sure that there is what the scenario is about.

    Raises:
        UnsuitableConfig: there is not; the message names it.
    """
    missing = [f"queue {each}" for each in LINES if each not in configuration.queues]
    missing += [] if SERVICE in configuration.queues else [f"queue {SERVICE}"]
    missing += [] if MENU in configuration.menus else [f"menu {MENU}"]
    missing += [f"extension {each}" for each in STAFF if each not in configuration.extensions]
    if not missing and configuration.queues[SALES].max_waiting == 0:
        missing.append(f"limit (max_waiting) of queue {SALES}")
    if missing:
        raise UnsuitableConfig(
            f"--once plays the sample configuration; config/ has no {', no '.join(missing)}"
        )


def expected_figures(configuration: Configuration) -> dict[str, tuple[int, int, int]]:
    """Returns how many visits to each queue are answered, abandoned and missed in the scenario."""
    places = configuration.queues[SALES].max_waiting
    return {
        SALES: (4, places, 1),  # Mia, Noah, Lea and the first of the rush; the rest and Omar; Max.
        SUPPORT: (2, 0, 0),  # Max and Sam.
        VIP: (2, 0, 0),  # Vera and Viola.
        SERVICE: (1, 0, 1),  # Nina; Oskar, who asked for a callback and left.
    }
