"""Lamp keys (BLF) of real phones: what each NOTIFY says after every kind of change, and keys pressed.

Green is dialog-info's `terminated`, red `confirmed`, blinking `early`; dark is a lamp that is over.
"""

from __future__ import annotations

import asyncio
import copy
import time
from dataclasses import dataclass

import pytest
import pytest_asyncio

from scripts.lab.live import LiveCentre
from scripts.lab.phones import Lamp, Phone, SipRefused
from tests.support.control import Control
from tests.support.draft import Draft, Queue
from tests.support.floor import Floor
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("A-02"),
]

DRAFT = Draft(control_socket=True)
GREEN, RED, BLINKING = "terminated", "confirmed", "early"
BOSS = DRAFT.extension()
STRANGER = DRAFT.extension()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prompts(live: LiveCentre) -> Prompts:
    return await Prompts.opened(live)


@dataclass(frozen=True)
class Keys:
    """The lamp keys of one agent in one queue, at somebody's phone."""

    login: Lamp
    pause: Lamp
    lunch: Lamp
    away: Lamp

    @classmethod
    async def at(cls, phone: Phone, agent: str, queue: Queue) -> Keys:
        """Subscribes to them."""
        pair = f"{agent}*{queue.number}"
        lamps = [f"*7{pair}", f"*07{pair}", f"*07{pair}*01", f"*07{pair}*02"]
        return cls(*await phone.watch_all(lamps))

    @property
    def all(self) -> tuple[Lamp, ...]:
        return (self.login, self.pause, self.lunch, self.away)

    async def show(self, *states: str) -> None:
        """Waits until log-in, pause, lunch and away keys show these."""
        for lamp, state in zip(self.all, states, strict=True):
            await lamp.shows(state)  # type: ignore[arg-type]

    async def off(self) -> None:
        for lamp in self.all:
            await lamp.off()


PRESSED = DRAFT.queue(1, kind="dynamic", managers=[BOSS])


@pytest.mark.row("A-01", "S-01")
async def test_keys_follow_codes_and_pressing_one_toggles(floor: Floor, prompts: Prompts) -> None:
    """One's own keys, a manager's for an agent, and a stranger's that only speak."""
    ann, boss, stranger = await floor.phones(PRESSED.agent, BOSS, STRANGER)
    queue, agent = PRESSED.number, ann.user
    keys = await Keys.at(boss, agent, PRESSED)
    own = await Keys.at(ann, agent, PRESSED)
    await keys.show(RED, GREEN, GREEN, GREEN)

    await prompts.dial(floor, ann, f"*7{queue}", "sound:agent-loginok")
    await keys.show(GREEN, GREEN, GREEN, GREEN)
    await prompts.dial(floor, ann, f"*07{queue}*01", "sound:dictate/paused")
    await keys.show(GREEN, BLINKING, BLINKING, GREEN)
    await prompts.dial(floor, ann, own.away.number, "sound:dictate/paused")
    await keys.show(GREEN, BLINKING, GREEN, BLINKING)
    await prompts.dial(floor, ann, own.away.number, "sound:activated")
    await keys.show(GREEN, GREEN, GREEN, GREEN)

    whose = ("sound:extension", f"digits:{agent}")
    await prompts.dial(floor, boss, keys.pause.number, *whose, "sound:dictate/paused")
    await keys.show(GREEN, BLINKING, GREEN, GREEN)
    (row,) = await floor.rows("pauses", 1, agent_id=agent, ended_at_ms=None)
    assert (row["pause_how"], row["pause_by"], row["reason"]) == ("code", boss.user, None)
    before = time.monotonic_ns()
    for lamp in (keys.login, keys.pause, keys.lunch):
        sorry = ("sound:im-sorry", "sound:cannot-complete-as-dialed")
        await prompts.dial(floor, stranger, lamp.number, *sorry)
    await floor.rows("action_refusals", 3, agent_id=agent, by=stranger.user, why="not allowed")
    assert [lamp.since(before) for lamp in (*keys.all, *own.all)] == [[]] * 8
    code = await floor.call(keys.login.number, by=boss, media="silence")
    await keys.show(RED, GREEN, GREEN, GREEN)
    await own.show(RED, GREEN, GREEN, GREEN)
    await code.wait_until_hears("anything")
    code.hang_up()
    await floor.rows("agent_logins", 1, agent_id=agent, logout_how="code", logout_by=boss.user)
    await keys.off()
    await own.off()


SERVED = DRAFT.queue(2, kind="dynamic")


async def test_keys_follow_services_and_the_configuration(floor: Floor) -> None:
    """A member who is removed is dark, one who comes has keys that can be watched; others stay as
    they are.
    """
    control, sections = Control(floor.live), copy.deepcopy(floor.live.sections)
    boss = await floor.phone(BOSS)
    ann, bob = SERVED.agents
    gone, stays = await Keys.at(boss, ann, SERVED), await Keys.at(boss, bob, SERVED)
    for agent in SERVED.agents:
        fields = {"agent": agent, "queue": SERVED.number}
        await control.done("change_agent", action="log_in", **fields)
        await control.done("change_agent", action="pause", reason="Lunch", **fields)
    await gone.show(GREEN, BLINKING, BLINKING, GREEN)
    await stays.show(GREEN, BLINKING, BLINKING, GREEN)
    await control.done("presence", agent=bob, presence="lunch")  # Has no rule here.

    before = time.monotonic_ns()
    changed = copy.deepcopy(sections)
    changed["queues"][SERVED.number]["members"] = [
        {"agent": each, "kind": "dynamic"} for each in (bob, STRANGER)
    ]
    await floor.live.apply(changed)
    for lamp in gone.all:
        await lamp.over.within(40)
    assert [lamp.state for lamp in gone.all] == [None] * 4
    with pytest.raises(SipRefused) as refused:
        await boss.watch(gone.login.number).on()
    assert refused.value.status == 404
    assert [lamp.since(before) for lamp in stays.all] == [[]] * 4
    came = await Keys.at(boss, STRANGER, SERVED)
    await came.show(RED, GREEN, GREEN, GREEN)
    fields = {"agent": bob, "queue": SERVED.number}
    await control.done("change_agent", action="resume", **fields)
    await stays.show(GREEN, GREEN, GREEN, GREEN)

    await floor.live.apply(sections)
    back = await Keys.at(boss, ann, SERVED)
    await back.show(RED, GREEN, GREEN, GREEN)
    for each in (stays, back):
        await each.off()
    for lamp in came.all:
        await lamp.over.within(40)


OUTAGES = DRAFT.queue(2, kind="dynamic")


async def test_keys_are_right_after_a_restart_of_either_side(
    floor: Floor, prompts: Prompts
) -> None:
    """The engine killed: no lamp flickers, and the next change shows. Asterisk killed right behind a
    change that its disk has not got, and changes made while it was away: all right when it is back.
    """
    live, control = floor.live, Control(floor.live)
    floor.forgiven += ["telephony away", "AMI"]
    boss = await floor.phone(BOSS)
    ann, bob = OUTAGES.agents
    keys, others = [await Keys.at(boss, agent, OUTAGES) for agent in (ann, bob)]
    here = {"queue": OUTAGES.number}
    await control.done("change_agent", agent=ann, action="log_in", **here)
    await control.done("change_agent", agent=ann, action="pause", reason="Lunch", **here)
    await keys.show(GREEN, BLINKING, BLINKING, GREEN)

    before, begin = time.monotonic_ns(), live.log_size()
    await live.kill_engine()
    await live.start_engine()
    await prompts.again(since=begin)
    await control.done("change_agent", agent=bob, action="log_in", **here)
    await others.show(GREEN, GREEN, GREEN, GREEN)
    assert [lamp.since(before) for lamp in keys.all] == [[]] * 4

    begin = live.log_size()
    await control.done("change_agent", agent=ann, action="pause", reason="Break", **here)
    await keys.show(GREEN, BLINKING, GREEN, BLINKING)
    await live.asterisk.kill()
    await live.engine_says("telephony away", since=begin)
    await control.done("change_agent", agent=bob, action="log_out", **here)
    begin = live.log_size()
    await live.asterisk.start()
    await live.engine_says("telephony connected", since=begin)
    await prompts.listen()
    await asyncio.gather(*(phone.register() for phone in live.phones.values()))
    for lamp in (*keys.all, *others.all):
        await lamp.again()
    await keys.show(GREEN, BLINKING, GREEN, BLINKING)
    await others.show(RED, GREEN, GREEN, GREEN)
    await control.done("change_agent", agent=ann, action="resume", **here)
    await keys.show(GREEN, GREEN, GREEN, GREEN)
    await keys.off()
    await others.off()
