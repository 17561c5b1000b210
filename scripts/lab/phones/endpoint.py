"""One UDP socket that many phones and callers share, with a time-stamped record of all messages."""

import asyncio
import contextlib
import secrets
import socket
import struct
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from scripts.lab.phones.address import Address, Uri
from scripts.lab.phones.message import Message, Request, Response, SipSyntaxError, parse, tag_of
from scripts.lab.phones.parties import Captured, Gone, InDialog, Nobody, Party, Way
from scripts.lab.phones.sockets import Sink
from scripts.lab.phones.transaction import (
    ClientTransaction,
    Owner,
    ServerTransaction,
    Timers,
)

_TIMESTAMP_NS: Final = 35
"""Linux's SO_TIMESTAMPNS, which the socket module does not name."""
_BATCH: Final = 64
_BUFFER: Final = 4 << 20
MAGIC: Final = "z9hG4bK"


class SipEndpoint:
    """The shared socket: `async with SipEndpoint() as endpoint:`.

    Args:
        host: local IPv4 address; give trunks their own (127.0.0.2...) to be told apart by it.
        port: 0 takes a free one.
        timers: RFC 3261's base timers.
        keep_messages: keep every message in `capture`; without, only times and kinds are kept.

    `loss`, when set, is called with each message and its way ("out" before it is sent, "in" after it was
    received) and drops those for which it returns True.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        timers: Timers | None = None,
        keep_messages: bool = True,
    ) -> None:
        """Opens nothing yet."""
        self.host = host
        self.port = port
        self.timers = timers or Timers()
        self.capture: list[Captured] = []
        self.garbage: list[bytes] = []
        """Datagrams that were no SIP."""
        self.errors: list[Exception] = []
        """What went wrong in callbacks; raised when the endpoint closes."""
        self.loss: Callable[[Message, Way], bool] | None = None
        self.dialogs: dict[tuple[str, str], InDialog] = {}
        self.parties: dict[str, Party] = {}
        self._keep = keep_messages
        self.clients: dict[tuple[str, str], ClientTransaction] = {}
        self.servers: dict[tuple[str, str], ServerTransaction] = {}
        self._salt = secrets.token_hex(4)
        self._count = 0
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sink: Sink | None = None

    async def __aenter__(self) -> Self:
        """Open the socket."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(0)
        for option in (socket.SO_RCVBUF, getattr(socket, "SO_RCVBUFFORCE", 33)):
            with contextlib.suppress(OSError):  # the forced size is root's privilege
                sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
        sock.bind((self.host, self.port))
        self.port = sock.getsockname()[1]
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send BYE or CANCEL for calls that still live (without waiting), close all sockets.

        Raises:
            ExceptionGroup: callbacks failed while it was open: a bug here, or a message that no
                phone can make sense of.
        """
        for dialog in list(self.dialogs.values()):
            self._run(dialog.abandon)
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket = None
        if self._sink is not None:
            self._sink.close()
        if self.errors and error is None:
            raise ExceptionGroup("in callbacks of a SIP endpoint", self.errors)

    @property
    def closed(self) -> bool:
        """Whether the socket is shut (or not yet open)."""
        return self._socket is None

    def rtp_sink_port(self) -> int:
        """A port that swallows the audio of all calls without media; opened when first asked."""
        if self._sink is None:
            self._sink = Sink(self.host)
        return self._sink.port

    def hand_over(self, party: Party, other: "SipEndpoint") -> None:
        """Let a party go on at another socket, with all its calls; nothing reaches it here any more.

        As when its address behind a NAT has changed: what is sent to the old one is lost.

        Raises:
            ValueError: the other endpoint has such a user already.
        """
        if (there := other.parties.get(party.user)) and not isinstance(there, Gone):
            raise ValueError(f"two phones {party.user!r} at one endpoint")
        gone = Gone(party.user)
        self.parties[party.user] = gone
        other.parties[party.user] = party
        for key, dialog in self.dialogs.items():
            if dialog.owner is party:
                self.dialogs[key] = gone
                other.dialogs[key] = dialog
        # What is under way goes on from the new address, too.
        for number, client in list(self.clients.items()):
            if client.owner is party:
                client.wire = other
                other.clients[number] = self.clients.pop(number)
        for number, server in list(self.servers.items()):
            if server.owner is party:
                server.wire = other
                other.servers[number] = self.servers.pop(number)

    # -- names -----------------------------------------------------------------------------

    def token(self) -> str:
        """A new unique token: tags, Call-IDs, cnonces."""
        self._count += 1
        return f"{self._salt}{self._count:x}"

    def via(self) -> str:
        """A Via of this endpoint with a new branch."""
        return f"SIP/2.0/UDP {self.host}:{self.port};rport;branch={MAGIC}{self.token()}"

    # -- sending ---------------------------------------------------------------------------

    def request(
        self,
        owner: Owner,
        request: Request,
        to: Address,
        on_response: Callable[[Response], None],
    ) -> ClientTransaction:
        """Send a request (that has a Via of `via()`) and hand over its responses."""
        transaction = ClientTransaction(self, owner, request, to, on_response)
        self.clients[transaction.key] = transaction
        transaction.start()
        return transaction

    def transmit(self, owner: Owner, message: Message, data: bytes, to: Address) -> None:
        """Put one datagram on the wire; part of `transaction.Wire`."""
        if self._socket is None:
            return
        dropped = owner.vanished or (self.loss is not None and self.loss(message, "out"))
        self._record(message, owner, to, time.monotonic_ns(), sent=True, dropped=dropped)
        if not dropped:
            # UDP: a full buffer or an unreachable port is loss, and retransmission cures it.
            with contextlib.suppress(OSError):
                self._socket.sendto(data, to)

    def later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `do` after `seconds` unless the endpoint has closed by then."""
        if self._loop is None:
            raise RuntimeError("the endpoint is not open")
        return self._loop.call_later(seconds, self._run, do)

    def _run(self, do: Callable[[], None]) -> None:
        if self.closed:
            return
        try:
            do()
        except Exception as error:  # noqa: BLE001 - kept, and raised at the end
            self.errors.append(error)

    def forget_client(self, key: tuple[str, str]) -> None:
        """Part of `transaction.Wire`."""
        self.clients.pop(key, None)

    def forget_server(self, key: tuple[str, str]) -> None:
        """Part of `transaction.Wire`."""
        self.servers.pop(key, None)

    def _record(
        self,
        message: Message,
        owner: Owner | None,
        peer: Address,
        at_ns: int,
        *,
        sent: bool,
        dropped: bool,
    ) -> None:
        status = message.status if isinstance(message, Response) else 0
        target = ""
        if isinstance(message, Request):
            user, at, _ = message.uri.partition("@")
            target = user.rpartition(":")[2] if at else ""
        self.capture.append(
            Captured(
                at_ns=at_ns,
                sent=sent,
                method=message.method if isinstance(message, Request) else message.cseq[1],
                status=status,
                call_id=message.call_id,
                owner="" if owner is None else owner.user,
                target=target,
                peer=peer,
                dropped=dropped,
                message=message if self._keep else None,
            )
        )

    # -- receiving -------------------------------------------------------------------------

    def _readable(self) -> None:
        for _ in range(_BATCH):  # then the loop's other work has its turn
            if self._socket is None:
                return
            try:
                data, extra, _, source = self._socket.recvmsg(65535, 64)
            except OSError:  # nothing more, or an ICMP error of an earlier send
                return
            at_ns = time.monotonic_ns()
            for _, kind, stamp in extra:
                if kind == _TIMESTAMP_NS and len(stamp) == 16:
                    seconds, nanos = struct.unpack("qq", stamp)
                    at_ns -= max(0, time.time_ns() - seconds * 1_000_000_000 - nanos)
            self._received(data, (source[0], source[1]), at_ns)

    def _received(self, data: bytes, source: Address, at_ns: int) -> None:
        if not data.strip():  # keep-alive
            return
        try:
            message = parse(data)
            deliver, owner = self._route(message, source, at_ns)
        except (SipSyntaxError, ValueError):
            self.garbage.append(data)
            return
        dropped = (owner is not None and owner.vanished) or (
            self.loss is not None and self.loss(message, "in")
        )
        self._record(message, owner, source, at_ns, sent=False, dropped=dropped)
        if deliver is not None and not dropped:
            self._run(deliver)

    def _route(
        self, message: Request | Response, source: Address, at_ns: int
    ) -> tuple[Callable[[], None] | None, Owner | None]:
        """What to do with a message, and whose it is; changes nothing yet."""
        branch = message.branch
        number, method = message.cseq
        if number < 0:
            raise SipSyntaxError("negative CSeq")
        if isinstance(message, Response):
            client = self.clients.get((branch, method))
            if client is None:
                return None, None
            return lambda: client.receive(message), client.owner
        key = (branch, "INVITE" if message.method == "ACK" else message.method)
        server = self.servers.get(key)
        tag = tag_of(message.need("to"))
        if message.method == "ACK":
            return self._ack(message, server, tag)
        if server is not None:
            return server.repeat, server.owner
        if message.method == "CANCEL":
            return self._cancel(message, source, at_ns)
        return self._new(message, source, at_ns, tag)

    def _ack(
        self, ack: Request, server: ServerTransaction | None, tag: str | None
    ) -> tuple[Callable[[], None] | None, Owner | None]:
        if server is not None and server.final >= 300:
            return lambda: server.receive_ack(ack), server.owner
        call = self.dialogs.get((ack.call_id, tag or ""))
        return (None, None) if call is None else (lambda: call.on_ack(ack), call.owner)

    def _open(
        self, owner: Owner, request: Request, source: Address, at_ns: int
    ) -> ServerTransaction:
        server = ServerTransaction(self, owner, request, source, at_ns)
        self.servers[server.key] = server
        return server

    def _cancel(
        self, request: Request, source: Address, at_ns: int
    ) -> tuple[Callable[[], None], Owner]:
        invite = self.servers.get((request.branch, "INVITE"))

        def deliver() -> None:
            server = self._open(owner, request, source, at_ns)
            if invite is None:
                server.respond(request.reply(481, "nobody"))
                return
            if invite.final or invite.on_cancel is None:
                server.respond(request.reply(200, self.token()))
            else:
                invite.on_cancel(server)

        owner = invite.owner if invite is not None else self._party(request)
        return deliver, owner

    def _party(self, request: Request) -> Party:
        """Who is meant by a request outside any dialog."""
        user = Uri.parse(request.uri).user
        return self.parties.get(user) or self.parties.get("*") or Nobody()

    def _new(
        self, request: Request, source: Address, at_ns: int, tag: str | None
    ) -> tuple[Callable[[], None], Owner]:
        target: Party | InDialog | None
        if tag is not None:
            call = self.dialogs.get((request.call_id, tag))
            target = call
            owner: Owner = call.owner if call is not None else Nobody()
        else:
            target = owner = self._party(request)

        def deliver() -> None:
            server = self._open(owner, request, source, at_ns)
            if target is None:
                server.respond(request.reply(481))
            else:
                target.on_request(server)

        return deliver, owner
