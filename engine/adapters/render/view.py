"""What the templates see: plain values, already decided, nothing to look up.

Passwords are apart, in `Secrets`, and have no defaults: the caller brings them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
SOUND_LIBRARY = "/usr/share/asterisk"


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension: a SIP endpoint, auth and address of record of the name `number`."""

    number: str
    name: str = ""
    codecs: tuple[str, ...] = ("ulaw", "alaw")
    language: str = "en"
    hold_music: str = "default"
    max_contacts: int = 1
    mailboxes: tuple[str, ...] = ()
    """Voicemail boxes (`number@context`) whose waiting messages it shows."""
    transfers: bool = True
    static_contact: str | None = None
    """A SIP URI of a phone that does not register (benchmarks)."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A SIP trunk.

    Calls from `match` (address, network, or address:port where several trunks share an address)
    are its calls. `username` is what we answer its challenges with; `register` whether we register
    there.
    """

    name: str
    host: str
    port: int = 5060
    transport: str = "udp"
    match: tuple[str, ...] = ()
    username: str | None = None
    register: bool = False
    codecs: tuple[str, ...] = ("ulaw", "alaw")
    language: str = "en"
    qualify_s: int = 0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A voicemail box; its PIN is in `Secrets.pins`."""

    number: str
    name: str = ""
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Voicemail:
    """All of the voicemail. `mail_command` is a shell's command that takes a mail; "": none is sent."""

    boxes: tuple[Mailbox, ...] = ()
    context: str = "usher"
    mail_command: str = "/usr/sbin/sendmail -t"
    from_address: str = "usher@localhost"
    from_name: str = "Usher"
    attach: bool = True
    message_max_s: int = 300
    message_min_s: int = 2
    messages_max: int = 100


@dataclass(frozen=True, slots=True)
class MusicClass:
    """A class of music on hold: the files of a directory, or one file (`entry`, without suffix)."""

    name: str
    directory: str = ""
    shuffle: bool = False
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """A TCP service of Asterisk: where it listens, who may log in, from where."""

    port: int
    user: str = "usher"
    bind_host: str = LOOPBACK
    permit: tuple[str, ...] = ("127.0.0.1/32",)


@dataclass(frozen=True, slots=True)
class Sip:
    """The SIP transport and what all phones have in common.

    `busy_at` is the number of calls at which a phone counts as busy (0: never), `qualify_s` the
    pause between checks whether a registered phone answers (0: none), `rtp_timeout_s` the silence
    after which a call counts as lost (0: never).
    """

    port: int = 5060
    bind_host: str = LOOPBACK
    external_address: str | None = None
    local_networks: tuple[str, ...] = ()
    qualify_s: int = 30
    busy_at: int = 0
    rtp_timeout_s: int = 0


@dataclass(frozen=True, slots=True)
class RtpRange:
    """UDP ports for media, both ends inclusive."""

    first: int = 10_000
    last: int = 20_000


@dataclass(frozen=True, slots=True)
class Stasis:
    """How calls reach the engine, and what happens to callers while there is none.

    `app` and `arrived` are what the ARI adapter expects: the application and the first argument of
    a channel that dialled in; the second argument is its endpoint's name. `returned` and `lost` are
    first arguments, too: of a caller whom the dialplan gives back, and of one whom it had no place for.
    """

    app: str = "usher"
    arrived: str = "in"
    returned: str = "back"
    lost: str = "lost"
    keep_s: int = 1_800
    retry_s: int = 2
    keep_music: str = "default"
    apology: tuple[str, ...] = ("im-sorry", "please-try-call-later")


@dataclass(frozen=True, slots=True)
class AsteriskView:
    """One Asterisk's configuration. `system_name` is its node's name, before its channels' ids."""

    ari: Listener
    ami: Listener
    sip: Sip = Sip()
    rtp: RtpRange = RtpRange()
    phones: tuple[Phone, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    music_classes: tuple[MusicClass, ...] = (MusicClass("default", f"{SOUND_LIBRARY}/moh"),)
    stasis: Stasis = Stasis()
    system_name: str | None = None
    voicemail: Voicemail = Voicemail()
    flow_files: tuple[str, ...] = ()
    """Dialplan files of the administrator's, which are included."""
    lamps: tuple[str, ...] = ()
    """What a phone's lamp keys can watch besides phones: patterns of dialled codes (see `lamps`), whose
    states the engine sets."""
    spool_directory: str | None = None
    """Where Asterisk keeps recordings (in `recording` there), unless the site says it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords: of ARI's and AMI's user, of phones by number, of trunks by name; PINs of boxes."""

    ari: str = field(repr=False)
    ami: str = field(repr=False)
    phones: Mapping[str, str] = field(default_factory=dict, repr=False)
    trunks: Mapping[str, str] = field(default_factory=dict, repr=False)
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def takeover(self) -> str:
        """A password that nobody has, the same each time; what it was made of cannot be told from it."""
        return sha256(f"usher takeover {self.ari} {self.ami}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Site:
    """Where this Asterisk lives, which is nobody's business in the YAML.

    `directories` is the `[directories]` section; what it leaves out is as Asterisk was built.
    `with_app_queue` and `extra_modules` load more than Usher needs (the benchmark against app_queue).
    """

    secrets: Secrets
    directories: Mapping[str, str] = field(default_factory=dict)
    with_app_queue: bool = False
    extra_modules: tuple[str, ...] = ()
    templates: Path = Path(__file__).resolve().parents[3]
    """The folder that holds asterisk-conf/ and dialplan/."""
