"""A caller: a customer behind a trunk, or (as the base of `phone.Phone`) an extension that dials."""

from collections.abc import Mapping

from scripts.lab.phones.agent import UserAgent
from scripts.lab.phones.happening import DEADLINE
from scripts.lab.phones.outgoing import OutgoingCall


class Caller(UserAgent):
    """Makes calls. One may make many, each from its own number.

    How Asterisk knows the trunk is up to its configuration: by the address (give the trunk an
    endpoint with its own `host`), by a header (`headers`), or by digest (`user`, `password`).
    """

    def place(
        self,
        number: str,
        *,
        from_number: str | None = None,
        from_name: str | None = None,
        headers: Mapping[str, str] | None = None,
        media: str | None = None,
        cancel_at_answer: bool = False,
    ) -> OutgoingCall:
        """Send the INVITE now and return; must be called in the event loop.

        Args:
            number: a number at the server, or a whole `sip:` URI to dial directly.
            from_number: the caller's number; its user by default.
            from_name: the caller's display name.
            headers: for this INVITE, besides the caller's own.
            media: for this call instead of the caller's own.
            cancel_at_answer: see `OutgoingCall.cancel_at_answer`.
        """
        return OutgoingCall(
            self,
            number,
            from_user=from_number,
            display=from_name,
            headers={**self.headers, **(headers or {})},
            media=self.media if media is None else media,
            cancel_at_answer=cancel_at_answer,
        )

    async def dial(
        self,
        number: str,
        *,
        from_number: str | None = None,
        from_name: str | None = None,
        headers: Mapping[str, str] | None = None,
        media: str | None = None,
        seconds: float = DEADLINE,
    ) -> OutgoingCall:
        """As `place`, but returns when the far side has shown that it has the call.

        Raises:
            TimeoutError: no response within `seconds`.
        """
        call = self.place(
            number, from_number=from_number, from_name=from_name, headers=headers, media=media
        )
        await call.trying.within(seconds)
        return call
