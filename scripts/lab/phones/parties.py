"""Who is at an endpoint, and what the endpoint writes down about each message."""

from dataclasses import dataclass
from typing import Literal, Protocol

from scripts.lab.phones.address import Address
from scripts.lab.phones.message import Message, Request
from scripts.lab.phones.transaction import Owner, ServerTransaction

Way = Literal["in", "out"]


@dataclass(slots=True)
class Captured:
    """One message that crossed the socket.

    Incoming times are the kernel's (so a busy event loop does not blur a measurement), both are
    on the scale of `time.monotonic_ns`.
    """

    at_ns: int
    sent: bool
    method: str
    """Of the request, or of the request that the response answers."""
    status: int
    """0 for a request."""
    call_id: str
    owner: str
    """The user of the phone or caller here that sent it or whose it is; "" for nobody's."""
    target: str
    """For a request, the user of its request URI."""
    peer: Address
    dropped: bool
    """A loss hook or a vanished phone threw it away."""
    message: Message | None
    """None when the endpoint was told not to keep messages."""


class Party(Owner, Protocol):
    """What the endpoint hands requests to: a phone or caller."""

    def on_request(self, transaction: ServerTransaction) -> None:
        """A request outside any dialog."""


class InDialog(Protocol):
    """What the endpoint hands requests inside a dialog to: a call or a subscription."""

    @property
    def owner(self) -> Party:
        """The phone or caller whose it is."""

    def on_request(self, transaction: ServerTransaction) -> None:
        """A request other than ACK."""

    def on_ack(self, ack: Request) -> None:
        """The ACK for a 2xx."""

    def abandon(self) -> None:
        """The endpoint closes: say good-bye if there is something to end, close the media."""


class Nobody:
    """Answers for users that no phone has claimed: trunks are qualified too."""

    user = ""
    vanished = False

    def on_request(self, transaction: ServerTransaction) -> None:
        """OPTIONS and NOTIFY are fine, everything else is unknown here."""
        fine = transaction.request.method in {"OPTIONS", "NOTIFY"}
        transaction.respond(transaction.request.reply(200 if fine else 404, "nobody"))


class Gone:
    """Where a party and its dialogs were before they moved: all that still comes is lost."""

    vanished = True

    def __init__(self, user: str) -> None:
        """`user` is who was there."""
        self.user = user

    @property
    def owner(self) -> "Gone":
        """Itself, so that messages inside its former dialogs are lost too."""
        return self

    def on_request(self, transaction: ServerTransaction) -> None:
        """Never called, as the endpoint drops what comes for the vanished."""

    def on_ack(self, ack: Request) -> None:
        """Never called."""

    def abandon(self) -> None:
        """Nothing to end."""
