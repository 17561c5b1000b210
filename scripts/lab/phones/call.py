"""The life of a call after its INVITE, the same for both sides: BYE, re-INVITE, UPDATE, media."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scripts.lab.phones.address import NameAddr, Reason
from scripts.lab.phones.agent import Exchange, UserAgent
from scripts.lab.phones.dialog import Dialog
from scripts.lab.phones.endpoint import SipEndpoint
from scripts.lab.phones.happening import Happening
from scripts.lab.phones.message import Message, Request, Response
from scripts.lab.phones.rtp import RtpSession
from scripts.lab.phones.sdp import Direction, Sdp
from scripts.lab.phones.transaction import ServerTransaction


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended."""

    by: Literal["here", "there", "nobody"]
    how: Literal["bye", "cancel", "refused", "timeout", "no ack", "closed"]
    status: int = 0
    """The final status of the INVITE, or of the BYE that this side sent; 0 where there is none."""
    reasons: tuple[Reason, ...] = ()
    """The Reason headers of the message that ended it."""

    @property
    def elsewhere(self) -> bool:
        """Another phone took the call."""
        return any(reason.elsewhere for reason in self.reasons)


def reasons_of(message: Message) -> tuple[Reason, ...]:
    """The Reason headers of a message."""
    return tuple(Reason.parse(part) for value in message.all("reason") for part in value.split(","))


def identity_of(message: Message) -> NameAddr:
    """Who is at the other end: P-Asserted-Identity, Remote-Party-ID, or else From."""
    for name in ("p-asserted-identity", "remote-party-id", "from"):
        value = message.get(name)
        if value is not None:
            return NameAddr.parse(value)
    raise ValueError("no From")


class BaseCall:
    """Plumbing of a call; `features.Call` adds what a person does with it."""

    def __init__(self, owner: UserAgent, dialog: Dialog, media: str) -> None:
        """Registers the dialog, opens media ports."""
        self.owner = owner
        self.dialog = dialog
        self.ended: Happening[Ending] = Happening(f"call {dialog.call_id} ended")
        self.answered: Happening[None] = Happening(f"call {dialog.call_id} answered")
        self.identities: list[NameAddr] = []
        """Who the other side said it is, first to latest (connected line updates)."""
        self.requests: list[Request] = []
        """Requests that came inside the dialog."""
        self.next_request: Happening[Request] = Happening(f"a request in call {dialog.call_id}")
        """The next of them; a new one for each."""
        self.confirmed = False
        self.cross_bye = False
        """Answer a BYE by first sending one's own, as if both had hung up at the same instant."""
        self.mine: Sdp | None = None
        self.theirs: Sdp | None = None
        self.rtp = None if media == "none" else RtpSession(self.endpoint.host, media)
        self._direction: Direction = "sendrecv"
        self._sdp_version = 0
        self._offering = False
        self._unacked: dict[int, ServerTransaction] = {}
        self._unanswered_offer: Sdp | None = None
        self._bye_sent = False
        self._bye_when_acked: str | None = None
        self._key = (dialog.call_id, dialog.local_tag)
        self.endpoint.dialogs[self._key] = self
        owner.live.add(self)

    @property
    def endpoint(self) -> SipEndpoint:
        """Where its phone is."""
        return self.owner.endpoint

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.dialog.call_id

    @property
    def identity(self) -> NameAddr:
        """Who is at the other end, as last told."""
        return self.identities[-1]

    @property
    def held_by_remote(self) -> bool:
        """The other side has put this one on hold."""
        return self.theirs is not None and self.theirs.direction in {"sendonly", "inactive"}

    # -- media -----------------------------------------------------------------------------

    def _wish(self) -> Sdp:
        """A fresh description of what this side wants."""
        self._sdp_version += 1
        port = self.rtp.port if self.rtp is not None else self.endpoint.rtp_sink_port()
        return Sdp(self.endpoint.host, port, direction=self._direction, version=self._sdp_version)

    def _settle(self, mine: Sdp, theirs: Sdp) -> None:
        self.mine, self.theirs = mine, theirs
        if self.rtp is not None and not self.rtp.closed:
            self.rtp.connect(mine, theirs)

    def mute(self, *, muted: bool) -> None:
        """Stop or go on sending audio, without telling the other side."""
        if self.rtp is not None:
            self.rtp.muted = muted

    def _describe(self, response: Response, offer: bytes) -> None:
        """Put this side's SDP into a response: the answer to an offer, or an offer.

        Raises:
            ValueError: the offer cannot be answered.
        """
        if offer:
            theirs = Sdp.parse(offer)
            mine = self._wish().answer_to(theirs)
            self._settle(mine, theirs)
        else:
            mine = self._unanswered_offer = self._wish()
        response.add("content-type", "application/sdp")
        response.body = mine.encode()

    # -- requests out ----------------------------------------------------------------------

    def _request(self, method: str, on_response: Callable[[Response], None],
                 prepare: Callable[[Request], None] | None = None) -> Exchange:  # fmt: skip
        request = self.dialog.request(method, self.endpoint.via())
        request.add("contact", self.owner.contact)
        if prepare is not None:
            prepare(request)
        return self.owner.exchange(
            request, self.dialog.next_hop, self.dialog.next_cseq, on_response
        )

    def bye(self, reason: str | None = None) -> None:
        """Send BYE now, whatever the state (early BYE, BYE before ACK); `reason` is a Reason value."""
        if self._bye_sent or self.ended:
            return
        self._bye_sent = True
        self._close_media()

        def prepare(request: Request) -> None:
            request.drop("contact")
            if reason:
                request.add("reason", reason)

        def done(response: Response) -> None:
            if response.status >= 200:
                how: Literal["timeout", "bye"] = "timeout" if response.status == 408 else "bye"
                self._finish(Ending("here", how, response.status))

        self._request("BYE", done, prepare)

    def hang_up(self, reason: str | None = None) -> None:
        """End the call, whatever its state: both kinds of call have their own way."""
        raise NotImplementedError

    def _hang_up_confirmed(self, reason: str | None) -> None:
        """BYE, but not before the ACK of the 200 that this side sent (RFC 3261 15)."""
        if self._unacked:
            self._bye_when_acked = reason or ""
        else:
            self.bye(reason)

    def _reoffer(self, on_final: Callable[[int], None]) -> None:
        """Send a re-INVITE with this side's present wish."""
        offer = self._wish()
        self._offering = True

        def prepare(request: Request) -> None:
            request.add("allow", self.owner.allow)
            request.add("content-type", "application/sdp")
            request.body = offer.encode()

        def done(response: Response) -> None:
            if response.status < 200:
                return
            self._offering = False
            if response.status < 300:
                self.dialog.learn(response)
                self.acknowledge(exchange)
                self._settle(offer, Sdp.parse(response.body))
            on_final(response.status)

        exchange = self._request("INVITE", done, prepare)

    def acknowledge(self, exchange: Exchange) -> None:
        """ACK the 2xx of an INVITE; its retransmissions get the same ACK."""
        number = exchange.request.cseq[0]
        ack = self.dialog.request("ACK", self.endpoint.via(), number)
        for name in ("authorization", "proxy-authorization"):
            value = exchange.request.get(name)
            if value is not None:
                ack.add(name, value)
        exchange.transaction.acknowledge(ack, self.dialog.next_hop)

    # -- requests in -----------------------------------------------------------------------

    def on_request(self, transaction: ServerTransaction) -> None:
        """A request inside the dialog."""
        request = transaction.request
        number = request.cseq[0]
        if number < self.dialog.remote_cseq:
            transaction.respond(request.reply(500))
            return
        self.dialog.remote_cseq = number
        self._handle(transaction)
        self.requests.append(request)
        came, self.next_request = self.next_request, Happening(self.next_request.what)
        came.mark(request)

    def _handle(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        match request.method:
            case "BYE":
                self._bye_in(transaction)
            case _ if self.ended or self._bye_sent:
                transaction.respond(request.reply(481))
            case "INVITE":
                self._reinvite_in(transaction)
            case "UPDATE":
                self._update_in(transaction)
            case "INFO" | "NOTIFY" | "MESSAGE":
                transaction.respond(request.reply(200))
                self.told(request)
            case "OPTIONS":
                transaction.respond(request.reply(200))
            case "REFER":
                transaction.respond(request.reply(603))
            case _:
                transaction.respond(request.reply(501))

    def told(self, request: Request) -> None:
        """An INFO, NOTIFY or MESSAGE came; `features.Call` makes sense of it."""

    def _bye_in(self, transaction: ServerTransaction) -> None:
        if self.cross_bye:
            self.bye()
        transaction.respond(transaction.request.reply(200))
        self._finish(Ending("there", "bye", reasons=reasons_of(transaction.request)))

    def _reinvite_in(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if self._offering:
            transaction.respond(request.reply(491))
            return
        if self._unacked or not self.confirmed:
            busy = request.reply(500)
            busy.add("retry-after", "1")
            transaction.respond(busy)
            return
        self.dialog.retarget(request)
        self.identities.append(identity_of(request))
        response = request.reply(200)
        response.add("contact", self.owner.contact)
        response.add("allow", self.owner.allow)
        try:
            self._describe(response, request.body)
        except ValueError:
            transaction.respond(request.reply(488))
            return
        self._await_ack(transaction)
        transaction.respond(response)

    def _update_in(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.body and (self._offering or self._unanswered_offer is not None):
            transaction.respond(request.reply(491))
            return
        self.dialog.retarget(request)
        self.identities.append(identity_of(request))
        response = request.reply(200)
        response.add("contact", self.owner.contact)
        try:
            if request.body:
                self._describe(response, request.body)
        except ValueError:
            response = request.reply(488)
        transaction.respond(response)

    def _await_ack(self, transaction: ServerTransaction) -> None:
        """Before a 200 to an INVITE goes out: know its ACK, and what to do without one."""
        self._unacked[transaction.request.cseq[0]] = transaction
        transaction.on_ack = self.on_acked
        transaction.on_no_ack = self._no_ack

    def _no_ack(self) -> None:
        self._unacked.clear()
        self.bye()
        self._finish(Ending("nobody", "no ack"))

    def on_ack(self, ack: Request) -> None:
        """An ACK came for this dialog."""
        transaction = self._unacked.pop(ack.cseq[0], None)
        if transaction is not None:
            transaction.receive_ack(ack)

    def on_acked(self, ack: Request) -> None:
        """The 200 that this side sent has been ACKed, for the first time."""
        offer, self._unanswered_offer = self._unanswered_offer, None
        if offer is not None and ack.body:
            self._settle(offer, Sdp.parse(ack.body))
        if self._bye_when_acked is not None:
            self.bye(self._bye_when_acked or None)

    # -- the end ---------------------------------------------------------------------------

    def _close_media(self) -> None:
        if self.rtp is not None:
            self.rtp.close()

    def _finish(self, ending: Ending) -> None:
        self._close_media()
        if self.ended:
            return
        self.ended.mark(ending)
        self.owner.live.discard(self)
        # The dialog stays known for a while, so that a crossing BYE gets its 200.
        self.endpoint.later(self.endpoint.timers.give_up, self._forget)

    def _forget(self) -> None:
        self.endpoint.dialogs.pop(self._key, None)

    def abandon(self) -> None:
        """The endpoint closes."""
        if not self.ended:
            self._quit()
            self._finish(Ending("nobody", "closed"))

    def _quit(self) -> None:
        """End the call with one message, without waiting."""
        if self.confirmed:
            self.bye()
