"""Calls reach a queue, an extension, the outside or a prompt; and everything else does no harm."""

from __future__ import annotations

import asyncio
import socket

import pytest

from scripts.lab.phones import OutgoingCall
from tests.support.draft import MUSIC_HZ, PROMPT, PROMPT_HZ, Draft
from tests.support.floor import Floor, hear_packets, hears_only
from tests.support.machine import TOLERANCE_MS, about, ms_between

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]

DRAFT = Draft(unknown_number_prompts=[PROMPT])
NATIONAL = DRAFT.outbound_route("0X.", strip=1, prepend="+49", caller_number="5550100")


BASELINE = DRAFT.queue()


@pytest.mark.row("Q-01", "P-02")
async def test_a_caller_waits_with_music_then_talks(floor: Floor) -> None:
    """The whole of a call: music, ring, talk in both directions, end, and its record to 100 ms."""
    ann = await floor.phone(BASELINE, media="tone:700")
    call = await floor.call(BASELINE, media="tone:440", name="Mr. Smith")
    there = await ann.incoming()
    assert (there.caller_number, there.caller_name) == (call.number, "Mr. Smith")
    await call.wait_until_hears(MUSIC_HZ)
    await hear_packets(call, 15)

    there.answer()
    await asyncio.gather(hears_only(call, 700, MUSIC_HZ), there.wait_until_hears(440))
    await hear_packets(call, 10)
    there.hang_up()
    ending = await call.ended

    assert (ending.by, ending.how) == ("there", "bye")
    record = await floor.record(call)
    assert record.call["ended_by"] == "agent"
    assert record.outcome == ("answered", "connected")
    assert record.offered() == [(BASELINE.agent, "answered")]
    waited_ms = ms_between(call.sent_ns, there.answered.at_ns)
    rang_ms = ms_between(there.at_ns, there.answered.at_ns)
    talked_ms = ms_between(there.answered.at_ns, call.ended.at_ns)
    assert about(record.visit["wait_ms"], waited_ms)
    assert about(record.offer["ring_ms"], rang_ms)
    assert about(record.talk["talk_ms"], talked_ms)
    assert about(record.call["ended_at_ms"] - record.call["arrived_at_ms"], waited_ms + talked_ms)
    assert min(waited_ms, rang_ms, talked_ms) > TOLERANCE_MS, "too short to tell them apart"


BY_CALLER = DRAFT.queue()


@pytest.mark.row("Q-01")
async def test_the_caller_hangs_up_a_talk(floor: Floor) -> None:
    ann = await floor.phone(BY_CALLER)
    call, there = await floor.talking(BY_CALLER, ann)
    call.hang_up()

    assert (await there.ended).how == "bye"
    record = await floor.record(call)
    assert (record.call["ended_by"], record.talk["ended_by"]) == ("caller", "caller")


ABANDONED = DRAFT.queue()


@pytest.mark.row("Q-01")
async def test_a_caller_who_gives_up_is_abandoned(floor: Floor) -> None:
    """Before an offer and during one; the phone stops ringing at once."""
    early = await floor.call(ABANDONED)
    await early.answered
    early.hang_up()
    record = await floor.record(early)
    assert record.outcome == ("abandoned", "caller_hung_up")
    assert record.offers == ()

    ann = await floor.phone(ABANDONED)
    late = await floor.call(ABANDONED)
    there = await ann.incoming()
    late.hang_up()
    await there.cancelled
    record = await floor.record(late)
    assert record.outcome == ("abandoned", "caller_hung_up")
    assert record.offered() == [(ABANDONED.agent, "caller_hung_up")]
    assert about(record.offer["ring_ms"], ms_between(there.at_ns, there.cancelled.at_ns))


FROM_INSIDE = DRAFT.queue()
BOB = DRAFT.extension()


@pytest.mark.row("Q-01", "A-06")
async def test_an_extension_dials_a_queue(floor: Floor) -> None:
    ann = await floor.phone(FROM_INSIDE, media="tone:700")
    bob = await floor.phone(BOB)
    call = await floor.call(FROM_INSIDE, by=bob, media="tone:440")
    there = await ann.incoming()
    there.answer()
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    call.hang_up()

    record = await floor.record(call)
    assert (record.call["source"], record.call["endpoint"]) == ("extension", BOB)
    assert record.outcome == ("answered", "connected")


BY_DID = DRAFT.queue()
DRAFT.did("55501XX", {"queue": BY_DID.number}, trunk="carrier")


@pytest.mark.row("Q-01")
async def test_a_did_leads_to_a_queue(floor: Floor) -> None:
    ann = await floor.phone(BY_DID)
    call = await floor.call("5550142")
    there = await ann.incoming()
    there.answer()
    await call.answered
    there.hang_up()

    record = await floor.record(call)
    assert record.call["dialled"] == "5550142"
    assert (record.visit["queue_id"], record.visit["outcome"]) == (BY_DID.number, "answered")


CARL, DORA = DRAFT.extension(), DRAFT.extension()


@pytest.mark.row("Q-03")
async def test_extensions_call_each_other(floor: Floor) -> None:
    """The caller hears it ring, is answered when the other picks up, and both hear each other."""
    carl = await floor.phone(CARL)
    dora = await floor.phone(DORA, media="tone:700")
    call = await floor.call(DORA, by=carl, media="tone:440")
    there = await dora.incoming()
    await call.ringing
    assert not call.answered
    assert there.caller_number == CARL

    there.answer()
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    there.hang_up()
    await call.ended
    record = await floor.record(call)
    assert record.visits == ()
    assert (record.talk["party"], record.talk["queue_id"]) == (DORA, None)
    assert about(record.talk["talk_ms"], ms_between(there.answered.at_ns, call.ended.at_ns))


EMIL, FAYE = DRAFT.extension(), DRAFT.extension(ring_timeout_s=1)


@pytest.mark.parametrize(
    ("behaviour", "status"), [("busy", 486), ("silent", 480), ("unregistered", 480)]
)
async def test_a_direct_call_that_fails_says_why(floor: Floor, behaviour: str, status: int) -> None:
    emil = await floor.phone(EMIL)
    if behaviour != "unregistered":
        faye = await floor.phone(FAYE)
        await faye.register()
        faye.ring_only() if behaviour == "silent" else faye.reject(486)
    elif FAYE in floor.live.phones:
        await floor.live.phones[FAYE].unregister()
    call = await floor.call(FAYE, by=emil)

    ending = await call.ended
    assert (ending.how, ending.status) == ("refused", status)
    record = await floor.record(call)
    assert (record.call["ended_by"], record.talks) == ("failed", ())


GINA, HUGO = DRAFT.extension(outbound_routes=[NATIONAL]), DRAFT.extension()


@pytest.mark.row("Q-03")
async def test_an_extension_dials_outside(floor: Floor) -> None:
    """The route's rules make the number; only extensions that may use it get through."""
    gina = await floor.phone(GINA)
    world = floor.live.carrier(media="tone:700")
    call = await floor.call("030123456", by=gina, media="tone:440")
    there = await world.incoming()
    assert (there.dialled, there.caller_number) == ("+4930123456", "5550100")
    there.answer()
    await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
    call.hang_up()
    await there.ended
    record = await floor.record(call)
    assert record.talk["party"] == "030123456"

    hugo = await floor.phone(HUGO)
    refused = await floor.call("030123456", by=hugo, media="silence")
    await refused.wait_until_hears(PROMPT_HZ)
    assert len(world.calls) == 1


IVAN = DRAFT.extension()


@pytest.mark.row("Q-03")
@pytest.mark.parametrize("source", ["trunk", "extension"])
async def test_an_unknown_number_hears_so(floor: Floor, source: str) -> None:
    by = None if source == "trunk" else await floor.phone(IVAN)
    call = await floor.call("8888", by=by, media="silence")
    await call.wait_until_hears(PROMPT_HZ)

    ending = await call.ended
    assert (ending.by, ending.how) == ("there", "bye")
    record = await floor.record(call)
    assert (record.call["source"], record.call["ended_by"]) == (source, "system")


AFTERWARDS = DRAFT.queue()
KURT = DRAFT.extension()
ODD = [
    "+49*30#",
    "*7",
    "*07",
    "*7*7*7",
    "*07**",
    "%2B4930",
    "6400%3Bext=1",
    "6400%00",
    "%27%20OR%201=1",
    "%24%7BSHELL(id)%7D",
    "abc",
    "i",
    "h",
    "0",
    "9" * 120,
    "%E2%82%AC",
]


@pytest.mark.parametrize("source", ["trunk", "extension"])
async def test_odd_numbers_are_refused_or_unknown(floor: Floor, source: str) -> None:
    """Each ends by a refusal or with the prompt for unknown numbers; afterwards all is as before."""
    kurt = None if source == "trunk" else await floor.phone(KURT)
    calls = [floor.place(number, by=kurt, media="silence") for number in ODD]
    for call in calls:
        await call.trying

    async def told(call: OutgoingCall) -> str:
        if (ending := call.ended) and ending.value.how == "refused":
            return "refused"
        await call.wait_until_hears("anything")
        return "heard"

    how = [await told(call) for call in calls]
    for call in calls:
        call.hang_up()
    assert set(how) == {"refused", "heard"}
    assert how[0] == "heard", "a sign that nobody expects is no reason to refuse"
    ann = await floor.phone(AFTERWARDS)
    await floor.talking(AFTERWARDS, ann)


SURVIVOR = DRAFT.queue()
GARBAGE = [
    b"\0" * 2000,
    b"\xff\xfe" * 300,
    b"INVITE",
    b"INVITE sip:6400@127.0.0.1 SIP/2.0\r\n\r\n",
    b"INVITE sip:6400@127.0.0.1 SIP/9.9\r\nVia: nonsense\r\nCSeq: -1 INVITE\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKnobody\r\n\r\n",
    b"INVITE sip:6400@127.0.0.1 SIP/2.0\r\nContent-Length: -5\r\n\r\nv=0",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"REGISTER sip:127.0.0.1 SIP/2.0\r\n" + b"X: " + b"y" * 30_000 + b"\r\n\r\n",
]


async def test_garbage_does_no_harm(floor: Floor) -> None:
    """Calls talk on while garbage comes in, and new ones work."""
    ann = await floor.phone(SURVIVOR, media="tone:700")
    call, _ = await floor.talking(SURVIVOR, ann, media="tone:440")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(20):
            for datagram in GARBAGE:
                sender.sendto(datagram, floor.live.sip)
    await call.wait_until_hears(700)
    call.hang_up()
    await floor.settled(call)
    again, _ = await floor.talking(SURVIVOR, ann, media="tone:440")
    await again.wait_until_hears(700)
