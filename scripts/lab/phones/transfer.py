"""A transfer in a phone's hands: REFER, its NOTIFYs, and what the phone does with its calls then."""

from typing import Final, Literal

from scripts.lab.phones.happening import Happening
from scripts.lab.phones.message import Request

Leave = Literal["success", "accepted", "never"]
"""When the phone sends BYE by itself: after the final 200 in a NOTIFY (Yealink, Snom), as soon as the
REFER is accepted (202; such phones take a NOTIFY for a call that is gone), or not at all."""
Early = Literal["replaces", "cancel"]
"""What a transfer into a call that still rings is: a REFER that replaces the early dialog, or CANCEL
first and then a blind transfer to the same number (RFC 5589 6.2 and 7.3 have both)."""
_SIPFRAG: Final = "message/sipfrag"


class Transfer:
    """A REFER on its way (RFC 3515).

    `finished` happens with the final status of its NOTIFYs; from 300 on the transfer has failed and
    the phone still has its call.
    """

    def __init__(self, leave: Leave) -> None:
        """`leave`: when the phone hangs up by itself."""
        self.status = 0
        """The REFER's own final status, 202; 0 before."""
        self.leave = leave
        self.progress: list[int] = []
        """The status of each NOTIFY's sipfrag."""
        self.finished: Happening[int] = Happening("the transfer's final NOTIFY")

    @property
    def succeeded(self) -> bool:
        """The other side has been transferred."""
        return bool(self.finished) and self.finished.value < 300

    def notified(self, request: Request) -> None:
        """A NOTIFY came; those of other events, and bodies other than sipfrag, say nothing here."""
        event = (request.get("event") or "").split(";")[0].strip()
        kind = (request.get("content-type") or "").split(";")[0].strip()
        words = request.body.decode("utf-8", "replace").split()
        if event != "refer":
            return
        if kind == _SIPFRAG and len(words) > 1 and words[1].isdigit():
            self.progress.append(int(words[1]))
        over = (request.get("subscription-state") or "").startswith("terminated")
        if self.progress and (over or self.progress[-1] >= 200):
            self.finished.mark(self.progress[-1])
