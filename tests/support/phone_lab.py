"""An Asterisk with plain phones and no engine, for the tests of the laboratory's phones."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scripts.lab.asterisk import AsteriskServer, AsteriskUnavailable
from scripts.lab.phones import Caller, Phone, SipEndpoint

MODULES = """
    res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd
    res_rtp_asterisk res_musiconhold res_pjsip res_pjsip_session res_pjsip_authenticator_digest
    res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_registrar
    res_pjsip_sdp_rtp res_pjsip_dtmf_info res_pjsip_caller_id res_pjsip_refer res_pjsip_rfc3326
    res_pjsip_pubsub res_pjsip_empty_info res_pjsip_dlg_options res_pjsip_diversion res_pjsip_nat res_pjsip_header_funcs res_pjsip_logger chan_pjsip codec_ulaw codec_alaw
    codec_gsm codec_resample format_gsm format_wav format_pcm bridge_simple bridge_softmix
    bridge_holding bridge_builtin_features app_dial app_echo app_milliwatt app_playback app_playtones
    app_read app_stack app_verbose app_chanspy
    app_confbridge app_mixmonitor res_pjsip_outbound_publish res_pjsip_exten_state
    res_pjsip_dialog_info_body_generator
    func_devstate pbx_config func_callerid func_channel func_logic func_strings
"""

DIALPLAN = """
[phones]
exten => _10X,1,Dial(PJSIP/${EXTEN},30)
exten => 600,1,Answer()
 same => n,MusicOnHold()
exten => 601,1,Answer()
 same => n,Echo()
exten => 602,1,Answer()
 same => n,Milliwatt()
exten => 603,1,Progress()
 same => n,Milliwatt()
exten => 604,1,Ringing()
 same => n,Wait(30)
exten => 605,1,Busy()
exten => 670,1,Answer()
 same => n,ConfBridge(room)
exten => 671,1,Answer()
 same => n,ChanSpy(PJSIP/101,dqE)
exten => 672,1,MixMonitor(both.wav,r(from.wav)t(to.wav))
 same => n,Dial(PJSIP/101,30)
exten => 680,1,Answer()
 same => n,Playback(activated)
 same => n,Hangup()
exten => 681,1,Answer()
 same => n,Wait(0.3)
 same => n,Hangup()
exten => *7100*6400,hint,Custom:agent
exten => _*7XXX,hint,Custom:agent${EXTEN:2}
exten => 103,hint,PJSIP/103
exten => 606,1,Answer()
 same => n,Hangup()
exten => 610,1,Dial(PJSIP/101&PJSIP/102&PJSIP/103,30)
exten => 620,1,Answer()
 same => n,Read(KEYS,,3)
 same => n,Set(CALLERID(name)=${KEYS})
 same => n,Dial(PJSIP/101,30)
exten => 630,1,Answer()
 same => n,Wait(0.2)
 same => n,Set(CONNECTEDLINE(all)="New Name" <777>)
 same => n,Echo()
exten => 640,1,Dial(PJSIP/101,30,b(alert^s^1))
exten => 650,1,Dial(PJSIP/101,1)
 same => n,Hangup(17)
exten => 660,1,Dial(PJSIP/2105550000@trunk,30)

[alert]
exten => s,1,Set(PJSIP_HEADER(add,Alert-Info)=<http://ring/queue>\\;info=queue)
 same => n,Return()
"""


def pjsip(port: int) -> str:
    phones = "".join(
        f"""
[{user}]
type = endpoint
context = phones
aors = {user}
auth = {user}
callerid = "Agent {user}" <{user}>
disallow = all
allow = ulaw,alaw
direct_media = no
send_pai = yes
rtp_symmetric = yes
{"dtmf_mode = info" if user == 104 else "dtmf_mode = rfc4733"}

[{user}]
type = auth
auth_type = digest
username = {user}
password = pw{user}

[{user}]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 1
"""
        for user in (101, 102, 103, 104)
    )
    return f"""
[global]
type = global
endpoint_identifier_order = ip,username

[transport]
type = transport
protocol = udp
bind = 127.0.0.1:{port}

[trunk]
type = endpoint
context = phones
aors = trunk
disallow = all
allow = alaw
direct_media = no
trust_id_inbound = yes

[trunk]
type = identify
endpoint = trunk
match = 127.0.0.2

[trunk]
type = aor
contact = sip:127.0.0.2:{port + 1}
{phones}
"""


def configure(server: AsteriskServer) -> None:
    folders = "\n".join(f"{name} => {path}" for name, path in server.directories().items())
    files = {
        "asterisk.conf": f"[directories]\n{folders}\n[options]\nnocolor = yes\n",
        "modules.conf": "[modules]\nautoload = no\n"
        + "".join(f"load = {name}.so\n" for name in MODULES.split()),
        "logger.conf": "[logfiles]\nmessages.log => notice,warning,error\n",
        "rtp.conf": f"[general]\nrtpstart = {server.ports.rtp_first}\n"
        f"rtpend = {server.ports.rtp_last}\nstrictrtp = yes\n",
        "confbridge.conf": "[default_user]\ntype = user\nquiet = yes\n",
        "musiconhold.conf": "[default]\nmode = files\ndirectory = moh\n",
        "pjsip.conf": pjsip(server.ports.sip),
        "extensions.conf": DIALPLAN,
    }
    for name, text in files.items():
        (server.etc / name).write_text(text)


@contextlib.asynccontextmanager
async def running(run_dir: Path) -> AsyncIterator[AsteriskServer]:
    """An Asterisk for one module's tests; without one they are skipped."""
    try:
        server = AsteriskServer(run_dir)
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    configure(server)
    async with server:
        yield server


@contextlib.asynccontextmanager
async def at(asterisk: AsteriskServer) -> AsyncIterator["Lab"]:
    """One test's phones and trunk; the phones unregister at the end."""
    async with SipEndpoint() as inside, SipEndpoint("127.0.0.2", asterisk.ports.sip + 1) as outside:
        lab = Lab(asterisk, inside, outside)
        yield lab
        for phone in lab.phones:
            if phone.expires:
                await phone.unregister()


class Lab:
    def __init__(self, asterisk: AsteriskServer, inside: SipEndpoint, outside: SipEndpoint) -> None:
        self.asterisk = asterisk
        self.inside = inside
        self.server = ("127.0.0.1", asterisk.ports.sip)
        self.caller = Caller(outside, "pbx", server=self.server, media="tone:440")
        self.world = Phone(outside, "*", server=self.server, media="tone:1500")
        self.phones: list[Phone] = []

    async def phone(self, user: int, media: str | None = None) -> Phone:
        tone = f"tone:{user * 100 - 9400}" if media is None else media  # 101: 700 Hz, 102: 800
        phone = Phone(self.inside, str(user), server=self.server, password=f"pw{user}", media=tone)
        await phone.register()
        self.phones.append(phone)
        return phone


async def until_idle(lab: Lab) -> str:
    async with asyncio.timeout(30):
        while "0 active channels" not in (text := await lab.asterisk.cli("core show channels")):
            pass
    return text
