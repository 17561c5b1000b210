"""The lab's phones without Asterisk: messages, digest, audio, and phone to phone over loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from scripts.lab.phones import (
    Caller,
    IncomingCall,
    Message,
    NameAddr,
    OutgoingCall,
    Phone,
    Reason,
    Request,
    Response,
    SipEndpoint,
    SipRefused,
    Timers,
    Uri,
    tones_heard,
)
from scripts.lab.phones.digest import Challenge, Credentials
from scripts.lab.phones.measure import bye_to_next_invite, invite_to_invite
from scripts.lab.phones.message import SipSyntaxError, parse, tag_of
from scripts.lab.phones.sdp import Direction, Sdp
from scripts.lab.phones.tone import (
    A_LAW,
    MU_LAW,
    decode,
    encode,
    goertzel,
    has_tone,
    loudness,
    sine,
)
from scripts.lab.phones.transaction import ClientTransaction, ServerTransaction

INVITE = (
    b"INVITE sip:101@127.0.0.1:5070;ob SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa1;rport, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb2\r\n"
    b"VIA: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKc3\r\n"
    b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
    b'f: "Doe, John" <sip:210@example.org;tag=no>;tag=yes\r\n'
    b"t: <sip:101@example.org>\r\n"
    b"i: abc@example\r\n"
    b"CSeq: 17 INVITE\r\n"
    b"m: <sip:210@10.0.0.1:5060>\r\n"
    b"Subject: folded\r\n over two lines\r\n"
    b"l: 4\r\n"
    b"\r\nbody and more"
)

pure = pytest.mark.unit


@pure
def test_parse_reads_compact_folded_and_repeated_headers() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:101@127.0.0.1:5070;ob")
    assert [via.rpartition("=")[2] for via in message.all("Via")][1:] == ["z9hG4bKb2", "z9hG4bKc3"]
    assert message.branch == "z9hG4bKa1"
    assert message.all("record-route") == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert message.cseq == (17, "INVITE")
    assert message.call_id == "abc@example"
    assert tag_of(message.need("from")) == "yes"
    assert message.get("SUBJECT") == "folded over two lines"
    assert message.body == b"body"


@pure
def test_encode_and_parse_are_inverse() -> None:
    first = parse(INVITE)
    again = parse(first.encode())
    assert [pair for pair in again.headers if pair[0] != "content-length"] == [
        pair for pair in first.headers if pair[0] != "content-length"
    ]
    assert again.body == first.body
    response = Response([("call-id", "x")], b"", 480, "Temporarily Unavailable")
    assert response.encode() == (
        b"SIP/2.0 480 Temporarily Unavailable\r\nCall-ID: x\r\nContent-Length: 0\r\n\r\n"
    )
    assert isinstance(parse(b"SIP/2.0 200 \r\nCall-ID: x\r\n\r\n"), Response)


@pure
@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"INVITE sip:a SIP/2.0\r\nno header\r\n\r\n",
        b"INVITE sip:a HTTP/1.1\r\n\r\n",
        b"INVITE\r\n\r\n",
        b"SIP/2.0 2x0 OK\r\n\r\n",
        b"BYE sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nabc",
    ],
)
def test_parse_refuses_what_is_no_sip(data: bytes) -> None:
    with pytest.raises(SipSyntaxError):
        parse(data)


@pure
def test_reply_copies_what_it_must_and_tags_once() -> None:
    request = parse(INVITE)
    assert isinstance(request, Request)
    reply = request.reply(180, "me")
    assert reply.all("via") == request.all("via")
    assert tag_of(reply.need("to")) == "me"
    assert reply.get("record-route") is not None
    assert tag_of(Request(reply.headers, b"", "INVITE").reply(200, "other").need("to")) == "me"


@pure
def test_uri_and_name_addr() -> None:
    text = '"A \\"B\\" C" <sip:+30210%23@h.example:5070;transport=udp;lr?Replaces=a%3Bb>;tag=t;x'
    name = NameAddr.parse(text)
    assert (name.display, name.params) == ('A "B" C', {"tag": "t", "x": ""})
    assert (name.uri.user, name.uri.address) == ("+30210#", ("h.example", 5070))
    assert str(name) == text
    assert NameAddr.parse("sip:a@b;tag=1").params == {"tag": "1"}
    assert str(Uri("h", "101").with_header("Replaces", "c;to-tag=1")) == (
        "sip:101@h?Replaces=c%3Bto-tag%3D1"
    )


@pure
def test_reason_tells_that_another_phone_took_the_call() -> None:
    assert Reason.parse("Q.850;cause=26").elsewhere
    assert Reason.parse('SIP;cause=200;text="Call completed elsewhere"').elsewhere
    assert not Reason.parse('Q.850;cause=16;text="Normal Clearing"').elsewhere
    assert Reason.parse("X;cause=y").cause is None


@pure
def test_digest_gives_the_answers_of_the_rfcs() -> None:
    mufasa = Credentials("Mufasa", "Circle Of Life")
    value = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    answer = mufasa.answer(Challenge.parse(value), "GET", "/dir/index.html", "0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in answer  # RFC 2617 3.5
    assert "nc=00000001" in answer
    old = mufasa.answer(Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093"),
                        "GET", "/dir/index.html", "unused")  # fmt: skip
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in old  # the same without qop
    for strange in ('Digest nonce="a", algorithm=SHA-256', 'Digest nonce="a", qop="auth-int"'):
        with pytest.raises(ValueError, match="cannot answer"):
            Challenge.parse(strange)


@pure
@pytest.mark.parametrize(
    ("offered", "wished", "answered"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "sendrecv", "sendonly"),
    ],
)
def test_sdp_answers(offered: Direction, wished: Direction, answered: Direction) -> None:
    offer = Sdp.parse(Sdp("10.0.0.1", 4000, codecs=(8, 0), dtmf=96, direction=offered).encode())
    answer = Sdp("10.0.0.2", 5000, direction=wished).answer_to(offer)
    assert (answer.direction, answer.codecs, answer.dtmf) == (answered, (8,), 96)
    assert Sdp.parse(answer.encode()).direction == answered


@pure
def test_sdp_refuses_other_streams_and_unknown_codecs() -> None:
    body = (
        b"v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 9\r\nc=IN IP4 1.2.3.4\r\n"
        b"m=video 4002 RTP/AVP 31\r\nc=IN IP4 9.9.9.9\r\na=inactive\r\n"
    )
    offer = Sdp.parse(body)
    assert (offer.host, offer.direction, offer.refused) == ("1.2.3.4", "sendrecv", ("video",))
    with pytest.raises(ValueError, match="no codec"):
        Sdp("h", 1).answer_to(offer)
    with pytest.raises(ValueError, match="no audio"):
        Sdp.parse(b"v=0\r\n")


@pure
def test_g711() -> None:
    assert decode(bytes([0xFF, 0x00, 0x80])) == [0, -32124, 32124]
    assert decode(bytes([0xD5, 0x55, 0x2A, 0xAA]), A_LAW) == [8, -8, -32256, 32256]
    for table in (MU_LAW, A_LAW):
        for sample in (0, 5, -900, 12345, -32768, 40000):
            got = decode(encode([sample], table), table)[0]
            assert abs(got - max(-32768, min(32767, sample))) <= max(16, abs(sample) // 20)


@pure
@pytest.mark.parametrize("table", [MU_LAW, A_LAW])
def test_tones_are_found_in_a_mixture_and_only_they(table: tuple[int, ...]) -> None:
    mixture = [a + b for a, b in zip(sine(440, 1600), sine(700, 1600, 0.1), strict=True)]
    pcm = decode(encode(mixture, table), table)
    levels = tones_heard(pcm, (440, 700, 900))
    assert levels[440] == pytest.approx(0.25, rel=0.05)
    assert levels[700] == pytest.approx(0.1, rel=0.1)
    assert levels[900] < 0.01
    assert has_tone(pcm, 440)
    assert has_tone(pcm, 700)
    assert not has_tone(pcm, 900)
    assert loudness(sine(440, 1600)) == pytest.approx(0.25 / 2**0.5, rel=0.01)
    assert goertzel([], 440) == loudness([]) == 0.0


@pure
def test_a_click_is_loud_everywhere_and_no_tone() -> None:
    click = [0] * 800 + [32767] * 40 + [0] * 760
    assert not any(has_tone(click, hertz) for hertz in range(200, 3000, 100))


class PaperWire:
    """A wire with a clock of its own."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.now = 0.0
        self.sent: list[tuple[float, str]] = []
        self.forgotten: list[float] = []
        self._queue: list[tuple[float, int, PaperTimer]] = []

    def transmit(self, owner: object, message: Message, data: bytes, to: object) -> None:
        self.sent.append((self.now, data.decode().split(" ")[0]))

    def later(self, seconds: float, do: Callable[[], None]) -> "PaperTimer":
        timer = PaperTimer(do)
        self._queue.append((self.now + seconds, len(self._queue), timer))
        return timer

    def forget_client(self, key: tuple[str, str]) -> None:
        self.forgotten.append(self.now)

    forget_server = forget_client

    def run(self, until: float) -> None:
        while due := [entry for entry in self._queue if entry[0] <= until]:
            entry = min(due)
            self._queue.remove(entry)
            self.now = entry[0]
            if not entry[2].cancelled:
                entry[2].do()
        self.now = until

    def times(self, kind: str) -> list[float]:
        return [at for at, sent in self.sent if sent == kind]


class PaperTimer:
    def __init__(self, do: Callable[[], None]) -> None:
        self.do = do
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def __lt__(self, other: object) -> bool:
        return False


class Somebody:
    user = "somebody"
    vanished = False


def ask(method: str) -> Request:
    request = parse(INVITE)
    assert isinstance(request, Request)
    request.method = method
    request.replace("cseq", f"17 {method}")
    return request


def ask_on(wire: PaperWire, method: str) -> tuple[ClientTransaction, list[int]]:
    got: list[int] = []
    client = ClientTransaction(
        wire, Somebody(), ask(method), ("h", 1), lambda response: got.append(response.status)
    )
    client.start()
    return client, got


@pure
def test_timers_of_an_unanswered_invite() -> None:
    wire = PaperWire()
    client, got = ask_on(wire, "INVITE")
    wire.run(31.9)
    assert got == []
    wire.run(100)
    assert wire.times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert got == [408]
    assert client.timed_out
    assert wire.forgotten == [64]


@pure
def test_timers_of_an_unanswered_bye() -> None:
    wire = PaperWire()
    _, got = ask_on(wire, "BYE")
    wire.run(100)
    assert wire.times("BYE") == [0, 0.5, 1.5, *[3.5 + 4 * n for n in range(8)]]
    assert got == [408]
    assert wire.forgotten == [37]


@pure
def test_invite_stops_repeating_at_a_provisional_response_and_acks_refusals() -> None:
    wire = PaperWire()
    client, got = ask_on(wire, "INVITE")
    wire.run(0.6)
    client.receive(client.request.reply(180, "t"))
    wire.run(90)
    for _ in range(3):
        client.receive(client.request.reply(486, "t"))
    assert wire.times("INVITE") == [0, 0.5]
    assert wire.times("ACK") == [90, 90, 90]
    assert got == [180, 486]


@pure
@pytest.mark.parametrize("status", [200, 486])
def test_final_response_to_an_invite_is_repeated_until_the_ack(status: int) -> None:
    wire = PaperWire()
    server = ServerTransaction(wire, Somebody(), ask("INVITE"), ("h", 1), 0)
    server.respond(server.request.reply(status, "t"))
    wire.run(12)
    server.respond(server.request.reply(500, "t"))  # too late
    server.receive_ack(ask("ACK"))
    server.repeat()
    wire.run(100)
    assert wire.times("SIP/2.0") == [0, 0.5, 1.5, 3.5, 7.5, 11.5]
    assert wire.forgotten == [32]


@pure
def test_other_responses_are_repeated_only_when_asked_again() -> None:
    wire = PaperWire()
    server = ServerTransaction(wire, Somebody(), ask("BYE"), ("h", 1), 0)
    server.repeat()
    server.respond(server.request.reply(200, "t"))
    wire.run(10)
    server.repeat()
    wire.run(100)
    assert wire.times("SIP/2.0") == [0, 10]
    assert wire.forgotten == [32]


# -- phone to phone ----------------------------------------------------------------------------

FAST = Timers(t1=0.05, t2=0.2, t4=0.25)
Where = tuple[SipEndpoint, Phone, Caller]


@pytest.fixture
async def where() -> AsyncIterator[Where]:
    async with SipEndpoint(timers=FAST) as endpoint:
        yield pair(endpoint)


def pair(endpoint: SipEndpoint, *, media: bool = False) -> Where:
    server = (endpoint.host, endpoint.port)
    phone = Phone(endpoint, "101", server=server, media="tone:700" if media else "none")
    caller = Caller(endpoint, "210", server=server, media="tone:440" if media else "none")
    return endpoint, phone, caller


async def connect(where: Where) -> tuple[OutgoingCall, IncomingCall]:
    _, phone, caller = where
    call = caller.place("101", from_number="2100", from_name="Ann")
    there = await phone.incoming()
    there.answer()
    await call.answered
    await there.acknowledged
    return call, there


def talk(endpoint: SipEndpoint) -> list[str]:
    """What was sent, in order."""
    return [
        f"{entry.method} {entry.status}" if entry.status else entry.method
        for entry in endpoint.capture
        if entry.sent
    ]


@pytest.mark.real_time
async def test_answer_and_hang_up_by_either_side(where: Where) -> None:
    for side in (0, 1):
        calls = await connect(where)
        there = calls[1]
        assert (there.caller_number, there.caller_name, there.dialled) == ("2100", "Ann", "101")
        calls[side].hang_up()
        assert [(await call.ended).by for call in calls] == (
            ["here", "there"] if side == 0 else ["there", "here"]
        )
    assert talk(where[0])[:6] == ["INVITE", "INVITE 180", "INVITE 200", "ACK", "BYE", "BYE 200"]
    assert not where[1].live
    assert not where[2].live


@pytest.mark.real_time
async def test_cancel_carries_its_reason(where: Where) -> None:
    _, phone, caller = where
    call = await caller.dial("101")
    there = await phone.incoming()
    await call.ringing
    call.cancel(reason="Q.850;cause=26")
    assert (await there.cancelled).elsewhere
    assert (await call.ended).how == "cancel"
    assert call.status == 487
    there.answer()  # too late, and harmless
    assert not there.answered


@pytest.mark.real_time
async def test_cancel_waits_for_a_provisional_response(where: Where) -> None:
    endpoint, phone, caller = where
    phone.mute()
    call = caller.place("101")
    there = await phone.incoming()
    call.cancel()
    assert "CANCEL" not in talk(endpoint)
    there.ring()
    await there.cancelled
    await call.ended


@pytest.mark.real_time
async def test_refusals(where: Where) -> None:
    _, phone, caller = where
    for status in (486, 480, 603):
        phone.reject(status)
        call = caller.place("101")
        ending = await call.ended
        assert (ending.how, ending.status) == ("refused", status)
    phone.redirect("102")
    call = caller.place("101")
    assert (await call.ended).status == 302
    assert NameAddr.parse(call.responses[-1].need("contact")).uri.user == "102"
    assert (await caller.place("999").ended).status == 404
    phone.lines = 0
    assert (await caller.place("101").ended).status == 486
    offered = caller.place("101", headers={"Require": "100rel"})
    assert (await offered.ended).status == 420


class LoseFirst:
    """Drops the first copy of every message in each direction."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def __call__(self, message: Message, way: str) -> bool:
        assert isinstance(message, Request | Response)
        data = way.encode() + message.encode()
        fresh = way == "out" and data not in self.seen
        self.seen.add(data)
        return fresh


@pytest.mark.real_time
async def test_every_message_lost_once_changes_nothing() -> None:
    async with SipEndpoint(timers=FAST) as endpoint:
        endpoint.loss = LoseFirst()
        where = pair(endpoint)
        call, there = await connect(where)
        assert len(where[1].calls) == 1
        await there.send_dtmf("5", via="info")
        assert call.info_dtmf == "5"
        await there.hold()
        assert call.held_by_remote
        call.hang_up()
        await call.ended
        await there.ended
        refused = where[2].place("999")
        assert (await refused.ended).status == 404
        given_up = where[2].place("101")
        await given_up.ringing
        given_up.cancel()
        assert (await given_up.ended).how == "cancel"
        assert (await (await where[1].incoming()).cancelled).how == "cancel"


def only(method: str, status: int, lost: int) -> Callable[[Message, str], bool]:
    """Drops the first `lost` copies of one kind of message on its way out."""
    left = lost

    def drop(message: Message, way: str) -> bool:
        nonlocal left
        if isinstance(message, Request):
            kind = (message.method, 0)
        else:
            assert isinstance(message, Response)
            kind = (message.cseq[1], message.status)
        if way == "out" and kind == (method, status) and left:
            left -= 1
            return True
        return False

    return drop


@pytest.mark.real_time
async def test_200_is_repeated_until_the_ack(where: Where) -> None:
    endpoint = where[0]
    endpoint.loss = only("ACK", 0, 3)
    call, there = await connect(where)
    assert talk(endpoint).count("INVITE 200") == 4
    assert talk(endpoint).count("ACK") == 4
    call.hang_up()
    await there.ended


@pytest.mark.real_time
async def test_without_any_ack_the_phone_gives_up() -> None:
    async with SipEndpoint(timers=Timers(t1=0.01, t2=0.04, t4=0.05)) as endpoint:
        endpoint.loss = only("ACK", 0, 1000)
        _, phone, caller = pair(endpoint)
        call = caller.place("101")
        there = await phone.incoming()
        there.answer()
        there.hang_up()
        assert not there.ended  # the BYE waits for the ACK, which never comes
        assert (await there.ended).how == "no ack"
        assert (await call.ended).how == "bye"


@pytest.mark.real_time
async def test_vanished_phone_is_silent_and_the_caller_times_out() -> None:
    async with SipEndpoint(timers=Timers(t1=0.01, t2=0.04, t4=0.05)) as endpoint:
        _, phone, caller = pair(endpoint)
        phone.vanish()
        call = caller.place("101")
        ending = await call.ended
        assert (ending.how, ending.status) == ("timeout", 408)
        assert talk(endpoint).count("INVITE") > 1
        assert all(entry.dropped for entry in endpoint.capture if not entry.sent)
        with pytest.raises(SipRefused):
            await phone.register()
        phone.reappear()
        await caller.dial("101")


@pytest.mark.real_time
async def test_answer_crossing_cancel(where: Where) -> None:
    endpoint, phone, caller = where
    phone.ring_only(answer_on_cancel=True)
    call = await caller.dial("101")
    await call.ringing
    call.cancel()
    assert (await call.ended).how == "bye"
    there = await phone.incoming()
    assert (await there.ended).how == "bye"
    assert there.answered
    assert not there.cancelled
    assert talk(endpoint)[2:] == ["CANCEL", "INVITE 200", "CANCEL 200", "ACK", "BYE", "BYE 200"]


@pytest.mark.real_time
async def test_cancel_crossing_answer(where: Where) -> None:
    endpoint, phone, caller = where
    phone.auto_answer()
    call = caller.place("101", cancel_at_answer=True)
    assert (await call.ended).how == "bye"
    assert talk(endpoint)[:4] == ["INVITE", "INVITE 200", "CANCEL", "ACK"]
    assert "CANCEL 200" in talk(endpoint)


@pytest.mark.real_time
async def test_bye_crossing_bye(where: Where) -> None:
    call, there = await connect(where)
    there.cross_bye = True
    call.hang_up()
    assert (await call.ended).how == "bye"
    assert (await there.ended).how == "bye"
    assert talk(where[0])[4:8] == ["BYE", "BYE", "BYE 200", "BYE 200"]


@pytest.mark.real_time
async def test_early_bye(where: Where) -> None:
    call = await where[2].dial("101")
    there = await where[1].incoming()
    await call.ringing
    call.bye()
    assert (await there.cancelled).how == "bye"
    assert (await call.ended).status in {200, 487}


@pytest.mark.real_time
async def test_two_holds_at_once_both_come_through(where: Where) -> None:
    call, there = await connect(where)
    await asyncio.gather(call.hold(), there.hold())
    assert talk(where[0]).count("INVITE 491") == 2
    assert call.theirs is not None
    assert call.theirs.direction == "inactive"
    await call.resume()
    assert call.held_by_remote
    await there.resume()
    assert [side.held_by_remote for side in (call, there)] == [False, False]


@pytest.mark.real_time
async def test_auto_answer_then_hang_up_and_gaps_from_the_capture(where: Where) -> None:
    endpoint, phone, caller = where
    phone.auto_answer(after_ms=30, hang_up_after_ms=50)
    call = caller.place("101")
    await call.ringing
    await call.answered
    assert (await call.ended).by == "there"
    invite, ringing, answer = (
        next(entry for entry in endpoint.capture if not entry.sent and entry.method == "INVITE"
             and entry.status == status)
        for status in (0, 180, 200)
    )  # fmt: skip
    assert invite.at_ns >= call.sent_ns
    assert answer.at_ns - ringing.at_ns > 25_000_000


@pytest.mark.real_time
async def test_reaction_times(where: Where) -> None:
    endpoint, phone, caller = where
    phone.auto_answer()
    calls = []
    for number in ("1", "2"):
        calls.append(caller.place("101", from_number=number))
        there = await phone.incoming()
        await there.acknowledged
        there.hang_up()
        await there.ended
    ends = [entry.at_ns for entry in endpoint.capture if entry.sent and entry.method == "BYE"]
    (gap,) = bye_to_next_invite(endpoint.capture)
    assert gap == phone.calls[1].at_ns - ends[0]
    gaps = invite_to_invite(calls, phone.calls)
    assert gaps == {str(n + 1): phone.calls[n].at_ns - call.sent_ns for n, call in enumerate(calls)}


@pytest.mark.real_time
async def test_audio_both_ways_hold_and_keys() -> None:
    async with SipEndpoint() as endpoint:
        call, there = await connect(pair(endpoint, media=True))
        await asyncio.gather(call.wait_until_hears(700), there.wait_until_hears(440))
        assert not call.hears(440)
        assert not call.hears("silence")
        await there.send_dtmf("1#")
        assert call.audio.dtmf == ["1", "#"]
        await there.hold()
        await call.wait_until_hears("silence")
        await there.resume()
        await call.wait_until_hears(700)
        call.audio.tone(600)
        await there.wait_until_hears(600)
        there.hang_up()
        await call.ended
        assert tones_heard(there.audio.recording()[:1600], [440])[440] > 0.2


@pytest.mark.real_time
async def test_refer_is_declined_by_a_phone(where: Where) -> None:
    call, _ = await connect(where)
    with pytest.raises(SipRefused) as refused:
        await call.refer("102")
    assert refused.value.status == 603


@pytest.mark.real_time
async def test_invite_without_an_offer_is_answered_with_one(where: Where) -> None:
    endpoint, phone, caller = where
    phone.auto_answer()
    invite = Request(method="INVITE", uri=caller.server_uri("101"))
    for name, value in (
        ("via", endpoint.via()),
        ("from", f"{caller.address()};tag=x"),
        ("to", "<sip:101@h>"),
        ("call-id", "late"),
        ("cseq", "1 INVITE"),
        ("contact", caller.contact),
    ):
        invite.add(name, value)
    answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    transaction = endpoint.request(caller, invite, caller.server, answer.set_result)
    async with asyncio.timeout(5):
        response = await answer
    assert Sdp.parse(response.body).codecs == (0, 8)
    ack = invite.copy()
    ack.method = "ACK"
    ack.replace("to", response.need("to"))
    ack.replace("cseq", "1 ACK")
    ack.replace("via", endpoint.via())
    ack.body = Sdp("127.0.0.1", 4000, codecs=(8,)).encode()
    transaction.acknowledge(ack, caller.server)
    there = await phone.incoming()
    await there.acknowledged
    assert there.theirs is not None
    assert there.theirs.codecs == (8,)


@pytest.mark.real_time
async def test_errors_in_callbacks_come_out_at_the_end() -> None:
    def fail(_: IncomingCall) -> None:
        raise LookupError("a bug in a behaviour")

    endpoint = await SipEndpoint(timers=FAST).__aenter__()
    _, phone, caller = pair(endpoint)
    phone.behaviour = fail
    caller.place("101")
    await phone.incoming()
    with pytest.raises(ExceptionGroup) as raised:
        await endpoint.__aexit__(None, None, None)
    assert isinstance(raised.value.exceptions[0], LookupError)


@pytest.mark.real_time
async def test_garbage_and_deadlines(where: Where) -> None:
    endpoint, phone, _ = where
    loop = asyncio.get_running_loop()

    class Listener(asyncio.DatagramProtocol):
        pass

    here = (endpoint.host, endpoint.port)
    transport, _ = await loop.create_datagram_endpoint(Listener, remote_addr=here)
    try:
        transport.sendto(b"\r\n\r\n")
        transport.sendto(b"rubbish")
        with pytest.raises(TimeoutError, match="a call at 101"):
            await phone.incoming(0.05)
        assert endpoint.garbage == [b"rubbish"]
    finally:
        transport.close()
