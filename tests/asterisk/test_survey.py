"""The survey after a talk: who is asked, what is stored, and what goes wrong in the middle."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scripts.lab.phones import OutgoingCall
from tests.support.draft import CLOSING, CLOSING_HZ, Queue
from tests.support.floor import Floor, hears_only
from tests.support.furnished import Furnished

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("P-12"),
]

DRAFT = Furnished()
ASK_HZ, LONG_HZ = 620, 680


def asking(hertz: int = ASK_HZ, seconds: float = 0.8, **options: Any) -> dict[str, Any]:
    """Returns a queue's survey: 1 is good, 3 is bad."""
    return {
        "prompt": [DRAFT.note(hertz, seconds)],
        "keys": {"1": 10, "2": 5, "3": -5},
        "closing": [CLOSING],
        "timeout_s": 1,
        "tries": 2,
        **options,
    }


async def asked(floor: Floor, queue: Queue, hertz: int = ASK_HZ) -> OutgoingCall:
    """A caller has talked to the queue's agent, who has hung up; the question is heard."""
    call, there = await floor.talking(queue, await floor.phone(queue), media="silence")
    there.hang_up()
    await call.wait_until_hears(hertz)
    return call


async def survey_of(floor: Floor, call: OutgoingCall) -> dict[str, Any]:
    """Returns what is stored of the one survey of a call that is over, beside whom it is about."""
    record = await floor.record(call)
    (row,) = await floor.rows("surveys", 1, call_id=record.call["call_id"])
    talk = record.talks[-1]
    for name in ("talk_id", "queue_id", "agent_id"):
        assert row[name] == talk[name]
    assert talk["ended_at_ms"] <= row["at_ms"] <= record.call["ended_at_ms"]
    return row


GOOD = DRAFT.queue(1, survey=asking())


async def test_an_answer(floor: Floor) -> None:
    """The agent is free meanwhile, and talks to the next; the score is in the reports."""
    call = await asked(floor, GOOD)
    other, there = await floor.talking(GOOD, await floor.phone(GOOD))
    await call.send_dtmf("2")
    await call.wait_until_hears(CLOSING_HZ)
    ending = await call.ended
    assert (ending.by, ending.how) == ("there", "bye")
    other.hang_up()
    await there.ended
    row = await survey_of(floor, call)
    assert (row["why"], row["pressed"], row["score"]) == ("answered", "2", 5)

    (reported,) = await floor.live.report("surveys", "--queue", GOOD.number)
    assert (reported["call_id"], reported["agent_id"]) == (row["call_id"], GOOD.agent)
    assert (reported["why"], reported["key"], reported["score"]) == ("answered", "2", 5)
    assert reported["caller_number"] == call.number
    summary = await floor.live.report("survey-summary", "--queue", GOOD.number)
    assert [each["agent_id"] for each in summary] == [None, GOOD.agent]
    assert {(each["asked"], each["total_score"]) for each in summary} == {(1, 5)}


LONG = DRAFT.queue(1, survey=asking(LONG_HZ, 20.0))


async def test_a_key_cuts_the_question(floor: Floor) -> None:
    call = await asked(floor, LONG, LONG_HZ)
    await call.send_dtmf("3")
    await hears_only(call, CLOSING_HZ, LONG_HZ, seconds=10)
    await call.ended
    assert (await survey_of(floor, call))["score"] == -5


WRONG, SILENT = DRAFT.queue(1, survey=asking()), DRAFT.queue(1, survey=asking())


async def test_no_answer_that_counts(floor: Floor) -> None:
    """Wrong keys, or none: asked twice, thanked all the same, and stored as what it was."""

    async def wrong() -> OutgoingCall:
        call = await asked(floor, WRONG)
        await call.send_dtmf("9")
        await hears_only(call, "silence", ASK_HZ)
        await call.wait_until_hears(ASK_HZ)
        await call.send_dtmf("8")
        return call

    async def silent() -> OutgoingCall:
        call = await asked(floor, SILENT)
        await hears_only(call, "silence", ASK_HZ)
        await call.wait_until_hears(ASK_HZ)
        return call

    for why, call in zip(
        ("wrong_keys", "silence"), await asyncio.gather(wrong(), silent()), strict=True
    ):
        await call.wait_until_hears(CLOSING_HZ)
        await call.ended
        row = await survey_of(floor, call)
        assert (row["why"], row["pressed"], row["score"]) == (why, None, None)


async def test_the_caller_hangs_up_in_the_middle(floor: Floor) -> None:
    call = await asked(floor, LONG, LONG_HZ)
    call.hang_up()
    row = await survey_of(floor, call)
    assert (row["why"], row["score"]) == ("caller_hung_up", None)


async def test_the_caller_hangs_up_first(floor: Floor) -> None:
    """Nobody is asked."""
    call, there = await floor.talking(GOOD, await floor.phone(GOOD), media="silence")
    call.hang_up()
    await there.ended
    record = await floor.record(call)
    await floor.rows("surveys", 0, call_id=record.call["call_id"])


COLLEAGUE = DRAFT.extension()


async def test_after_a_transfer_to_a_colleague_nobody_is_asked(floor: Floor) -> None:
    """The talk that ends is not the queue's."""
    colleague = await floor.phone(COLLEAGUE)
    call, there = await floor.talking(GOOD, await floor.phone(GOOD), media="silence")
    transfer = await there.refer(COLLEAGUE)
    their = await colleague.incoming()
    await floor.pick_up(their)
    assert await transfer.finished == 200
    await there.ended
    their.hang_up()
    assert (await call.ended).by == "there"
    record = await floor.record(call)
    assert [talk["party"] for talk in record.talks] == [GOOD.agent, COLLEAGUE]
    await floor.rows("surveys", 0, call_id=record.call["call_id"])


OTHER = DRAFT.queue(1, survey=asking())


async def test_after_a_transfer_to_a_queue_it_is_about_the_second_agent(floor: Floor) -> None:
    other = await floor.phone(OTHER)
    call, there = await floor.talking(GOOD, await floor.phone(GOOD), media="silence")
    transfer = await there.refer(OTHER.number)
    their = await other.incoming()
    await floor.pick_up(their)
    assert await transfer.finished == 200
    await there.ended
    their.hang_up()
    await call.wait_until_hears(ASK_HZ)
    await call.send_dtmf("1")
    await call.ended
    row = await survey_of(floor, call)
    assert (row["agent_id"], row["queue_id"], row["score"]) == (OTHER.agent, OTHER.number, 10)


async def test_the_engine_is_killed_in_the_middle(floor: Floor) -> None:
    """The question is asked again, and the answer is stored once."""
    call = await asked(floor, LONG, LONG_HZ)
    await floor.live.kill_engine()
    since = len(floor.live.journal.inputs())
    await floor.live.start_engine()
    await floor.live.heard("NodeConnected", since=since)
    await call.wait_until_hears(LONG_HZ)
    await call.send_dtmf("1")
    await hears_only(call, CLOSING_HZ, LONG_HZ, seconds=10)
    await call.ended
    row = await survey_of(floor, call)
    assert (row["why"], row["score"]) == ("answered", 10)


PLAIN = DRAFT.queue(1)


async def test_a_queue_without_a_survey_asks_nothing(floor: Floor) -> None:
    call, there = await floor.talking(PLAIN, await floor.phone(PLAIN), media="silence")
    there.hang_up()
    assert (await call.ended).by == "there"
    record = await floor.record(call)
    assert record.talk["ended_by"] == "agent"
    await floor.rows("surveys", 0, call_id=record.call["call_id"])
