"""What a person does with an answered call: hold, keys, transfer, listening."""

import asyncio
from typing import Final, Literal

from scripts.lab.phones.address import NameAddr
from scripts.lab.phones.agent import SipRefused
from scripts.lab.phones.call import BaseCall
from scripts.lab.phones.compat import override
from scripts.lab.phones.happening import DEADLINE, Happening
from scripts.lab.phones.message import Request, Response
from scripts.lab.phones.rtp import RtpSession
from scripts.lab.phones.sdp import Direction
from scripts.lab.phones.transfer import Early, Leave, Transfer

_GLARE_TRIES: Final = 5


class Call(BaseCall):
    """An answered call in somebody's hands."""

    glare_pause_s = 0.2
    """How long to wait after a 491. RFC 3261 14.1 has random times, longer for the side that called;
    tests want them the same every time, but the two sides must differ."""
    transfer: Transfer | None = None
    """The latest one from this call."""
    _second: "Call | None" = None
    info_dtmf: str = ""
    """Keys heard as INFO."""

    # -- hold ------------------------------------------------------------------------------

    async def _turn(self, direction: Direction) -> None:
        """Re-INVITE with another direction, again after a 491.

        Raises:
            SipRefused: the final answer was not 2xx.
        """
        before, self._direction = self._direction, direction
        status = 491
        for _ in range(_GLARE_TRIES):
            answer: Happening[int] = Happening("the answer to a re-INVITE")
            self._reoffer(answer.mark)
            status = await answer.within(self.endpoint.timers.give_up + 1)
            if status != 491:
                break
            await asyncio.sleep(self.glare_pause_s)
        if status >= 300:
            self._direction = before
            raise SipRefused("re-INVITE", Response(status=status))

    async def hold(self) -> None:
        """Put the other side on hold (a=sendonly, and this side's tone stops)."""
        await self._turn("sendonly")
        if self.rtp is not None:
            self.rtp.muted = True

    async def resume(self) -> None:
        """Take it off hold."""
        await self._turn("sendrecv")
        if self.rtp is not None:
            self.rtp.muted = False

    # -- keys ------------------------------------------------------------------------------

    async def send_dtmf(
        self, keys: str, via: Literal["rtp", "info"] = "rtp", duration_ms: int = 100
    ) -> None:
        """Press keys one after the other; returns when the last one is out (INFO: answered)."""
        for key in keys:
            if via == "rtp":
                await self.audio.press(key, duration_ms).within(DEADLINE)
            else:
                body = f"Signal={key}\r\nDuration={duration_ms}\r\n".encode()
                await self.send("INFO", body, "application/dtmf-relay")

    async def send(
        self,
        method: str,
        body: bytes = b"",
        content_type: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """Send any request inside the dialog and await its answer.

        Raises:
            SipRefused: the final answer was not 2xx.
        """
        answer: Happening[Response] = Happening(f"the answer to {method}")

        def prepare(request: Request) -> None:
            for name, value in headers:
                request.add(name, value)
            if content_type is not None:
                request.add("content-type", content_type)
            request.body = body

        def done(response: Response) -> None:
            if response.status >= 200:
                answer.mark(response)

        self._request(method, done, prepare)
        response = await answer.within(self.endpoint.timers.give_up + 1)
        if response.status >= 300:
            raise SipRefused(method, response)
        return response

    async def asked(self, method: str, seconds: float = DEADLINE) -> Request:
        """The first request of this method that came (or comes) inside the call.

        Raises:
            TimeoutError: none came within `seconds`.
        """
        while True:
            for request in self.requests:
                if request.method == method:
                    return request
            await self.next_request.within(seconds)

    # -- transfer --------------------------------------------------------------------------

    async def refer(
        self, target: "str | Call", *, leave: Leave = "success", early: Early = "replaces"
    ) -> Transfer:
        """Transfer the other side: to a number or URI (blind), or into another call (attended).

        Both calls may be of either kind, received or made, and the second may still ring. Returns
        once the REFER is accepted; `Transfer.finished` tells how it went. When it went well the
        phone hangs up this call and the other one, as phones do: after a blind transfer Asterisk has
        given up the channel but leaves the BYE to the phone.

        Args:
            target: where to.
            leave: when the phone hangs up.
            early: what to do when `target` is a call that has not been answered.

        Raises:
            SipRefused: the REFER was not accepted.
            ValueError: the other call has not even been rung, so there is nothing to replace.
        """
        if isinstance(target, Call) and not target.confirmed and early == "cancel":
            target.hang_up()
            await target.ended
            target = NameAddr.parse(target.dialog.remote).uri.user
        transfer = self.transfer = Transfer(leave)  # its NOTIFY may overtake the 202
        self._second = target if isinstance(target, Call) else None
        headers = (("refer-to", self._refer_to(target)), ("referred-by", self.owner.address()))
        transfer.status = (await self.send("REFER", headers=headers)).status
        if leave == "accepted":
            self._leave()
        return transfer

    def _refer_to(self, target: "str | Call") -> str:
        if not isinstance(target, Call):
            return f"<{target if ':' in target else self.owner.server_uri(target)}>"
        if target.dialog.remote_tag is None:
            raise ValueError("nobody has answered the second call, not even with 180")
        # The tags are named as the other end sees them, whoever made the call (RFC 3891 3).
        replaces = (
            f"{target.call_id};to-tag={target.dialog.remote_tag};from-tag={target.dialog.local_tag}"
        )
        uri = NameAddr.parse(target.dialog.remote).uri
        return f"<{uri.with_header('Replaces', replaces)}>"

    def _leave(self) -> None:
        for call in (self, self._second):
            if call is not None and not call.ended:
                call.hang_up()

    @override
    def told(self, request: Request) -> None:
        """INFO keys and the NOTIFYs of a transfer."""
        if request.method == "NOTIFY" and self.transfer is not None:
            self.transfer.notified(request)
            if self.transfer.succeeded and self.transfer.leave == "success":
                self._leave()
        elif request.method == "INFO":
            for line in request.body.decode("utf-8", "replace").splitlines():
                name, _, value = line.partition("=")
                if name.strip().lower() == "signal":
                    self.info_dtmf += value.strip()

    # -- listening -------------------------------------------------------------------------

    @property
    def audio(self) -> RtpSession:
        """The RTP of this call.

        Raises:
            RuntimeError: it was made with media="none".
        """
        if self.rtp is None:
            raise RuntimeError('this call has media="none"')
        return self.rtp

    def hears(self, what: float | Literal["anything", "silence"]) -> bool:
        """What came in during the last 200 ms: a tone (Hz), any sound, nothing."""
        return self.audio.hears(what)

    async def wait_until_hears(
        self, *wanted: float | Literal["anything", "silence"], seconds: float = DEADLINE
    ) -> None:
        """Wait until all of these are heard at the same time.

        Raises:
            TimeoutError: they were not within `seconds`.
        """
        audio = self.audio

        def heard() -> bool:
            return all(audio.hears(what) for what in wanted)

        await audio.until(heard, f"{self.owner.user} hears {wanted}", seconds)
