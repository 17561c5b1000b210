"""Real SIP phones and callers, in plain asyncio over UDP, for tests, the demo and benchmarks.

A telephone feature is done when real phones did it against real Asterisk; so the tests need phones
that can be put into any state at any instant. Why not a library: pjsua2 on PyPI is a stale source
build; pyVoIP works in threads and aiosip is dead, and neither can force a race (a 200 that crosses
a CANCEL, a BYE that crosses a BYE) or drop one chosen packet. SIPp has no RTP analysis and cannot
be steered from a test. Hence this small, exact user agent: RFC 3261 transactions with their
timers, digest, offer/answer, hold, REFER (blind, attended, semi-attended), BLF lamps, DTMF by RTP
and INFO, and real audio with tone detection.

Rules of the house: everything but waiting is synchronous, so that `call.answer()` sends at that
very instant; there are no tasks, only timers of the endpoint, so nothing is left behind; an
unexpected exception in a callback is raised when the endpoint closes.

    async with SipEndpoint() as endpoint:            # one UDP socket for all of these
        server = ("127.0.0.1", 5060)
        ann = Phone(endpoint, "101", server=server, password="s3cret", media="tone:700")
        bob = Phone(endpoint, "102", server=server, password="s3cret", media="tone:900")
        await ann.register()
        await bob.register()
        bob.auto_answer(after_ms=50)
        customer = Caller(endpoint, "trunk", server=server, media="tone:440")

        call = await customer.dial("700", from_number="2101234567")
        await call.wait_until_hears("anything")      # music on hold
        there = await ann.incoming()                 # the INVITE at the agent's phone
        assert there.caller_number == "2101234567"
        there.answer()
        await call.wait_until_hears(700)             # the customer hears the agent,
        await there.wait_until_hears(440)            # and the agent the customer
        await there.hold()
        await there.resume()
        await there.send_dtmf("42")
        transfer = await there.refer("102")
        assert await transfer.finished == 200
        call.hang_up()
        assert (await call.ended).how == "bye"

What a call centre's tests need besides:

    lamp = ann.watch("*7100*6400")               # a BLF key: SUBSCRIBE, refreshed by itself
    await lamp.shows("confirmed")                # what each device state shows: LAMP_OF_DEVICE
    assert lamp.since(before_ns) == ["early", "confirmed"]
    await lamp.again()                           # after a restart of Asterisk: a new subscription
    lamps = await ann.watch_all(thousand_codes)  # 1,000 take 0.6 s and 0.4 s of processor time
    await lamp.off()

    room = SoundMatrix({"caller": call, "agent": there, "boss": spy})  # each its own tone now
    async with room.never({"caller": ["boss"]}): # all the while, not for 160 ms; else Overheard
        await room.until({"caller": ["agent"], "agent": ["caller"], "boss": ["caller", "agent"]})
    assert await room.hears() == {"caller": {"agent"}, ...}            # a fresh window of 400 ms
    left, right = tones_in_file(path)            # per channel [(hertz, from_ms, to_ms), ...]

    said = await dial_code(ann, "*7100*6400")    # returns when the far end has hung up
    assert said.status == 200 and said.something # said.speech_ms, said.loudness, said.pcm

    consult = await ann.dial("103")              # may still ring: early="replaces" or "cancel"
    transfer = await there.refer(consult)        # leave="success" | "accepted" | "never": BYE when?
    assert await transfer.finished == 200        # from 300 on it failed and the call is still there

    ann.reject(486)                              # 480, 603; ann.redirect("102"), ann.mute()
    ann.vanish()                                 # at any instant, also in mid-ring; ann.reappear()
    ann.move(other_endpoint)                     # its NAT binding moved: the old address is dead;
    await ann.register()                         # then the contact is replaced

A phone that holds does not play what still comes (`audio.ignored`), as Asterisk sends on.

`await happening` waits five seconds, `await happening.within(0.5)` half a second; `bool(happening)`
tells whether it has happened and `happening.at_ns` when. `endpoint.capture` has every message with
its time (ns of the monotonic clock; incoming ones by the kernel's stamp), and `measure` makes
reaction times of them. For load use
`media="none"` (no audio sockets; a valid port is advertised nevertheless) and
`SipEndpoint(keep_messages=False)`.
"""

from scripts.lab.phones.address import NameAddr, Reason, Uri
from scripts.lab.phones.agent import SipRefused
from scripts.lab.phones.call import Ending
from scripts.lab.phones.caller import Caller
from scripts.lab.phones.endpoint import SipEndpoint
from scripts.lab.phones.features import Call
from scripts.lab.phones.happening import Happening
from scripts.lab.phones.incoming import IncomingCall
from scripts.lab.phones.lamp import LAMP_OF_DEVICE, Lamp, Shown
from scripts.lab.phones.matrix import Overheard, SoundMatrix, hears
from scripts.lab.phones.message import Message, Request, Response
from scripts.lab.phones.outgoing import OutgoingCall
from scripts.lab.phones.parties import Captured
from scripts.lab.phones.phone import Phone
from scripts.lab.phones.spoken import Spoken, dial_code
from scripts.lab.phones.subscription import SubscriptionOver
from scripts.lab.phones.tone import tones_heard
from scripts.lab.phones.transaction import Timers
from scripts.lab.phones.transfer import Transfer
from scripts.lab.phones.wavfile import tones_in_file

__all__ = [
    "LAMP_OF_DEVICE",
    "Call",
    "Caller",
    "Captured",
    "Ending",
    "Happening",
    "IncomingCall",
    "Lamp",
    "Message",
    "NameAddr",
    "OutgoingCall",
    "Overheard",
    "Phone",
    "Reason",
    "Request",
    "Response",
    "Shown",
    "SipEndpoint",
    "SipRefused",
    "SoundMatrix",
    "Spoken",
    "SubscriptionOver",
    "Timers",
    "Transfer",
    "Uri",
    "dial_code",
    "hears",
    "tones_heard",
    "tones_in_file",
]
