"""Wrap-up ended and extended by code, presence by code, and what else follows from either."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from tests.support.draft import MUSIC_HZ, Draft
from tests.support.floor import Floor
from tests.support.machine import about
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft(
    presence_rules={
        "available": "log_in_last",
        "away": {"pause_all": "02"},
        "lunch": {"pause_all": "01"},
        "off_work": "log_out_all",
    }
)
SORRY = "sound:im-sorry"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


EXTENDED = DRAFT.queue(1, kind="dynamic", wrapup_s=30, wrapup_extend_s=20, wrapup_extend_max_s=30)


@pytest.mark.row("A-01", "A-08")
async def test_wrapup_is_extended_to_its_limit_and_ended_early(
    floor: Floor, prompts: Prompts
) -> None:
    """`*76<queue>` twice, the second time shorter, then no more; `*76400` is `*7` and 6400 for all
    that; `*07<queue>` ends it, and the caller who waited is rung at once.
    """
    assert EXTENDED.number.startswith("64"), "so that *7 and the number begin as *76 does"
    ann, number = await floor.phone(EXTENDED), EXTENDED.number
    await prompts.dial(floor, ann, f"*7{number}", "sound:agent-loginok")
    call, there = await floor.talking(EXTENDED, ann)
    there.hang_up()
    talk = (await floor.record(call)).talk
    (wrapup,) = await floor.rows("wrapups", 1, agent_id=ann.user, ended_at_ms=None)
    assert wrapup["started_at_ms"] == talk["ended_at_ms"]
    assert wrapup["planned_end_at_ms"] == wrapup["started_at_ms"] + 30_000

    extend, added = f"*76{number}", ("sound:time", "sound:added")
    await prompts.dial(floor, ann, extend, *added, "number:20", "sound:seconds")
    await prompts.dial(floor, ann, extend, *added, "number:10")
    await prompts.dial(floor, ann, extend, SORRY, "sound:vm-no", "sound:time", "sound:added")
    await floor.rows("action_refusals", 1, agent_id=ann.user, why="wrap-up extended to its limit")
    longer = await floor.rows("wrapup_extensions", 2, agent_id=ann.user, how="code", by=ann.user)
    ends = [row["planned_end_at_ms"] - wrapup["started_at_ms"] for row in longer]
    assert ends == [50_000, 60_000]

    waiting = await floor.call(EXTENDED, media="silence")
    await waiting.wait_until_hears(MUSIC_HZ)
    assert len(ann.calls) == 1
    code = await floor.call(f"*07{number}", by=ann, media="silence")
    (ended,) = await floor.rows("wrapups", 1, agent_id=ann.user, ended_why="ended_early")
    assert ended["wrapup_id"] == longer[0]["wrapup_id"] == longer[1]["wrapup_id"]
    await code.wait_until_hears("anything")
    code.hang_up()
    assert (await ann.incoming()).caller_number == waiting.number
    assert floor.count("pauses", agent_id=ann.user) == 0


FIXED = DRAFT.queue(1, wrapup_s=30)
SHORT = DRAFT.queue(1, wrapup_s=2, wrapup_extend_s=0.4)


@pytest.mark.row("A-08")
async def test_a_wrapup_without_extension_and_one_that_expires(
    floor: Floor, prompts: Prompts
) -> None:
    """The plan is exact to the millisecond, the end as exact as a timer."""
    ann, bob = await floor.phones(FIXED.agent, SHORT.agent)
    fixed, there = await floor.talking(FIXED, ann)
    there.hang_up()
    await floor.record(fixed)
    refusal = ("sound:time", "sound:feature-not-avail-line")
    await prompts.dial(floor, ann, f"*76{FIXED.number}", *refusal)
    await floor.rows("action_refusals", 1, agent_id=ann.user, why="wrap-up cannot be extended")
    await prompts.dial(floor, ann, f"*07{FIXED.number}", "sound:time", "sound:cancelled")

    short, there = await floor.talking(SHORT, bob)
    there.hang_up()
    code = await floor.call(f"*76{SHORT.number}", by=bob, media="silence")
    (longer,) = await floor.rows("wrapup_extensions", 1, agent_id=bob.user)
    code.hang_up()
    (wrapup,) = await floor.rows("wrapups", 1, agent_id=bob.user, ended_why="expired")
    assert wrapup["started_at_ms"] == (await floor.record(short)).talk["ended_at_ms"]
    assert wrapup["planned_end_at_ms"] == wrapup["started_at_ms"] + 2_000
    assert longer["planned_end_at_ms"] == wrapup["planned_end_at_ms"] + 400
    late_ms = wrapup["ended_at_ms"] - longer["planned_end_at_ms"]
    assert late_ms >= 0
    assert about(0, late_ms)


MIXED = DRAFT.queue(1, kind="dynamic")
STEADY = DRAFT.queue(MIXED.agents)
OTHER = DRAFT.queue(MIXED.agents, kind="dynamic")
IS_SET_TO = ("sound:extension", "sound:is-set-to")


@pytest.mark.row("A-01", "A-03", "A-04")
async def test_presence_moves_the_agent_as_its_rules_say(floor: Floor, prompts: Prompts) -> None:
    """Lunch pauses for lunch, away changes the reason, off work logs out and pauses where that cannot
    be, available brings back what was; what has no rule changes the presence only.
    """
    ann = await floor.phone(MIXED)
    await prompts.dial(floor, ann, f"*7{MIXED.number}", "sound:agent-loginok")
    await prompts.dial(floor, ann, "*485", *IS_SET_TO, "digits:5")
    for queue in (MIXED, STEADY):
        await floor.rows("pauses", 1, agent_id=ann.user, queue_id=queue.number, reason="Lunch")
    await floor.rows("pauses", 2, agent_id=ann.user, ended_at_ms=None)
    waiting = await floor.call(STEADY, media="silence")
    await waiting.wait_until_hears(MUSIC_HZ)
    assert not ann.calls

    await prompts.dial(floor, ann, "*482", *IS_SET_TO, "digits:2")
    await floor.rows("pauses", 2, agent_id=ann.user, reason="Break", ended_at_ms=None)
    await prompts.dial(floor, ann, "*484", *IS_SET_TO, "sound:do-not-disturb")
    await floor.rows("pauses", 2, agent_id=ann.user, reason="Break", ended_at_ms=None)

    await prompts.dial(floor, ann, "*486", *IS_SET_TO, "digits:6")
    await floor.rows("pauses", 1, agent_id=ann.user, queue_id=MIXED.number, ended_why="logged_out")
    (out,) = await floor.rows("agent_logins", 1, agent_id=ann.user, queue_id=MIXED.number)
    assert (out["logout_how"], out["logout_by"]) == ("auto", ann.user)
    await floor.rows("pauses", 1, agent_id=ann.user, ended_at_ms=None)

    code = await floor.call("*481", by=ann, media="silence")
    await floor.rows("agent_logins", 2, agent_id=ann.user, ended_at_ms=None)
    assert floor.count("agent_logins", agent_id=ann.user, queue_id=OTHER.number) == 0
    await floor.rows("pauses", 0, agent_id=ann.user, ended_at_ms=None)
    await code.wait_until_hears("anything")
    code.hang_up()
    there = await ann.incoming()
    assert there.caller_number == waiting.number

    changes = await floor.rows("presence_changes", 5, agent_id=ann.user, how="code", by=ann.user)
    assert [row["presence"] for row in changes] == [
        "lunch",
        "away",
        "do_not_disturb",
        "off_work",
        "available",
    ]


OWN_RULES = DRAFT.queue(2, kind="dynamic")
OVER = DRAFT.queue(OWN_RULES.agents, kind="dynamic")


@pytest.mark.row("A-04")
async def test_presence_before_it_was_ever_set_and_twice_the_same(
    floor: Floor, prompts: Prompts
) -> None:
    """Twice the same is confirmed twice and recorded once; nobody else's state moves."""
    ann, bob = await floor.phones(OWN_RULES)
    await asyncio.gather(
        *(
            prompts.dial(floor, phone, f"*7{OWN_RULES.number}", "sound:agent-loginok")
            for phone in (ann, bob)
        )
    )
    for _ in range(2):
        await prompts.dial(floor, ann, "*482", *IS_SET_TO, "digits:2")
    await floor.rows("presence_changes", 1, agent_id=ann.user)
    await floor.rows("pauses", 1, agent_id=ann.user, reason="Break", ended_at_ms=None)
    assert floor.count("pauses", agent_id=bob.user) == 0
    call = await floor.call(OWN_RULES)
    assert (await bob.incoming()).caller_number == call.number
    assert not ann.calls
