"""Shift start: 200 agents log in by dialling within seconds, while customers call already."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from scripts.lab.bench.traffic import Traffic
from scripts.lab.phones import OutgoingCall, Phone
from scripts.lab.phones.behaviour import auto_answer
from scripts.lab.phones.compat import override
from scripts.lab.waiting import look_until
from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.prompts import Prompts

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

DRAFT = Draft()
AGENTS = [DRAFT.extension() for _ in range(200)]
QUEUES = [DRAFT.queue(AGENTS, kind="dynamic") for _ in range(5)]
SECONDS = 10
"""In which all of them log in."""
CALLS_PER_S = 5
AT_ONCE = 20
"""Phones that register at the same time."""


class Customers(Traffic):
    """Calls to all queues in turn."""

    @override
    def place(self) -> OutgoingCall:
        self.number = QUEUES[len(self.calls) % len(QUEUES)].number
        return super().place()


@dataclass(slots=True)
class LogIns(Traffic):
    """Log-ins by the agents' own phones: every second agent to all queues, the others to one."""

    phones: list[Phone] = field(default_factory=list)

    @override
    def place(self) -> OutgoingCall:
        index = len(self.calls)
        code = "*77" if index % 2 else f"*7{QUEUES[index // 2 % len(QUEUES)].number}"
        call = self.phones[index].place(code)
        self.calls.append(call)
        return call


async def registered(floor: Floor) -> list[Phone]:
    """Returns the phones of all agents, which pick up at once and talk for 0.3 s."""
    phones: list[Phone] = []
    for begin in range(0, len(AGENTS), AT_ONCE):
        some = AGENTS[begin : begin + AT_ONCE]
        made = await asyncio.gather(*(floor.live.phone(agent) for agent in some))
        for phone in made:
            phone.behaviour = auto_answer(20, 300)
        phones += made
    return phones


@pytest.mark.row("A-01", "A-03", "A-05")
async def test_two_hundred_agents_log_in_while_customers_call(floor: Floor) -> None:
    """Every second agent dials `*77`, the others one queue's code: all hear it confirmed, each log-in
    is stored once, and each customer is answered.
    """
    prompts = await Prompts.opened(floor.live)
    phones = await registered(floor)
    assert floor.count("agent_logins") == 0
    mark = prompts.mark()
    traffic, agents = Customers(floor.live.caller, ""), LogIns(floor.live.caller, "", phones=phones)
    await asyncio.gather(
        agents.at_rate(len(AGENTS) / SECONDS, SECONDS), traffic.at_rate(CALLS_PER_S, SECONDS)
    )
    for call in agents.calls:
        await call.answered.within(40)
    for phone in phones:
        await prompts.until(phone.user, mark, ["sound:agent-loginok"])
    for call in agents.calls[::2]:  # A number would be read out; the others hear all to its end.
        call.hang_up()
    for call in agents.calls:
        await call.ended.within(40)
    await traffic.all_ended()
    assert len(traffic.calls) == SECONDS * CALLS_PER_S
    assert traffic.failed() == 0

    everywhere, one = 100 * len(QUEUES), 100
    logins = await floor.live.facts.until(
        "agent_logins", lambda rows: len(rows) == everywhere + one
    )
    assert {row["agent_id"] for row in logins} == set(AGENTS)
    assert len({(row["agent_id"], row["queue_id"]) for row in logins}) == len(logins)
    assert {(row["login_how"], row["ended_at_ms"]) for row in logins} == {("code", None)}
    assert floor.count("action_refusals") == 0

    def all_stored() -> bool:
        rows = floor.live.facts.rows("queue_visits")
        return [row["outcome"] for row in rows] == ["answered"] * len(traffic.calls)

    await look_until(all_stored, "all visits to be stored as answered", 40)
