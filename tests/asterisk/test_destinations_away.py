"""Voicemail and call flows from an inbound route and from a queue; circles of queues; rights."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from pathlib import Path

import pytest

from scripts.lab.live import PIN
from scripts.lab.phones import OutgoingCall, Phone
from scripts.lab.waiting import look_until
from tests.support.draft import CLOSING, CLOSING_HZ, MUSIC_HZ, PROMPT, PROMPT_HZ
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.furnished import MAILS, Furnished

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.row("Q-03"),
]

DRAFT = Furnished(unknown_number_prompts=[PROMPT])
VOICE_HZ = 440
STEADY_LOOKS = 8
"""One every 40 ms."""

# Voicemail.

ANN, BOB, CID = DRAFT.extension(), DRAFT.extension(language="zh"), DRAFT.extension()
DAN = DRAFT.extension(language="en_GB")
ANN_BOX = DRAFT.box(ANN)
DRAFT.box(BOB)
DRAFT.box(DAN)
GROUP_BOX = DRAFT.box("8100", ANN, BOB)
TO_ANN = DRAFT.did("5801", ANN_BOX)
TO_GROUP = DRAFT.queue(0, max_wait_s=1, failure=GROUP_BOX)


def messages_shown(phone: Phone) -> int:
    """Returns how many new messages a phone was told of last, in all of its boxes."""
    told = [each.body.decode() for each in phone.messages]
    found = [match[1] for each in told if (match := re.search(r"Voice-Message: (\d+)/", each))]
    return int(found[-1]) if found else 0


def kept(floor: Floor, box: str) -> list[Path]:
    """Returns the new messages in a box."""
    folder = floor.live.asterisk.spool / "voicemail" / "usher" / box / "INBOX"
    return sorted(folder.glob("*.wav"))


async def hears_steadily(call: OutgoingCall, hertz: int, *, seconds: float) -> None:
    """Waits for a tone; speech has any tone, but only for a moment."""
    looks = 0

    def heard() -> bool:
        nonlocal looks
        looks = looks + 1 if call.hears(hertz) else 0
        return looks >= STEADY_LOOKS

    await call.audio.until(heard, f"{call.owner.user} hears {hertz} steadily", seconds)


async def leave_a_message(call: OutgoingCall, floor: Floor, box: str) -> None:
    """Past the greeting, speaks until some of it is on the disk, hangs up."""
    await hears_only(call, "anything", MUSIC_HZ, seconds=40)
    await call.send_dtmf("#")
    folder = floor.live.asterisk.spool / "voicemail" / "usher" / box
    await look_until(
        lambda: any(each.stat().st_size > 32_000 for each in folder.rglob("*.wav")),
        f"a message of some length in box {box}",
        40,
    )
    call.hang_up()
    await look_until(lambda: kept(floor, box), f"a message kept in box {box}", 40)


async def mailed(floor: Floor, box: str) -> str:
    """Waits until somebody is told by mail; returns to whom."""
    path = floor.live.asterisk.run_dir / "tones" / MAILS

    def look() -> str | None:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for mail in re.split(r"(?m)^(?=Date: )", text):
            read = email.message_from_string(mail, policy=email.policy.default)
            if f"box {box}" in str(read["Subject"]):
                return str(read["To"])
        return None

    found = await look_until(look, f"a mail about box {box}", 40)
    assert found is not None
    return found


async def test_messages_are_left_shown_mailed_and_heard(floor: Floor) -> None:
    """In an extension's box by a number, in a group's box from a queue; then each is listened to."""
    ann, bob, cid = await floor.phones(ANN, BOB, CID)
    to_ann = await floor.call(TO_ANN, media=f"tone:{VOICE_HZ}")
    to_group = await floor.call(TO_GROUP, media=f"tone:{VOICE_HZ}")
    await to_group.wait_until_hears(MUSIC_HZ)
    await asyncio.gather(
        leave_a_message(to_ann, floor, ANN), leave_a_message(to_group, floor, "8100")
    )
    await look_until(lambda: messages_shown(ann) == 2, "both messages at 1001", 40)
    await look_until(lambda: messages_shown(bob) == 1, "the group's at 1002", 40)
    assert messages_shown(cid) == 0
    assert f"{ANN}@example.org" in await mailed(floor, ANN)
    assert "8100@example.org" in await mailed(floor, "8100")
    record = await floor.record(to_ann)
    assert (record.visits, record.call["ended_by"]) == ((), "caller")
    record = await floor.record(to_group)
    assert record.outcome == ("missed", "max_wait")
    assert record.routed() == [(TO_GROUP.number, "voicemail 8100", "visit_ended", None)]

    async def listens(phone: Phone, code: str) -> None:
        call = await floor.call(code, by=phone, media="silence")
        await call.wait_until_hears("anything")
        await call.send_dtmf(f"{PIN}#1")
        await hears_steadily(call, VOICE_HZ, seconds=30)
        call.hang_up()
        await floor.record(call)

    await asyncio.gather(listens(ann, "*97"), listens(bob, "*978100"))
    await look_until(lambda: messages_shown(ann) == 0, "nothing new at 1001", 40)
    pressed = [each for each in floor.live.journal.inputs() if each["t"] == "DigitPressed"]
    assert pressed == [], "nobody learns the PIN"
    assert PIN not in floor.log()


async def test_the_mailbox_speaks_the_phones_language(floor: Floor) -> None:
    (dan,) = await floor.phones(DAN)
    call = await floor.call("*97", by=dan, media="silence")
    await call.wait_until_hears("anything")
    (channel,) = (await floor.live.asterisk.cli("core show channels concise")).splitlines()
    shown = await floor.live.asterisk.cli(f"core show channel {channel.split('!')[0]}")
    assert re.search(r"Language: en_GB\b", shown)
    call.hang_up()
    await floor.record(call)


async def test_a_chinese_phone_hears_its_messages(floor: Floor) -> None:
    """In English: Asterisk has no Chinese recordings for it, and would hang up after the PIN."""
    (bob,) = await floor.phones(BOB)
    call = await floor.call("*97", by=bob, media="silence")
    await call.wait_until_hears("anything")
    await call.send_dtmf(f"{PIN}#")
    await hears_only(call, "silence")
    await call.wait_until_hears("anything")
    await hear_packets(call, 50)
    assert not call.ended
    call.hang_up()
    await floor.record(call)


REFUSED = {
    "*97": "no such voicemail box",
    "*978100": "not allowed",
    f"*97{ANN}": "not allowed",
    "*978199": "no such voicemail box",
}


async def test_somebody_elses_box_is_refused(floor: Floor) -> None:
    """Whoever has none, or asks for another's, or for none at all, is told so; and it is kept."""
    (cid,) = await floor.phones(CID)
    for code, why in REFUSED.items():
        call = await floor.call(code, by=cid, media="silence")
        await call.wait_until_hears("anything")
        call.hang_up()
        await floor.record(call)
        rows = [row for row in floor.live.facts.rows("action_refusals") if row["by"] == CID]
        assert rows[-1]["why"] == why


# Call flows.

BACK_IN = DRAFT.queue(0)
FLOW = DRAFT.flow(
    "Answer()",
    "WaitExten(60)",
    keys={
        "1": f"Goto(usher-return,{BACK_IN.number},1)",
        "2": "Hangup()",
        "3": "Goto(usher-return,5803,1)",
        "4": "Goto(usher-return,999,1)",
    },
)
TO_FLOW = DRAFT.did("5802", FLOW)
DRAFT.did("5803", {"play": [CLOSING]})


async def in_flow(floor: Floor) -> OutgoingCall:
    call = await floor.call(TO_FLOW, media="silence")
    await call.answered
    return call


async def test_a_flow_ends_the_call(floor: Floor) -> None:
    call = await in_flow(floor)
    _ = call.audio.press("2")
    assert (await call.ended).by == "there"
    assert (await floor.record(call)).routed() == []


async def test_a_flow_gives_back_to_another_number(floor: Floor) -> None:
    """What it means from the trunk."""
    call = await in_flow(floor)
    _ = call.audio.press("3")
    await call.wait_until_hears(CLOSING_HZ)
    await call.ended
    (way,) = (await floor.record(call)).routed()
    assert way[1:] == ("prompt", "came_back", "5803")


async def test_a_flow_gives_back_to_nowhere(floor: Floor) -> None:
    call = await in_flow(floor)
    _ = call.audio.press("4")
    await call.wait_until_hears(PROMPT_HZ)
    await call.ended
    (way,) = (await floor.record(call)).routed()
    assert way == ("999", "prompt", "no_such_place", None)


async def test_the_engine_is_killed_while_a_flow_has_the_caller(floor: Floor) -> None:
    """Nobody notices; one comes back while there is an engine, one ends while there is none."""
    call, other, late = [await in_flow(floor) for _ in range(3)]
    await floor.live.kill_engine()
    _ = other.audio.press("2")
    await other.ended
    _ = late.audio.press("1")
    await hears_only(late, MUSIC_HZ)  # That of Asterisk, until somebody is there.
    since = len(floor.live.journal.inputs())
    await floor.live.start_engine()
    await floor.live.heard("NodeConnected", since=since)
    assert not call.ended
    _ = call.audio.press("1")
    await call.wait_until_hears(MUSIC_HZ)
    await floor.rows("queue_visits", 2, queue_id=BACK_IN.number, ended_at_ms=None)
    for each in (call, late):
        each.hang_up()
        record = await floor.record(each)
        assert record.visit["queue_id"] == BACK_IN.number
        assert [way[2] for way in record.routed()] == ["came_back"]
    assert (await floor.record(other)).call["ended_by"] == "caller"


PATIENT_S = 5
"""Long enough for the engine to be killed within it."""
PATIENT = DRAFT.did(
    "5804",
    DRAFT.flow(
        "Answer()", "WaitExten(60)", keys={"1": f"Goto(usher-return,{BACK_IN.number},1)"},
        limit_s=PATIENT_S,
    ),
)  # fmt: skip


async def test_who_comes_back_in_time_while_the_engine_is_away_goes_where_they_asked(
    floor: Floor,
) -> None:
    """Their limit is over before the engine is there again, which cannot know that they are back."""
    call = await floor.call(PATIENT, media="silence")
    await call.answered
    await floor.live.kill_engine()
    _ = call.audio.press("1")
    await hears_only(call, MUSIC_HZ)  # That of Asterisk, until somebody is there.
    await hear_packets(call, PATIENT_S * 50)
    since = len(floor.live.journal.inputs())
    await floor.live.start_engine()
    await floor.live.heard("CallCameBack", since=since)
    await floor.rows("queue_visits", 1, queue_id=BACK_IN.number, ended_at_ms=None)
    call.hang_up()
    record = await floor.record(call)
    assert record.visit["queue_id"] == BACK_IN.number
    assert [way[2] for way in record.routed()] == ["came_back"]


KEPT_S = 2
LAST = DRAFT.queue(0)
ENDLESS = (
    DRAFT.flow("Answer()", "WaitExten(60)", limit_s=KEPT_S, too_long={"queue": LAST.number}),
    DRAFT.flow("Wait(60)", limit_s=KEPT_S, too_long={"queue": LAST.number}),
    DRAFT.flow(
        "Answer()",
        "Playback(demo-congrats&demo-congrats&demo-congrats)",
        limit_s=KEPT_S,
        too_long={"queue": LAST.number},
    ),
)
TO_ENDLESS = tuple(DRAFT.did(f"581{each}", flow) for each, flow in enumerate(ENDLESS))
PUNCTUAL = DRAFT.did(
    "5820",
    DRAFT.flow(
        "Answer()", "WaitExten(60)", keys={"1": f"Goto(usher-return,{BACK_IN.number},1)"},
        limit_s=KEPT_S,
    ),
)  # fmt: skip


async def test_flows_that_keep_callers_for_ever_give_them_back(floor: Floor) -> None:
    """Whatever goes on there: keys are waited for, nothing was answered, sounds are played."""
    calls = [await floor.call(each, media="silence") for each in TO_ENDLESS]
    for call in calls:
        await hears_only(call, MUSIC_HZ)
    await floor.rows("queue_visits", len(calls), queue_id=LAST.number, ended_at_ms=None)
    for call in calls:
        call.hang_up()
        record = await floor.record(call)
        assert [way[2] for way in record.routed()] == ["too_long"]
        assert record.outcome == ("abandoned", "caller_hung_up")


async def test_who_came_back_in_time_is_not_taken_out_of_the_queue(floor: Floor) -> None:
    call = await floor.call(PUNCTUAL, media="silence")
    await call.answered
    _ = call.audio.press("1")
    await call.wait_until_hears(MUSIC_HZ)
    late = await floor.call(
        TO_ENDLESS[0], media="silence"
    )  # Whose limit is over after the other's.
    await late.wait_until_hears(MUSIC_HZ)
    for each in (call, late):
        each.hang_up()
    assert [way[2] for way in (await floor.record(call)).routed()] == ["came_back"]
    assert [way[2] for way in (await floor.record(late)).routed()] == ["too_long"]


async def test_the_limit_of_a_flow_outlives_the_engine(floor: Floor) -> None:
    call = await floor.call(TO_ENDLESS[0], media="silence")
    await call.answered
    await floor.live.kill_engine()
    await floor.live.start_engine()
    await call.wait_until_hears(MUSIC_HZ)
    call.hang_up()
    assert [way[2] for way in (await floor.record(call)).routed()] == ["too_long"]


# Circles.

HERE, THERE = (DRAFT.queue(0, empty={"refuse": ["logged_out"]}) for _ in range(2))
for one, two in ((HERE, THERE), (THERE, HERE)):
    DRAFT.queues[one.number]["failure"] = {"queue": two.number}


async def test_a_circle_of_queues_ends(floor: Floor) -> None:
    """Each of them sends to the other: after so many visits the call ends with congestion."""
    call = await floor.call(HERE, media="silence")
    ending = await call.ended
    record = await floor.record(call)
    assert (ending.how, ending.status) == ("refused", 503)
    queues = [visit["queue_id"] for visit in record.visits]
    assert queues == [HERE.number, THERE.number] * 10
    assert {visit["reason"] for visit in record.visits} == {"join_empty"}
    assert record.routed()[-1][1:3] == ("hang_up", "loop")
    assert record.call["cause"] == 42


FIRST = DRAFT.queue(0, max_wait_s=1)
SECOND = DRAFT.queue(1)
DRAFT.queues[FIRST.number]["failure"] = {"queue": SECOND.number}


async def test_a_visit_of_the_second_queue(floor: Floor) -> None:
    """One call, two visits, each with a wait of its own."""
    call = await floor.call(FIRST, media="silence")
    there = await (await floor.phone(SECOND)).incoming()
    await floor.pick_up(there)
    await call.answered
    await floor.rows("talk_segments", 1, agent_id=SECOND.agent)
    call.hang_up()
    record = await floor.settled(call)
    assert [visit["reason"] for visit in record.visits] == ["max_wait", "connected"]
    assert record.visits[0]["ended_at_ms"] <= record.visits[1]["started_at_ms"]
