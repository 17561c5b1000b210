"""Supervisors' and agents' phones that do odd things."""

from __future__ import annotations

import asyncio

import pytest

from scripts.lab.phones.message import Request
from tests.support.draft import MUSIC_HZ, Draft
from tests.support.floor import Floor
from tests.support.rooms import BARGE, HEARD_IN, LISTEN, MODES, WHISPER, open_room

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("S-02"),
    pytest.mark.timeout(120),
]

DRAFT = Draft()
HOLDS = [(mode, DRAFT.extension()) for mode in MODES]
HOLDS_QUEUES = {mode: DRAFT.queue(1, managers=[boss]) for mode, boss in HOLDS}
GONE = {
    LISTEN: {"caller": {"agent"}, "agent": {"caller"}},
    WHISPER: {"caller": {"agent"}, "agent": {"caller"}},
    BARGE: {"caller": {"agent"}, "agent": {"caller"}},
}


@pytest.mark.parametrize(("mode", "number"), HOLDS)
async def test_a_supervisor_who_holds_is_noticed_by_nobody(floor: Floor, mode: str, number: str) -> None:
    room = await open_room(floor, HOLDS_QUEUES[mode])
    boss = await room.supervise(await floor.phone(number), mode)
    await room.until(HEARD_IN[mode])
    await boss.hold()
    await asyncio.sleep(1.5)
    heard = await room.matrix.hears()
    music = {name: call.hears(MUSIC_HZ) for name, call in room.matrix.calls.items()}
    print("HOLD", mode, heard, music)
    assert heard["caller"] == {"agent"}
    assert heard["agent"] == {"caller"}
    assert not music["caller"]
    assert not music["agent"]
    await boss.resume()
    await room.until(HEARD_IN[mode])
    await asyncio.sleep(0.5)
    await room.until(HEARD_IN[mode])
    room.leave()
    room.call.hang_up()


MALLORY, TARGET = DRAFT.extension(), DRAFT.extension()
VICTIM = DRAFT.queue(1, managers=[HOLDS[0][1]])


async def test_a_re_invite_with_replaces_takes_nothing_over(floor: Floor) -> None:
    (target,) = await floor.phones(TARGET, media="silence")
    target.auto_answer()
    room = await open_room(floor, VICTIM)
    mallory = await floor.phone(MALLORY, media="silence")
    own = await floor.call(TARGET, by=mallory, media="silence")
    await own.answered
    dialog = room.there.dialog
    value = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
    honest = own._request

    def request(method, on_response, prepare=lambda _: None):
        def more(made: Request) -> None:
            prepare(made)
            if made.method == "INVITE":
                made.add("replaces", value)

        return honest(method, on_response, more)

    own._request = request  # type: ignore[method-assign]
    try:
        await own.hold()
    except Exception as error:
        print("REINVITE", repr(error))
    await asyncio.sleep(1)
    print("REINVITE ended", own.ended, [r for r in own.endpoint.capture if 0])
    hearing = await room.matrix.hears()
    print("REINVITE", hearing)
    assert hearing == {"caller": {"agent"}, "agent": {"caller"}}
    room.call.hang_up()
    if not own.ended:
        own.hang_up()


ODD = DRAFT.extension()
DIALLED = [
    "*07*", "**", "*", "*7", "*7*", "*07" + "6400" * 50, "*07*6400", "*07" + "*" * 60, "*90", "*90" + "9" * 200,
    "*071001*", "*071001*6400*", "*071001*6400*01*01", "*48", "*480", "*4811", "*76", "*766400*1", "*901001*", "#7", "+*76400",
    "*7%D9%A6%D9%A4%D9%A0%D9%A0", "%00*7", "*76400%2C1", "*7${EPOCH}", "h", "i", "t", "s", "usher-lamps", "*7%0a6400", "6400;x=y", "0", "-1",
]


async def test_nonsense_is_dialled(floor: Floor) -> None:
    """Each is told something or refused; nobody hangs; the engine says no bad word."""
    mallory = await floor.phone(ODD, media="silence")
    calls = {}
    for number in DIALLED:
        calls[number] = mallory.place(number, media="silence")
        await asyncio.sleep(0.05)
    for number, call in calls.items():
        try:
            await call.ended.within(20)
        except TimeoutError:
            print("HANGS", number[:30], call.status, [i for i in floor.live.journal.inputs() if i.get("dialled", "")[:6] == number[:6]][:1])
            call.hang_up()
    print({n[:20]: c.status for n, c in calls.items()})


TWICE = DRAFT.queue(1, kind="dynamic")


async def test_a_code_dialled_many_times_at_the_same_instant(floor: Floor) -> None:
    agent = await floor.phone(TWICE.agent, media="silence")
    calls = [agent.place(f"*7{TWICE.number}") for _ in range(6)]
    for call in calls:
        await call.ended.within(20)
    rows = [r for r in floor.live.facts.rows("agent_logins") if r["agent_id"] == TWICE.agent]
    print("LOGINS", rows)
