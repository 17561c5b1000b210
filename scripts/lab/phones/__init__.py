"""Real SIP phones and callers, in plain asyncio over UDP, for tests, the demo and benchmarks.

A telephone feature is done when real phones did it against real Asterisk; so the tests need phones
that can be put into any state at any instant. Why not a library: pjsua2 on PyPI is a stale source
build; pyVoIP works in threads and aiosip is dead, and neither can force a race (a 200 that crosses
a CANCEL, a BYE that crosses a BYE) or drop one chosen packet. SIPp has no RTP analysis and cannot
be steered from a test. Hence this small, exact user agent: RFC 3261 transactions with their
timers, digest, offer/answer, hold, REFER (also attended), DTMF by RTP and INFO, and real audio
with tone detection.

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
from scripts.lab.phones.message import Message, Request, Response
from scripts.lab.phones.outgoing import OutgoingCall
from scripts.lab.phones.parties import Captured
from scripts.lab.phones.phone import Phone
from scripts.lab.phones.subscription import SubscriptionOver
from scripts.lab.phones.tone import tones_heard
from scripts.lab.phones.transaction import Timers
from scripts.lab.phones.transfer import Transfer

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
    "Phone",
    "Reason",
    "Request",
    "Response",
    "Shown",
    "SipEndpoint",
    "SipRefused",
    "SubscriptionOver",
    "Timers",
    "Transfer",
    "Uri",
    "tones_heard",
]
