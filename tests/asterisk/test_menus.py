"""Menus: keys, mistakes, silence, numbers dialled, and what happens to who is in one."""

from __future__ import annotations

import asyncio
import copy

import pytest

from scripts.lab.phones import OutgoingCall
from tests.support.draft import CLOSING, CLOSING_HZ, MUSIC_HZ, PROMPT, PROMPT_HZ
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.furnished import Furnished, note_file
from tests.support.machine import ms_between, within

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-03"),
]

DRAFT = Furnished(unknown_number_prompts=[PROMPT])
MENU_HZ, WRONG_HZ, SILENCE_HZ, LAST_HZ = 620, 740, 860, 2200
LONG_S = 20.0
"""Of a prompt that only a key can end in the time of a test."""


async def in_menu(floor: Floor, did: str, hertz: int = MENU_HZ) -> OutgoingCall:
    call = await floor.call(did, media="silence")
    await call.wait_until_hears(hertz)
    return call


# Keys and mistakes.

LONG_HZ = 680
DRAFT.note(LONG_HZ, LONG_S)
CHOICE = DRAFT.did("5601", DRAFT.menu(LONG_HZ, {"1": {"play": [CLOSING]}, "#": "hang_up"}))


@pytest.mark.parametrize("via", ["rtp", "info"])
async def test_a_key_cuts_the_prompt_at_once(floor: Floor, via: str) -> None:
    """The question would go on for 20 s; the next words come at once, and nothing of it with them."""
    call = await in_menu(floor, CHOICE, LONG_HZ)
    # Keys in INFO are for phones in the house; a trunk speaks RFC 4733. Asterisk takes both.
    await call.send_dtmf("1", via=via)  # type: ignore[arg-type]
    await hears_only(call, CLOSING_HZ, LONG_HZ, seconds=10)
    assert (await call.ended).by == "there"
    record = await floor.record(call)
    assert record.routed() == [("menu-0", "prompt", "menu_key", "1")]


STRICT = DRAFT.did(
    "5602",
    DRAFT.menu(
        MENU_HZ,
        {"1": "hang_up"},
        timeout_s=1,
        tries=2,
        wrong_prompt=[DRAFT.note(WRONG_HZ)],
        silence_prompt=[DRAFT.note(SILENCE_HZ)],
        wrong={"play": [DRAFT.note(LAST_HZ)]},
        silence={"play": [CLOSING]},
    ),
)


async def wrong_keys(floor: Floor) -> OutgoingCall:
    """Told that it was wrong, asked again; after the second time told once more, and sent away."""
    call = await in_menu(floor, STRICT)
    await call.send_dtmf("9")
    await call.wait_until_hears(WRONG_HZ)
    await call.wait_until_hears(MENU_HZ)
    await call.send_dtmf("77")
    await call.wait_until_hears(WRONG_HZ)
    await call.wait_until_hears(LAST_HZ)
    return call


async def silence(floor: Floor) -> OutgoingCall:
    """As with wrong keys, with words of its own and a destination of its own."""
    call = await in_menu(floor, STRICT)
    await call.wait_until_hears(SILENCE_HZ)
    await call.wait_until_hears(MENU_HZ)
    await call.wait_until_hears(SILENCE_HZ)
    await call.wait_until_hears(CLOSING_HZ)
    return call


async def first_silence(floor: Floor) -> OutgoingCall:
    """Then a wrong key: it ends as after wrong keys."""
    call = await in_menu(floor, STRICT)
    await call.wait_until_hears(SILENCE_HZ)
    await call.wait_until_hears(MENU_HZ)
    await call.send_dtmf("*")
    await call.wait_until_hears(LAST_HZ)
    return call


async def test_wrong_answers(floor: Floor) -> None:
    """Three callers at a time; the last answer of each says where they go."""
    calls = await asyncio.gather(*(each(floor) for each in (wrong_keys, silence, first_silence)))
    ways = []
    for call in calls:
        assert (await call.ended).by == "there"
        ways += (await floor.record(call)).routed()
    assert ways == [
        ("menu-1", "prompt", "menu_wrong", "77"),
        ("menu-1", "prompt", "menu_silence", None),
        ("menu-1", "prompt", "menu_wrong", "*"),
    ]


async def test_the_caller_hangs_up_in_mid_prompt(floor: Floor) -> None:
    call = await in_menu(floor, CHOICE, LONG_HZ)
    call.hang_up()
    record = await floor.record(call)
    assert record.call["ended_by"] == "caller"
    assert record.routed() == []


# Numbers.

DIALLED = DRAFT.extension()
DIALLED_QUEUE = DRAFT.queue(0)
DIRECT = DRAFT.did(
    "5603",
    DRAFT.menu(
        MENU_HZ,
        {"1": {"play": [CLOSING]}},
        direct_dial=True,
        timeout_s=2,
        tries=2,
        wrong_prompt=[DRAFT.note(WRONG_HZ)],
    ),
)


async def test_an_extension_is_dialled(floor: Floor) -> None:
    """Although its number begins like a key of the menu."""
    phone = await floor.phone(DIALLED, media="tone:700")
    call = await in_menu(floor, DIRECT)
    await call.send_dtmf(DIALLED)
    there = await phone.incoming()
    assert there.caller_number == call.number
    await floor.pick_up(there)
    await call.wait_until_hears(700)
    call.hang_up()
    record = await floor.record(call)
    assert record.routed() == [("menu-2", DIALLED, "menu_dialled", DIALLED)]
    assert record.talk["party"] == DIALLED


async def test_a_queue_is_dialled(floor: Floor) -> None:
    call = await in_menu(floor, DIRECT)
    await call.send_dtmf(DIALLED_QUEUE.number)
    await call.wait_until_hears(MUSIC_HZ)
    call.hang_up()
    record = await floor.record(call)
    assert record.visit["queue_id"] == DIALLED_QUEUE.number


@pytest.mark.parametrize("keys", ["1", "1#"])
async def test_a_key_that_numbers_begin_with(floor: Floor, keys: str) -> None:
    """Alone it counts when no digit follows, and with # at once."""
    call = await in_menu(floor, DIRECT)
    await call.send_dtmf(keys)
    await call.wait_until_hears(CLOSING_HZ)
    await call.ended
    assert (await floor.record(call)).routed() == [("menu-2", "prompt", "menu_key", "1")]


async def test_a_number_that_is_not_there_is_one_mistake(floor: Floor) -> None:
    call = await in_menu(floor, DIRECT)
    await call.send_dtmf("7777")
    await call.wait_until_hears(WRONG_HZ)
    await call.wait_until_hears(MENU_HZ)
    await call.send_dtmf("1#")
    await call.wait_until_hears(CLOSING_HZ)
    await call.ended


# What a key says to the queue.

GUESTS = DRAFT.queue(1)
VIP = DRAFT.did(
    "5604",
    DRAFT.menu(
        MENU_HZ,
        {
            "1": {"queue": GUESTS.number},
            "2": {"destination": {"queue": GUESTS.number}, "priority": 10},
        },
    ),
)


@pytest.mark.row("R-08")
async def test_a_key_makes_a_caller_important(floor: Floor) -> None:
    """Who came last is served first."""
    busy, there = await floor.talking(GUESTS, await floor.phone(GUESTS))
    plain = await in_menu(floor, VIP)
    await plain.send_dtmf("1")
    await plain.wait_until_hears(MUSIC_HZ)
    important = await in_menu(floor, VIP)
    await important.send_dtmf("2")
    await important.wait_until_hears(MUSIC_HZ)
    busy.hang_up()
    await there.ended
    next_one = await there.owner.incoming()  # type: ignore[attr-defined]
    assert next_one.caller_number == important.number
    await floor.pick_up(next_one)
    important.hang_up()
    assert (await there.owner.incoming()).caller_number == plain.number  # type: ignore[attr-defined]
    plain.hang_up()
    assert (await floor.record(important)).visit["entry_position"] == 1


NOVICE, EXPERT = DRAFT.extension(), DRAFT.extension()
DRAFT.agents[EXPERT] = {"skills": ["chinese"]}
SKILLED = DRAFT.queue([NOVICE, EXPERT], strategy="linear")
BY_SKILL = DRAFT.did(
    "5605",
    DRAFT.menu(
        MENU_HZ,
        {"8": {"destination": {"queue": SKILLED.number}, "required_skills": ["chinese"]}},
    ),
)


@pytest.mark.row("R-08")
async def test_a_key_asks_for_a_skill(floor: Floor) -> None:
    """The first in line does not have it; the second rings."""
    novice, expert = await floor.phones(NOVICE, EXPERT)
    call = await in_menu(floor, BY_SKILL)
    await call.send_dtmf("8")
    await floor.pick_up(await expert.incoming())
    call.hang_up()
    assert (await floor.settled(call)).offered() == [(EXPERT, "answered")]
    assert not novice.calls


# Misfortunes.

GONE = DRAFT.did("5606", GONE_MENU := DRAFT.menu(LONG_HZ, {"3": {"play": [CLOSING]}}))


async def test_the_engine_is_killed_while_somebody_chooses(floor: Floor) -> None:
    """The question is asked again, from its beginning, and the key works."""
    call = await in_menu(floor, CHOICE, LONG_HZ)
    await floor.live.kill_engine()
    await call.send_dtmf("1")  # Nobody hears it.
    since = len(floor.live.journal.inputs())
    await floor.live.start_engine()
    await floor.live.heard("NodeConnected", since=since)
    await hears_only(call, LONG_HZ, CLOSING_HZ)
    await call.send_dtmf("1")
    await hears_only(call, CLOSING_HZ, LONG_HZ, seconds=10)
    await call.ended
    assert (await floor.record(call)).routed() == [("menu-0", "prompt", "menu_key", "1")]


async def test_the_menu_is_removed_while_somebody_chooses(floor: Floor) -> None:
    """Who is in it hears it to the end, and its keys work; who comes now is told so."""
    before = copy.deepcopy(floor.live.sections)
    call = await in_menu(floor, GONE, LONG_HZ)
    sections = copy.deepcopy(before)
    del sections["menus"][GONE_MENU["menu"]]
    sections["inbound_routes"] = {
        name: route
        for name, route in sections["inbound_routes"].items()
        if route["destination"] != GONE_MENU
    }
    await floor.live.apply(sections)
    try:
        await call.wait_until_hears(LONG_HZ)
        late = await floor.call(GONE, media="silence")
        await late.wait_until_hears(PROMPT_HZ)
        late.hang_up()
        await call.send_dtmf("3")
        await call.wait_until_hears(CLOSING_HZ)
        await call.ended
        record = await floor.record(call)
        assert record.routed() == [(GONE_MENU["menu"], "prompt", "menu_key", "3")]
    finally:
        await floor.live.apply(before)


LOST_HZ = 1150
LOST = DRAFT.did(
    "5607",
    DRAFT.menu(
        LOST_HZ, {"4": {"play": [CLOSING]}}, timeout_s=1, tries=2, silence={"play": [CLOSING]}
    ),
)


async def test_a_prompt_that_is_gone_from_the_disk(floor: Floor) -> None:
    """Whoever knows the keys can press; the others come to the menu's end, and not to nothing."""
    floor.forgiven.append("note-1150")
    note_file(floor.live.asterisk.run_dir / "tones", LOST_HZ).unlink(missing_ok=True)
    knowing, lost = [await floor.call(LOST, media="silence") for _ in range(2)]
    await knowing.answered
    await knowing.send_dtmf("4")
    await asyncio.gather(
        knowing.wait_until_hears(CLOSING_HZ), lost.wait_until_hears(CLOSING_HZ, seconds=40)
    )
    assert (await lost.ended).by == "there"
    assert [way[2:] for way in (await floor.record(knowing)).routed()] == [("menu_key", "4")]
    assert [way[2:] for way in (await floor.record(lost)).routed()] == [("menu_silence", None)]
    assert within(8_000, ms_between(lost.answered.at_ns, lost.ended.at_ns))


async def test_nobody_is_in_anybodys_menu(floor: Floor) -> None:
    """Two callers in one menu: each key is its own caller's."""
    one, other = await in_menu(floor, CHOICE, LONG_HZ), await in_menu(floor, CHOICE, LONG_HZ)
    await one.send_dtmf("1")
    await one.wait_until_hears(CLOSING_HZ)
    await hear_packets(other, 10)
    await other.wait_until_hears(LONG_HZ)
    _ = other.audio.press("#")  # The call ends before the key is up.
    assert (await other.ended).by == "there"


ONCE = DRAFT.did(
    "5608", DRAFT.menu(MENU_HZ, {"1": "hang_up"}, tries=1, wrong={"play": [DRAFT.note(LAST_HZ)]})
)


async def test_two_hundred_digits(floor: Floor) -> None:
    """They are one mistake, and the menu is left although they go on.

    Asterisk tells eight to twenty in a second, and plays nothing while there are more.
    """
    call = await in_menu(floor, ONCE)
    since = len(floor.live.journal.inputs())
    await call.send_dtmf("9" * 200, via="info", duration_ms=20)
    (way,) = await floor.rows("routes_taken", 1, pressed="9" * 32)
    assert (way["target"], way["why"]) == ("prompt", "menu_wrong")
    keys = [each for each in floor.live.journal.inputs()[since:] if each["t"] == "DigitPressed"]
    assert len(keys) > 32
    call.hang_up()
    assert (await floor.record(call)).call["ended_by"] == "caller"
