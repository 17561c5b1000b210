"""The AMI adapter against real Asterisk and real SIP phones."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest

import engine.adapters.ami.presence as ami_presence
from engine.adapters.ami import AmiPresence
from engine.app.ports import ReloadFailed
from engine.core.ids import EndpointName, NodeId
from engine.core.inputs import DeviceState, PhoneDevice, PhoneReachable
from scripts.lab.asterisk import AsteriskServer, AsteriskUnavailable
from scripts.lab.phones import Phone, SipEndpoint

pytestmark = [pytest.mark.asterisk, pytest.mark.real_time]

NODE = NodeId("pbx-a")
MODULES = """
    res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd
    res_rtp_asterisk res_pjsip res_pjsip_session res_pjsip_authenticator_digest
    res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_sdp_rtp res_pjsip_pubsub
    res_manager_devicestate
    chan_pjsip codec_ulaw bridge_simple app_dial app_echo pbx_config
"""
# 101 is qualified and may have two contacts, 102 is not qualified, 103 does not register: its
# contact is in the configuration. 104 is never there.
PJSIP = """
[global]
type = global
contact_expiration_check_interval = 1

[transport]
type = transport
protocol = udp
bind = 127.0.0.1:{port}

[phone](!)
type = endpoint
context = phones
disallow = all
allow = ulaw
direct_media = no

[101](phone)
aors = 101
auth = 101
[101]
type = auth
auth_type = digest
username = 101
password = pw101
[101]
type = aor
max_contacts = 2
minimum_expiration = 1
qualify_frequency = 1
qualify_timeout = 2.5

[102](phone)
aors = 102
auth = 102
[102]
type = auth
auth_type = digest
username = 102
password = pw102
[102]
type = aor
max_contacts = 1
minimum_expiration = 1

[103](phone)
aors = 103
[103]
type = aor
contact = sip:103@127.0.0.1:{static}
qualify_frequency = 1
qualify_timeout = 2.5

[104](phone)
aors = 104
[104]
type = aor
max_contacts = 1
{more}
"""
STATIC = """
[{number}](phone)
aors = {number}
[{number}]
type = aor
contact = sip:{number}@127.0.0.1:1
"""
# Least rights: nothing that could originate, run a command or change the configuration.
MANAGER = """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}

[usher]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = system,call
write = system
"""


class Lab:
    """One Asterisk, phones, and the adapter watching them."""

    def __init__(self, run_dir):
        self.asterisk = AsteriskServer(run_dir)
        self.posted = []
        self.news = asyncio.Event()
        self.presence = AmiPresence(
            NODE, "127.0.0.1", self.asterisk.ports.ami, "usher", "s3cret", self.post
        )
        self.configure()

    def configure(self, secret="s3cret", more="", static=1):
        ports = self.asterisk.ports
        folders = "\n".join(f"{k} => {v}" for k, v in self.asterisk.directories().items())
        files = {
            "asterisk.conf": f"[directories]\n{folders}\n",
            "modules.conf": "[modules]\nautoload = no\n"
            + "".join(f"load = {name}.so\n" for name in MODULES.split()),
            "logger.conf": "[logfiles]\nmessages.log => notice,warning,error\n",
            "rtp.conf": f"[general]\nrtpstart = {ports.rtp_first}\nrtpend = {ports.rtp_last}\n",
            "pjsip.conf": PJSIP.format(port=ports.sip, static=static, more=more),
            "manager.conf": MANAGER.format(port=ports.ami, secret=secret),
            "extensions.conf": "[phones]\nexten => 9,1,Answer()\n same => n,Echo()\n"
            "exten => _10X,1,Dial(PJSIP/${EXTEN},30)\n",
        }
        for name, text in files.items():
            (self.asterisk.etc / name).write_text(text)

    def post(self, happened):
        self.posted.append(happened)
        self.news.set()

    def phone(self, endpoint, number):
        server = ("127.0.0.1", self.asterisk.ports.sip)
        return Phone(endpoint, number, server=server, password=f"pw{number}", media="tone:440")

    async def sees(self, **phones):
        """Waits until this is the latest that was said of these phones (p101=(state, reachable))."""
        try:
            async with asyncio.timeout(40):
                while not all(self.view.get(k[1:]) == v for k, v in phones.items()):
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            pytest.fail(f"never saw {phones}, but {self.view} from {self.posted}")

    @property
    def view(self):
        """What a listener knows: (state, reachable) by number."""
        view = {}
        for happened in self.posted:
            state, there = view.get(happened.endpoint, (None, None))
            if isinstance(happened, PhoneDevice):
                state = happened.state
            else:
                there = happened.reachable
            view[happened.endpoint] = (state, there)
        return view


def reach(number, *, reachable):
    return PhoneReachable(NODE, EndpointName(number), reachable)


def device(number, state):
    return PhoneDevice(NODE, EndpointName(number), state)


def assert_all_news(posted):
    """No input repeats what the last of its kind said of the same phone."""
    latest = {}
    for happened in posted:
        key = (type(happened), happened.endpoint)
        assert latest.get(key) != happened, f"{happened} was said twice"
        latest[key] = happened


@contextlib.asynccontextmanager
async def running(presence):
    async with asyncio.TaskGroup() as group:
        task = group.create_task(presence.run())
        try:
            yield
        finally:
            task.cancel()


@pytest.fixture
async def lab(tmp_path):
    try:
        made = Lab(tmp_path)
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    yield made
    await made.asterisk.stop()


IDLE = (DeviceState.NOT_INUSE, True)
AWAY = (DeviceState.UNAVAILABLE, False)
ALL_AWAY = {"p101": AWAY, "p102": AWAY, "p103": AWAY, "p104": AWAY}


async def test_phones_come_and_go(lab):
    async with lab.asterisk, SipEndpoint() as one, SipEndpoint() as two, running(lab.presence):
        await lab.sees(**ALL_AWAY)
        assert lab.posted == [
            each
            for number in ("101", "102", "103", "104")
            for each in (reach(number, reachable=False), device(number, DeviceState.UNAVAILABLE))
        ]
        # Two contacts of one phone: reachable while at least one is.
        desk, mobile, plain = lab.phone(one, "101"), lab.phone(two, "101"), lab.phone(one, "102")
        await desk.register()
        await lab.sees(p101=IDLE)
        await mobile.register()
        await desk.unregister()
        await plain.register()  # Not qualified: there as long as its registration says so.
        await lab.sees(p102=IDLE)
        mobile.vanish()  # No answer to OPTIONS any more.
        await lab.sees(p101=AWAY)
        mobile.reappear()
        await lab.sees(p101=IDLE)
        await mobile.unregister()
        await lab.sees(p101=AWAY)
        await plain.register(expires=1)  # And runs out.
        await lab.sees(p102=AWAY)
    # Nothing was said twice: each input told something new of its phone.
    assert_all_news(lab.posted)
    assert lab.presence.nonsense == {}
    assert lab.presence.connections == 1


async def test_calls_move_device_states_and_nothing_else_is_sent(lab):
    async with lab.asterisk, SipEndpoint() as endpoint, running(lab.presence):
        ann, bob = lab.phone(endpoint, "101"), lab.phone(endpoint, "102")
        await ann.register()
        await bob.register()
        await lab.sees(p101=IDLE, p102=IDLE)
        call = await ann.dial("102")
        there = await bob.incoming()
        await lab.sees(p101=(DeviceState.INUSE, True), p102=(DeviceState.RINGING, True))
        there.answer()
        await lab.sees(p102=(DeviceState.INUSE, True))
        await call.wait_until_hears(440)  # A hold before the two are bridged is lost.
        # "On hold" is said of the phone that was put on hold, not of the one that did it.
        await there.hold()
        await lab.sees(p101=(DeviceState.ONHOLD, True), p102=(DeviceState.INUSE, True))
        await there.resume()
        await lab.sees(p101=(DeviceState.INUSE, True))
        call.hang_up()
        await lab.sees(p101=IDLE, p102=IDLE)
    # The filters work: not one event of the call itself came.
    assert lab.presence.nonsense == {}


async def test_asterisk_is_killed_and_comes_back(lab, monkeypatch):
    monkeypatch.setattr(ami_presence, "RETRY_LAST_MS", 500)
    # The adapter is there first: it keeps trying.
    async with SipEndpoint() as endpoint, running(lab.presence), lab.asterisk:
        ann = lab.phone(endpoint, "101")
        await lab.sees(**ALL_AWAY)
        await ann.register()
        await lab.sees(p101=IDLE)
        await lab.asterisk.kill()
        # While it is down, a phone is taken out of the configuration and another put in.
        monkeypatch.setitem(globals(), "PJSIP", PJSIP.replace("104", "105"))
        lab.configure()
        lab.posted.clear()
        await lab.asterisk.start()
        await lab.sees(p105=AWAY, p104=(DeviceState.INVALID, False))
        numbers = ["101", "102", "103", "105", "104"]
        assert [each.endpoint for each in lab.posted[:10]] == [n for n in numbers for _ in "ab"]
        await ann.register()
        await lab.sees(p101=IDLE)
    assert lab.presence.connections == 2


async def test_a_reload_adds_phones_and_takes_them_away(lab, monkeypatch):
    async with lab.asterisk, SipEndpoint() as endpoint, running(lab.presence):
        await lab.sees(**ALL_AWAY)
        # 102 becomes 106; 107 is there from the start, for its contact is static and not asked.
        monkeypatch.setitem(globals(), "PJSIP", PJSIP.replace("102", "106"))
        lab.configure(more=STATIC.format(number=107))
        await lab.presence.reload_module("res_pjsip.so")
        await lab.sees(p102=(DeviceState.INVALID, False), p107=IDLE)
        new = lab.phone(endpoint, "106")
        await new.register()
        await lab.sees(p106=IDLE)
        # The same by hand, as an administrator at Asterisk's console does it.
        lab.configure(more=STATIC.format(number=108))
        await lab.asterisk.reload("res_pjsip.so")
        await lab.sees(p107=(DeviceState.INVALID, False), p108=IDLE)
        with pytest.raises(ReloadFailed, match=r"nosuch\.so: .*No such module"):
            await lab.presence.reload_module("nosuch.so")
        for builtin in ("manager", "logger"):
            await lab.presence.reload_module(builtin)
    assert lab.presence.connections == 1


async def test_a_static_contact(lab):
    async with SipEndpoint() as endpoint:
        far = Phone(endpoint, "103", server=("127.0.0.1", lab.asterisk.ports.sip))
        lab.configure(static=endpoint.port)
        async with lab.asterisk, running(lab.presence):
            await lab.sees(p103=IDLE)
            far.vanish()
            await lab.sees(p103=AWAY)


async def test_a_wrong_secret_is_said_and_the_right_one_then_works(lab, caplog, monkeypatch):
    monkeypatch.setattr(ami_presence, "REFUSED_RETRY_FIRST_MS", 200)
    lab.configure(secret="other")
    said = Heard("refuses the manager user 'usher'")
    monkeypatch.setattr(ami_presence.log, "handlers", [said])
    async with lab.asterisk, running(lab.presence):
        await said.event.wait()
        assert not lab.posted
        lab.configure()
        await lab.asterisk.reload("manager")
        await lab.sees(**ALL_AWAY)
    assert "s3cret" not in caplog.text


class Heard(logging.Handler):
    """Waits for a line in a log."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.event = asyncio.Event()

    def emit(self, record):
        if self.text in record.getMessage():
            self.event.set()
