"""Transfers in tests: parties with tones, and what the record says of a call that was passed on."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.lab.phones import Call, IncomingCall, OutgoingCall, Phone, SoundMatrix
from tests.support.draft import Queue
from tests.support.floor import Floor
from tests.support.records import Record, Row, check_record, gather


@dataclass
class Talk:
    """A queue's caller, the agent who talks to them, and who hears whom."""

    call: OutgoingCall
    there: IncomingCall
    room: SoundMatrix

    async def only_these_talk(self, first: str, second: str) -> None:
        """Waits until these two hear each other, and nobody else hears or is heard."""
        await self.room.until({first: [second], second: [first]})


async def talk(floor: Floor, queue: Queue | str, agent: Phone, *, by: Phone | None = None) -> Talk:
    """Makes a call that `agent` picks up; both are heard: "caller" and "agent"."""
    call = await floor.call(queue, by=by, media="silence")
    there = await agent.incoming()
    await pick_up(there)
    await call.answered
    both = Talk(call, there, SoundMatrix({"caller": call, "agent": there}))
    await both.only_these_talk("caller", "agent")
    return both


async def pick_up(there: Call) -> None:
    """Picks up; returns when the phone knows that Asterisk knows."""
    assert isinstance(there, IncomingCall)
    there.answer()
    await there.acknowledged


async def transfers(floor: Floor, count: int, **fields: object) -> list[Row]:
    """Waits until so many transfers with these fields are on record."""
    return await floor.rows("transfers", count, **fields)


async def rest_of(floor: Floor, record: Record) -> Record:
    """Returns the record of the call that goes on where this one's caller left by a transfer."""
    parent_id = record.call["call_id"]

    def over(rows: list[Row]) -> bool:
        rest = [row for row in rows if row["parent_id"] == parent_id]
        return len(rest) == 1 and rest[0]["ended_at_ms"] is not None

    rows = await floor.live.facts.until("calls", over)
    (rest,) = [row for row in rows if row["parent_id"] == parent_id]
    found = gather(floor.live.facts.rows, rest["call_id"])
    check_record(found)
    return found


def who_talked(record: Record) -> list[tuple[str, str]]:
    """Returns (party, ended by) of each talk, in order."""
    return [(each["party"], each["ended_by"]) for each in record.talks]
