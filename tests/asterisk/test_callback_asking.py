"""Callers ask to be called back: by key or when it is offered, with their number or another one.

What the house says are tones here (tests/support/words.py): each sentence has its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from engine.core.speech import Phrase, phrase
from scripts.lab.live import LiveCentre
from scripts.lab.phones import OutgoingCall, Phone
from tests.support.customers import (
    KEY,
    Customer,
    callback,
    opened_in_tones,
    pick_up,
    to_the_customer,
)
from tests.support.draft import MUSIC_HZ, Draft, Queue
from tests.support.floor import Floor, hears_only, nothing_for
from tests.support.prompts import Prompts
from tests.support.words import (
    ALREADY_HZ,
    CONFIRM_HZ,
    CONFIRM_OTHER_HZ,
    ENTER_HZ,
    INVALID_HZ,
    NOT_CALLABLE_HZ,
    OFFER_HZ,
    REGISTERED_HZ,
)

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()
Via = Literal["rtp", "info"]
ROUTE = DRAFT.outbound_route("90XXX.", strip=1)
"""Customers' numbers, behind the callback prefix 9."""
BACK = callback(ROUTE, prefix="9")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCentre]:
    async with opened_in_tones(DRAFT, tmp_path_factory.mktemp("live")) as centre:
        yield centre


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


KEPT = DRAFT.queue(1, callback=BACK)


@pytest.mark.row("C-01", "C-02")
async def test_a_caller_asks_by_key_and_keeps_the_place(floor: Floor, prompts: Prompts) -> None:
    """Before comes who was before, after who was after; the number is spoken back."""
    first, asks, last = (Customer(floor) for _ in range(3))
    ahead = await first.call(KEPT)
    call = await asks.call(KEPT)
    behind = await last.call(KEPT)
    await call.wait_until_hears(MUSIC_HZ)
    since = prompts.mark()
    await call.send_dtmf(KEY)
    await hears_only(call, CONFIRM_HZ, MUSIC_HZ)
    await prompts.until("carrier", since, phrase("en", Phrase.CALLBACK_CONFIRM, number=asks.number))
    since = prompts.mark()
    await call.send_dtmf("1")
    await hears_only(call, REGISTERED_HZ, MUSIC_HZ)
    ending = await call.ended
    assert (ending.by, ending.how) == ("there", "bye")
    goodbye = phrase("en", Phrase.CALLBACK_REGISTERED)
    await prompts.until("carrier", since, goodbye)
    record = await floor.record(call)
    assert record.outcome == ("missed", "callback")
    assert record.call["ended_by"] == "system"
    row = await asks.callback(KEPT)
    assert (row["asked_how"], row["caller_call_id"]) == ("key", record.call["call_id"])
    assert row["entered_at_ms"] == record.visit["started_at_ms"]
    assert not ahead.ended, "the others wait on"
    await behind.wait_until_hears(MUSIC_HZ)

    ann = await floor.phone(KEPT)
    for waiting in (ahead, None, behind):
        if waiting is None:
            there, at_customer = await to_the_customer(ann, asks)
            await pick_up(at_customer)
            await asks.over(KEPT)
        else:
            there = await ann.incoming()
            await floor.pick_up(there)
            assert there.caller_number == {ahead: first, behind: last}[waiting].number
        there.hang_up()
    row = await asks.over(KEPT)
    assert (row["outcome"], row["reason"], row["attempts"]) == ("succeeded", "talked", 1)
    assert asks.rung == 1


GREETED_HZ = 1250
GREETING = DRAFT.tone(GREETED_HZ, 20.0)
GREETED = DRAFT.queue(0, callback=BACK, announcements={"join": [GREETING], "join_first": True})


@pytest.mark.row("C-01", "P-01")
async def test_the_key_counts_from_the_first_moment(floor: Floor) -> None:
    """Also while the queue greets; who then gives no answer hears music, after three times."""
    call = await Customer(floor).call(GREETED)
    await call.wait_until_hears(GREETED_HZ)
    await call.send_dtmf(KEY)
    await hears_only(call, CONFIRM_HZ, GREETED_HZ)
    await call.send_dtmf("5")
    await hears_only(call, CONFIRM_HZ, GREETED_HZ)
    await call.send_dtmf("#")
    await call.wait_until_hears(CONFIRM_HZ)
    await call.send_dtmf("0")
    await hears_only(call, MUSIC_HZ, CONFIRM_HZ, GREETED_HZ)
    call.hang_up()
    assert (await floor.record(call)).outcome == ("abandoned", "caller_hung_up")


OFFERED = DRAFT.queue(0, callback=callback(ROUTE, prefix="9", key=None, offer_after_s=0.5))
OFFERED_KEY = DRAFT.queue(0, callback=callback(ROUTE, prefix="9", key="*", offer_after_s=0.5))


@pytest.mark.row("C-01")
async def test_it_is_offered_after_a_time(floor: Floor) -> None:
    """One takes it (keys by INFO), one by the queue's own key; one says nothing, one declines."""

    async def offered(queue: Queue, answer: str, *, via: Via = "rtp") -> Customer:
        customer = Customer(floor)
        call = await customer.call(queue)
        await hears_only(call, OFFER_HZ, MUSIC_HZ)
        await call.send_dtmf(answer, via)
        if answer in {"", "7"}:
            await hears_only(call, MUSIC_HZ, OFFER_HZ, seconds=40)
            await nothing_for(0.6, lambda: call.hears(OFFER_HZ))  # It is offered once.
            call.hang_up()
            assert (await floor.record(call)).outcome == ("abandoned", "caller_hung_up")
        else:
            await hears_only(call, CONFIRM_HZ, OFFER_HZ, MUSIC_HZ)
            await call.send_dtmf("1", via)
            await call.wait_until_hears(REGISTERED_HZ)
            await call.ended
            assert (await customer.callback(queue))["asked_how"] == "offered"
        return customer

    await asyncio.gather(
        offered(OFFERED, "1", via="info"),
        offered(OFFERED_KEY, "*"),
        offered(OFFERED, ""),
        offered(OFFERED_KEY, "7"),
    )


OTHER = DRAFT.queue(1, callback=BACK)
LONG = DRAFT.queue(0, callback=BACK)


@pytest.mark.row("C-02")
async def test_another_number_by_keypad(floor: Floor) -> None:
    """`*` begins anew; `#` or a pause ends it; what is wrong is said; after three there is music again."""

    async def entering(customer: Customer, queue: Queue) -> OutgoingCall:
        call = await customer.call(queue)
        await call.send_dtmf(KEY)
        await call.wait_until_hears(CONFIRM_HZ)
        await call.send_dtmf("2")
        await hears_only(call, ENTER_HZ, CONFIRM_HZ)
        return call

    async def corrects() -> None:
        asks, other = Customer(floor), Customer(floor)
        call = await entering(asks, OTHER)
        await call.send_dtmf("0301*0302#")  # Four digits are too few.
        await hears_only(call, INVALID_HZ, ENTER_HZ)
        await call.wait_until_hears(ENTER_HZ)
        await call.send_dtmf("99999#")  # A number that no route takes.
        await hears_only(call, NOT_CALLABLE_HZ, ENTER_HZ)
        await call.wait_until_hears(ENTER_HZ)
        await call.send_dtmf(f"12*{other.number}#")
        await hears_only(call, CONFIRM_OTHER_HZ, ENTER_HZ)
        await call.send_dtmf("1")
        await call.wait_until_hears(REGISTERED_HZ)
        await call.ended
        row = await other.callback(OTHER)
        assert row["number"] == other.number
        there, at_other = await to_the_customer(await floor.phone(OTHER), other)
        await pick_up(at_other)
        at_other.hang_up()
        await there.ended
        assert (await other.over(OTHER))["reason"] == "talked"
        assert (asks.rung, other.rung) == (0, 1)

    async def wrong(*entered: str) -> None:
        call = await entering(Customer(floor), LONG)
        for keys in entered:
            await call.wait_until_hears(ENTER_HZ)
            await call.send_dtmf(keys)
            await hears_only(call, INVALID_HZ, ENTER_HZ)
        await hears_only(call, MUSIC_HZ, INVALID_HZ, ENTER_HZ)
        call.hang_up()
        assert (await floor.record(call)).outcome == ("abandoned", "caller_hung_up")

    async def pauses() -> None:
        asks = Customer(floor)
        call = await entering(asks, LONG)
        await call.send_dtmf(asks.number)
        await call.wait_until_hears(CONFIRM_OTHER_HZ, seconds=40)
        await call.send_dtmf("1")
        await call.ended.within(40)
        await asks.callback(LONG)

    await asyncio.gather(corrects(), wrong("4" * 40, "0301#", "1#"), pauses())


NAMELESS = DRAFT.queue(0, callback=BACK)


@pytest.mark.row("C-02")
async def test_who_shows_no_number_is_asked_for_one(floor: Floor) -> None:
    """Letters, a number too short, none at all: the question for the number comes at once."""

    async def shows(number: str) -> None:
        asks = Customer(floor)
        call = asks.phone.place(NAMELESS.number, from_number=number, media="silence")
        await call.answered
        await call.send_dtmf(KEY)
        await hears_only(call, ENTER_HZ, MUSIC_HZ, CONFIRM_HZ)
        await call.send_dtmf(f"{asks.number}#")
        await call.wait_until_hears(CONFIRM_OTHER_HZ)
        await call.send_dtmf("1")
        await call.ended.within(40)
        assert (await asks.callback(NAMELESS))["number"] == asks.number

    await asyncio.gather(*map(shows, ("anonymous", "ann.smith", "0301", "")))


ABROAD = DRAFT.queue(0, callback=BACK)


@pytest.mark.row("C-02", "C-05")
async def test_a_calling_number_that_no_route_takes(floor: Floor) -> None:
    """It is said that it cannot be called, then another one is asked for."""
    foreign = Phone(floor.live.outside, "71234567", server=floor.live.sip, media="silence")
    call = await floor.call(ABROAD, by=foreign, media="silence")
    await call.answered
    await call.send_dtmf(KEY)
    await hears_only(call, NOT_CALLABLE_HZ, MUSIC_HZ)
    await hears_only(call, ENTER_HZ, NOT_CALLABLE_HZ)
    call.hang_up()
    assert (await floor.record(call)).outcome == ("abandoned", "caller_hung_up")
    await floor.rows("callbacks", 0, queue_id=ABROAD.number)


TWICE = DRAFT.queue(0, callback=BACK)
ELSEWHERE = DRAFT.queue(0, callback=BACK)


@pytest.mark.row("C-06")
async def test_a_number_waits_once_in_a_queue(floor: Floor) -> None:
    """The second time the caller is told, and stays in line; in another queue the number may wait."""
    asks = Customer(floor)
    await asks.ask(TWICE)
    call = await asks.call(TWICE)
    await call.send_dtmf(KEY)
    await call.wait_until_hears(CONFIRM_HZ)
    await call.send_dtmf("1")
    await hears_only(call, ALREADY_HZ, CONFIRM_HZ, REGISTERED_HZ)
    await hears_only(call, MUSIC_HZ, ALREADY_HZ)
    call.hang_up()
    assert (await floor.record(call)).outcome == ("abandoned", "caller_hung_up")
    await floor.rows("callbacks", 1, queue_id=TWICE.number)
    await asks.ask(ELSEWHERE)


LEFT = DRAFT.queue(0, callback=BACK)


@pytest.mark.row("C-02")
async def test_who_hangs_up_in_the_middle(floor: Floor) -> None:
    """At any question the caller has given up; during the goodbye the callback stands."""

    async def until(hertz: int, *keys: str) -> None:
        asks = Customer(floor)
        call = await asks.call(LEFT)
        for heard, key in zip((MUSIC_HZ, CONFIRM_HZ, ENTER_HZ), (KEY, *keys), strict=False):
            await call.wait_until_hears(heard)
            await call.send_dtmf(key)
        await call.wait_until_hears(hertz)
        call.hang_up()
        record = await floor.record(call)
        if hertz == REGISTERED_HZ:
            assert record.outcome == ("missed", "callback")
            assert record.call["ended_by"] == "caller"
            row = await asks.callback(LEFT)
            assert row["ended_at_ms"] is None
        else:
            assert record.outcome == ("abandoned", "caller_hung_up")
            assert not floor.count("callbacks", number=asks.number)

    await asyncio.gather(
        until(CONFIRM_HZ),
        until(ENTER_HZ, "2"),
        until(CONFIRM_OTHER_HZ, "2", "030444#"),
        until(REGISTERED_HZ, "1"),
    )


SERVED = DRAFT.queue(1, callback=BACK)


@pytest.mark.row("C-01", "C-02")
async def test_an_agent_who_picks_up_ends_the_questions(floor: Floor) -> None:
    """The caller keeps ringing agents while asked, and just talks; nothing is registered."""
    asks = Customer(floor, media="tone:440")
    call = await asks.call(SERVED)
    await call.send_dtmf(KEY)
    await call.wait_until_hears(CONFIRM_HZ)
    ann = await floor.phone(SERVED, media="tone:700")
    there = await ann.incoming()
    await floor.pick_up(there)
    await asyncio.gather(hears_only(call, 700, CONFIRM_HZ), there.wait_until_hears(440))
    await call.send_dtmf("1")
    call.hang_up()
    assert (await floor.record(call)).outcome == ("answered", "connected")
    assert not floor.count("callbacks", number=asks.number)
