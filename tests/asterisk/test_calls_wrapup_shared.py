"""After-call work shared by all queues of an agent."""

from __future__ import annotations

import pytest

from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.machine import about, ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft(shared_wrapup=True)
WRAPUP_MS = 900

FIRST = DRAFT.queue(1, wrapup_s=WRAPUP_MS / 1000)
SIX = [FIRST, *(DRAFT.queue(FIRST.agents, wrapup_s=0.2) for _ in range(5))]


@pytest.mark.row("Q-11")
async def test_six_queues_share_the_wrapup(floor: Floor) -> None:
    """asterisk#1006: callers wait in all six; none of them is offered before its time is over."""
    ann = await floor.phone(FIRST)
    call, there = await floor.talking(FIRST, ann)
    waiting = []
    for queue in SIX:
        waiting.append(next_call := await floor.call(queue))
        await next_call.answered
    there.hang_up()
    await there.ended
    ended_ns = there.ended.at_ns
    for index, next_call in enumerate(waiting):
        following = await ann.incoming()
        assert following.caller_number == next_call.number, "the order of entry is not kept"
        pause_ms = WRAPUP_MS if index < 2 else 200
        assert about(pause_ms, ms_between(ended_ns, following.at_ns))
        await floor.pick_up(following)
        following.hang_up()
        await following.ended
        ended_ns = following.ended.at_ns
        await floor.record(next_call)
    record = await floor.record(call)
    assert record.talk["agent_id"] == ann.user
    assert floor.count("wrapups", agent_id=ann.user, ended_why="expired") >= 6


ALONE = DRAFT.queue(1, wrapup_s=0.5)
BESIDE = DRAFT.queue(1)


@pytest.mark.row("Q-11")
async def test_only_that_agent_is_kept_away(floor: Floor) -> None:
    ann, bob = await floor.phones(ALONE, BESIDE)
    _, there = await floor.talking(ALONE, ann)
    there.hang_up()
    _, other = await floor.talking(BESIDE, bob)
    assert within(500, ms_between(there.ended.at_ns, other.at_ns))
