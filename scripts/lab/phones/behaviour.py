"""What a phone does by itself when an INVITE comes: one callable per incoming call."""

from collections.abc import Callable

from scripts.lab.phones.incoming import IncomingCall

Behaviour = Callable[[IncomingCall], None]
"""Called once per call, at the instant its INVITE is processed."""


def auto_answer(after_ms: float = 0, hang_up_after_ms: float | None = None) -> Behaviour:
    """Answer after a while (180 first, unless it is 0); hang up that long after the ACK, or never."""

    def behave(call: IncomingCall) -> None:
        if hang_up_after_ms is not None:
            # Counted from the answer; the BYE waits for the ACK by itself.
            call.endpoint.later((after_ms + hang_up_after_ms) / 1000, call.hang_up)
        if after_ms <= 0:
            call.answer()
        else:
            call.ring()
            call.endpoint.later(after_ms / 1000, call.answer)

    return behave


def ring_only(*, answer_on_cancel: bool = False) -> Behaviour:
    """Ring until a test answers or the caller gives up.

    With `answer_on_cancel` the 200 is sent at the very instant the CANCEL comes.
    """

    def behave(call: IncomingCall) -> None:
        call.answer_on_cancel = answer_on_cancel
        call.ring()

    return behave


def reject(status: int = 486, after_ms: float = 0) -> Behaviour:
    """Refuse: 486 busy, 480 unavailable, 603 declined."""

    def behave(call: IncomingCall) -> None:
        if after_ms <= 0:
            call.reject(status)
        else:
            call.ring()
            call.endpoint.later(after_ms / 1000, lambda: call.reject(status))

    return behave


def redirect(target: str, status: int = 302) -> Behaviour:
    """Forward to a URI or a number."""

    def behave(call: IncomingCall) -> None:
        call.redirect(target, status)

    return behave


def mute() -> Behaviour:
    """Take the INVITE and answer nothing at all, not even 180 (the phone goes on otherwise)."""

    def behave(call: IncomingCall) -> None:
        """Nothing."""

    return behave
