"""A SUBSCRIBE and its NOTIFYs (RFC 6665), refreshed in time, whatever the event package."""

import asyncio
from typing import Final

from scripts.lab.phones.agent import PRODUCT, SipRefused, UserAgent
from scripts.lab.phones.dialog import Dialog
from scripts.lab.phones.happening import DEADLINE, Happening
from scripts.lab.phones.message import Request, Response
from scripts.lab.phones.transaction import ServerTransaction

REFRESH_AT: Final = 0.75
"""Share of the granted time after which it is refreshed."""


class SubscriptionOver(Exception):
    """There is no subscription (any more); the message says why."""


class Subscription:
    """One subscription; it is asked for at once and refreshes itself until it is over.

    It is over when a NOTIFY says `terminated`, when a refresh is refused (481: Asterisk does not
    know it any more) and after `off`. Nothing starts it again by itself: see `again`.
    """

    __slots__ = ("_answer", "_key", "_leaving", "_refresh", "accept", "dialog", "event",
                 "expires_s", "number", "over", "owner")  # fmt: skip

    def __init__(
        self, owner: UserAgent, number: str, *, event: str, accept: str, expires_s: int
    ) -> None:
        """Sends the SUBSCRIBE; must be called in the event loop."""
        self.owner = owner
        self.number = number
        self.event = event
        self.accept = accept
        self.expires_s = expires_s
        """What is asked for; raised when the server wants more (423)."""
        self._refresh: asyncio.TimerHandle | None = None
        self._start()

    def _start(self) -> None:
        endpoint = self.owner.endpoint
        tag = endpoint.token()
        uri = self.owner.server_uri(self.number)
        self.dialog = Dialog(
            call_id=f"{endpoint.token()}@{endpoint.host}",
            local=f"{self.owner.address()};tag={tag}",
            local_tag=tag,
            remote=f"<{uri}>",
            target=uri,
            peer=self.owner.server,
        )
        self._key = (self.dialog.call_id, tag)
        what = f"{self.event} of {self.number} at {self.owner.user}"
        self._answer: Happening[Response] = Happening(f"the answer to SUBSCRIBE for {what}")
        self.over: Happening[str] = Happening(f"the end of the subscription to {what}")
        """Why it ended: the reason of the last NOTIFY (`timeout`, `deactivated`, `noresource`...),
        the status of the refused SUBSCRIBE (`481`), or `off`."""
        self._leaving = False
        endpoint.dialogs[self._key] = self
        self._subscribe(self.expires_s)

    # -- out -------------------------------------------------------------------------------

    def _subscribe(self, expires_s: int) -> None:
        dialog = self.dialog
        request = dialog.request("SUBSCRIBE", self.owner.endpoint.via())
        request.add("contact", self.owner.contact)
        request.add("event", self.event)
        request.add("accept", self.accept)
        request.add("expires", str(expires_s))
        request.add("allow", self.owner.allow)
        request.add("user-agent", PRODUCT)

        def done(response: Response) -> None:
            # Not the late answers to a subscription that was given up for a new one.
            if response.status >= 200 and self.dialog is dialog and not self.over:
                self._final_in(response)

        self.owner.exchange(request, dialog.next_hop, dialog.next_cseq, done)

    def _final_in(self, response: Response) -> None:
        if response.status == 423 and not self._leaving:  # Interval Too Brief
            self.expires_s = max(self.expires_s + 1, int(response.need("min-expires")))
            self._subscribe(self.expires_s)
        elif response.status >= 300:
            self._end(str(response.status))
            self._answer.mark(response)
        else:
            self.dialog.learn(response)
            self._answer.mark(response)
            granted = int(response.get("expires") or self.expires_s)
            if granted and not self._leaving:
                self._refresh_in(granted * REFRESH_AT)

    def _refresh_in(self, seconds: float) -> None:
        if self._refresh is not None:
            self._refresh.cancel()
        self._refresh = self.owner.endpoint.later(seconds, self.refresh)

    def refresh(self) -> None:
        """Ask for the whole time once more, now; the server then tells the state again."""
        if not self.over:
            self._subscribe(self.expires_s)

    async def on(self, seconds: float = DEADLINE) -> int:
        """Wait until the server has taken the first SUBSCRIBE.

        Returns:
            The seconds that it granted.

        Raises:
            SipRefused: it was refused.
            TimeoutError: no answer within `seconds`.
        """
        response = await self._answer.within(seconds)
        if response.status >= 300:
            raise SipRefused(f"SUBSCRIBE to {self.number}", response)
        return int(response.get("expires") or self.expires_s)

    async def off(self, seconds: float = DEADLINE) -> None:
        """Unsubscribe, and wait for the NOTIFY that says so.

        Raises:
            TimeoutError: it did not come within `seconds`.
        """
        if not self.over:
            self._leaving = True
            self._subscribe(0)
            await self.over.within(seconds)

    async def again(self, seconds: float = DEADLINE) -> int:
        """Forget this subscription, without a word, and ask for a new one: another dialog.

        Returns:
            The seconds that the server granted.

        Raises:
            SipRefused: it was refused.
            TimeoutError: no answer within `seconds`.
        """
        if not self.over:
            self._end("again")
        self._start()
        return await self.on(seconds)

    # -- in --------------------------------------------------------------------------------

    def on_request(self, transaction: ServerTransaction) -> None:
        """A NOTIFY."""
        request = transaction.request
        number = request.cseq[0]
        if request.method != "NOTIFY":
            transaction.respond(request.reply(405))
        elif number < self.dialog.remote_cseq:  # overtaken by a later one
            transaction.respond(request.reply(500))
        elif request.need("event").split(";")[0] != self.event:
            transaction.respond(request.reply(489))
        else:
            self.dialog.remote_cseq = number
            if self.dialog.remote_tag is None:  # it has overtaken the 200 to the SUBSCRIBE
                self.dialog.remote = request.need("from")
            self.dialog.retarget(request)
            transaction.respond(request.reply(200))
            self._state_in(request)

    def _state_in(self, request: Request) -> None:
        state, *params = request.need("subscription-state").split(";")
        if request.body:
            self.told(request)
        if state.strip() == "terminated":
            found = dict(param.strip().partition("=")[::2] for param in params)
            self._end("off" if self._leaving else found.get("reason", "no reason"))

    def told(self, request: Request) -> None:
        """A NOTIFY with a body came; subclasses make sense of it."""

    def on_ack(self, ack: Request) -> None:
        """Not for subscriptions."""

    def _end(self, why: str) -> None:
        if self._refresh is not None:
            self._refresh.cancel()
        self.owner.endpoint.dialogs.pop(self._key, None)  # 481 to whatever still comes
        self.over.mark(why)
        self.ended()

    def ended(self) -> None:
        """It is over; for subclasses."""

    def abandon(self) -> None:
        """The endpoint closes; the server finds out by itself."""
        self._end("closed")
