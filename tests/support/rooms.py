"""Talks with supervisors on them, and who may hear whom in each mode (S-02)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from scripts.lab.phones import Call, IncomingCall, OutgoingCall, Phone, SoundMatrix
from scripts.lab.phones.detect import stretches
from scripts.lab.phones.happening import DEADLINE
from scripts.lab.phones.listening import Listening
from scripts.lab.waiting import look_until
from tests.support.draft import Queue
from tests.support.floor import Floor
from tests.support.machine import within

LISTEN, WHISPER, BARGE = "listen", "whisper", "barge"
MODES = (LISTEN, WHISPER, BARGE)
CODES = {LISTEN: "*90", WHISPER: "*91", BARGE: "*92"}
KEYS = {LISTEN: "4", WHISPER: "5", BARGE: "6"}

Hearing = Mapping[str, Iterable[str]]

NOBODY_MONITORS: Hearing = {"caller": {"agent"}, "agent": {"caller"}, "boss": set()}
HEARD_IN: dict[str, Hearing] = {
    LISTEN: {"caller": {"agent"}, "agent": {"caller"}, "boss": {"caller", "agent"}},
    WHISPER: {"caller": {"agent"}, "agent": {"caller", "boss"}, "boss": {"caller", "agent"}},
    BARGE: {
        "caller": {"agent", "boss"},
        "agent": {"caller", "boss"},
        "boss": {"caller", "agent"},
    },
}
"""By mode and listener, who is heard: what the manual of a supervisor promises."""


KEY_HZ = (697, 770, 852, 941, 1209, 1336, 1477)
"""What keys sound like in the voice itself."""
LOST_PACKETS_MAX = 3
"""Of 20 ms, in all of a supervision."""
LAST_WORDS_S = 2.0
"""So long what is on the way may take."""


@dataclass(eq=False)
class Room:
    """A queue's caller and agent who talk, perhaps a supervisor on them; each sends an own tone.

    `matrix` has the parties by name: "caller", "agent", "boss" (once there is one), and whoever a
    test adds, who may hear and be heard by nobody unless the test says so.
    """

    floor: Floor
    queue: Queue
    call: OutgoingCall
    there: IncomingCall
    matrix: SoundMatrix
    boss: OutgoingCall | None = None
    strangers: dict[str, set[str]] = field(default_factory=dict)
    """Whom others in the matrix hear, who are not in this talk."""

    @property
    def agent(self) -> str:
        """The agent's number."""
        return self.there.owner.user

    async def supervise(self, boss: Phone, mode: str) -> OutgoingCall:
        """The supervisor dials the code; returns when the engine has begun it."""
        calls = self.floor.count("monitors", agent_id=self.agent)
        self.boss = await self.floor.call(f"{CODES[mode]}{self.agent}", by=boss, media="silence")
        await self.boss.answered
        await self.floor.rows("monitors", calls + 1, agent_id=self.agent)
        self.matrix.add("boss", self.boss)
        return self.boss

    def hearing(self, hearing: Hearing) -> dict[str, set[str]]:
        """Completes a hearing with what strangers hear."""
        return {**{name: set(who) for name, who in hearing.items()}, **self.strangers}

    async def until(self, hearing: Hearing, seconds: float = DEADLINE) -> None:
        """Waits until exactly these hear each other, and strangers what they always hear."""
        wanted = self.hearing(hearing)
        known = {name: who for name, who in wanted.items() if name in self.matrix.calls}
        await self.matrix.until(known, seconds)

    @contextlib.asynccontextmanager
    async def only(self, *hearings: Hearing, mute: Collection[str] = ()) -> AsyncIterator[None]:
        """While the block runs, nobody hears anybody who is in none of these hearings, nor oneself.

        `mute` are those who send nothing: they are on hold, or leave.
        """
        allowed: dict[str, set[str]] = {}
        for hearing in hearings:
            for name, who in self.hearing(hearing).items():
                allowed.setdefault(name, set()).update(who)
        voices = set(self.matrix.calls) - set(mute)
        forbidden = {name: voices - allowed.get(name, set()) for name in self.matrix.calls}
        async with self.matrix.never(forbidden):
            yield

    def leave(self) -> None:
        """The supervisor hangs up, and is in the matrix no more."""
        assert self.boss is not None
        self.boss.hang_up()
        self.matrix.remove("boss")

    async def switch(self, before: str, after: str, *, via: str = "rtp") -> None:
        """The supervisor presses the key of another mode; nobody hears more than one of the two allows."""
        assert self.boss is not None
        async with self.only(HEARD_IN[before], HEARD_IN[after]):
            await self.boss.send_dtmf(KEYS[after], via="info" if via == "info" else "rtp")
            await self.until(HEARD_IN[after])


async def open_room(floor: Floor, queue: Queue, *others: Mapping[str, Call]) -> Room:
    """A caller from outside talks to the queue's agent.

    `others` are further talks by party names: two parties each, who hear each other only.
    """
    agent = await floor.phone(queue.agents[0], media="silence")
    call, there = await floor.talking(queue, agent, media="silence")
    room = Room(floor, queue, call, there, SoundMatrix({"caller": call, "agent": there}))
    for talk in others:
        one, two = talk
        for name, party in talk.items():
            room.matrix.add(name, party)
        room.strangers |= {one: {two}, two: {one}}
    await room.until(NOBODY_MONITORS)
    return room


async def spells(floor: Floor, boss: OutgoingCall) -> list[str]:
    """Waits until a supervisor's call is over; returns the modes of its spells.

    Each begins at the very instant at which the one before ends.
    """
    record = await floor.record(boss)
    mine = "supervisor_call_id"
    rows = [row for row in floor.live.facts.rows("monitors") if row[mine] == record.call["call_id"]]
    for earlier, later in itertools.pairwise(rows):
        assert earlier["ended_at_ms"] == later["started_at_ms"]
    assert rows[-1]["ended_at_ms"] is not None
    assert rows[-1]["ended_at_ms"] <= record.call["ended_at_ms"]
    return [row["mode"] for row in rows]


@contextlib.asynccontextmanager
async def undisturbed(room: Room) -> AsyncIterator[None]:
    """While the block runs, neither phone gets any SIP message, nor a gap, nor a sound of keys.

    The voices are counted: what one has sent the other has received.
    """
    parties: dict[str, Call] = {"caller": room.call, "agent": room.there}
    messages = {
        name: sum(each.call_id == call.call_id for each in call.endpoint.capture)
        for name, call in parties.items()
    }
    ears = {name: Listening(call.audio) for name, call in parties.items()}
    yield
    # What is on the way counts: nothing more is sent until all of it has come.
    for call in parties.values():
        call.mute(muted=True)

    def missed_ms(one: str, other: str) -> int:
        return ears[one].sent_ms - ears[other].received_ms

    with contextlib.suppress(TimeoutError):
        await look_until(
            lambda: (
                max(missed_ms("caller", "agent"), missed_ms("agent", "caller"))
                <= 20 * LOST_PACKETS_MAX
            ),
            "all that was said to arrive",
            LAST_WORDS_S,
        )
    heard = {name: (ear.sent_ms, ear.received_ms) for name, ear in ears.items()}
    for call in parties.values():
        call.mute(muted=False)
    for name, call in parties.items():
        ears[name].stop()
        told = [each for each in call.endpoint.capture if each.call_id == call.call_id]
        assert told[messages[name] :] == [], f"{name}'s phone was told something"
        assert call.audio.dtmf == []
        assert call.info_dtmf == ""
        for _, samples in ears[name].runs():
            await asyncio.sleep(0)
            assert stretches(samples, KEY_HZ) == [], f"{name} heard a key"
    for one, other in (("caller", "agent"), ("agent", "caller")):
        lost_ms = heard[one][0] - heard[other][1]
        # Asterisk itself drops what it cannot pass on in time.
        assert within(20 * LOST_PACKETS_MAX, lost_ms), f"{other} missed {lost_ms} ms"
