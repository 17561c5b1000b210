"""Agents' days in any order: codes, services, presences, wrap-ups, reloads, restarts.

A seeded player mostly talks and dials codes, so that wrap-ups run and are ended, made longer and
cut off. A ledger kept from the facts alone says what must be true of every log-in, pause and
wrap-up, and that nobody is rung who is logged out, paused or in wrap-up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

from engine.core.facts import (
    ActionDone,
    ActionRefused,
    AgentLoggedIn,
    AgentLoggedOut,
    OfferMade,
    PauseEnded,
    PauseStarted,
    PresenceChanged,
    WrapupEnd,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import (
    BY_SYSTEM,
    AgentAction,
    AgentActionRequested,
    EngineStarted,
    Input,
    NodeConnected,
    NodeDisconnected,
    PresenceRequested,
    SeenChannel,
)
from engine.core.model.rng import Rng
from engine.core.policy import Presence, PresenceAction, PresenceRule, QueuePolicy, Right
from engine.core.router import RoutingCore
from tests.support.centre import NODE, Centre, dynamic, queue, static

pytestmark = [
    pytest.mark.property,
    pytest.mark.row("A-01", "A-03", "A-04", "A-08", "Q-11"),
    pytest.mark.timeout(600),
]

T = TypeVar("T")
Place = tuple[str, str]
AGENTS = ("1001", "1002", "1003")
MANAGER = "1008"
STEPS = 80
LONGER_MS, LONGER_MS_MAX, WRAPUP_MS = 3_000, 5_000, 4_000

CODES = (
    *("*76400", "*76401", "*076400", "*076401", "*076402", "*076400*01", "*076401*02"),
    *("*77", "*077", "*78", "*766400", "*766401", "*766402", "*481", "*483", "*485", "*486"),
    *("*71001*6400", "*071002*6401", "*071001*6400*01", "*766499", "*489"),
)

RULES = (
    PresenceRule(Presence.AVAILABLE, PresenceAction.LOG_IN_LAST),
    PresenceRule(Presence.BUSINESS_TRIP, PresenceAction.LOG_IN_ALL),
    PresenceRule(Presence.LUNCH, PresenceAction.PAUSE_ALL, "Lunch"),
    PresenceRule(Presence.OFF_WORK, PresenceAction.LOG_OUT_ALL),
)


def queues() -> tuple[QueuePolicy, ...]:
    options: dict[str, Any] = {
        "wrapup_ms": WRAPUP_MS,
        "wrapup_extend_ms": LONGER_MS,
        "wrapup_extend_ms_max": LONGER_MS_MAX,
        "managers": (MANAGER,),
        "manager_rights": (Right.CHANGE_STATE,),
    }
    return (
        queue("6400", *dynamic("1001", "1002"), **options),
        queue("6401", *dynamic("1001", "1002", "1003"), ring_in_use=True, **options),
        queue("6402", *static("1001", "1003"), **options),
    )


class Ledger:
    """What the facts say of each agent in each queue."""

    def __init__(self, *, shared: bool) -> None:
        self.shared = shared
        self.logins: dict[Place, str] = {}
        self.pauses: dict[Place, tuple[str, str | None]] = {}
        self.wrapups: dict[Place, tuple[str, int]] = {}
        self.longest: dict[str, int] = {}
        self.presence: dict[str, Presence] = {}

    def read(self, fact: Any) -> None:
        place: Place = (getattr(fact, "agent_id", ""), getattr(fact, "queue_id", "") or "")
        match fact:
            case AgentLoggedIn():
                assert place not in self.logins
                self.logins[place] = fact.spell_id
            case AgentLoggedOut():
                assert place not in self.pauses
                assert place not in self.wrapups
                assert self.logins.pop(place) == fact.spell_id
            case PauseStarted():
                assert place in self.logins
                assert place not in self.pauses
                self.pauses[place] = (fact.spell_id, fact.reason)
            case PauseEnded():
                assert self.pauses.pop(place)[0] == fact.spell_id
            case WrapupStarted():
                assert place in self.logins
                assert place not in self.wrapups
                assert fact.until_ms == fact.at_ms + WRAPUP_MS
                self.wrapups[place] = (fact.wrapup_id, fact.until_ms)
                self.longest[fact.wrapup_id] = fact.until_ms + LONGER_MS_MAX
            case WrapupExtended():
                wrapup_id, until_ms = self.wrapups[place]
                assert wrapup_id == fact.wrapup_id
                assert until_ms < fact.until_ms <= until_ms + LONGER_MS
                assert fact.until_ms <= self.longest[wrapup_id]
                self.wrapups[place] = (wrapup_id, fact.until_ms)
            case WrapupEnded():
                wrapup_id, until_ms = self.wrapups.pop(place)
                assert wrapup_id == fact.wrapup_id
                if fact.why is WrapupEnd.EXPIRED:
                    assert fact.at_ms == until_ms, "to the millisecond"
            case PresenceChanged():
                assert self.presence.get(place[0], Presence.AVAILABLE) is not fact.presence
                self.presence[place[0]] = fact.presence
            case OfferMade():
                assert place in self.logins
                assert place not in self.pauses
                assert place not in self.wrapups
                assert not self.shared or all(who != place[0] for who, _ in self.wrapups)
            case _:
                pass


class Player:
    """Plays one history."""

    def __init__(self, seed: int) -> None:
        self.rng = Rng(seed)
        self.shared = seed % 2 == 0
        self.ledger = Ledger(shared=self.shared)
        self.read = 0
        self.centre = Centre(*queues(), shared_wrapup=self.shared, presence_rules=RULES)
        self.requests = 0

    def play(self) -> Centre:
        moves: list[tuple[int, Callable[[], None]]] = [
            (6, lambda: self.do_call(self.pick(("6400", "6401", "6402")))),
            (6, self.do_answer),
            (5, self.do_end),
            (4, lambda: self.centre.wait(self.pick((1, 500, 1_999, 4_000, 21_000)))),
            (8, self.do_dial),
            (6, self.do_ask),
            (2, self.do_presence),
            (3, self.centre.obey),
            (1, self.do_reload),
            (1, self.do_restart),
        ]
        drawn = [move for weight, move in moves for _ in range(weight)]
        for _ in range(STEPS):
            self.pick(drawn)()
            self.catch_up()
        self.centre.wait(60_000)
        self.catch_up()
        assert self.ledger.wrapups == {}
        return self.centre

    def pick(self, population: Sequence[T]) -> T:
        return population[self.rng.below(len(population))]

    def catch_up(self) -> None:
        """Reads the new facts, and compares the ledger with what the core believes."""
        for fact in self.centre.facts[self.read :]:
            self.ledger.read(fact)
        self.read = len(self.centre.facts)
        logins, pauses, wrapups = {}, {}, {}
        for agent in self.centre.core.state.agents.values():
            for queue_id, member in agent.memberships.items():
                place = (agent.agent_id, queue_id)
                if member.login_id is not None:
                    logins[place] = member.login_id
                if member.pause_id is not None:
                    pauses[place] = (member.pause_id, member.pause_reason)
                if member.wrapup_id is not None:
                    wrapups[place] = (member.wrapup_id, member.wrapup_until_ms)
            assert agent.presence is self.ledger.presence.get(agent.agent_id, Presence.AVAILABLE)
        assert (logins, pauses, wrapups) == (
            self.ledger.logins,
            self.ledger.pauses,
            self.ledger.wrapups,
        )

    def do_call(self, number: str) -> None:
        if len(self.centre.core.state.calls) < 6:
            self.centre.call(number)

    def do_answer(self) -> None:
        ringing = list(self.centre.ringing())
        if ringing:
            self.centre.answer(self.pick(ringing))

    def do_end(self) -> None:
        legs = [leg for leg in self.centre.core.state.legs.values() if leg.state == "talking"]
        if legs:
            self.centre.end_leg(self.pick(legs).leg_id)
            self.centre.obey()

    def do_dial(self) -> None:
        who = self.pick((*AGENTS, MANAGER))
        call_id = self.centre.call(self.pick(CODES), source=who)
        self.centre.hang_up(call_id)

    def do_ask(self) -> None:
        agent = self.pick(AGENTS)
        number = self.pick(("6400", "6401", "6402", ""))
        by = self.pick((agent, BY_SYSTEM, MANAGER, "1009"))
        version = self.centre.core.state.agents[AgentId(agent)].version
        self.answered(
            AgentActionRequested(
                AgentId(agent),
                QueueId(number) if number else None,
                self.pick(tuple(AgentAction)),
                by,
                self.pick((None, "Lunch", "Break")),
                self.request_id(),
                self.pick((None, None, version, version - 1)),
            ),
            agent,
        )

    def do_presence(self) -> None:
        agent = self.pick(AGENTS)
        by = self.pick((agent, BY_SYSTEM, MANAGER, "1009"))
        presence = self.pick(tuple(Presence))
        self.answered(PresenceRequested(AgentId(agent), presence, by, self.request_id()), agent)

    def request_id(self) -> str:
        self.requests += 1
        return f"r{self.requests}"

    def answered(self, asked: Input, agent: str) -> None:
        """Asks: there is exactly one answer, a refusal changes nothing, strangers are refused."""
        outputs = self.centre.give(asked)
        done, refused = self.centre.told(ActionDone), self.centre.told(ActionRefused)
        assert len(done) + len(refused) == 1
        assert (done or refused)[0].agent_id == agent
        if refused:
            assert outputs == refused
        assert refused or (done[0].by != "1009")

    def do_reload(self) -> None:
        kept = queues()
        if self.pick((True, False)):
            gone = self.pick(kept)
            kept = tuple(each for each in kept if each is not gone)
        self.centre.apply(*kept, shared_wrapup=self.shared, presence_rules=RULES)

    def do_restart(self) -> None:
        centre = self.centre
        centre.give(NodeDisconnected(NODE))
        centre.core = RoutingCore.restore(json.loads(json.dumps(centre.core.snapshot())))
        centre.give(EngineStarted())
        centre.wait(self.pick((0, 1_000)))
        state = centre.core.state
        alive = [SeenChannel(each, up=True) for each in (*state.calls, *state.legs)]
        centre.give(NodeConnected(NODE, tuple(alive)))


@pytest.mark.parametrize("block", range(4))
def test_any_shifts(block: int) -> None:
    """Each block must also have met what it is about, or it would prove nothing."""
    met: dict[object, int] = {}
    for seed in range(block * 40, block * 40 + 40):
        for fact in Player(seed).play().facts:
            name = type(fact).__name__
            for each in (name, getattr(fact, "why", None) if name == "WrapupEnded" else None):
                met[each] = met.get(each, 0) + 1
    for wanted in (*WrapupEnd, "WrapupExtended", "PresenceChanged", "ActionDone", "ActionRefused"):
        assert met.get(wanted, 0) > 0, f"no {wanted} in all these histories"
