"""Every code of an agent's shift, dialled by real phones: what is said, and what is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.phones import Phone
from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("A-01"),
]

DRAFT = Draft()

LOGGED_IN = "sound:agent-loginok"
LOGGED_OUT = "sound:agent-loggedoff"
PAUSED = "sound:dictate/paused"
RESUMED = "sound:activated"
SORRY = "sound:im-sorry"
CANNOT_COMPLETE = "sound:cannot-complete-as-dialed"

SUCCESSES = ("agent_logins", "pauses", "presence_changes", "wrapup_extensions", "actions_done")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


async def logged_in(floor: Floor, agent: str, *queues: str) -> None:
    """Waits until an agent is logged in to exactly these queues."""

    def so(rows: Sequence[dict[str, Any]]) -> bool:
        spells = [row for row in rows if row["agent_id"] == agent and row["ended_at_ms"] is None]
        return sorted(row["queue_id"] for row in spells) == sorted(queues)

    await floor.live.facts.until("agent_logins", so)


ONE = DRAFT.queue(1, kind="dynamic")
TWO = DRAFT.queue(ONE.agents, kind="dynamic")
THREE = DRAFT.queue(ONE.agents, kind="dynamic")


async def test_a_shift_with_all_log_in_codes_across_a_restart(
    floor: Floor, prompts: Prompts
) -> None:
    """In to two, out of all, the engine is killed, in to these two again; in to all, out of all."""
    ann = await floor.phone(ONE)
    first, second = ONE.number, TWO.number
    await prompts.dial(floor, ann, f"*7{first}", LOGGED_IN, f"digits:{first}")
    await prompts.dial(floor, ann, f"*7{second}", LOGGED_IN)
    await logged_in(floor, ann.user, first, second)
    await prompts.dial(floor, ann, "*077", LOGGED_OUT)
    await logged_in(floor, ann.user)

    begin = floor.live.log_size()
    await floor.live.kill_engine()
    await floor.live.start_engine()
    await prompts.again(since=begin)
    await floor.live.until_reachable(ann.user)
    await prompts.dial(floor, ann, "*78", LOGGED_IN)
    await logged_in(floor, ann.user, first, second)
    await prompts.dial(floor, ann, "*77", LOGGED_IN)
    await logged_in(floor, ann.user, first, second, THREE.number)
    await prompts.dial(floor, ann, f"*7{first}", LOGGED_OUT)
    await logged_in(floor, ann.user, second, THREE.number)
    await prompts.dial(floor, ann, "*077", LOGGED_OUT)
    await logged_in(floor, ann.user)
    for row in await floor.rows("agent_logins", 5, agent_id=ann.user):
        assert {row[name] for name in ("login_how", "logout_how")} == {"code"}
        assert {row[name] for name in ("login_by", "logout_by")} == {ann.user}


CHINESE = DRAFT.extension(language="zh")
BREAKS = DRAFT.queue([CHINESE])


@pytest.mark.row("A-03")
async def test_a_pause_is_confirmed_in_the_language_of_the_extension(
    floor: Floor, prompts: Prompts
) -> None:
    ann = await floor.phone(CHINESE)
    code = f"*07{BREAKS.number}"
    await prompts.dial(floor, ann, f"{code}*01", PAUSED, f"digits:{BREAKS.number}", language="zh")
    for dialled, said in ((f"{code}*02", PAUSED), (code, RESUMED)):
        await prompts.dial(floor, ann, dialled, said, language="zh")
    await prompts.dial(floor, ann, f"{code}*99", "sound:dictate/pause", language="zh")
    rows = await floor.rows("pauses", 2, agent_id=ann.user)
    assert [row["reason"] for row in rows] == ["Lunch", "Break"]
    assert [row["ended_why"] for row in rows] == ["reason_changed", "resumed"]
    assert rows[0]["ended_at_ms"] == rows[1]["started_at_ms"]


OUT = DRAFT.queue(1, kind="dynamic")
STATIC = DRAFT.queue(1)
STRANGERS = [DRAFT.extension() for _ in range(3)]
FEATURE_NOT_HERE = "sound:feature-not-avail-line"
REFUSALS: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    OUT.agent: [
        (f"*07{OUT.number}", "not logged in", (SORRY, LOGGED_OUT)),
        ("*077", "not logged in", (SORRY, LOGGED_OUT)),
        ("*78", "no last log-in", (SORRY, "sound:vm-no", "sound:vm-last")),
        (f"*76{OUT.number}", "not in wrap-up", (SORRY, "sound:vm-no", "sound:time")),
    ],
    STATIC.agent: [
        (f"*7{STATIC.number}", "static agents cannot log out", (LOGGED_IN, FEATURE_NOT_HERE)),
        ("*77", "already logged in", (SORRY, LOGGED_IN)),
        (f"*07{STATIC.number}*77", "unknown reason", ("sound:dictate/pause",)),
        ("*489", "unknown presence", ("sound:pm-invalid-option",)),
    ],
    STRANGERS[0]: [
        (f"*7{STATIC.number}", "not a member", (SORRY, FEATURE_NOT_HERE)),
        (f"*07{STATIC.number}*01", "not a member", (SORRY, FEATURE_NOT_HERE)),
        ("*77", "not a member", (SORRY, FEATURE_NOT_HERE)),
    ],
    STRANGERS[1]: [
        ("*76999", "unknown queue", ("sound:privacy-incorrect",)),
        ("*076999", "unknown queue", ("sound:privacy-incorrect",)),
        ("*766999", "unknown queue", ("sound:privacy-incorrect",)),
        (f"*79999*{STATIC.number}", "unknown agent", ("sound:invalid",)),
    ],
    STRANGERS[2]: [
        (f"*07{STATIC.agent}*{STATIC.number}", "not allowed", (SORRY, CANNOT_COMPLETE)),
        (f"*7{OUT.agent}*{OUT.number}", "not allowed", (SORRY, CANNOT_COMPLETE)),
    ],
}


async def test_each_refusal_is_spoken_and_recorded_as_nothing_else(
    floor: Floor, prompts: Prompts
) -> None:
    """Five phones at a time; each hears why, and nobody's state changes."""
    phones = {number: await floor.phone(number) for number in REFUSALS}
    before = [len(floor.live.facts.rows(table)) for table in SUCCESSES]

    async def refuse_all(phone: Phone) -> None:
        for code, why, said in REFUSALS[phone.user]:
            refused = floor.count("action_refusals", by=phone.user, why=why)
            await prompts.dial(floor, phone, code, *said)
            await floor.rows("action_refusals", refused + 1, by=phone.user, why=why)

    await asyncio.gather(*(refuse_all(phone) for phone in phones.values()))
    assert [len(floor.live.facts.rows(table)) for table in SUCCESSES] == before
