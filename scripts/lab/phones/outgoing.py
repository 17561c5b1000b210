"""A call that a phone or caller makes."""

from collections.abc import Mapping

from scripts.lab.phones.address import NameAddr
from scripts.lab.phones.agent import UserAgent
from scripts.lab.phones.call import Ending, identity_of, reasons_of
from scripts.lab.phones.compat import override
from scripts.lab.phones.dialog import Dialog
from scripts.lab.phones.features import Call
from scripts.lab.phones.happening import Happening
from scripts.lab.phones.message import Message, Request, Response
from scripts.lab.phones.sdp import Sdp
from scripts.lab.phones.transaction import ServerTransaction


class OutgoingCall(Call):
    """An INVITE sent, and the call that may come of it.

    `trying` happens with the first response that is no challenge, `ringing` with 180, `progress`
    with 183 (early media is heard from then on), `answered` with 200, `ended` with a refusal too.
    """

    glare_pause_s = 0.6

    def __init__(
        self,
        owner: UserAgent,
        number: str,
        *,
        from_user: str | None,
        display: str | None,
        headers: Mapping[str, str],
        media: str,
        cancel_at_answer: bool,
    ) -> None:
        """Sends the INVITE."""
        endpoint = owner.endpoint
        tag = endpoint.token()
        uri = number if number.startswith("sip:") else owner.server_uri(number)
        dialog = Dialog(
            call_id=f"{endpoint.token()}@{endpoint.host}",
            local=f"{owner.address(from_user, display)};tag={tag}",
            local_tag=tag,
            remote=f"<{uri}>",
            target=uri,
            peer=owner.server,
        )
        super().__init__(owner, dialog, media)
        self.trying: Happening[Response] = Happening(f"any answer to the call to {number}")
        self.ringing: Happening[Response] = Happening(f"180 for the call to {number}")
        self.progress: Happening[Response] = Happening(f"183 for the call to {number}")
        self.settled: Happening[int] = Happening(f"a final answer to the call to {number}")
        """Answered or refused: the status."""
        self.answered.what = f"200 for the call to {number}"
        self.ended.what = f"end of the call to {number}"
        self.responses: list[Response] = []
        self.cancel_at_answer = cancel_at_answer
        """Send a CANCEL when the 200 has come in but before its ACK, as if they had crossed."""
        self._cancelling = False
        self._cancel_sent = False
        self._reason: str | None = None
        offer = self._wish()
        self._offer = offer
        invite = dialog.request("INVITE", endpoint.via())
        invite.add("contact", owner.contact_of(owner.user if from_user is None else from_user))
        invite.add("allow", owner.allow)
        invite.add("supported", "replaces")
        for name, value in headers.items():
            invite.add(name, value)
        invite.add("content-type", "application/sdp")
        invite.body = offer.encode()
        # A URI given in full is dialled directly, as from a phone without a server.
        to = dialog.next_hop if number.startswith("sip:") else owner.server
        self._offering = True
        self._exchange = owner.exchange(invite, to, dialog.next_cseq, self._response_in)

    @property
    def number(self) -> str:
        """The number it is made from."""
        return NameAddr.parse(self.dialog.local).uri.user

    @property
    def invite(self) -> Request:
        """The INVITE as last sent (with credentials, if there was a challenge)."""
        return self._exchange.request

    @property
    def sent_ns(self) -> int:
        """When the latest INVITE was first sent, on the scale of `time.monotonic_ns`."""
        return self._exchange.transaction.sent_ns

    @property
    def status(self) -> int:
        """The final status of the INVITE, 0 before there is one; 408 also when none came."""
        final = self._exchange.transaction.final
        return 0 if final is None else final.status

    # -- responses -------------------------------------------------------------------------

    def _response_in(self, response: Response) -> None:
        self.responses.append(response)
        self.trying.mark(response)
        if response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._success(response)
            self.settled.mark(response.status)
        else:
            self.settled.mark(response.status)
            self._offering = False
            cancelled = (self._cancel_sent or self._bye_sent) and response.status == 487
            silent = self._exchange.transaction.timed_out
            self._finish(
                Ending(
                    "here" if cancelled else "there",
                    "cancel" if cancelled else "timeout" if silent else "refused",
                    response.status,
                    reasons_of(response),
                )
            )

    def _provisional(self, response: Response) -> None:
        if response.status > 100:
            self.dialog.learn(response)
            self._take_answer(response)
        if self._cancelling:
            self._send_cancel()
        if response.status == 180:
            self.ringing.mark(response)
        elif response.status == 183:
            self.progress.mark(response)

    def _take_answer(self, response: Message) -> None:
        if response.body and response.get("content-type") == "application/sdp":
            self._settle(self._offer, Sdp.parse(response.body))

    def _success(self, response: Response) -> None:
        self._offering = False
        self.dialog.learn(response)
        if self.cancel_at_answer:
            self._cancelling = True
            self._send_cancel()
        self.confirmed = True
        self.acknowledge(self._exchange)
        self.identities.append(
            identity_of(response) if response.get("p-asserted-identity") else self._called()
        )
        if self._bye_sent:
            return
        self._take_answer(response)
        self.answered.mark(None)
        if self._cancelling:
            self.bye(self._reason)

    def _called(self) -> NameAddr:
        return NameAddr.parse(self.dialog.remote)

    # -- giving up -------------------------------------------------------------------------

    def cancel(self, reason: str | None = None) -> None:
        """Give up while it rings; before any provisional response the CANCEL waits for one.

        When the 200 crosses the CANCEL, the call is answered and ended with BYE at once. After the
        answer this does nothing.
        """
        if self.confirmed or self.ended or self._cancelling:
            return
        self._reason = reason
        self._cancelling = self._exchange.stopped = True
        if self._exchange.transaction.proceeding:
            self._send_cancel()

    def _send_cancel(self) -> None:
        if self._cancel_sent:
            return
        self._cancel_sent = True
        invite = self._exchange.request
        keep = {"max-forwards", "route", "from", "to", "call-id"}
        cancel = Request([("via", invite.need("via"))], b"", "CANCEL", invite.uri)
        cancel.headers += [pair for pair in invite.headers if pair[0] in keep]
        cancel.add("cseq", f"{invite.cseq[0]} CANCEL")
        if self._reason:
            cancel.add("reason", self._reason)
        transaction = self._exchange.transaction
        self.endpoint.request(self.owner, cancel, transaction.to, lambda _: None)
        # RFC 3261 9.1: without a final response the INVITE is over after 64*T1.
        self.endpoint.later(self.endpoint.timers.give_up, transaction.abandon)

    @override
    def hang_up(self, reason: str | None = None) -> None:
        """End the call: BYE, or CANCEL before the answer; `reason` is a Reason header value."""
        if self.confirmed:
            self._hang_up_confirmed(reason)
        else:
            self.cancel(reason)

    @override
    def _bye_in(self, transaction: ServerTransaction) -> None:
        super()._bye_in(transaction)
        self._exchange.stopped = True

    @override
    def _quit(self) -> None:
        if self.confirmed:
            self.bye()
        else:  # there is no time to wait for a provisional response
            self._cancelling = self._exchange.stopped = True
            self._send_cancel()
