"""Whose phone rings, for how long, and what becomes of phones that do not answer."""

from __future__ import annotations

import pytest

from scripts.lab.phones import IncomingCall
from tests.support.draft import MUSIC_HZ, Draft, Queue
from tests.support.floor import Floor, hear_packets
from tests.support.machine import about, ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft()

NO_ANSWER = DRAFT.queue(2, strategy="linear", ring_timeout_s=0.4, autopause_after=2)


@pytest.mark.row("Q-06", "R-06")
async def test_no_answer_goes_to_the_next_agent_and_then_pauses(floor: Floor) -> None:
    """Two rounds in vain pause both agents; the caller waits on with music and rings nobody."""
    ann, bob = await floor.phones(NO_ANSWER)
    call = await floor.call(NO_ANSWER, media="silence")
    rang: list[IncomingCall] = []
    for phone in (ann, bob, ann, bob):
        rang.append(there := await phone.incoming())
        assert (await there.cancelled).how == "cancel"
        assert about(400, ms_between(there.at_ns, there.cancelled.at_ns))
    pauses = await floor.rows("pauses", 2, queue_id=NO_ANSWER.number)
    assert [pause["agent_id"] for pause in pauses] == list(NO_ANSWER.agents)
    assert {pause["pause_how"] for pause in pauses} == {"auto"}
    autopauses = await floor.rows("auto_pauses", 2, queue_id=NO_ANSWER.number)
    assert [row["missed"] for row in autopauses] == [2, 2]
    await hear_packets(call, 30)
    await call.wait_until_hears(MUSIC_HZ)
    assert len(ann.calls) == len(bob.calls) == 2

    call.hang_up()
    record = await floor.record(call)
    assert record.outcome == ("abandoned", "caller_hung_up")
    assert record.offered() == [(agent, "no_answer") for agent in 2 * NO_ANSWER.agents]
    for offer, there in zip(record.offers, rang, strict=True):
        assert about(offer["ring_ms"], ms_between(there.at_ns, there.cancelled.at_ns))


COUNT_CLEARS = DRAFT.queue(1, ring_timeout_s=1, autopause_after=2)


@pytest.mark.row("Q-06")
async def test_an_answer_clears_the_count_of_missed_offers(floor: Floor) -> None:
    """Missed, answered, missed: no pause, because the two were not in a row."""
    ann = await floor.phone(COUNT_CLEARS)
    for _ in range(2):
        call = await floor.call(COUNT_CLEARS)
        await (await ann.incoming()).cancelled
        there = await ann.incoming()
        await floor.pick_up(there)
        call.hang_up()
        await floor.settled(call)
    assert floor.count("pauses", queue_id=COUNT_CLEARS.number) == 0


ALL_PAUSED = DRAFT.queue(2, max_wait_s=0.6, failure={"hang_up": 17})


@pytest.mark.row("A-01", "Q-02")
async def test_nobody_rings_while_all_are_paused(floor: Floor) -> None:
    phones = await floor.phones(ALL_PAUSED)
    for phone in phones:
        await floor.dial_code(phone, f"*07{ALL_PAUSED.number}")
    call = await floor.call(ALL_PAUSED)

    ending = await call.ended
    assert [reason.cause for reason in ending.reasons] == [17]
    record = await floor.record(call)
    assert record.outcome == ("missed", "max_wait")
    assert record.offers == ()
    assert about(600, record.visit["wait_ms"])
    assert not any(phone.calls for phone in phones)


ONE_PAUSED = DRAFT.queue(2, strategy="ring_all")


@pytest.mark.row("A-01")
async def test_only_the_agent_who_is_not_paused_rings(floor: Floor) -> None:
    ann, bob = await floor.phones(ONE_PAUSED)
    await floor.dial_code(ann, f"*07{ONE_PAUSED.number}")
    call, _ = await floor.talking(ONE_PAUSED, bob)
    call.hang_up()

    record = await floor.record(call)
    assert record.offered() == [(bob.user, "answered")]
    assert not ann.calls


COLLEAGUE = DRAFT.extension()
NOT_IN_USE = DRAFT.queue()
IN_USE = DRAFT.queue(NOT_IN_USE.agents, ring_in_use=True)


@pytest.mark.row("Q-06", "A-05", "A-06")
async def test_ring_in_use(floor: Floor) -> None:
    """An agent who talks to a colleague is rung by the queue that wants it, not by the other."""
    ann = await floor.phone(NOT_IN_USE)
    colleague = await floor.phone(COLLEAGUE)
    own = await floor.call(COLLEAGUE, by=ann)
    there = await colleague.incoming()
    there.answer()
    await own.answered

    waiting = await floor.call(NOT_IN_USE)
    await waiting.answered
    second = await floor.call(IN_USE)
    ringing = await ann.incoming()
    assert ringing.caller_number == second.number
    second.hang_up()
    assert (await floor.settled(second)).offered() == [(ann.user, "caller_hung_up")]
    assert len(ann.calls) == 1, "rung for a queue that spares busy agents"

    own.hang_up()
    at_last = await ann.incoming()
    assert at_last.caller_number == waiting.number
    await floor.pick_up(at_last)


CALLED = DRAFT.queue()


@pytest.mark.row("A-05")
async def test_an_agent_who_is_called_directly_is_in_use(floor: Floor) -> None:
    """From the first ring of the direct call to its end."""
    ann = await floor.phone(CALLED)
    colleague = await floor.phone(COLLEAGUE)
    direct = await floor.call(CALLED.agent, by=colleague)
    there = await ann.incoming()
    waiting = await floor.call(CALLED, media="silence")
    await hear_packets(waiting, 10)
    there.answer()
    await direct.answered
    await hear_packets(waiting, 10)
    assert len(ann.calls) == 1

    there.hang_up()
    offered = await ann.incoming()
    assert offered.caller_number == waiting.number
    await floor.pick_up(offered)
    waiting.hang_up()
    record = await floor.record(waiting)
    assert about(
        record.offer["started_at_ms"] - record.visit["started_at_ms"],
        ms_between(waiting.sent_ns, offered.at_ns),
    )


RETRY = DRAFT.queue(2, strategy="linear", ring_timeout_s=1, retry_interval_s=0.7)


@pytest.mark.row("Q-06")
async def test_the_retry_interval_is_a_pause_after_ringing_in_vain(floor: Floor) -> None:
    ann, bob = await floor.phones(RETRY)
    call = await floor.call(RETRY)
    first = await ann.incoming()
    await first.cancelled
    second = await bob.incoming()
    assert about(700, ms_between(first.cancelled.at_ns, second.at_ns))
    await floor.pick_up(second)
    call.hang_up()

    record = await floor.record(call)
    assert record.offered() == [(ann.user, "no_answer"), (bob.user, "answered")]
    ring_ms = sum(offer["ring_ms"] for offer in record.offers)
    assert record.visit["ring_ms"] == ring_ms
    assert record.visit["wait_ms"] >= ring_ms + 700


REFUSING = DRAFT.queue(4, strategy="linear")


@pytest.mark.row("Q-06")
async def test_a_refusal_goes_to_the_next_agent_at_once(floor: Floor) -> None:
    """Busy, declined and "do not disturb" are told apart in the record, and cost no ring time."""
    busy, declining, disturbed, willing = await floor.phones(REFUSING)
    busy.reject(486)
    declining.reject(603)
    disturbed.reject(480)
    call, there = await floor.talking(REFUSING, willing)
    assert within(1_000, ms_between(call.sent_ns, there.at_ns))
    call.hang_up()

    record = await floor.record(call)
    assert [reason for _, reason in record.offered()] == [
        "busy",
        "rejected",
        "rejected",
        "answered",
    ]


ABSENT = DRAFT.queue(2, strategy="linear")


@pytest.mark.row("A-05")
async def test_an_unregistered_phone_is_never_rung(floor: Floor) -> None:
    """The first agent's phone was never there, the second one leaves, and comes back."""
    never, bob = ABSENT.agents
    phone = await floor.phone(bob)
    call, _ = await floor.talking(ABSENT, phone)
    call.hang_up()
    assert (await floor.settled(call)).offered() == [(bob, "answered")]

    await phone.unregister()
    await floor.live.until_reachable(bob, reachable=False)
    waiting = await floor.call(ABSENT, media="silence")
    await hear_packets(waiting, 15)
    assert len(phone.calls) == 1
    await phone.register()
    there = await phone.incoming()
    await floor.pick_up(there)
    waiting.hang_up()
    record = await floor.record(waiting)
    assert record.offered() == [(bob, "answered")]
    assert floor.count("offers", agent_id=never) == 0


VANISHING = DRAFT.queue(2, strategy="linear", ring_timeout_s=1)


@pytest.mark.row("A-05", "Q-06")
async def test_a_phone_that_vanishes_while_it_rings(floor: Floor) -> None:
    """The cable is pulled in mid-ring: the next agent's turn comes when the time is up."""
    ann, bob = await floor.phones(VANISHING)
    call = await floor.call(VANISHING)
    lost = await ann.incoming()
    ann.vanish()
    there = await bob.incoming()
    assert about(1_000, ms_between(lost.at_ns, there.at_ns))
    await floor.pick_up(there)
    call.hang_up()
    record = await floor.record(call)
    assert record.offered() == [(ann.user, "no_answer"), (bob.user, "answered")]
    ann.reappear()


DEAD_FEWEST = DRAFT.queue(2, strategy="fewest_answered", ring_timeout_s=1)
DEAD_LEAST = DRAFT.queue(2, strategy="least_recent", ring_timeout_s=1)


@pytest.mark.row("R-02", "R-03")
@pytest.mark.parametrize("queue", [DEAD_FEWEST, DEAD_LEAST], ids=["fewest", "least_recent"])
async def test_no_caller_waits_for_a_dead_phone_for_ever(floor: Floor, queue: Queue) -> None:
    """The phone that is always "due" but never answers costs a caller one ring, not the call."""
    dead, bob = await floor.phones(queue)
    dead.mute()
    for _ in range(3):
        call, _ = await floor.talking(queue, bob)
        call.hang_up()
        record = await floor.settled(call)
        assert record.visit["agent_id"] == bob.user
        assert len(record.offers) <= 2


ALERTED = DRAFT.queue(alert_info="<http://127.0.0.1/vip>;info=sales")


@pytest.mark.row("Q-09")
async def test_alert_info_is_on_the_invite(floor: Floor) -> None:
    ann = await floor.phone(ALERTED)
    await floor.call(ALERTED)
    there = await ann.incoming()
    assert there.alert_info == "<http://127.0.0.1/vip>;info=sales"


ELSEWHERE = DRAFT.queue(2, strategy="ring_all")
MISSED = DRAFT.queue(2, strategy="ring_all", answered_elsewhere=False)


@pytest.mark.row("Q-06", "R-01")
@pytest.mark.parametrize(("queue", "elsewhere"), [(ELSEWHERE, True), (MISSED, False)])
async def test_whether_the_others_show_a_missed_call(
    floor: Floor, queue: Queue, elsewhere: bool
) -> None:
    ann, bob = await floor.phones(queue)
    call = await floor.call(queue)
    there, other = await ann.incoming(), await bob.incoming()
    there.answer()
    ending = await other.cancelled
    assert ending.elsewhere is elsewhere
    assert (26 in [reason.cause for reason in ending.reasons]) is elsewhere
    await there.acknowledged
    call.hang_up()
    record = await floor.record(call)
    assert sorted(record.offered()) == [
        (ann.user, "answered"),
        (bob.user, "answered_elsewhere"),
    ]
