"""Supervisors, transfers and parking at the same instant; who hears whom, ever."""
from __future__ import annotations
import asyncio
import pytest
from tests.support.draft import Draft
from tests.support.floor import Floor
from tests.support.rooms import BARGE, HEARD_IN, KEYS, LISTEN, MODES, WHISPER, open_room
pytestmark = [pytest.mark.asterisk, pytest.mark.real_time, pytest.mark.asyncio(loop_scope="module"), pytest.mark.row("S-02"), pytest.mark.timeout(120)]
DRAFT = Draft(parking={"first": "701", "last": "702"})
CASES = [(mode, how, DRAFT.extension(), DRAFT.extension()) for mode in MODES for how in ("attended", "blind", "park")]
QUEUES = [DRAFT.queue(1, managers=[boss]) for _, _, boss, _ in CASES]

@pytest.mark.parametrize("i", range(len(CASES)))
async def test_transfer_while_supervised_and_switching(floor: Floor, i: int) -> None:
    """The supervisor hears the colleague never, the colleague never the supervisor."""
    mode, how, boss_no, bob_no = CASES[i]
    bob = await floor.phone(bob_no, media="silence")
    room = await open_room(floor, QUEUES[i])
    boss = await room.supervise(await floor.phone(boss_no), mode)
    await room.until(HEARD_IN[mode])
    agent = room.there.owner
    keys = [KEYS[m] for m in MODES if m != mode]
    if how == "attended":
        second = await floor.call(bob_no, by=agent, media="silence")
        at_bob = await bob.incoming()
        at_bob.answer()
        await second.answered
        room.matrix.add("consult", second)
        room.matrix.add("bob", at_bob)
        await asyncio.sleep(0.5)
        # consult and room.there are the same phone with two tones
        async with room.matrix.never({"boss": ["bob", "consult"], "bob": ["boss"], "consult": ["boss", "caller"], "caller": ["consult"]}):
            for key in keys:
                await boss.send_dtmf(key)
                await asyncio.sleep(0.4)
        room.matrix.remove("consult")
        async with room.matrix.never({"boss": ["bob"], "bob": ["boss"]}):
            await asyncio.gather(boss.send_dtmf(keys[0]), room.there.refer(second), return_exceptions=True)
            await asyncio.sleep(1.2)
            await boss.ended.within(15)
    elif how == "blind":
        gathered = asyncio.gather(boss.send_dtmf(keys[0]), room.there.refer(bob_no), return_exceptions=True)
        at_bob = await bob.incoming()
        at_bob.answer()
        await asyncio.sleep(0)
        await gathered
        room.matrix.add("bob", at_bob)
        async with room.matrix.never({"boss": ["bob"], "bob": ["boss"]}):
            await asyncio.sleep(1.2)
            await boss.ended.within(15)
    else:
        await asyncio.gather(boss.send_dtmf(keys[0]), room.there.refer("701"), return_exceptions=True)
        await asyncio.sleep(0.5)
        at_bob = await floor.call("701", by=bob, media="silence")
        await at_bob.answered
        room.matrix.add("bob", at_bob)
        async with room.matrix.never({"boss": ["bob"], "bob": ["boss"]}):
            await asyncio.sleep(1.2)
            await boss.ended.within(15)
    room.matrix.remove("boss")
    if "agent" in room.matrix.calls:
        room.matrix.remove("agent")
    await room.matrix.until({"caller": {"bob"}, "bob": {"caller"}}, 6)
    room.call.hang_up()
