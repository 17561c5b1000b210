"""Lamps and transfers of the laboratory's phones without Asterisk: what a server may do to them."""

from collections.abc import AsyncIterator

import pytest

from scripts.lab.phones import Caller, Lamp, Phone, Request, SipEndpoint, SipRefused, Timers
from scripts.lab.phones.dialog_info import CONTENT_TYPE, DialogInfo, liveliest
from scripts.lab.phones.transaction import ServerTransaction
from scripts.lab.phones.transfer import Transfer

pytestmark = pytest.mark.unit
FAST = Timers(t1=0.05, t2=0.2, t4=0.25)


def document(*states: str, version: int = 0, full: bool = True) -> bytes:
    dialogs = "".join(
        f'<dialog id="{number}"><state>{state}</state></dialog>'
        for number, state in enumerate(states)
    )
    kind = "full" if full else "partial"
    return (
        f'<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
        f'version="{version}" state="{kind}" entity="sip:7@h">{dialogs}</dialog-info>'
    ).encode()


def test_document_with_all_that_asterisk_tells() -> None:
    info = DialogInfo.parse(
        b"""<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="4" state="full"
        entity="sip:7@h"><dialog id="7" direction="recipient"><local><target uri="sip:7@h">
        <param pname="+sip.rendering" pvalue="no"/></target></local>
        <remote><identity>sip:210@h</identity></remote><state>confirmed</state></dialog>
        </dialog-info>"""
    )
    (dialog,) = info.dialogs
    assert (info.version, info.full, info.entity) == (4, True, "sip:7@h")
    assert (dialog.state, dialog.direction, dialog.held) == ("confirmed", "recipient", True)
    assert dialog.remote == "sip:210@h"


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ((), "terminated"),
        (("terminated", "confirmed"), "confirmed"),
        (("confirmed", "early"), "early"),
        (("trying", "proceeding"), "proceeding"),
    ],
)
def test_lamp_shows_the_liveliest(states: tuple[str, ...], shown: str) -> None:
    assert liveliest(DialogInfo.parse(document(*states)).dialogs) == shown


@pytest.mark.parametrize(
    "body", [b"", b"<x/>", b"<dialog-info", document("asleep"), document().replace(b'"0"', b'"x"')]
)
def test_other_documents_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"dialog|int\(\)"):
        DialogInfo.parse(body)


def notify(event: str, body: str, state: str = "active") -> Request:
    request = Request([], body.encode(), "NOTIFY", "sip:h")
    request.add("event", event)
    request.add("content-type", "message/sipfrag;version=2.0")
    request.add("subscription-state", state)
    return request


def test_transfer_follows_its_own_notifies_only() -> None:
    transfer = Transfer("success")
    transfer.notified(notify("dialog", "SIP/2.0 200 OK"))
    transfer.notified(notify("refer;id=2", "SIP/2.0 100 Trying"))
    assert (transfer.progress, bool(transfer.finished)) == ([100], False)
    transfer.notified(notify("refer", "SIP/2.0 603 Decline", "terminated;reason=noresource"))
    assert (transfer.finished.value, transfer.succeeded) == (603, False)


class Board(Caller):
    """A server that does to subscriptions what a test says."""

    def __init__(self, endpoint: SipEndpoint) -> None:
        super().__init__(endpoint, "*", server=(endpoint.host, endpoint.port))
        endpoint.parties["*"] = self
        self.answers: list[tuple[int, str, str]] = []
        """Status, header, value for the next SUBSCRIBEs; afterwards all are taken."""
        self.asked: list[Request] = []
        self.replies: list[int] = []
        self.notify_first = False
        self._cseq = 100

    def on_request(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        self.asked.append(request)
        status, header, value = self.answers.pop(0) if self.answers else (200, "expires", "600")
        response = request.reply(status, "board")
        response.add(header, value)
        response.add("contact", self.contact)
        if self.notify_first:
            self.tell(document("early"))
        transaction.respond(response)

    def tell(
        self, body: bytes, state: str = "active", event: str = "dialog", cseq: int = 0
    ) -> None:
        asked = self.asked[-1]
        self._cseq += 1
        request = Request(method="NOTIFY", uri=asked.need("contact").strip("<>"), body=body)
        for name, value in (
            ("via", self.endpoint.via()),
            ("from", f"{asked.need('to').split(';tag')[0]};tag=board"),
            ("to", asked.need("from")),
            ("call-id", asked.call_id),
            ("cseq", f"{cseq or self._cseq} NOTIFY"),
            ("contact", self.contact),
            ("event", event),
            ("subscription-state", state),
            ("content-type", CONTENT_TYPE),
        ):
            request.add(name, value)
        self.endpoint.request(
            self, request, self.server, lambda response: self.replies.append(response.status)
        )


@pytest.fixture
async def board() -> AsyncIterator[Board]:
    async with SipEndpoint(timers=FAST) as endpoint:
        yield Board(endpoint)


def watch(board: Board, expires_s: int = 600) -> Lamp:
    phone = Phone(board.endpoint, "101", server=board.server)
    return phone.watch("7", expires_s)


@pytest.mark.real_time
async def test_notify_may_overtake_the_answer(board: Board) -> None:
    board.notify_first = True
    lamp = watch(board)
    await lamp.shows("early")
    assert await lamp.on() == 600
    assert lamp.dialog.remote_tag == "board"


@pytest.mark.real_time
async def test_partial_documents_and_overtaken_notifies(board: Board) -> None:
    lamp = watch(board)
    await lamp.on()
    board.tell(document("confirmed", "early"))
    await lamp.shows("early")
    board.tell(document("confirmed", "terminated", full=False))
    await lamp.shows("confirmed")
    board.tell(document("early"), cseq=50)
    board.tell(document("terminated"), event="presence")
    board.tell(document("terminated"))
    await lamp.shows("terminated")
    assert board.replies[2:4] == [500, 489]
    assert "early" not in [shown.state for shown in lamp.history[2:]]


@pytest.mark.real_time
async def test_server_that_wants_a_longer_time_gets_it(board: Board) -> None:
    board.answers = [(423, "min-expires", "60")]
    lamp = watch(board, expires_s=10)
    await lamp.on()
    assert [request.need("expires") for request in board.asked] == ["10", "60"]
    assert lamp.expires_s == 60


@pytest.mark.real_time
async def test_refresh_that_nobody_knows_darkens_the_lamp(board: Board) -> None:
    lamp = watch(board)
    await lamp.on()
    board.tell(document("confirmed"))
    await lamp.shows("confirmed")
    lamp.refresh()  # inside a dialog that this server has forgotten
    assert await lamp.over == "481"
    assert lamp.state is None
    first = lamp.dialog.call_id
    assert await lamp.again() == 600
    assert lamp.dialog.call_id != first
    board.tell(document("early"))
    await lamp.shows("early")
    assert [shown.state for shown in lamp.history] == ["confirmed", None, "early"]


@pytest.mark.real_time
async def test_server_that_ends_it_says_why(board: Board) -> None:
    lamp = watch(board)
    await lamp.on()
    board.tell(document("confirmed"), "terminated;reason=deactivated")
    assert await lamp.over == "deactivated"
    board.tell(document("confirmed"))
    assert [shown.state for shown in lamp.history] == ["confirmed", None]


@pytest.mark.real_time
async def test_refused_lamp_says_so_to_all_who_wait(board: Board) -> None:
    board.answers = [(403, "x", "y")] * 2
    lamp = watch(board)
    with pytest.raises(SipRefused, match="SUBSCRIBE to 7: 403"):
        await lamp.on()
    with pytest.raises(SipRefused):
        await lamp.again()
    await lamp.again()


@pytest.mark.real_time
async def test_phone_that_moves_is_lost_at_its_old_place() -> None:
    async with SipEndpoint(timers=FAST) as one, SipEndpoint(timers=FAST) as two:
        phone = Phone(one, "101", server=(one.host, one.port))
        caller = Caller(one, "210", server=(one.host, one.port))
        ringing = caller.place("101")
        there = await phone.incoming()
        await ringing.ringing
        phone.move(two)
        there.answer()  # reaches the caller from the new address
        await ringing.answered
        assert f":{two.port}" in ringing.dialog.target
        lost = caller.place("101")
        there.hang_up()
        assert (await ringing.ended).by == "there"
        assert (await lost.ended.within(10)).how == "timeout"
        assert len(phone.calls) == 1
        Phone(two, "102", server=(one.host, one.port))
        with pytest.raises(ValueError, match="two phones '102'"):
            Phone(one, "102", server=(one.host, one.port)).move(two)
        phone.move(one)
        found = caller.place("101")
        await found.ringing
        found.cancel()
        await found.ended
