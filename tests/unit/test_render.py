"""Asterisk's files come out whole, private, unchanged where nothing changed, and nothing breaks out."""

from __future__ import annotations

import dataclasses
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from engine.adapters.render import (
    AsteriskView,
    Listener,
    Mailbox,
    MusicClass,
    Phone,
    Rendered,
    RenderRefused,
    Secrets,
    Sip,
    Site,
    Trunk,
    Voicemail,
    render,
    secrets_of,
    view_of,
)
from engine.adapters.render.render import _display
from engine.config.models import Configuration
from engine.config.secrets import resolve_secrets

pytestmark = pytest.mark.unit

SECRETS = Secrets(
    ari="ari-pw",
    ami="ami-pw",
    phones={"1001": "phone-pw"},
    trunks={"carrier": "t-pw"},
    pins={"1001": "4711"},
)
VIEW = AsteriskView(
    ari=Listener(8088),
    ami=Listener(5038),
    phones=(Phone("1001", "Ann Lee"),),
    trunks=(Trunk("carrier", "192.0.2.1", match=("192.0.2.1",), username="us"),),
)


def rendered(target: Path, view: AsteriskView = VIEW, **site: object) -> Rendered:
    return render(view, target, Site(**({"secrets": SECRETS} | site)))


def text(target: Path, name: str) -> str:
    return (target / name).read_text()


def settings(target: Path, name: str) -> list[str]:
    """The lines that Asterisk reads: without comments."""
    lines = [re.split(r"(?<!\\);", line)[0].strip() for line in text(target, name).splitlines()]
    return [line for line in lines if line]


def test_writes_every_file_for_its_owner_and_group_only(tmp_path: Path) -> None:
    changed = rendered(tmp_path / "etc").changed

    assert {path.name for path in changed} >= {
        *("asterisk.conf", "modules.conf", "pjsip.conf", "ari.conf", "http.conf", "manager.conf"),
        *("rtp.conf", "musiconhold.conf", "logger.conf", "extensions.conf"),
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in changed} == {0o640}
    assert {path.name for path in (tmp_path / "etc").iterdir()} == {path.name for path in changed}


def test_comments_stand_before_what_they_explain(tmp_path: Path) -> None:
    rendered(tmp_path)

    assert not text(tmp_path, "asterisk.conf").splitlines()[-1].startswith(";")


def test_second_time_changes_nothing(tmp_path: Path) -> None:
    rendered(tmp_path)

    assert rendered(tmp_path) == Rendered((), (), restart=False)


def test_a_mode_that_became_open_is_closed_again(tmp_path: Path) -> None:
    rendered(tmp_path)
    (tmp_path / "pjsip.conf").chmod(0o644)

    assert [path.name for path in rendered(tmp_path).changed] == ["pjsip.conf"]
    assert stat.S_IMODE((tmp_path / "pjsip.conf").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("change", "files", "reload", "restart"),
    [
        (
            {"phones": (Phone("1001", "Ann Other"),)},
            {"pjsip.conf"},
            {
                "res_pjsip.so",
                "res_pjsip_endpoint_identifier_ip.so",
                "res_pjsip_outbound_registration.so",
            },
            False,
        ),
        (
            {"music_classes": (MusicClass("jazz", "/srv/jazz"),)},
            {"musiconhold.conf"},
            {"res_musiconhold.so"},
            False,
        ),
        (
            {"voicemail": Voicemail((Mailbox("1001", "Ann"),))},
            {"voicemail.conf"},
            {"app_voicemail.so"},
            False,
        ),
        (
            {"flow_files": ("/etc/usher/night.conf",)},
            {"extensions.conf"},
            {"pbx_config.so"},
            False,
        ),
        ({"ari": Listener(8089)}, {"http.conf"}, {"http"}, False),
        ({"ami": Listener(5039)}, {"manager.conf"}, {"manager"}, False),
    ],
)
def test_says_what_to_reload(
    tmp_path: Path,
    change: dict[str, object],
    files: set[str],
    reload: set[str],
    restart: bool,
) -> None:
    rendered(tmp_path)
    result = rendered(tmp_path, dataclasses.replace(VIEW, **change))

    assert {path.name for path in result.changed} == files
    assert set(result.reload) == reload
    assert result.restart is restart


def test_new_modules_need_a_restart(tmp_path: Path) -> None:
    rendered(tmp_path)

    assert rendered(tmp_path, with_app_queue=True).restart


def test_app_queue_is_loaded_only_where_it_is_asked_for(tmp_path: Path) -> None:
    rendered(tmp_path / "plain")
    rendered(tmp_path / "bench", with_app_queue=True)

    assert "app_queue" not in "".join(settings(tmp_path / "plain", "modules.conf"))
    assert "load = app_queue.so" in settings(tmp_path / "bench", "modules.conf")
    assert "autoload = no" in settings(tmp_path / "plain", "modules.conf")


def test_binds_to_the_loopback_interface_unless_told_otherwise(tmp_path: Path) -> None:
    rendered(tmp_path)

    assert "bindaddr = 127.0.0.1" in settings(tmp_path, "http.conf")
    assert "bindaddr = 127.0.0.1" in settings(tmp_path, "manager.conf")
    assert "bind = 127.0.0.1:5060" in settings(tmp_path, "pjsip.conf")
    assert all("0.0.0.0:" not in path.read_text() for path in tmp_path.iterdir())


def test_dialplan_expands_nothing_that_a_caller_sends(tmp_path: Path) -> None:
    rendered(tmp_path, dataclasses.replace(VIEW, lamps=("*71[01]XX*6400", "#7")))
    expressions = set(re.findall(r"\$\{[^}]*\}", "\n".join(settings(tmp_path, "extensions.conf"))))

    # EXTEN is the key of a lamp that is being asked about, or the voicemail box to which the engine
    # sends a call; never what a call dialled. The engine sets the variables USHER_.
    assert expressions == {
        *("${STASISSTATUS}", "${EPOCH}", "${USHER_KEEP_UNTIL}", "${CHANNEL(endpoint)}", "${EXTEN}"),
        *(
            "${DIALPLAN_EXISTS(${USHER_CONTEXT}",
            "${USHER_CONTEXT}",
            "${USHER_EXTEN}",
            "${SHARED(USHER_AWAY,${USHER_FETCH}",
            "${USHER_FETCH}",
            "${USHER_FETCH_TRIP}",
            "${VM_INFO(${EXTEN}",
            "${USHER_LANGUAGE}",
            "${CHANNEL(language):0:2}",
            "${USHER_TRIP}",
        ),
    }
    lines = settings(tmp_path, "extensions.conf")
    # In a context of their own, from which nobody calls; each fits digits, * and # only.
    assert lines[lines.index("[usher-lamps]") + 1 :] == [
        "exten => 1001,hint,PJSIP/1001",
        "exten => _*71[01]XX*6400,hint,Stasis:${EXTEN}",
        "exten => #7,hint,Stasis:${EXTEN}",
    ]
    assert sum("${EXTEN}" in line for line in lines) == 5


def test_the_name_of_the_mails_is_no_expression(tmp_path: Path) -> None:
    voicemail = dataclasses.replace(VIEW.voicemail, from_name="A${SHELL(id)}B")
    rendered(tmp_path, dataclasses.replace(VIEW, voicemail=voicemail))
    lines = settings(tmp_path, "voicemail.conf")
    assert "fromstring = A{SHELL(id)}B" in lines


def test_a_missing_pin_is_named(tmp_path: Path) -> None:
    voicemail = Voicemail((Mailbox("1002", "Ben"),))
    with pytest.raises(KeyError, match="no PIN for voicemail box 1002"):
        rendered(tmp_path, dataclasses.replace(VIEW, voicemail=voicemail))


@pytest.mark.parametrize("lamp", ["", "*7.", "*7!", "_*7X", "*7[1-9]", "*7[]", "*7,1,Hangup", "7N"])
def test_a_lamp_is_digits_and_classes_of_digits(tmp_path: Path, lamp: str) -> None:
    """Nothing with an open end, which would fit more than the keys that there are."""
    with pytest.raises(RenderRefused, match=r"extensions\.conf: cannot be dialled"):
        rendered(tmp_path / "etc", dataclasses.replace(VIEW, lamps=(lamp,)))


def test_recordings_go_where_the_configuration_says_unless_the_site_knows_better(
    tmp_path: Path,
) -> None:
    view = dataclasses.replace(VIEW, spool_directory="/srv/calls")
    rendered(tmp_path / "a", view)
    rendered(tmp_path / "b", view, directories={"astspooldir": "/run/lab", "astetcdir": "/e"})
    rendered(tmp_path / "c")

    assert "astspooldir => /srv/calls" in settings(tmp_path / "a", "asterisk.conf")
    assert settings(tmp_path / "b", "asterisk.conf")[1:3] == [
        "astspooldir => /run/lab",
        "astetcdir => /e",
    ]
    assert "astspooldir" not in text(tmp_path / "c", "asterisk.conf")


def test_only_phones_watch_lamps_and_transfer(tmp_path: Path) -> None:
    """A REFER of theirs is the engine's affair; one of a trunk is refused, and forwards are told."""
    rendered(tmp_path)
    phones, trunks = "\n".join(settings(tmp_path, "pjsip.conf")).split("\n[carrier]\n", 1)

    for part, may in ((phones, "yes"), (trunks, "no")):
        assert part.count(f"allow_subscribe = {may}") == 1
        assert part.count(f"allow_transfer = {may}") == 1
        assert part.count("redirect_method = user") == 1
    assert "subscribe_context = usher-lamps" in phones
    assert "subscribe_context" not in trunks


def test_transfers_of_a_phone_can_be_switched_off(tmp_path: Path) -> None:
    off = {"name": "Bo", "password": {"env": "PHONE"}, "transfers": False}
    on = {"name": "Ann", "password": {"env": "PHONE"}}
    configured = configuration(extensions={"1001": on, "1002": off})
    secrets = secrets_of(configured, "main", resolve_secrets(configured, PASSWORDS))
    render(view_of(configured, "main"), tmp_path, Site(secrets=secrets))

    lines = settings(tmp_path, "pjsip.conf")
    phones = "\n".join(lines).partition("[1001]")[2]
    said = [line for line in phones.splitlines() if line.startswith("allow_transfer")]
    assert said == ["allow_transfer = yes", "allow_transfer = no", *["allow_transfer = no"] * 2]


def test_nobody_is_answered_before_the_engine_was_asked(tmp_path: Path) -> None:
    rendered(tmp_path)
    lines = settings(tmp_path, "extensions.conf")
    firsts = [n for n, line in enumerate(lines) if re.match(r"exten => \S+,1,", line)]
    transfers = "Set(PJSIP_TRANSFER_HANDLING()=ari-only)"

    assert len(firsts) == 15
    from_phones = [lines[n : n + 2] for n in firsts[:3]]
    assert all(first.endswith(f",1,{transfers}") for first, _ in from_phones)
    assert {second for _, second in from_phones} == {
        "same => n,Stasis(usher,in,${CHANNEL(endpoint)})"
    }
    assert all(lines[n].endswith(",1,Stasis(usher,in,carrier)") for n in firsts[3:6])
    # The rest is for calls that the engine has had: given back, lost, sent on, and voicemail.
    assert [lines[n].partition(",1,")[2] for n in firsts[6:]] == [
        *["Set(SHARED(USHER_AWAY)=0)"] * 4,
        "Set(SHARED(USHER_AWAY)=${USHER_TRIP})",
        'GotoIf($["${SHARED(USHER_AWAY,${USHER_FETCH})}"="${USHER_FETCH_TRIP}"]?take)',
        "Hangup()",
        'GotoIf($["${VM_INFO(${EXTEN}@usher,exists)}"!="1"]?usher-lost,s,1)',
        "Answer()",
    ]
    assert [lines[n + 1] for n in firsts[6:10]] == [
        *["same => n,Stasis(usher,back,${USHER_TRIP})"] * 3,
        "same => n,Stasis(usher,lost,${USHER_TRIP})",
    ]


def test_transfers_by_phones_are_left_to_the_engine(tmp_path: Path) -> None:
    rendered(tmp_path)
    lines = settings(tmp_path, "extensions.conf")

    assert lines.count("exten => _[0-9*#+]!,1,Set(PJSIP_TRANSFER_HANDLING()=ari-only)") == 1
    assert "allow_transfer = no" in settings(tmp_path, "pjsip.conf")  # Trunks may not at all.
    assert "load = res_pjsip_refer.so" in settings(tmp_path, "modules.conf")


def test_every_trunk_has_a_context(tmp_path: Path) -> None:
    rendered(tmp_path)

    assert "[usher-in-carrier]" in settings(tmp_path, "extensions.conf")
    assert "context = usher-in-carrier" in settings(tmp_path, "pjsip.conf")


@pytest.mark.parametrize(
    "view",
    [
        dataclasses.replace(VIEW, trunks=(Trunk("car]rier", "192.0.2.1"),)),
        dataclasses.replace(VIEW, trunks=(Trunk("c\nexten", "192.0.2.1"),)),
        dataclasses.replace(VIEW, trunks=(Trunk("c", "192.0.2.1\ntype = auth"),)),
        dataclasses.replace(VIEW, trunks=(Trunk("${SHELL(id)}", "192.0.2.1"),)),
        dataclasses.replace(VIEW, phones=(Phone("1001;", "x"),)),
        dataclasses.replace(VIEW, music_classes=(MusicClass("a b", "/srv"),)),
        dataclasses.replace(VIEW, sip=Sip(external_address="192.0.2.1\n[x]")),
    ],
)
def test_refuses_what_would_break_out_and_writes_nothing(
    tmp_path: Path, view: AsteriskView
) -> None:
    secrets = dataclasses.replace(SECRETS, phones={"1001": "x", "1001;": "x"})

    with pytest.raises(RenderRefused):
        rendered(tmp_path / "etc", view, secrets=secrets)
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("password", ["", "two words", "line\nbreak", "back\\slash", "ü"])
def test_refuses_passwords_that_asterisk_would_misread_without_telling_them(
    tmp_path: Path, password: str
) -> None:
    with pytest.raises(RenderRefused) as refusal:
        rendered(tmp_path, secrets=dataclasses.replace(SECRETS, ari=password))
    assert not password or password not in str(refusal.value)


def test_a_semicolon_in_a_password_is_no_comment(tmp_path: Path) -> None:
    rendered(tmp_path, secrets=dataclasses.replace(SECRETS, ari="a;b"))

    assert r"password = a\;b" in settings(tmp_path, "ari.conf")


def test_passwords_do_not_show() -> None:
    shown = repr(Site(secrets=SECRETS))

    assert not any(word in shown for word in ("ari-pw", "ami-pw", "phone-pw", "t-pw"))


def test_a_missing_password_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="phone 1001"):
        rendered(tmp_path, secrets=dataclasses.replace(SECRETS, phones={}))
    with pytest.raises(KeyError, match="trunk carrier"):
        rendered(tmp_path, secrets=dataclasses.replace(SECRETS, trunks={}))


@given(st.text())
def test_no_persons_name_ends_its_quotes(name: str) -> None:
    assert not set(_display(name)) & set('"\\<>;\n\r\0')


def test_a_template_may_not_ask_for_what_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "asterisk-conf"
    folder.mkdir()
    (folder / "bad.conf.j2").write_text("{{ no_such_thing }}")

    with pytest.raises(UndefinedError):
        rendered(tmp_path / "etc", templates=tmp_path)


def configuration(**changes: object) -> Configuration:
    plain = {
        "nodes": {
            "main": {
                "ari": {
                    "url": "http://127.0.0.1:8188",
                    "username": "brain",
                    "password": {"env": "ARI"},
                },
                "ami": {"port": 5138, "username": "ears", "password": {"env": "AMI"}},
                "rtp": {"port_first": 20000, "port_last": 20999},
            }
        },
        "trunks": {
            "carrier": {
                "host": "192.0.2.7",
                "transport": "tcp",
                "username": "us@carrier",
                "password": {"env": "TRUNK"},
                "registration": True,
            },
            "lab": {"host": "127.0.0.1", "port": 5999, "match": []},
        },
        "extensions": {
            "1001": {
                "name": "Ann Lee",
                "password": {"env": "PHONE"},
                "codecs": ["opus", "ulaw"],
                "max_contacts": 3,
                "language": "zh",
            }
        },
        "settings": {"sip": {"port": 5070}, "music": {"jazz": "/srv/jazz"}},
    }
    return Configuration.model_validate(plain | changes)


PASSWORDS = {"ARI": "ari-pw", "AMI": "ami-pw", "TRUNK": "t;pw", "PHONE": "phone-pw"}


def test_the_configuration_says_it_all(tmp_path: Path) -> None:
    """From the models to the files, with each password where it belongs."""
    configured = configuration()
    secrets = secrets_of(configured, "main", resolve_secrets(configured, PASSWORDS))
    render(view_of(configured, "main"), tmp_path, Site(secrets=secrets))

    assert "bindport = 8188" in settings(tmp_path, "http.conf")
    assert {"[brain]", "password = ari-pw"} <= set(settings(tmp_path, "ari.conf"))
    assert {"[ears]", "secret = ami-pw", "port = 5138"} <= set(settings(tmp_path, "manager.conf"))
    assert "rtpend = 20999" in settings(tmp_path, "rtp.conf")
    assert "systemname = main" in settings(tmp_path, "asterisk.conf")
    assert {"[jazz]", "directory = /srv/jazz"} <= set(settings(tmp_path, "musiconhold.conf"))
    assert "load = codec_opus_open_source.so" in settings(tmp_path, "modules.conf")
    pjsip = settings(tmp_path, "pjsip.conf")
    assert {
        "bind = 127.0.0.1:5070",
        'callerid = "Ann Lee" <1001>',
        "allow = opus,ulaw",
        "max_contacts = 3",
        "language = zh",
        "password = phone-pw",
        r"contact = sip:192.0.2.7:5060\;transport=tcp",
        "match = 192.0.2.7",
        r"password = t\;pw",
        "type = registration",
        "username = us@carrier",
        "match = 127.0.0.1:5999",
    } <= set(pjsip)
    # A trunk of this machine must not be taken for every phone of this machine.
    assert "match = 127.0.0.1" not in pjsip
    assert "MusicOnHold(jazz," in text(tmp_path, "extensions.conf")


@pytest.mark.parametrize(
    ("sip", "lines"),
    [
        ({"port": 5071}, {"bind = 127.0.0.1:5071"}),
        ({"bind": "192.0.2.9"}, {"bind = 192.0.2.9:5060"}),
        (
            {"external_address": "198.51.100.4"},
            {
                "external_signaling_address = 198.51.100.4",
                "external_media_address = 198.51.100.4",
            },
        ),
        (
            {
                "external_address": "198.51.100.4",
                "local_networks": ["10.0.0.0/8", "192.168.0.0/16"],
            },
            {"local_net = 10.0.0.0/8", "local_net = 192.168.0.0/16"},
        ),
        ({"qualify_s": 7}, {"qualify_frequency = 7"}),
    ],
    ids=["port", "bind", "external_address", "local_networks", "qualify_s"],
)
def test_every_key_of_sip_reaches_asterisk(
    tmp_path: Path, sip: dict[str, object], lines: set[str]
) -> None:
    configured = configuration(settings={"sip": sip})
    secrets = secrets_of(configured, "main", resolve_secrets(configured, PASSWORDS))
    render(view_of(configured, "main"), tmp_path, Site(secrets=secrets))

    assert lines <= set(settings(tmp_path, "pjsip.conf"))


def test_a_node_that_is_reached_by_name_must_be_told_where_to_listen() -> None:
    ami = {"host": "asterisk-1", "username": "u", "password": {"env": "AMI"}}
    ari = {"url": "http://asterisk-1:8088", "username": "u", "password": {"env": "ARI"}}
    configured = configuration(nodes={"far": {"ari": ari, "ami": ami}})

    with pytest.raises(RenderRefused, match=r"nodes\.far\.ari\.url - asterisk-1 is a name"):
        view_of(configured, "far")
    view = view_of(configured, "far", listen="10.0.0.5", permit=("10.0.0.9/32",))
    assert view.ari.bind_host == view.ami.bind_host == "10.0.0.5"
    assert view.ami.permit == ("127.0.0.1/32", "10.0.0.9/32")


def test_tls_is_refused_as_long_as_it_is_not_there() -> None:
    trunks = {"t": {"host": "192.0.2.1", "transport": "tls"}}

    with pytest.raises(RenderRefused, match=r"trunks\.t\.transport"):
        view_of(configuration(trunks=trunks), "main")


def test_an_invite_with_replaces_is_asked_for_a_password_that_nobody_has(tmp_path: Path) -> None:
    """Asterisk lets it take another's place in a talk without a word to anybody."""
    rendered(tmp_path)
    lines = settings(tmp_path, "pjsip.conf")
    assert "endpoint_identifier_order = header,ip,username" in lines
    assert "match_header = Replaces: /.*/" in lines
    assert f"password = {SECRETS.takeover}" in lines
    assert len(SECRETS.takeover) == 64
    assert SECRETS.takeover != dataclasses.replace(SECRETS, ari="other").takeover
