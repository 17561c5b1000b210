"""What people and configurations do to callbacks that wait, ring or talk.

What the house says are tones here (tests/support/words.py): each sentence has its own.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.phones import SoundMatrix
from tests.support.control import Control
from tests.support.customers import (
    KEY,
    RING_HZ,
    Customer,
    callback,
    offers_of,
    opened_in_tones,
    pick_up,
    to_the_customer,
)
from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.machine import at_least, ms_between
from tests.support.words import CONFIRM_HZ

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

DRAFT = Draft(control_socket=True)
DRAFT.hours["always"] = {
    "time_zone": "UTC",
    "weekly": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
}
ROUTE = DRAFT.outbound_route("90XXX.", strip=1)
BACK = callback(ROUTE, prefix="9")
BOSS = DRAFT.extension()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCentre]:
    async with opened_in_tones(DRAFT, tmp_path_factory.mktemp("live")) as centre:
        yield centre


TWO = DRAFT.queue(1, callback=BACK, wrapup_s=1)


@pytest.mark.row("C-02", "C-03")
async def test_two_callbacks_and_one_agent(floor: Floor) -> None:
    """One after the other, in the order of entry, with wrap-up between."""
    first, second = Customer(floor), Customer(floor)
    call = await first.call(TWO)
    await second.ask(TWO)  # Came later, asked earlier.
    await call.send_dtmf(KEY)
    await call.wait_until_hears(CONFIRM_HZ)
    await call.send_dtmf("1")
    await call.ended.within(40)
    ann = await floor.phone(TWO, media="silence")
    for customer in (first, second):
        there, at_customer = await to_the_customer(ann, customer)
        await pick_up(at_customer)
        room = SoundMatrix({"agent": there, "customer": at_customer})
        await room.until({"agent": ["customer"], "customer": ["agent"]})
        there.hang_up()
        assert (await at_customer.ended).by == "there"
        row = await customer.over(TWO)
        assert (row["reason"], customer.rung) == ("talked", 1)
    earlier, later = ann.calls
    assert earlier.ended.at_ns is not None
    assert at_least(900, ms_between(earlier.ended.at_ns, later.at_ns)), "wrapped up"


ALL = DRAFT.queue(2, callback=BACK, strategy="ring_all")


@pytest.mark.row("C-03")
async def test_all_phones_ring_and_one_is_quicker(floor: Floor) -> None:
    """The other stops ringing; the customer's phone rings once."""
    customer = Customer(floor)
    await customer.ask(ALL)
    ann, bob = await floor.phones(ALL, media="silence")
    at_ann, at_bob = await ann.incoming(), await bob.incoming()
    assert at_ann.caller_name == at_bob.caller_name == "(QCB)"
    await pick_up(at_bob)
    assert (await at_ann.cancelled).elsewhere
    at_customer = await customer.incoming()
    await pick_up(at_customer)
    at_customer.hang_up()
    await at_bob.ended
    row = await customer.over(ALL)
    assert (row["agent_id"], customer.rung) == (bob.user, 1)
    reasons = dict(await offers_of(floor, row))
    assert reasons == {ann.user: "answered_elsewhere", bob.user: "answered"}


REMOVED = DRAFT.queue(3, callback=BACK, strategy="linear")
QUIET = DRAFT.queue(1, callback=BACK)


@pytest.mark.row("C-01", "C-05")
async def test_a_queue_is_removed_and_one_offers_no_more(floor: Floor, live: LiveCentre) -> None:
    """Who waits has failed, a phone that rings stops, who talks talks on; a promise is kept."""
    promised, talks, rings, waits = (Customer(floor) for _ in range(4))
    await promised.ask(QUIET)
    for customer in (talks, rings, waits):
        await customer.ask(REMOVED)
    ann, bob, carl = REMOVED.agents
    there, at_talks = await to_the_customer(await floor.phone(ann, media="silence"), talks)
    await pick_up(at_talks)
    room = SoundMatrix({"agent": there, "customer": at_talks})
    await room.until({"agent": ["customer"], "customer": ["agent"]})
    await talks.over(REMOVED)
    at_bob, at_rings = await to_the_customer(await floor.phone(bob, media="silence"), rings)
    await at_bob.wait_until_hears(*RING_HZ)

    before = live.sections
    after = copy.deepcopy(before)
    del after["queues"][REMOVED.number]
    del after["queues"][QUIET.number]["callback"]
    routes = after["inbound_routes"]
    for name in [each for each in routes if routes[each]["pattern"] == REMOVED.number]:
        del routes[name]
    await live.apply(after)
    try:
        assert (await at_rings.cancelled).how == "cancel"
        await at_bob.ended
        for customer in (rings, waits):
            row = await customer.over(REMOVED)
            assert (row["outcome"], row["reason"]) == ("failed", "no_agent")
        assert (rings.rung, waits.rung) == (1, 0)
        await room.until({"agent": ["customer"], "customer": ["agent"]})
        at_talks.hang_up()
        await there.ended
        dora = await floor.phone(QUIET, media="silence")
        there, at_promised = await to_the_customer(dora, promised)
        await pick_up(at_promised)
        assert (await promised.over(QUIET))["reason"] == "talked"
        there.hang_up()
    finally:
        await live.apply(before)
    assert carl not in live.phones


CLOSES = DRAFT.queue(
    0,
    callback=BACK,
    managers=[BOSS],
    hours={"schedule": "always", "closed": "hang_up", "waiting_at_closing": "leave"},
)
STAYS = DRAFT.queue(
    1,
    callback=BACK,
    managers=[BOSS],
    hours={"schedule": "always", "closed": "hang_up", "waiting_at_closing": "stay"},
)


@pytest.mark.row("C-05", "Q-04")
async def test_closing_time(floor: Floor) -> None:
    """Where callers leave, callbacks fail; where they stay, callbacks are served."""
    fails, served = Customer(floor), Customer(floor)
    await fails.ask(CLOSES)
    await served.ask(STAYS)
    boss = await floor.phone(BOSS, media="silence")
    for queue in (CLOSES, STAYS):
        await (await floor.call(f"*74{queue.number}", by=boss, media="silence")).ended
    row = await fails.over(CLOSES)
    assert (row["outcome"], row["reason"], fails.rung) == ("failed", "no_agent", 0)
    there, at_served = await to_the_customer(await floor.phone(STAYS, media="silence"), served)
    await pick_up(at_served)
    assert (await served.over(STAYS))["reason"] == "talked"
    there.hang_up()


SERVED = DRAFT.queue(1, callback=BACK, managers=[BOSS])


@pytest.mark.row("C-06", "S-03")
async def test_a_manager_takes_one_and_cancels_another(floor: Floor, live: LiveCentre) -> None:
    """The services show a callback as a call that waits."""
    taken, cancelled = Customer(floor), Customer(floor)
    await taken.ask(SERVED, name="Zoe")
    await cancelled.ask(SERVED)
    boss, control = await floor.phone(BOSS, media="silence"), Control(live)
    view = await control.call(taken.number, "waiting")
    assert (view["source"], view["caller_name"]) == ("callback", "Zoe")
    await control.done("pick_up", call=view["call_id"], by=BOSS, seen=view["version"])
    there, at_taken = await to_the_customer(boss, taken)
    assert there.caller_name == "(QCB) Zoe"
    await pick_up(at_taken)
    row = await taken.over(SERVED)
    there.hang_up()
    assert (row["reason"], row["agent_id"], taken.rung) == ("talked", BOSS, 1)

    view = await control.call(cancelled.number, "waiting")
    where = {"queue": TWO.number}
    why = await control.refused(
        "redirect", call=view["call_id"], by=BOSS, seen=view["version"], to=where
    )
    assert why == "a callback stays in its queue"
    view = await control.call(cancelled.number, "waiting")
    await control.done("hang_up", call=view["call_id"], by=BOSS, seen=view["version"])
    row = await cancelled.over(SERVED)
    assert (row["outcome"], row["reason"], cancelled.rung) == ("failed", "cancelled", 0)


HOUSE = DRAFT.queue(1, callback=BACK)
INSIDE = DRAFT.extension()


@pytest.mark.row("C-02", "C-03")
async def test_a_phone_of_the_house_is_called_back_directly(floor: Floor) -> None:
    """By its four digits, for which no route is needed."""
    bob = await floor.phone(INSIDE, media="silence")
    call = await floor.call(HOUSE, by=bob, media="silence")
    await call.answered
    await call.send_dtmf(KEY)
    await call.wait_until_hears(CONFIRM_HZ)
    await call.send_dtmf("1")
    await call.ended.within(40)
    ann = await floor.phone(HOUSE)
    there = await ann.incoming()
    await pick_up(there)
    at_bob = await bob.incoming()
    await pick_up(at_bob)
    at_bob.hang_up()
    await there.ended
    (row,) = await floor.rows("callbacks", 1, queue_id=HOUSE.number, reason="talked")
    assert (row["number"], row["agent_id"]) == (INSIDE, ann.user)
    assert len(bob.calls) == 1
