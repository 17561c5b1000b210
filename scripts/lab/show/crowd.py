"""Customers and agents who live by themselves, at random, as long as the demo runs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
from collections.abc import Sequence
from typing import Final, TypeVar

from engine.config import Configuration
from engine.config.forms import MenuDestination, QueueDestination
from engine.core.model.rng import Rng
from engine.core.policy import MemberKind
from scripts.lab.phones import IncomingCall, OutgoingCall, Phone
from scripts.lab.show.centre import DemoCentre
from scripts.lab.show.ledger import Kind, Ledger

Thing = TypeVar("Thing")

CUSTOMERS_MOST: Final = 40
"""At the same time; nobody else calls until some are gone."""
HEARD_MOST: Final = 12
"""So many calls have real sound both ways; further ones only have signalling, which costs less."""
LEADS_TO_AGENTS: Final = (QueueDestination, MenuDestination)
PRESSES: Final = 0.7
"""How many customers press a key of a menu; the others wait what happens without."""
WANTS_A_CALLBACK: Final = 0.1
"""How many press the key for it, if it comes to waiting."""
QUEUE_WEIGHT: Final = 8
"""A queue's line is called so many times as often as any other number."""
PATIENCE_S: Final = 45.0
TALK_S: Final = 14.0
PICK_UP_S: Final = (1.0, 4.0)
LEAVES_RINGING: Final = 0.08
DECLINES: Final = 0.03
PAUSE_EVERY_S: Final = 150.0
LOOK_UP_S: Final = 15.0
"""How often an agent thinks of a break, or of coming back from one."""
LISTEN_S: Final = 2.0
"""How much of a spoken confirmation an agent listens to."""
REGISTER_EVERY_S: Final = 1200.0
"""Asterisk is asked for an hour."""
TONE_HZ: Final = 440

FIRST: Final = (
    *("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gina", "Hugo", "Ida", "Jan", "Kira", "Leo"),
    *("Maya", "Nils", "Olga", "Pia", "Quinn", "Rosa", "Sven", "Tara", "Udo", "Vera", "Will"),
)
LAST: Final = (
    *("Abel", "Berg", "Cole", "Dorn", "Ernst", "Falk", "Gray", "Hale", "Ivers", "Jung", "Kent"),
    *("Lund", "Moss", "Nord", "Orr", "Park", "Reed", "Stone", "Thorn", "Vogel", "West", "Young"),
)


class Chance:
    """The lab's dice."""

    def __init__(self, seed: int) -> None:
        """Equal seeds give equal throws."""
        self._rng = Rng(seed)

    def share(self) -> float:
        """Returns a number from 0 to below 1."""
        return self._rng.below(1 << 30) / (1 << 30)

    def between(self, least: float, most: float) -> float:
        """Returns a number of that range."""
        return least + (most - least) * self.share()

    def about(self, mean: float) -> float:
        """Returns an exponentially distributed number, at most four times its mean."""
        return min(4 * mean, -mean * math.log(1 - self.share()))

    def pick(self, things: Sequence[Thing]) -> Thing:
        """Returns one of them."""
        return things[self._rng.below(len(things))]


def example_of(pattern: str, chance: Chance) -> str:
    """Returns a number that a route's pattern fits."""
    least = {"X": 0, "Z": 1, "N": 2}
    digits = ""
    for letter in pattern:
        if letter in least:
            digits += str(chance.pick(range(least[letter], 10)))
        elif letter in ".!":
            digits += "5550999"
        else:
            digits += letter
    return digits


class Crowd:
    """All people of the demo but the one at the keyboard.

    Attributes:
        guest: the extension that is left to a softphone of whoever watches: an agent who is not
            logged in by the configuration, if there is one to spare.
    """

    def __init__(self, centre: DemoCentre, ledger: Ledger, *, rate: int, seed: int) -> None:
        """Nobody moves yet. `rate`: customers per minute."""
        self.centre = centre
        self.ledger = ledger
        self.guest = _guest(centre.configuration)
        self._rate = rate
        self._chance = Chance(seed)
        self._lines = [
            route.pattern
            for route in centre.configuration.inbound_routes.values()
            if route.trunk in (None, centre.trunk)
            for _ in range(QUEUE_WEIGHT if isinstance(route.destination, LEADS_TO_AGENTS) else 1)
        ]
        self._callback_keys = {
            queue.callback.key
            for queue in centre.configuration.queues.values()
            if queue.callback is not None and queue.callback.key is not None
        }
        self._phones: list[Phone] = []
        self._numbers = itertools.count(5551001)
        self._customers = 0

    async def seat(self) -> int:
        """Registers everybody's phone; returns how many."""
        for number in self.centre.configuration.extensions:
            if number == self.guest:
                continue
            tone = 600 + 100 * (len(self._phones) % 12)
            phone = await self.centre.phone(number, media=f"tone:{tone}")
            phone.behaviour = self._answers
            self._phones.append(phone)
        anyone_outside = Phone(self.centre.outside, "*", server=self.centre.sip, media="tone:500")
        anyone_outside.auto_answer(after_ms=1500, hang_up_after_ms=20_000)
        return len(self._phones)

    async def live(self) -> None:
        """Lives on until cancelled."""
        async with asyncio.TaskGroup() as lives:
            lives.create_task(self._keep_registered())
            for phone in self._phones:
                lives.create_task(self._work(phone))
            while True:
                await asyncio.sleep(self._chance.about(60 / self._rate) if self._rate else 3600)
                if self._rate and self._lines and self._customers < CUSTOMERS_MOST:
                    lives.create_task(self._call())

    # Customers.

    async def _call(self) -> None:
        chance = self._chance
        self._customers += 1
        number = str(next(self._numbers))
        call = self.centre.caller.place(
            example_of(chance.pick(self._lines), chance),
            from_number=number,
            from_name=f"{chance.pick(FIRST)} {chance.pick(LAST)}",
            media=f"tone:{TONE_HZ}" if self._customers <= HEARD_MOST else "none",
        )
        try:
            await self._press_keys(call)
            patience = 5 + chance.about(PATIENCE_S)
            if not await _ends_within(call, patience):
                if self._talks(number):
                    await _ends_within(call, 4 * TALK_S)
                call.hang_up()
        finally:
            self._customers -= 1

    async def _press_keys(self, call: OutgoingCall) -> None:
        """What a customer with sound presses: a key of a menu, and seldom the one for a callback.

        Both mean nothing to who has reached neither.
        """
        if call.rtp is None or self._chance.share() > PRESSES or await _ends_within(call, LISTEN_S):
            return
        keys = ["1#"]
        if self._callback_keys and self._chance.share() < WANTS_A_CALLBACK:
            keys += [self._chance.pick(sorted(self._callback_keys)), "1"]
        for key in keys:
            if await _ends_within(call, LISTEN_S) or not call.answered:
                return
            with contextlib.suppress(TimeoutError):  # It ended in the middle of it.
                await call.send_dtmf(key)

    def _talks(self, number: str) -> bool:
        return bool(
            self.ledger.query(
                "SELECT 1 FROM calls JOIN talk_segments USING (epoch_no, call_id)"
                " WHERE caller_number = ? AND talk_segments.ended_seq IS NULL",
                [number],
            )
        )

    # Agents.

    def _answers(self, call: IncomingCall) -> None:
        """What everybody in the house does when the phone rings."""
        chance = self._chance
        call.ring()
        throw = chance.share()
        if throw < LEAVES_RINGING:
            return
        then = call.reject if throw < LEAVES_RINGING + DECLINES else call.answer
        pick_up_s = chance.between(*PICK_UP_S)
        call.endpoint.later(pick_up_s, then)
        call.endpoint.later(pick_up_s + 2 + chance.about(TALK_S), lambda: _done(call))

    async def _work(self, phone: Phone) -> None:
        """One agent's day: log in, and take a break now and then."""
        codes = self.centre.configuration.settings.feature_codes
        queues = {
            number: member
            for number, queue in self.centre.configuration.queues.items()
            for member in queue.members
            if member.agent == phone.user
        }
        for number, member in queues.items():
            if member.kind is MemberKind.DYNAMIC and codes.login_toggle is not None:
                await self._dial(phone, codes.login_toggle + number)
        while queues and codes.pause_toggle is not None:
            await asyncio.sleep(self._chance.about(LOOK_UP_S))
            if phone.live:
                continue
            paused = self._paused(phone.user)
            if paused:
                for number in paused:
                    await self._dial(phone, codes.pause_toggle + number)
            elif self._chance.share() < LOOK_UP_S / PAUSE_EVERY_S:
                for number in queues:
                    await self._dial(phone, codes.pause_toggle + number + self._reason())

    def _reason(self) -> str:
        codes = list(self.centre.configuration.pause_reasons)
        return f"*{self._chance.pick(codes)}" if codes else ""

    def _paused(self, agent: str) -> list[str]:
        """Returns the queues in which the agent is paused, by themselves or by Usher."""
        rows = self.ledger.opened(Kind.PAUSE)
        return [row["queue_id"] for row in rows if row["agent_id"] == agent]

    async def _dial(self, phone: Phone, code: str) -> None:
        """Dials a code and listens to the first words of the answer."""
        call = phone.place(code)
        if not await _ends_within(call, LISTEN_S):
            call.hang_up()
            await _ends_within(call, LISTEN_S)

    async def _keep_registered(self) -> None:
        while True:
            await asyncio.sleep(REGISTER_EVERY_S)
            for phone in self._phones:
                await phone.register()
            # Nobody measures here, and a long day would fill the memory.
            for endpoint in (self.centre.phones_at, self.centre.outside):
                endpoint.capture.clear()


def _done(call: IncomingCall) -> None:
    """Hangs up, unless it never came to a talk."""
    if call.answered and not call.ended:
        call.hang_up()


async def _ends_within(call: OutgoingCall, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await call.ended.within(seconds)
    return bool(call.ended)


def _guest(configuration: Configuration) -> str | None:
    members = [each for queue in configuration.queues.values() for each in queue.members]
    static = {each.agent for each in members if each.kind is MemberKind.STATIC}
    spare = [agent for agent in configuration.agents if agent not in static]
    return spare[-1] if len(spare) > 1 else None
