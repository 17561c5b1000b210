"""A callback's turn: the agent's phone first, then the customer's, once; and all that can come of it.

What the house says are tones here (tests/support/words.py): each sentence has its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine.core.speech import Phrase, phrase
from scripts.lab.live import LiveCentre
from scripts.lab.phones import SoundMatrix
from scripts.lab.phones.behaviour import Behaviour, auto_answer, reject, ring_only
from tests.support.customers import (
    RING_HZ,
    Customer,
    callback,
    offers_of,
    opened_in_tones,
    pick_up,
    to_the_customer,
)
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor, hears_only
from tests.support.machine import about
from tests.support.prompts import Prompts
from tests.support.records import Row, gather
from tests.support.words import FOR_AGENT_HZ, NOT_REACHED_HZ

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()
ROUTE = DRAFT.outbound_route("90XXX.", strip=1)
SHOWN = DRAFT.outbound_route("80XXX.", strip=1, caller_number="5550100")
BACK = callback(ROUTE, prefix="9")
SIT_HZ = 950
"""The first of the three tones before the announcement that a number is not in service."""


def queue(**terms: object) -> Queue:
    """Returns a queue with an agent who comes later, and these terms of callback."""
    return DRAFT.queue(1, callback={**BACK, **terms}, wrapup_s=30)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCentre]:
    async with opened_in_tones(DRAFT, tmp_path_factory.mktemp("live")) as centre:
        yield centre


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


WHOLE = queue(outbound_routes=[ROUTE, SHOWN], prefix="8", ring_timeout_s=30)


@pytest.mark.row("C-03", "C-05", "C-06")
async def test_agent_then_customer_then_both_talk(floor: Floor, prompts: Prompts) -> None:
    """The whole way, on the phones and in every report."""
    customer = Customer(floor)
    asked = await customer.ask(WHOLE, name="Zoe Customer")
    since = prompts.mark()
    ann = await floor.phone(WHOLE, media="silence")
    there = await ann.incoming()
    shown = (there.caller_number, there.caller_name)
    assert shown == (customer.number, "(QCB) Zoe Customer")
    await pick_up(there)
    await there.wait_until_hears(FOR_AGENT_HZ)
    assert customer.rung == 0, "the agent hears first who it is"
    at_customer = await customer.incoming()
    assert (at_customer.dialled, at_customer.caller_number) == (customer.number, "5550100")
    spoken = phrase("en", Phrase.CALLBACK_FOR_AGENT, number=customer.number)
    await prompts.until(ann.user, since, spoken)
    await there.wait_until_hears(*RING_HZ)
    await pick_up(at_customer)
    room = SoundMatrix({"agent": there, "customer": at_customer})
    await room.until({"agent": ["customer"], "customer": ["agent"]})
    await hears_only(there, "anything", *RING_HZ)
    identity = there.identities[-1]
    assert (identity.uri.user, identity.display) == shown, "the display stays as it was"
    row = await customer.over(WHOLE)
    at_customer.hang_up()
    assert (await there.ended).by == "there"
    assert (row["outcome"], row["reason"], row["agent_id"]) == ("succeeded", "talked", ann.user)
    assert customer.rung == 1
    assert len(ann.calls) == 1

    talked = gather(floor.live.facts.rows, row["last_call_id"])
    assert talked.call["parent_id"] == asked["caller_call_id"]
    await floor.rows("talk_segments", 1, call_id=row["last_call_id"], ended_by="caller")
    await floor.rows("wrapups", 1, agent_id=ann.user, queue_id=WHOLE.number)


CASES: dict[str, tuple[Queue, Behaviour, str]] = {
    "busy": (queue(), reject(486), "customer_no_answer"),
    "declines": (queue(), reject(603, after_ms=200), "customer_no_answer"),
    "unavailable": (queue(), reject(480), "customer_no_answer"),
    "network fails": (queue(), reject(503), "customer_no_answer"),
    "no such number": (queue(attempts=3), reject(404), "invalid_number"),
    "incomplete number": (queue(attempts=3), reject(484), "invalid_number"),
    "no answer": (queue(ring_timeout_s=5), lambda call: call.ring(), "customer_no_answer"),
    "early media for ever": (
        queue(ring_timeout_s=5),
        lambda call: call.progress(),
        "customer_no_answer",
    ),
}


@pytest.mark.row("C-05")
async def test_a_customer_who_is_not_reached(floor: Floor) -> None:
    """The agent is told so and is free at once, without wrap-up: who waits behind is served."""

    async def case(name: str) -> Row:
        where, behave, reason = CASES[name]
        customer = Customer(floor, media="tone:950")
        await customer.ask(where)
        customer.phone.behaviour = behave
        behind = Customer(floor)
        call = await behind.call(where)
        ann = await floor.phone(where, media="silence")
        there = await ann.incoming()
        await pick_up(there)
        await customer.incoming(40)
        await there.wait_until_hears(NOT_REACHED_HZ, seconds=40)
        assert (await there.ended).by == "there"
        row = await customer.over(where)
        assert (name, row["reason"], row["attempts"], customer.rung) == (name, reason, 1, 1)
        assert await offers_of(floor, row) == [(ann.user, "customer_not_reached")]
        served = await ann.incoming()
        assert (served.caller_number, served.caller_name) == (behind.number, "")
        await floor.pick_up(served)
        call.hang_up()
        await floor.record(call)
        return row

    await asyncio.gather(*map(case, CASES))
    await reports_tell_the_same(floor)


async def reports_tell_the_same(floor: Floor) -> None:
    """`usher report` has the rows that the database has, and marks what a callback was."""
    reported, table = await asyncio.gather(
        floor.live.report("callbacks"),
        floor.live.usher("report", "calls", str(floor.live.config)),
    )
    stored = {each["callback_id"]: each for each in floor.live.facts.rows("callbacks")}
    assert {each["callback_id"] for each in reported} == set(stored)
    for each in reported:
        row = stored[each["callback_id"]]
        assert each["status"] == (row["outcome"] or "open")
        for name in ("reason", "number", "agent_id", "wait_ms", "asked_how", "queue_id"):
            assert each[name] == row[name], name
        assert each["attempts"] == (row["attempts"] or 0)
        assert f"(QCB) {each['number']}" in table
    assert len({each["reason"] for each in reported}) >= 2


LEAVES = {crossing: queue() for crossing in (False, True)}


@pytest.mark.row("C-05")
@pytest.mark.parametrize("crossing", LEAVES)
async def test_the_agent_hangs_up_while_the_customer_rings(floor: Floor, crossing: bool) -> None:
    """It stops ringing, or is hung up where its answer crosses; that was the attempt, a missed offer."""
    where, customer = LEAVES[crossing], Customer(floor)
    await customer.ask(where)
    customer.phone.behaviour = ring_only(answer_on_cancel=crossing)
    ann = await floor.phone(where, media="silence")
    there, at_customer = await to_the_customer(ann, customer)
    there.hang_up()
    assert (await at_customer.ended.within(40)).how == ("bye" if crossing else "cancel")
    row = await customer.over(where)
    assert (row["reason"], row["agent_id"]) == ("agent_hung_up", ann.user)
    assert await offers_of(floor, row) == [(ann.user, "answered_then_left")]
    assert customer.rung == 1


RELUCTANT = DRAFT.queue(1, callback=BACK, ring_timeout_s=1)


@pytest.mark.row("C-05")
async def test_an_agent_who_does_not_answer_or_leaves_early(floor: Floor) -> None:
    """Back to the queue, as any missed offer; the customer notices nothing."""
    customer = Customer(floor)
    await customer.ask(RELUCTANT)
    ann = await floor.phone(RELUCTANT, media="silence")
    await (await ann.incoming()).cancelled
    there = await ann.incoming()
    await pick_up(there)
    await there.wait_until_hears(FOR_AGENT_HZ)
    there.hang_up()
    (await ann.incoming()).reject(486)
    assert customer.rung == 0
    there, at_customer = await to_the_customer(ann, customer)
    await pick_up(at_customer)
    at_customer.hang_up()
    row = await customer.over(RELUCTANT)
    offers = [reason for _, reason in await offers_of(floor, row)]
    assert offers == ["no_answer", "answered_then_left", "busy", "answered"]
    assert (row["reason"], row["attempts"], customer.rung) == ("talked", 1, 1)


CLOSED = DRAFT.outbound_route("70XXX.", strip=1)
ROUTELESS = DRAFT.queue(1, callback=callback(CLOSED, prefix="7"))


@pytest.mark.row("C-05")
async def test_a_route_that_is_gone_meanwhile(floor: Floor, live: LiveCentre) -> None:
    customer = Customer(floor)
    await customer.ask(ROUTELESS)
    before = live.sections
    routes = {**before["outbound_routes"], CLOSED: {"pattern": "71XXXX.", "trunk": "carrier"}}
    await live.apply({**before, "outbound_routes": routes})
    ann = await floor.phone(ROUTELESS, media="silence")
    there = await ann.incoming()
    await pick_up(there)
    await there.wait_until_hears(NOT_REACHED_HZ, seconds=40)
    await there.ended
    row = await customer.over(ROUTELESS)
    await live.apply(before)
    assert (row["reason"], row["attempts"], customer.rung) == ("not_permitted", 0, 0)


AT_ONCE = queue()


@pytest.mark.row("C-05")
async def test_a_customer_who_answers_and_hangs_up_at_once(floor: Floor) -> None:
    """They were connected: that is success, however short."""
    customer = Customer(floor)
    await customer.ask(AT_ONCE)
    customer.phone.behaviour = auto_answer(hang_up_after_ms=0)
    ann = await floor.phone(AT_ONCE, media="silence")
    there = await ann.incoming()
    await pick_up(there)
    await there.ended.within(40)
    row = await customer.over(AT_ONCE)
    assert (row["outcome"], row["attempts"], customer.rung) == ("succeeded", 1, 1)


NOT_IN_SERVICE = queue(attempts=2)


@pytest.mark.row("C-05")
async def test_a_line_that_answers_with_an_announcement(floor: Floor) -> None:
    """For the telephone network it was answered: the agent hears the tones, and that is success."""
    customer = Customer(floor, media="silence")
    await customer.ask(NOT_IN_SERVICE)
    customer.phone.media = f"tone:{SIT_HZ}"
    ann = await floor.phone(NOT_IN_SERVICE, media="silence")
    there, at_customer = await to_the_customer(ann, customer)
    at_customer.progress()
    await there.wait_until_hears(*RING_HZ)
    await pick_up(at_customer)
    await hears_only(there, SIT_HZ, *RING_HZ)
    there.hang_up()
    assert (await at_customer.ended).by == "there"
    row = await customer.over(NOT_IN_SERVICE)
    assert (row["reason"], customer.rung) == ("talked", 1)


AGAIN = DRAFT.queue(1, callback={**BACK, "attempts": 2, "spacing_s": 5})
IN_VAIN = DRAFT.queue(1, callback={**BACK, "attempts": 2, "spacing_s": 5})
TIMED = DRAFT.queue(0, callback={**BACK, "timeout_s": 10})
WAIT_S = 4
LIMITED = DRAFT.queue(0, callback=callback(ROUTE, prefix="9", timeout_s=None), max_wait_s=WAIT_S)


@pytest.mark.row("C-04", "C-05")
async def test_more_attempts_and_the_time_that_is_over(floor: Floor) -> None:
    """What takes long takes long at the same time."""

    async def again(where: Queue, second: Behaviour | None) -> None:
        customer = Customer(floor)
        customer.phone.behaviour = reject(486)
        await customer.ask(where)
        behind = Customer(floor)
        call = await behind.call(where)
        ann = await floor.phone(where, media="silence")
        first, _ = await to_the_customer(ann, customer)
        await first.ended.within(40)
        between = await ann.incoming()
        assert between.caller_number == behind.number, "the pause holds nobody up"
        await floor.pick_up(between)
        between.hang_up()
        await floor.record(call)
        customer.phone.behaviour = second or reject(486)
        last, _ = await to_the_customer(ann, customer)
        await last.ended.within(40)
        row = await customer.over(where)
        assert row["reason"] == ("customer_no_answer" if second is None else "talked")
        assert (row["attempts"], customer.rung) == (2, 2)
        assert row["last_call_id"] != row["waiting_call_id"]
        first_at, second_at = (each.at_ns for each in customer.phone.calls)
        assert second_at - first_at >= 5e9
        assert gather(floor.live.facts.rows, row["waiting_call_id"]).call["ended_by"] == "failed"

    async def in_time(where: Queue, seconds: float) -> None:
        customer = Customer(floor)
        await customer.ask(where)
        row = await customer.over(where, seconds=seconds + 5)
        since = row["entered_at_ms"] if where is LIMITED else row["started_at_ms"]
        assert about(seconds * 1000, row["ended_at_ms"] - since, 200)
        assert (row["outcome"], row["reason"]) == ("failed", "no_agent")
        assert (row["attempts"], row["agent_id"], customer.rung) == (0, None, 0)

    await asyncio.gather(
        again(AGAIN, auto_answer(hang_up_after_ms=300)),
        again(IN_VAIN, None),
        in_time(TIMED, 10),
        in_time(LIMITED, WAIT_S),
    )
