"""Phones that refuse, forward, vanish and move: what it costs the caller, and what the record says."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scripts.lab.phones import SipEndpoint
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor
from tests.support.machine import ms_between, within
from tests.support.passing import talk, transfers
from tests.support.records import Row

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft(sip={"qualify_s": 1})
OUTSIDE = DRAFT.outbound_route("0X.", strip=1, prepend="+49")


REFUSING = DRAFT.queue(5, strategy="linear", ring_timeout_s=20)


@pytest.mark.row("A-07", "Q-06")
async def test_each_refusal_is_a_missed_offer_with_its_reason(floor: Floor) -> None:
    """486, 480, 603 and a forward that the queue does not follow; each costs no ringing."""
    busy, disturbed, declining, forwarding, willing = await floor.phones(REFUSING)
    busy.reject(486)
    disturbed.reject(480)
    declining.reject(603)
    forwarding.redirect(willing.user)
    call, there = await floor.talking(REFUSING, willing)
    assert there.caller_number == call.number
    assert len(willing.calls) == 1, "a forward was followed"
    call.hang_up()
    record = await floor.record(call)
    assert [(offer["outcome"], offer["reason"]) for offer in record.offers] == [
        ("missed", "busy"),
        ("missed", "rejected"),
        ("missed", "rejected"),
        ("missed", "forwarded"),
        ("answered", "answered"),
    ]
    await transfers(floor, 0, call_id=record.call["call_id"])
    for phone in (busy, disturbed, declining, forwarding):
        phone.ring_only()


FOLLOWING = DRAFT.queue([DRAFT.extension(outbound_routes=[OUTSIDE])], follow_forward=True)
TARGET = DRAFT.extension()


@pytest.mark.row("A-07")
@pytest.mark.parametrize("target", [TARGET, "030123456"])
async def test_a_forward_that_the_queue_follows(floor: Floor, target: str) -> None:
    """The other phone rings for the same agent, with the same caller, and they talk (peers' row 17)."""
    ann = await floor.phone(FOLLOWING)
    ann.redirect(target)
    other = await floor.phone(TARGET, media="silence")
    if target != TARGET:
        other = floor.live.carrier(media="silence")
    both = await talk(floor, FOLLOWING, other)
    assert both.there.dialled == (TARGET if target == TARGET else "+4930123456")
    both.there.hang_up()
    await both.call.ended
    record = await floor.settled(both.call)
    offers = [(offer["agent_id"], offer["outcome"], offer["reason"]) for offer in record.offers]
    # Once in a great while Asterisk tells the end of a phone that forwards at once without its number
    # (seen once in some hundred runs, on a busy machine): then it is missed, and rung again.
    unread = [each for each in offers if each == (ann.user, "missed", "forwarded")][:1]
    assert offers == [
        *unread,
        (ann.user, "cancelled", "forwarded"),
        (ann.user, "answered", "answered"),
    ]
    assert record.visit["agent_id"] == ann.user
    assert record.talk["party"] == target
    (moved,) = await transfers(floor, 1, call_id=record.call["call_id"])
    assert (moved["kind"], moved["by"], moved["target"]) == ("forward", ann.user, target)


BAD_TARGETS = {
    target: DRAFT.queue(2, follow_forward=True, strategy="linear")
    for target in ("8888", "030123456", "own", "tel:+4930123")
}


@pytest.mark.row("A-07")
@pytest.mark.parametrize("target", BAD_TARGETS)
async def test_a_forward_to_nowhere_is_a_missed_offer(floor: Floor, target: str) -> None:
    """Unknown, not allowed, to itself, or not even a SIP address: the next agent rings at once."""
    ann, bob = await floor.phones(BAD_TARGETS[target])
    ann.redirect(ann.user if target == "own" else target)
    call, there = await floor.talking(BAD_TARGETS[target], bob)
    assert there.caller_number == call.number
    call.hang_up()
    record = await floor.settled(call)
    assert record.offered() == [(ann.user, "forwarded"), (bob.user, "answered")]
    assert record.offers[0]["outcome"] == "missed"


CHAIN = DRAFT.queue(1, follow_forward=True, strategy="linear", retry_interval_s=30)
HOP, END = DRAFT.extension(), DRAFT.extension()


@pytest.mark.row("A-07")
async def test_a_forward_is_followed_once(floor: Floor) -> None:
    """A phone that is reached by a forward and forwards itself is the end: no loops between phones."""
    ann, hop, end = await floor.phones(CHAIN.agent, HOP, END)
    ann.redirect(hop.user)
    hop.redirect(end.user)
    call = await floor.call(CHAIN, media="silence")

    def missed(rows: list[Row]) -> bool:  # Again and again: the phone is tried anew.
        return any(
            (row["agent_id"], row["outcome"], row["reason"]) == (ann.user, "missed", "forwarded")
            for row in rows
        )

    await floor.live.facts.until("offers", missed)
    assert not end.calls
    ann.ring_only()
    call.hang_up()
    record = await floor.settled(call)
    assert [each["reason"] for each in record.offers][:2] == ["forwarded", "forwarded"]
    assert record.outcome == ("abandoned", "caller_hung_up")


# Phones that are gone. They are asked every second whether they are there.

PULLED = DRAFT.queue(2, strategy="linear", ring_timeout_s=60)
PULLED_ALONE = DRAFT.queue(PULLED.agents[:1])


@pytest.mark.row("A-05", "A-07")
async def test_a_phone_that_vanishes_in_mid_ring_costs_only_the_sip_failure(floor: Floor) -> None:
    """Its cable is pulled while it rings: the next agent rings long before the ring timeout."""
    ann, bob = await floor.phones(PULLED)
    await floor.live.until_reachable(ann.user)
    call = await floor.call(PULLED)
    lost = await ann.incoming()
    ann.vanish()
    there = await bob.incoming(40)
    assert within(20_000, ms_between(lost.at_ns, there.at_ns))
    await floor.pick_up(there)
    call.hang_up()
    await there.ended
    ann.reappear()
    record = await floor.record(call)
    assert record.offered() == [(ann.user, "unreachable"), (bob.user, "answered")]
    await floor.live.until_reachable(ann.user)
    again, _ = await floor.talking(PULLED_ALONE, ann)
    again.hang_up()


LOGGED_OFF = DRAFT.queue(2, strategy="linear", ring_timeout_s=60)
LOGGED_OFF_ALONE = DRAFT.queue(LOGGED_OFF.agents[:1])


@pytest.mark.row("A-05", "A-07")
async def test_a_phone_that_unregisters_in_mid_ring(floor: Floor) -> None:
    """As when it is switched off in order: the next agent rings, and it is back when it registers."""
    ann, bob = await floor.phones(LOGGED_OFF)
    call = await floor.call(LOGGED_OFF)
    ringing = await ann.incoming()
    await ann.unregister()
    there = await bob.incoming()
    await ringing.cancelled
    await floor.pick_up(there)
    call.hang_up()
    record = await floor.settled(call)
    assert record.offered() == [(ann.user, "unreachable"), (bob.user, "answered")]
    await ann.register()
    await floor.live.until_reachable(ann.user)
    again, _ = await floor.talking(LOGGED_OFF_ALONE, ann)
    again.hang_up()


@pytest_asyncio.fixture(loop_scope="module")
async def elsewhere() -> AsyncIterator[SipEndpoint]:
    """Another address, to which a NAT moves a phone."""
    async with SipEndpoint() as endpoint:
        yield endpoint


@contextlib.asynccontextmanager
async def moved(floor: Floor, number: str, to: SipEndpoint) -> AsyncIterator[None]:
    """A phone is at another address meanwhile, and then at its old one again."""
    phone = floor.live.phones[number]
    before = phone.endpoint
    phone.move(to)
    try:
        yield
    finally:
        for call in list(phone.live):
            call.hang_up()  # type: ignore[attr-defined]
        phone.move(before)
        await phone.register()


REBOUND = {when: DRAFT.queue(1, ring_timeout_s=60) for when in ("between calls", "in mid-ring")}


@pytest.mark.row("A-05", "A-07")
@pytest.mark.parametrize("when", REBOUND)
async def test_a_nat_gives_the_phone_another_address(
    floor: Floor, elsewhere: SipEndpoint, when: str
) -> None:
    """Between calls the next one rings there; in mid-ring the call can be picked up all the same."""
    queue: Queue = REBOUND[when]
    ann = await floor.phone(queue)
    first = None
    if when == "in mid-ring":
        first = await floor.call(queue, media="silence")
        ringing = await ann.incoming()
    async with moved(floor, ann.user, elsewhere):
        await ann.register()
        if first is not None:
            await floor.pick_up(ringing)
            await first.answered
            ringing.hang_up()
            assert (await floor.settled(first)).offered() == [(ann.user, "answered")]
        call, there = await floor.talking(queue, ann)
        there.hang_up()
        await call.ended
        assert (await floor.settled(call)).offered() == [(ann.user, "answered")]


BACK = DRAFT.queue(1)


@pytest.mark.row("A-05", "A-07")
async def test_a_phone_that_was_gone_is_rung_when_it_is_back(floor: Floor) -> None:
    """Between calls: nobody is offered to it while it does not answer OPTIONS; the waiter is, then."""
    ann = await floor.phone(BACK)
    await ann.qualified
    ann.vanish()
    await floor.live.until_reachable(ann.user, reachable=False, timeout_s=60)
    call = await floor.call(BACK, media="silence")
    await call.answered
    assert floor.count("offers", agent_id=ann.user) == 0
    ann.reappear()
    there = await ann.incoming(40)
    assert there.caller_number == call.number
    await floor.pick_up(there)
    call.hang_up()
    assert (await floor.settled(call)).offered() == [(ann.user, "answered")]
