"""A BLF key: a lamp that shows what the hint of a number says, by real SUBSCRIBE and NOTIFY."""

import time
from typing import Final, NamedTuple

from scripts.lab.phones.agent import UserAgent
from scripts.lab.phones.compat import override
from scripts.lab.phones.dialog_info import (
    CONTENT_TYPE,
    DialogInfo,
    DialogState,
    OneDialog,
    liveliest,
)
from scripts.lab.phones.happening import DEADLINE, Happening
from scripts.lab.phones.message import Request
from scripts.lab.phones.subscription import Subscription, SubscriptionOver

LAMP_OF_DEVICE: Final[dict[str, DialogState]] = {
    "NOT_INUSE": "terminated",
    "UNAVAILABLE": "terminated",
    "UNKNOWN": "terminated",
    "INVALID": "terminated",
    "INUSE": "confirmed",
    "BUSY": "confirmed",
    "ONHOLD": "confirmed",
    "RINGINUSE": "confirmed",
    "RINGING": "early",
}
"""What Asterisk 22 tells of each device state of a hint (with `notify_early_inuse_ringing` at its
default, no). A lamp cannot tell UNAVAILABLE from NOT_INUSE; ONHOLD differs from INUSE by `held`."""


class Shown(NamedTuple):
    """What a lamp showed from `at_ns` (of the monotonic clock) on."""

    state: DialogState | None
    """None: nothing, as the subscription was over."""
    at_ns: int


class Lamp(Subscription):
    """One BLF key, subscribed to `number` at once; made by `Phone.watch`.

    `state` is what it shows now, None as long as nothing is known (before the first NOTIFY, and
    once the subscription is `over`); `history` has every change with its time.

    The order of documents is judged by CSeq, as SIP does; Asterisk repeats a `version` when a refresh
    tells the state once more, so that is only kept to look at. After a restart Asterisk goes on with
    the subscriptions that were on its disk (some two seconds old, or all after a decent stop), so a
    lamp may live on without `again`.
    """

    __slots__ = ("_dialogs", "history", "next_notify", "notified", "version")

    def __init__(self, owner: UserAgent, number: str, *, expires_s: int = 3600) -> None:
        """Sends the SUBSCRIBE; must be called in the event loop."""
        self.history: list[Shown] = []
        self.notified = 0
        """How many documents came."""
        self.version = -1
        self._dialogs: dict[str, OneDialog] = {}
        self.next_notify: Happening[None] = Happening(f"a NOTIFY for lamp {number}")
        """The next NOTIFY or the end, whether it changes what is shown or not; new for each."""
        super().__init__(owner, number, event="dialog", accept=CONTENT_TYPE, expires_s=expires_s)

    @property
    def state(self) -> DialogState | None:
        """What it shows now."""
        return self.history[-1].state if self.history else None

    @property
    def dialogs(self) -> tuple[OneDialog, ...]:
        """The dialogs behind it, as last told."""
        return tuple(self._dialogs.values())

    @property
    def held(self) -> bool:
        """The watched side has a call on hold."""
        return any(dialog.held for dialog in self._dialogs.values())

    def since(self, at_ns: int) -> list[DialogState | None]:
        """What it came to show after an instant (ns of the monotonic clock), in order."""
        return [shown.state for shown in self.history if shown.at_ns > at_ns]

    @override
    def told(self, request: Request) -> None:
        """A document came."""
        info = DialogInfo.parse(request.body)
        if info.full:
            self._dialogs.clear()
        self._dialogs.update((dialog.id, dialog) for dialog in info.dialogs)
        self.version = info.version
        self.notified += 1
        self._show(liveliest(self.dialogs))

    @override
    def ended(self) -> None:
        """Dark from now on."""
        self._dialogs.clear()
        self._show(None)

    def _show(self, state: DialogState | None) -> None:
        if state != self.state:
            self.history.append(Shown(state, time.monotonic_ns()))
        changed, self.next_notify = self.next_notify, Happening(self.next_notify.what)
        changed.mark(None)

    async def shows(self, state: DialogState, seconds: float = DEADLINE) -> Shown:
        """Wait until it shows this; at once if it does.

        Raises:
            TimeoutError: it did not within `seconds`; the message has the history.
            SubscriptionOver: it is off, so it cannot.
        """
        deadline_ns = time.monotonic_ns() + round(seconds * 1e9)
        while self.state != state:
            if self.over:
                raise SubscriptionOver(f"lamp {self.number}: {self.over.value}")
            try:
                await self.next_notify.within((deadline_ns - time.monotonic_ns()) / 1e9)
            except TimeoutError:
                seen = [shown.state for shown in self.history]
                raise TimeoutError(
                    f"lamp {self.number} did not show {state} in {seconds} s: {seen}"
                ) from None
        return self.history[-1]
