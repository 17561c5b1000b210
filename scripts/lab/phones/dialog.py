"""A SIP dialog: what both sides agreed about names, tags, routes and numbers (RFC 3261 12)."""

import socket
from dataclasses import dataclass, field
from typing import Self

from scripts.lab.phones.address import Address, NameAddr
from scripts.lab.phones.message import Request, Response, tag_of


def _numeric(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


@dataclass(slots=True)
class Dialog:
    """One side's half of a dialog.

    `local` and `remote` are the From/To values with their tags; `target` is the URI that the other
    side gave as its Contact; `peer` the address it was last heard from.
    """

    call_id: str
    local: str
    local_tag: str
    remote: str
    target: str
    peer: Address
    routes: list[str] = field(default_factory=list)
    cseq: int = 0
    remote_cseq: int = 0

    @classmethod
    def incoming(cls, invite: Request, local_tag: str, peer: Address) -> Self:
        """The dialog that an INVITE starts, seen by the called side."""
        return cls(
            call_id=invite.call_id,
            local=f"{invite.need('to')};tag={local_tag}",
            local_tag=local_tag,
            remote=invite.need("from"),
            target=str(NameAddr.parse(invite.all("contact")[0]).uri),
            peer=peer,
            routes=invite.all("record-route"),
            remote_cseq=invite.cseq[0],
        )

    @property
    def remote_tag(self) -> str | None:
        """None until the other side has answered anything."""
        return tag_of(self.remote)

    def next_cseq(self) -> int:
        """A fresh sequence number."""
        self.cseq += 1
        return self.cseq

    def learn(self, response: Response) -> None:
        """Take over tag, target and routes from a response to the INVITE (the calling side)."""
        to = response.need("to")
        if tag_of(to) is None:
            return
        self.remote = to
        contacts = response.all("contact")
        if contacts:
            self.target = str(NameAddr.parse(contacts[0]).uri)
        routes = response.all("record-route")
        if routes:
            self.routes = routes[::-1]

    def retarget(self, request: Request) -> None:
        """A re-INVITE or UPDATE may move the other side's Contact."""
        contacts = request.all("contact")
        if contacts:
            self.target = str(NameAddr.parse(contacts[0]).uri)

    def request(self, method: str, via: str, cseq: int | None = None) -> Request:
        """A request inside this dialog; `cseq` only for ACK, which repeats its INVITE's."""
        number = self.next_cseq() if cseq is None else cseq
        headers = [
            ("via", via),
            ("max-forwards", "70"),
            *(("route", route) for route in self.routes),
            ("from", self.local),
            ("to", self.remote),
            ("call-id", self.call_id),
            ("cseq", f"{number} {method}"),
        ]
        return Request(headers, b"", method, self.target)

    @property
    def next_hop(self) -> Address:
        """Where requests go: the first route or the target; by name only through the peer."""
        uri = NameAddr.parse(self.routes[0] if self.routes else f"<{self.target}>").uri
        return uri.address if _numeric(uri.host) else self.peer
