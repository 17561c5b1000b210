"""One test's view of a running call centre: phones, calls, records, and order when it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from scripts.lab.asterisk import AsteriskUnavailable
from scripts.lab.live import LiveCentre
from scripts.lab.phones import Call, IncomingCall, OutgoingCall, Phone
from scripts.lab.phones.agent import UserAgent
from scripts.lab.phones.happening import DEADLINE
from scripts.lab.waiting import look_until
from tests.support.draft import Draft, Queue, write_tones
from tests.support.machine import begin_test
from tests.support.records import Record, Row, check_record, gather

_numbers = itertools.count(1)
_COMPLAINTS = (" ERROR ", " CRITICAL ", "Traceback")
_OPEN = ("calls", "queue_visits", "offers", "talk_segments", "holds")


@contextlib.asynccontextmanager
async def opened(draft: Draft, run_dir: Path, **options: Any) -> AsyncIterator[LiveCentre]:
    """Opens the centre that a draft describes, with `options` of `LiveCentre`; skips without Asterisk."""
    # Below Asterisk's own directory, the only one that it can see.
    tones = write_tones(run_dir / "asterisk" / "tones", draft.tones)
    try:
        centre = LiveCentre(run_dir, draft.sections(tones), **options)
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    with _children_without_threads():
        async with centre:
            yield centre


@contextlib.contextmanager
def _children_without_threads() -> Iterator[None]:
    """Waits for child processes as Python 3.12 does: without a thread for each, which would be left."""
    policy = asyncio.get_event_loop_policy()
    if sys.version_info >= (3, 12) or isinstance(
        policy.get_child_watcher(), asyncio.PidfdChildWatcher
    ):
        yield
        return
    watcher = asyncio.PidfdChildWatcher()
    watcher.attach_loop(asyncio.get_running_loop())
    policy.set_child_watcher(watcher)
    try:
        yield
    finally:
        policy.set_child_watcher(None)


class Floor:
    """What a test does with a live centre.

    `forgiven` are words of the engine's log lines that this test brings about on purpose.
    """

    def __init__(self, live: LiveCentre) -> None:
        """Begins a test."""
        begin_test()
        self.live = live
        self.log_begin = live.log_size()
        self.journal_begin = len(live.journal.inputs())
        self.forgiven: list[str] = []
        self._calls_before = len(live.facts.rows("calls"))
        self._asked: dict[OutgoingCall, tuple[str, int]] = {}
        self._earlier: dict[str, int] = {}
        self._callers: set[UserAgent] = {live.caller}

    # Phones and calls.

    async def phones(self, *numbers: str | Queue, media: str = "none") -> list[Phone]:
        """Returns registered phones; a queue stands for its agents."""
        found = []
        for each in numbers:
            for number in each.agents if isinstance(each, Queue) else (each,):
                phone = self.live.phones.get(number)
                if phone is None:
                    phone = await self.live.phone(number, media=media)
                phone.media = media
                self._callers.add(phone)
                found.append(phone)
        return found

    async def phone(self, number: str | Queue, *, media: str = "none") -> Phone:
        """Returns one registered phone."""
        (phone,) = await self.phones(number, media=media)
        return phone

    async def call(
        self,
        number: str | Queue,
        *,
        by: UserAgent | None = None,
        media: str = "none",
        name: str | None = None,
    ) -> OutgoingCall:
        """Dials, and returns once the engine has the call: the order of calls is that of the tests.

        From outside it shows a number of its own; `by` is the phone that dials instead.
        """
        begin = len(self.live.journal.inputs())
        call = self.place(number, by=by, media=media, name=name)
        await self.live.heard("CallArrived", since=begin, caller_number=self._asked[call][0])
        return call

    def place(
        self,
        number: str | Queue,
        *,
        by: UserAgent | None = None,
        media: str = "none",
        name: str | None = None,
        cancel_at_answer: bool = False,
    ) -> OutgoingCall:
        """As `call`, but returns when the INVITE is sent: for numbers that Asterisk itself refuses,
        for races, and while there is no engine.
        """
        dialled = number.number if isinstance(number, Queue) else number
        own = by is None
        caller = self.live.caller if by is None else by
        shown = f"030{next(_numbers):07}" if own else caller.user
        assert hasattr(caller, "place")
        self._callers.add(caller)
        index = self._next_index(shown)
        call: OutgoingCall = caller.place(
            dialled,
            from_number=shown if own else None,
            from_name=name,
            media=media,
            cancel_at_answer=cancel_at_answer,
        )
        self._asked[call] = (shown, index)
        return call

    def _next_index(self, caller_number: str) -> int:
        """Returns which of this number's calls the next one will be; asked before it is placed."""
        if caller_number not in self._earlier:
            self._earlier[caller_number] = len(self._rows_of(caller_number))
        self._earlier[caller_number] += 1
        return self._earlier[caller_number] - 1

    def _rows_of(self, caller_number: str) -> list[Row]:
        rows = self.live.facts.rows("calls")
        dialled_in = [row for row in rows if row["source"] != "callback"]
        return [row for row in dialled_in if row["caller_number"] == caller_number]

    async def talking(
        self, queue: Queue, agent: Phone, *, media: str = "none"
    ) -> tuple[OutgoingCall, IncomingCall]:
        """Calls a queue, and has the agent's phone, which must be the one that rings, pick up."""
        call = await self.call(queue, media=media)
        there = await agent.incoming()
        await self.pick_up(there)
        await call.answered
        return call, there

    async def pick_up(self, there: IncomingCall) -> None:
        """Picks up a ringing phone; returns when phone and engine both know that it is answered.

        Without the latter a hang-up that follows at once may overtake the answer: each party's news
        come through a thread of its own in Asterisk.
        """
        inputs = self.live.journal.inputs()
        begin = len(inputs)
        call_id = next(
            happened["call_id"]
            for happened in reversed(inputs)
            if happened["t"] == "CallArrived" and happened["caller_number"] == there.caller_number
        )
        there.answer()
        await there.acknowledged

        def answered() -> bool:
            return any(
                happened["t"] == "LegAnswered" and happened["leg_id"].startswith(f"leg-{call_id}-")
                for happened in self.live.journal.inputs()[begin:]
            )

        await look_until(answered, f"the engine to hear that {there.owner.user} picked up", 30)

    async def dial_code(self, phone: Phone, code: str) -> Record:
        """Dials a feature code, listens to the answer's beginning, hangs up."""
        call = await self.call(code, by=phone, media="silence")
        await call.wait_until_hears("anything")
        call.hang_up()
        return await self.record(call)

    # What the engine knows.

    async def heard(self, kind: str, **fields: object) -> None:
        """Waits until the engine has taken in such an input since this test began."""
        await self.live.heard(kind, since=self.journal_begin, **fields)

    def call_id(self, call: OutgoingCall) -> str:
        """Returns by which id the engine knows a call, the latest of its number."""
        found: str = next(
            happened["call_id"]
            for happened in reversed(self.live.journal.inputs())
            if happened["t"] == "CallArrived" and happened["caller_number"] == self._asked[call][0]
        )
        return found

    async def record(self, call: OutgoingCall, *, timeout_s: float = 30.0) -> Record:
        """Waits until a call is over in the database too; returns its record, checked."""
        number, index = self._asked[call]

        def over(_: object) -> bool:
            rows = self._rows_of(number)
            return len(rows) > index and rows[index]["ended_at_ms"] is not None

        await self.live.facts.until("calls", over, timeout_s)
        record = gather(self.live.facts.rows, self._rows_of(number)[index]["call_id"])
        check_record(record)
        return record

    async def settled(self, call: OutgoingCall) -> Record:
        """As `record`, and waits until the phones that rang for it are free again."""
        record = await self.record(call)
        for offer in record.offers:
            await self.heard("LegEnded", leg_id=offer["offer_id"])
        return record

    async def rows(self, table: str, count: int = 1, **fields: object) -> list[Row]:
        """Waits until a table has exactly so many rows with these fields; returns them."""

        def fit(rows: list[Row]) -> list[Row]:
            return [
                row for row in rows if all(row[name] == value for name, value in fields.items())
            ]

        return fit(await self.live.facts.until(table, lambda rows: len(fit(rows)) == count))

    def count(self, table: str, **fields: object) -> int:
        """Returns how many rows with these fields there are now."""
        rows = self.live.facts.rows(table)
        return sum(all(row[name] == value for name, value in fields.items()) for row in rows)

    # The end.

    async def leave(self) -> None:
        """Ends what the test left running, and asserts that the centre is in order."""
        for agent in sorted(self._callers, key=lambda each: isinstance(each, Phone)):
            for call in list(agent.live):
                call.hang_up()  # type: ignore[attr-defined]
        if self.live.engine is None:  # The test failed in an outage: the next one shall not.
            await self.live.start_engine()
        await self.until_quiet()
        await look_until(self._all_stored, "every call to be in the database", 30)
        for table in _OPEN:
            await self.live.facts.until(
                table, lambda rows: all(over(row) or _waits_for_callback(row) for row in rows)
            )
        await look_until(self._callbacks_agree, "callbacks and their calls to agree", 30)
        self._check_books()
        assert self.live.facts.rows("facts_rejected") == []
        assert not (self.live.data / "refused.jsonl").exists()
        complaints = [
            line
            for line in self.live.engine_log(self.log_begin).splitlines()
            if any(word in line for word in _COMPLAINTS)
            and not any(word in line for word in self.forgiven)
        ]
        assert complaints == []

    def _all_stored(self) -> bool:
        """The next test counts the calls of a number: none of this one's may come up then."""
        inputs = self.live.journal.inputs()[self.journal_begin :]
        arrived = {each["call_id"] for each in inputs if each["t"] == "CallArrived"}
        return arrived <= {row["call_id"] for row in self.live.facts.rows("calls")}

    def _check_books(self) -> None:
        """Checks the record of every call of this test, also of those that it did not look at."""
        tables = {table: self.live.facts.rows(table) for table in (*_OPEN, "routes_taken")}
        for call in tables["calls"][self._calls_before :]:
            if over(call):
                check_record(gather(tables.__getitem__, call["call_id"]))

    def _callbacks_agree(self) -> bool:
        """Callbacks may wait on, without a channel; each of them is one call."""
        waiting = [each for each in self.live.facts.rows("calls") if not over(each)]
        pending = [each for each in self.live.facts.rows("callbacks") if not over(each)]
        return sorted(each["caller_number"] for each in waiting) == sorted(
            each["number"] for each in pending
        )

    async def until_quiet(self) -> None:
        """Waits until Asterisk has no channel left."""

        async def quiet() -> bool:
            return await self.live.asterisk.cli("core show channels concise") == ""

        await look_until(quiet, "the end of all channels", 30)

    def log(self) -> str:
        """Returns what the engine has logged since the test began."""
        return self.live.engine_log(self.log_begin)


def over(row: Row) -> bool:
    """Tells whether what a row is about has ended."""
    return row["ended_at_ms"] is not None


def _waits_for_callback(row: Row) -> bool:
    return bool(row.get("source") == "callback")


async def hears_only(
    call: Call,
    wanted: float | Literal["anything", "silence"],
    *others: float,
    seconds: float = DEADLINE,
) -> None:
    """Waits until a party hears the one and, of what was there before, nothing any more."""

    def heard() -> bool:
        return call.hears(wanted) and not any(call.hears(other) for other in others)

    what = f"{call.owner.user} hears {wanted} and none of {others}"
    await call.audio.until(heard, what, seconds)


async def hear_packets(call: Call, count: int) -> None:
    """Waits until so many more packets of voice have come: a duration that the far side measures."""
    until = call.audio.received + count
    what = f"{call.owner.user} receives {count} packets"
    await call.audio.until(lambda: call.audio.received >= until, what, DEADLINE + count / 50)


async def nothing_for(seconds: float, *unwanted: Callable[[], object]) -> None:
    """Asserts that none of these becomes true for a while."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        for each in unwanted:
            assert not each()
        await asyncio.sleep(0.02)
