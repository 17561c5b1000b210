"""A call that a phone receives."""

from scripts.lab.phones.address import NameAddr, Uri
from scripts.lab.phones.agent import UserAgent
from scripts.lab.phones.call import Ending, identity_of, reasons_of
from scripts.lab.phones.compat import override
from scripts.lab.phones.dialog import Dialog
from scripts.lab.phones.features import Call
from scripts.lab.phones.happening import Happening
from scripts.lab.phones.message import Request, Response
from scripts.lab.phones.transaction import ServerTransaction


class IncomingCall(Call):
    """An INVITE at a phone, and the call that may come of it.

    `answered` happens when the 200 is sent, `acknowledged` when its ACK has come. `cancelled`
    happens when the caller gives up first: by CANCEL, or by an early BYE.
    """

    def __init__(self, owner: UserAgent, transaction: ServerTransaction, media: str) -> None:
        """Answers nothing yet.

        Raises:
            ValueError: the INVITE has no usable Contact or From.
        """
        invite = transaction.request
        self.invite = invite
        self.at_ns = transaction.at_ns
        """When the INVITE arrived, on the scale of `time.monotonic_ns`."""
        self.acknowledged: Happening[None] = Happening(f"ACK for call {invite.call_id}")
        self.cancelled: Happening[Ending] = Happening(f"call {invite.call_id} cancelled")
        self.answer_on_cancel = False
        """Send the 200 at the very instant a CANCEL comes in, as if they had crossed."""
        self._transaction = transaction
        self._first_sdp = b""
        dialog = Dialog.incoming(invite, owner.endpoint.token(), transaction.to)
        super().__init__(owner, dialog, media)
        self.identities.append(identity_of(invite))
        transaction.on_cancel = self._cancel_in

    # -- what came with it -----------------------------------------------------------------

    def header(self, name: str) -> str | None:
        """A header of the INVITE, such as Alert-Info or Replaces."""
        return self.invite.get(name)

    @property
    def dialled(self) -> str:
        """The user of the request URI."""
        return Uri.parse(self.invite.uri).user

    @property
    def caller_number(self) -> str:
        """The user of the From URI."""
        return NameAddr.parse(self.invite.need("from")).uri.user

    @property
    def caller_name(self) -> str:
        """The display name of the From value."""
        return NameAddr.parse(self.invite.need("from")).display

    @property
    def alert_info(self) -> str | None:
        """The Alert-Info header (distinctive ring)."""
        return self.invite.get("alert-info")

    @property
    def pending(self) -> bool:
        """Neither answered, refused nor cancelled yet."""
        return not self._transaction.final and not self.ended

    # -- what the phone does ---------------------------------------------------------------

    def _response(self, status: int) -> Response:
        response = self.invite.reply(status, self.dialog.local_tag)
        response.add("contact", self.owner.contact)
        response.add("allow", self.owner.allow)
        return response

    def ring(self) -> None:
        """180."""
        if self.pending:
            self._transaction.respond(self._response(180))

    def progress(self) -> None:
        """183 with SDP: early media flows from here."""
        if self.pending:
            response = self._response(183)
            self._describe_first(response)
            self._transaction.respond(response)

    def _describe_first(self, response: Response) -> None:
        """183 and 200 must carry the same answer to the INVITE's offer (RFC 3261 13.2.1)."""
        if self._first_sdp:
            response.add("content-type", "application/sdp")
            response.body = self._first_sdp
        else:
            self._describe(response, self.invite.body)
            self._first_sdp = response.body

    def answer(self) -> None:
        """200 with SDP; does nothing when the call is no longer pending.

        An offer without a codec in common is refused with 488.
        """
        if not self.pending:
            return
        response = self._response(200)
        response.add("supported", "replaces")
        try:
            self._describe_first(response)
        except ValueError:
            self.reject(488)
            return
        self.confirmed = True
        self._await_ack(self._transaction)
        self._transaction.respond(response)
        self.answered.mark(None)

    def reject(self, status: int = 486, reason: str | None = None) -> None:
        """Refuse with 4xx, 5xx or 6xx; `reason` is a Reason header value."""
        if not self.pending:
            return
        response = self._response(status)
        if reason:
            response.add("reason", reason)
        self._transaction.respond(response)
        self._finish(Ending("here", "refused", status))

    def redirect(self, target: str, status: int = 302) -> None:
        """Send the caller elsewhere: a URI, or a user at the server (a phone's "forward")."""
        if not self.pending:
            return
        response = self._response(status)
        uri = target if ":" in target else self.owner.server_uri(target)
        response.replace("contact", f"<{uri}>")
        response.add("diversion", f"{self.owner.address()};reason=unconditional")
        self._transaction.respond(response)
        self._finish(Ending("here", "refused", status))

    @override
    def hang_up(self, reason: str | None = None) -> None:
        """End the call: BYE (after the ACK, if that is still on its way), or 486 while ringing."""
        if self.confirmed:
            self._hang_up_confirmed(reason)
        else:
            self.reject(486, reason)

    # -- what happens to it ----------------------------------------------------------------

    def _cancel_in(self, cancel: ServerTransaction) -> None:
        if self.answer_on_cancel:
            self.answer()
            cancel.respond(cancel.request.reply(200, self.dialog.local_tag))
            return
        cancel.respond(cancel.request.reply(200, self.dialog.local_tag))
        self._gave_up(Ending("there", "cancel", 487, reasons_of(cancel.request)))

    def _gave_up(self, ending: Ending) -> None:
        self._transaction.respond(self._response(487))
        self.cancelled.mark(ending)
        self._finish(ending)

    @override
    def _bye_in(self, transaction: ServerTransaction) -> None:
        if self.pending:  # an early BYE
            transaction.respond(transaction.request.reply(200))
            self._gave_up(Ending("there", "bye", 487, reasons_of(transaction.request)))
        else:
            super()._bye_in(transaction)

    @override
    def on_acked(self, ack: Request) -> None:
        """The 200 has been ACKed."""
        self.acknowledged.mark(None)
        super().on_acked(ack)

    @override
    def _quit(self) -> None:
        if self.pending:
            self.reject(480)
        else:
            super()._quit()
