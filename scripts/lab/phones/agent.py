"""What phones and callers share: an identity, a server, digest credentials, calls."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from scripts.lab.phones.address import Address, NameAddr, Uri
from scripts.lab.phones.digest import Challenge, Credentials
from scripts.lab.phones.endpoint import SipEndpoint
from scripts.lab.phones.message import Request, Response
from scripts.lab.phones.transaction import ClientTransaction, ServerTransaction

PRODUCT: Final = "Usher-Lab-Phone"
ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, REFER, MESSAGE"
_CHALLENGES: Final = {401: ("www-authenticate", "authorization"),
                      407: ("proxy-authenticate", "proxy-authorization")}  # fmt: skip


class SipRefused(Exception):
    """A request was answered with something other than 2xx; `status` is 408 for no answer."""

    def __init__(self, what: str, response: Response) -> None:
        """`what` was asked."""
        super().__init__(f"{what}: {response.status} {response.reason}")
        self.status = response.status
        self.response = response


class LiveCall(Protocol):
    """What its phone needs to know of a call."""

    def mute(self, *, muted: bool) -> None:
        """Stop or go on sending audio, without telling the other side."""


class UserAgent:
    """An identity at an endpoint.

    Args:
        endpoint: the open socket to share.
        user: the user part of its address and Contact.
        server: where requests go first.
        domain: host of its own address; the server's by default.
        display: name shown with calls.
        password: digest password; None fails on challenges.
        auth_user: digest user name; `user` by default.
        media: `none`, `silence` or `tone:<Hz>` for its calls; see `rtp`.
        headers: added to every INVITE it sends.
    """

    def __init__(  # noqa: PLR0913 - keyword only
        self,
        endpoint: SipEndpoint,
        user: str,
        *,
        server: Address,
        domain: str | None = None,
        display: str = "",
        password: str | None = None,
        auth_user: str | None = None,
        media: str = "none",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Sends nothing."""
        self.endpoint = endpoint
        self.user = user
        self.server = server
        self.domain = domain or server[0]
        self.display = display
        self.credentials = None if password is None else Credentials(auth_user or user, password)
        self.media = media
        self.headers = dict(headers or {})
        self.allow = ALLOW
        """Its Allow header; without UPDATE in it, Asterisk tells news by re-INVITE."""
        self.vanished = False
        self.live: set[LiveCall] = set()
        """Its calls that have not ended, both ways."""

    @property
    def contact(self) -> str:
        """Its Contact value."""
        return self.contact_of(self.user)

    def contact_of(self, user: str) -> str:
        """A Contact value of this endpoint for some user."""
        return f"<{Uri(self.endpoint.host, user, self.endpoint.port)}>"

    def server_uri(self, user: str = "") -> str:
        """A URI at the server."""
        host, port = self.server
        return str(Uri(host, user, port))

    def address(self, user: str | None = None, display: str | None = None) -> str:
        """A From value of this identity, without a tag."""
        named = self.display if display is None else display
        return str(NameAddr(Uri(self.domain, self.user if user is None else user), named))

    def on_request(self, transaction: ServerTransaction) -> None:
        """A request outside dialogs: only being looked after is answered; phones do more."""
        fine = transaction.request.method in {"OPTIONS", "NOTIFY"}
        transaction.respond(transaction.request.reply(200 if fine else 404, self.endpoint.token()))

    def exchange(
        self,
        request: Request,
        to: Address,
        next_cseq: Callable[[], int],
        on_response: Callable[[Response], None],
    ) -> "Exchange":
        """Send a request; challenges are answered on the way, all else goes to `on_response`."""
        return Exchange(self, request, to, next_cseq, on_response)


class Exchange:
    """A request and its repetition with credentials.

    `transaction` is the latest try. With `stopped` set no further try is made.
    """

    __slots__ = ("_agent", "_next_cseq", "_nonces", "_on_response", "_to", "stopped", "transaction")

    def __init__(
        self,
        agent: UserAgent,
        request: Request,
        to: Address,
        next_cseq: Callable[[], int],
        on_response: Callable[[Response], None],
    ) -> None:
        """Sends the request at once."""
        self._agent = agent
        self._to = to
        self._next_cseq = next_cseq
        self._on_response = on_response
        self._nonces: set[str] = set()
        self.stopped = False
        self.transaction: ClientTransaction = agent.endpoint.request(
            agent, request, to, self._response
        )

    @property
    def request(self) -> Request:
        """The latest try's request."""
        return self.transaction.request

    def _response(self, response: Response) -> None:
        again = None
        if response.status in _CHALLENGES and not self.stopped:
            again = self._authorized(response)
        if again is None:
            self._on_response(response)
        else:
            self.transaction = self._agent.endpoint.request(
                self._agent, again, self._to, self._response
            )

    def _authorized(self, response: Response) -> Request | None:
        """The request once more with credentials; None when that makes no sense."""
        asked, answered = _CHALLENGES[response.status]
        value = response.get(asked)
        credentials = self._agent.credentials
        if value is None or credentials is None:
            return None
        try:
            challenge = Challenge.parse(value)
        except ValueError:  # an algorithm that no phone here knows: refused, then
            return None
        # A second challenge means a wrong password, unless the server says the nonce was too old.
        if challenge.nonce in self._nonces or (self._nonces and not challenge.stale):
            return None
        self._nonces.add(challenge.nonce)
        again = self.request.copy()
        endpoint = self._agent.endpoint
        again.replace("via", endpoint.via())
        again.replace("cseq", f"{self._next_cseq()} {again.method}")
        cnonce = endpoint.token()
        again.replace(answered, credentials.answer(challenge, again.method, again.uri, cnonce))
        return again
