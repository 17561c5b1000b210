"""An agent's SIP phone: it registers, is called, and dials."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from scripts.lab.phones import behaviour
from scripts.lab.phones.address import Address
from scripts.lab.phones.agent import PRODUCT, SipRefused
from scripts.lab.phones.caller import Caller
from scripts.lab.phones.compat import override
from scripts.lab.phones.endpoint import SipEndpoint
from scripts.lab.phones.happening import DEADLINE, Happening
from scripts.lab.phones.incoming import IncomingCall
from scripts.lab.phones.lamp import Lamp
from scripts.lab.phones.message import Request, Response
from scripts.lab.phones.transaction import ServerTransaction

_REMEMBERED: Final = 1000
_AT_ONCE: Final = 40
"""Unanswered SUBSCRIBEs at a time."""


class Phone(Caller):
    """One phone at a shared endpoint, found by the user of the request URI.

    `user="*"` takes the calls for all users that no other phone claims (the far end of a trunk).
    `behaviour` decides what it does with each incoming call; at first it rings until told.
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
        lines: int | None = None,
    ) -> None:
        """Sends nothing; `lines`: answer 486 to further calls beyond so many.

        Raises:
            ValueError: the endpoint has such a user already.
        """
        super().__init__(endpoint, user, server=server, domain=domain, display=display,
                         password=password, auth_user=auth_user, media=media,
                         headers=headers)  # fmt: skip
        if user in endpoint.parties:
            raise ValueError(f"two phones {user!r} at one endpoint")
        endpoint.parties[user] = self
        self.behaviour: behaviour.Behaviour = behaviour.ring_only()
        self.lines = lines
        self.calls: deque[IncomingCall] = deque(maxlen=_REMEMBERED)
        """The latest incoming calls, oldest first."""
        self.qualified: Happening[Request] = Happening(f"OPTIONS to {user}")
        """The first OPTIONS was answered."""
        self.messages: deque[Request] = deque(maxlen=_REMEMBERED)
        """NOTIFY (such as message waiting) and MESSAGE outside calls."""
        self.expires: int | None = None
        """Seconds that the latest registration was granted; None when not registered."""
        self._unseen: deque[IncomingCall] = deque(maxlen=_REMEMBERED)
        self._arrival: Happening[None] = Happening(f"a call at {user}")
        self._register_id = f"{endpoint.token()}@{endpoint.host}"
        self._register_cseq = 0

    # -- registration ----------------------------------------------------------------------

    async def register(self, expires: int = 3600) -> int:
        """REGISTER, also again; there is no refresh by itself.

        Returns:
            The seconds that the server granted.

        Raises:
            SipRefused: it was not accepted.
        """
        endpoint = self.endpoint
        request = Request(method="REGISTER", uri=self.server_uri())
        request.add("via", endpoint.via())
        request.add("max-forwards", "70")
        request.add("from", f"{self.address()};tag={endpoint.token()}")
        request.add("to", self.address())
        request.add("call-id", self._register_id)
        request.add("cseq", f"{self._next_cseq()} REGISTER")
        request.add("contact", self.contact)
        request.add("expires", str(expires))
        request.add("allow", self.allow)
        request.add("user-agent", PRODUCT)
        answer: Happening[Response] = Happening(f"the answer to {self.user}'s REGISTER")

        def done(response: Response) -> None:
            if response.status >= 200:
                answer.mark(response)

        self.exchange(request, self.server, self._next_cseq, done)
        response = await answer.within(endpoint.timers.give_up + 1)
        if response.status >= 300:
            raise SipRefused(f"REGISTER of {self.user}", response)
        granted = self._granted(response, expires)
        self.expires = granted or None
        return granted

    def _granted(self, response: Response, asked: int) -> int:
        mine = self.contact.strip("<>")
        for value in response.all("contact"):
            uri, _, params = value.partition(">")
            if uri.strip("< ") == mine:
                for param in params.split(";"):
                    name, _, seconds = param.partition("=")
                    if name.strip().lower() == "expires" and seconds.isdigit():
                        return int(seconds)
        header = response.get("expires")
        return int(header) if header is not None and header.isdigit() else asked

    def _next_cseq(self) -> int:
        self._register_cseq += 1
        return self._register_cseq

    async def unregister(self) -> None:
        """REGISTER with Expires: 0.

        Raises:
            SipRefused: it was not accepted.
        """
        await self.register(0)

    # -- behaviour -------------------------------------------------------------------------

    def auto_answer(self, after_ms: float = 0, hang_up_after_ms: float | None = None) -> None:
        """Answer calls from now on; see `behaviour.auto_answer`."""
        self.behaviour = behaviour.auto_answer(after_ms, hang_up_after_ms)

    def ring_only(self, *, answer_on_cancel: bool = False) -> None:
        """Ring and leave the rest to the test; see `behaviour.ring_only`."""
        self.behaviour = behaviour.ring_only(answer_on_cancel=answer_on_cancel)

    def reject(self, status: int = 486, after_ms: float = 0) -> None:
        """Refuse calls from now on."""
        self.behaviour = behaviour.reject(status, after_ms)

    def redirect(self, target: str, status: int = 302) -> None:
        """Forward calls from now on."""
        self.behaviour = behaviour.redirect(target, status)

    def mute(self) -> None:
        """Answer nothing to INVITEs from now on (OPTIONS still are)."""
        self.behaviour = behaviour.mute()

    def vanish(self) -> None:
        """Send and hear nothing any more, as with the cable pulled; running calls go dead too."""
        self.vanished = True
        self._mute_calls(muted=True)

    def reappear(self) -> None:
        """Plug the cable back in."""
        self.vanished = False
        self._mute_calls(muted=False)

    def _mute_calls(self, *, muted: bool) -> None:
        for call in self.live:
            call.mute(muted=muted)

    def move(self, endpoint: SipEndpoint) -> None:
        """Be at another socket from now on, calls and lamps included, as when a NAT binding changed.

        What is sent to the old address is lost; the server learns of the new one by the next
        `register`. The sound stays where it was. `qualified` starts anew.

        Raises:
            ValueError: there is a phone with this user already.
        """
        self.endpoint.hand_over(self, endpoint)
        self.endpoint = endpoint
        self.qualified = Happening(self.qualified.what)

    # -- BLF keys --------------------------------------------------------------------------

    def watch(self, number: str, expires_s: int = 3600) -> Lamp:
        """Watch the hint of a number, as a BLF key does: the SUBSCRIBE goes out now."""
        return Lamp(self, number, expires_s=expires_s)

    async def watch_all(
        self, numbers: Iterable[str], *, expires_s: int = 3600, seconds: float = DEADLINE
    ) -> list[Lamp]:
        """Watch many, a few at a time, so that Asterisk's socket does not overflow.

        Args:
            numbers: one lamp for each.
            expires_s: as for `watch`.
            seconds: how long each may take.

        Raises:
            SipRefused: one was refused.
            TimeoutError: one was not answered.
        """
        lamps: list[Lamp] = []
        for batch in _batches(numbers, _AT_ONCE):
            fresh = [self.watch(number, expires_s) for number in batch]
            for lamp in fresh:
                await lamp.on(seconds)
            lamps += fresh
        return lamps

    # -- calls -----------------------------------------------------------------------------

    @override
    def on_request(self, transaction: ServerTransaction) -> None:
        """A request outside calls."""
        request = transaction.request
        tag = self.endpoint.token()
        match request.method:
            case "INVITE":
                self._invited(transaction)
            case "OPTIONS":
                self.qualified.mark(request)
                response = request.reply(200, tag)
                response.add("allow", self.allow)
                transaction.respond(response)
            case "NOTIFY" | "MESSAGE":
                self.messages.append(request)
                transaction.respond(request.reply(200, tag))
            case "BYE" | "UPDATE" | "INFO":
                transaction.respond(request.reply(481, tag))
            case _:
                transaction.respond(request.reply(501, tag))

    def _invited(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        required = set(request.all("require")) - {"replaces"}
        busy = self.lines is not None and len(self.live) >= self.lines
        if required:
            response = request.reply(420, self.endpoint.token())
            response.add("unsupported", ", ".join(sorted(required)))
            transaction.respond(response)
        elif busy:
            transaction.respond(request.reply(486, self.endpoint.token()))
        else:
            call = IncomingCall(self, transaction, self.media)
            self.calls.append(call)
            self._unseen.append(call)
            arrived, self._arrival = self._arrival, Happening(self._arrival.what)
            arrived.mark(None)
            self.behaviour(call)

    async def incoming(self, seconds: float = DEADLINE) -> IncomingCall:
        """The next incoming call that was not yet handed out; each is handed out once.

        Raises:
            TimeoutError: there was none within `seconds`.
        """
        while not self._unseen:
            await self._arrival.within(seconds)
        return self._unseen.popleft()


def _batches(numbers: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(numbers)
    while batch := list(islice(rest, size)):
        yield batch
