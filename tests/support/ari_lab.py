"""A real Asterisk, real phones, and the real ARI adapter in the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp

from engine.adapters.ari import AriTelephony
from engine.adapters.ari.transport import authorization
from engine.adapters.render import (
    AsteriskView,
    Listener,
    Mailbox,
    MusicClass,
    RtpRange,
    Secrets,
    Sip,
    Site,
    Stasis,
    Trunk,
    Voicemail,
    render,
)
from engine.adapters.render import Phone as RenderedPhone
from engine.adapters.render.view import SOUND_LIBRARY
from engine.core.inputs import Input
from scripts.lab.asterisk import AsteriskServer
from scripts.lab.phones import Caller, IncomingCall, OutgoingCall, Phone, SipEndpoint
from scripts.lab.phones.happening import DEADLINE
from scripts.lab.phones.rtp import RtpSession
from tests.support.telephony_contract import NODE
from tests.support.wav import write_tone

SECRET = "only-for-this-test"
NUMBERS = ("1001", "1002", "1003", "1009")
FAR_HZ, NEAR_HZ = 440, 700
VOICES_HZ = {"1001": NEAR_HZ, "1002": 900, "1003": 1100}
"""Whom one hears: customers all have the same voice, phones each their own."""
HEARD_FOR = 8
"""So many looks, 40 ms apart, must agree on who is heard."""
PINS = {"1001": "4711", "650": "08150"}
LIT = {"1001": ("1001@usher", "650@usher"), "1002": ("650@usher",)}
"""Whose phone shows the messages of which voicemail boxes."""
MUSIC_HZ = {"high": 2300}
FLOW = """\
[lab-flow]
exten => s,1,Answer()
 same => n,WaitExten(60)
exten => 1,1,Goto(usher-return,${USHER_ANSWER},1)
exten => 2,1,Hangup()
"""
STEP_S = 0.01
"""Between two looks at something that nobody announces."""


class LabCustomer:
    def __init__(self, call: OutgoingCall, hz: int = FAR_HZ) -> None:
        self.call, self.hz = call, hz

    @property
    def audio(self):
        return self.call.audio

    def hang_up(self):
        self.call.hang_up()

    async def press(self, keys):
        await self.call.send_dtmf(keys)

    async def hold(self):
        await self.call.hold()

    async def resume(self):
        await self.call.resume()

    async def until_rung(self):
        await self.call.ringing

    async def until_answered(self):
        await self.call.answered

    async def until_ended(self):
        await self.call.ended


class LabPhone:
    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.hz = VOICES_HZ[phone.user]
        self.current: IncomingCall | None = None

    @property
    def audio(self):
        assert self.current is not None
        return self.current.audio

    def call(self, number):
        return LabCustomer(self.phone.place(number), self.hz)

    async def _current(self) -> IncomingCall:
        if self.current is None or self.current.ended:
            self.current = await self.phone.incoming()
        return self.current

    def ring(self):
        self.phone.ring_only()

    def be_busy(self):
        self.phone.reject(486)

    def reject(self):
        self.phone.reject(603)

    def be_silent(self):
        self.phone.mute()

    def forward(self, target):
        self.phone.redirect(target)

    async def pick_up(self):
        call = await self._current()
        call.answer()
        await call.acknowledged

    async def hang_up(self):
        call = await self._current()
        if call.pending:
            call.reject(486)
        else:
            call.hang_up()

    async def hold(self):
        await (await self._current()).hold()

    async def resume(self):
        await (await self._current()).resume()

    async def press(self, keys):
        await (await self._current()).send_dtmf(keys)

    async def refer(self, target):
        whereto = target.call if isinstance(target, LabCustomer) else target
        self.transfer = await (await self._current()).refer(whereto, leave="never")

    async def told_of_transfer(self):
        return {200: "done", 603: "refused"}[await self.transfer.finished]

    async def shown(self):
        call = await self._current()
        return f"{call.caller_name} <{call.caller_number}>", call.alert_info

    async def told_elsewhere(self):
        call = self.current or await self.phone.incoming()
        return (await call.cancelled).elsewhere


class AriLab:
    """One Asterisk with a trunk `carrier` and phones; `connect` makes an adapter to it.

    Attributes:
        asterisk: the server; it outlives tests, so `clear` ends what a test has left in it.
    """

    def __init__(self, run_dir: Path) -> None:
        self.asterisk = AsteriskServer(run_dir)
        self.outside = SipEndpoint()
        self.inside = SipEndpoint()
        self._exits = contextlib.AsyncExitStack()

    async def __aenter__(self) -> AriLab:
        await self._exits.enter_async_context(self.outside)
        await self._exits.enter_async_context(self.inside)
        self._configure()
        await self.asterisk.start()
        self._exits.push_async_callback(self.asterisk.stop)
        self.caller = Caller(self.outside, "customer", server=self.sip, media=f"tone:{FAR_HZ}")
        self.phones: dict[str, Phone] = {}
        for number in NUMBERS[:3]:
            phone = Phone(
                self.inside,
                number,
                server=self.sip,
                password=_password(number),
                media=f"tone:{VOICES_HZ[number]}",
            )
            await phone.register()
            self.phones[number] = phone
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exits.aclose()

    @property
    def sip(self) -> tuple[str, int]:
        return ("127.0.0.1", self.asterisk.ports.sip)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.asterisk.ports.http}"

    @property
    def flow(self) -> Path:
        """A call flow of the administrator's."""
        return self.asterisk.run_dir / "flow.conf"

    @property
    def mails(self) -> Path:
        """What was mailed."""
        return self.asterisk.run_dir / "mails"

    def messages(self, box: str) -> list[Path]:
        """The messages of a voicemail box, finished or not."""
        return sorted((self.asterisk.spool / "voicemail" / "usher" / box).rglob("*.wav"))

    def _configure(self) -> None:
        ports, far = self.asterisk.ports, self.outside
        flow, music = self.flow, self.asterisk.run_dir / "high"
        flow.write_text(FLOW, encoding="utf-8")
        music.mkdir(exist_ok=True)
        write_tone(music / "tone.wav", MUSIC_HZ["high"])
        view = AsteriskView(
            ari=Listener(ports.http),
            ami=Listener(ports.ami),
            sip=Sip(port=ports.sip, qualify_s=0),
            rtp=RtpRange(ports.rtp_first, ports.rtp_last),
            phones=tuple(
                RenderedPhone(number, f"Phone {number}", mailboxes=LIT.get(number, ()))
                for number in NUMBERS
            ),
            trunks=(Trunk("carrier", far.host, far.port, match=(f"{far.host}:{far.port}",)),),
            stasis=Stasis(retry_s=1),
            system_name="lab",
            flow_files=(str(flow),),
            voicemail=Voicemail(
                boxes=(
                    Mailbox("1001", "Ann", ("ann@example.org",)),
                    Mailbox("650", "Sales", ("sales@example.org", "boss@example.org")),
                ),
                mail_command=f"/bin/cat >> {self.mails}",
                attach=False,
            ),
            music_classes=(
                MusicClass("default", f"{SOUND_LIBRARY}/moh"),
                MusicClass("high", str(music)),
            ),
        )
        passwords = {number: _password(number) for number in NUMBERS}
        secrets = Secrets(ari=SECRET, ami=SECRET, phones=passwords, pins=PINS)
        with ThreadPoolExecutor(1) as worker:
            site = Site(secrets=secrets, directories=self.asterisk.directories())
            worker.submit(render, view, self.asterisk.etc, site).result()

    def telephony(
        self, post: Callable[[Input], None], url: str | None = None, secret: str = SECRET
    ) -> AriTelephony:
        """Makes an adapter; nothing connects yet."""
        return AriTelephony(node=NODE, url=url or self.url, user="usher", secret=secret, post=post)

    def ari(self) -> aiohttp.ClientSession:
        """Makes a session for plain requests."""
        return aiohttp.ClientSession(f"{self.url}/ari/", headers=authorization("usher", SECRET))

    async def clear(self) -> None:
        """Hangs up all that a test has left, and sets the phones back."""
        await self.asterisk.cli("channel request hangup all")
        async with asyncio.timeout(30):
            # Asterisk announces nothing here.
            while "0 active" not in await self.asterisk.cli("core show channels"):  # noqa: ASYNC110
                await asyncio.sleep(STEP_S)
        async with self.ari() as http:
            async with http.get("bridges") as answer:
                bridges = await answer.json()
            for bridge in bridges:
                async with http.delete(f"bridges/{bridge['id']}") as answer:
                    assert answer.status in {204, 404}  # Some go by themselves meanwhile.
        for phone in self.phones.values():
            phone.ring_only()
            phone._unseen.clear()


class Wire:
    """A way to Asterisk that can be cut: a relay of bytes."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Nobody gets through, and who was through is cut off."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._server = None

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pour(reader, far_writer))
                tasks.create_task(_pour(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}
            for each in (writer, far_writer):
                each.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


class LabWorld:
    """The contract's world: phones at a real Asterisk, behind a wire that can be cut."""

    def __init__(self, lab: AriLab, wire: Wire, post: Callable[[Input], None]) -> None:
        self.lab, self.wire = lab, wire
        self.telephony = lab.telephony(post, wire.url)
        self.phones = {number: LabPhone(phone) for number, phone in lab.phones.items()}

    def call(self, number: str, from_number: str, from_name: str) -> LabCustomer:
        place = self.lab.caller.place
        return LabCustomer(place(number, from_number=from_number, from_name=from_name))

    async def talking(self, customer: LabCustomer, phone: LabPhone) -> bool:
        return await self.hears(customer, phone) and await self.hears(phone, customer)

    async def hears(
        self, listener: LabCustomer | LabPhone, *voices: LabCustomer | LabPhone
    ) -> bool:
        """For a while, so that a voice that comes late is not missed."""
        wanted, looks = {each.hz for each in voices}, 0
        audio = listener.audio

        def as_wanted() -> bool:
            nonlocal looks
            heard = {hz for hz in (FAR_HZ, *VOICES_HZ.values()) if audio.hears(hz)}
            looks = looks + 1 if heard == wanted else 0
            return looks >= HEARD_FOR

        try:
            await audio.until(as_wanted, "hears just those", DEADLINE)
        except TimeoutError:
            return False
        return True

    async def press_in_flow(self, party: LabCustomer | LabPhone, key: str) -> None:
        party.audio.press(key, 100)  # Not waited for: the call may end before the key is up.

    async def hears_something(self, listener: LabCustomer | LabPhone) -> bool:
        return await _comes(listener.audio, lambda: listener.audio.hears("anything"))

    async def hears_nothing(self, listener: LabCustomer | LabPhone) -> bool:
        """No packet comes, for a while."""
        audio, looks, last = listener.audio, 0, -1

        def quiet() -> bool:
            nonlocal looks, last
            looks, last = (looks + 1 if audio.received == last else 0), audio.received
            return looks >= HEARD_FOR

        return await _comes(audio, quiet)

    async def hears_music(self, listener: LabCustomer | LabPhone, music_class: str) -> bool:
        hz = MUSIC_HZ[music_class]
        return await _comes(listener.audio, lambda: listener.audio.hears(hz))

    async def cut(self) -> None:
        await self.wire.cut()

    async def restore(self) -> None:
        await self.wire.open()


async def _comes(audio: RtpSession, condition: Callable[[], bool]) -> bool:
    try:
        await audio.until(condition, "hears it", DEADLINE)
    except TimeoutError:
        return False
    return True


@contextlib.asynccontextmanager
async def lab_world(lab: AriLab, post: Callable[[Input], None]) -> AsyncIterator[LabWorld]:
    """A world of one test."""
    wire = Wire(lab.asterisk.ports.http)
    await wire.open()
    try:
        yield LabWorld(lab, wire, post)
    finally:
        if wire._server is not None:
            await wire.cut()
        await lab.clear()


def _password(number: str) -> str:
    return f"phone-{number}-of-this-test"
