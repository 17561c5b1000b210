"""The configuration as an admin writes it: one model per thing, one section per kind of thing.

Each section is a mapping from a number or a name to its entry. Key names carry their unit (`_s`:
seconds). The docstrings below each key are what `usher schema` and docs/configuration.md say.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, PrivateAttr

from engine.config.forms import Destination, MusicSound, SecretReference, WaitingSound
from engine.config.lookup import Places
from engine.config.values import (
    MILLISECOND_EXACT,
    AbsolutePath,
    CallerNumber,
    Choice,
    DatabaseUrl,
    DialPattern,
    FeatureCode,
    HeaderText,
    Host,
    Identifier,
    IpAddress,
    IpNetwork,
    Language,
    LocalPath,
    Media,
    Name,
    PhoneNumber,
    Port,
    Prefix,
    ReasonCode,
    Several,
    Strict,
    TrunkSource,
    UserName,
    WebAddress,
)
from engine.core.policy import InitialState, MemberKind, Strategy


class Codec(StrEnum):
    """Voice codecs, by Asterisk's names."""

    ULAW = "ulaw"
    ALAW = "alaw"
    G722 = "g722"
    G729 = "g729"
    GSM = "gsm"
    ILBC = "ilbc"
    OPUS = "opus"


class Transport(StrEnum):
    """How SIP travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


Codecs = Annotated[Several[Choice[Codec]], Field(min_length=1, max_length=7)]


class Sip(Strict):
    """Where Asterisk listens for SIP."""

    bind: IpAddress = "127.0.0.1"
    """The address to listen on. The default is reachable from the same machine only."""
    port: Port = 5060
    """The port for UDP and TCP."""
    external_address: IpAddress | None = None
    """Our address as the outside sees it, where Asterisk is behind NAT."""
    local_networks: Annotated[Several[IpNetwork], Field(max_length=100)] = ()
    """Networks that are on our side of that NAT."""
    qualify_s: Annotated[int, Field(ge=0, le=3600)] = 30
    """How often phones are asked whether they are still there; 0: never."""


class Rtp(Strict):
    """The ports for voice: two per call leg."""

    port_first: Annotated[int, Field(ge=1024, le=65535)] = 10000
    """The lowest UDP port."""
    port_last: Annotated[int, Field(ge=1024, le=65535)] = 20000
    """The highest UDP port."""


class Ari(Strict):
    """The node's Asterisk REST interface, by which Usher commands calls."""

    url: WebAddress
    """Asterisk's web server, such as http://127.0.0.1:8088 (without /ari)."""
    username: UserName
    """The user in ari.conf."""
    password: SecretReference
    """That user's password."""


class Ami(Strict):
    """The node's Asterisk manager interface, by which Usher hears about phones."""

    host: Host = "127.0.0.1"
    """The host of the manager interface."""
    port: Port = 5038
    """Its TCP port."""
    username: UserName
    """The user in manager.conf."""
    password: SecretReference
    """That user's password."""


class Node(Strict):
    """One Asterisk. Its name here is its `systemname`, and stands in front of its channels' ids."""

    ari: Ari
    """How to command it."""
    ami: Ami
    """How to listen to it."""
    sip: Sip | None = None
    """Where this node listens for SIP, where it differs from `settings.sip`."""
    rtp: Rtp | None = None
    """This node's ports for voice, where they differ from `settings.rtp`."""


class Trunk(Strict):
    """A line to a carrier or to another switch; its name is its endpoint's name in Asterisk."""

    host: Host
    """Where calls are sent to."""
    port: Port = 5060
    """The SIP port there."""
    transport: Choice[Transport] = Transport.UDP
    """How SIP travels to it (`tls` is not supported yet)."""
    username: UserName | None = None
    """The user that the other side asks for, with `password`; none: it knows us by our address."""
    password: SecretReference | None = None
    """The password that goes with `username`."""
    registration: bool = False
    """Register with the other side (needs `username`), for carriers that send calls there."""
    codecs: Codecs = (Codec.ALAW, Codec.ULAW)
    """What may be spoken, best first."""
    match: Annotated[Several[TrunkSource], Field(max_length=100)] = ()
    """Where its calls come from: addresses, networks, or address:port where several trunks (or
    phones) share an address; empty: from `host`."""


class Extension(Strict):
    """A phone in the house; its number is its endpoint's name in Asterisk, and its SIP user."""

    name: Name
    """Who or what it is; shown on other phones."""
    password: SecretReference
    """The password with which the phone registers."""
    codecs: Codecs = (Codec.ALAW, Codec.ULAW)
    """What may be spoken, best first."""
    max_contacts: Annotated[int, Field(ge=1, le=10)] = 1
    """Devices that may be registered at a time; all of them ring."""
    ring_timeout_s: Annotated[float, Field(ge=1, le=300), MILLISECOND_EXACT] = 30.0
    """How long it rings for a direct call (for a queue's calls the queue says)."""
    language: Language = "en"
    """The language of prompts on this phone."""
    outbound_routes: Annotated[Several[Identifier], Field(max_length=100)] = ()
    """The outbound routes that it may dial through; empty: no calls to the outside."""


class Agent(Strict):
    """A person who takes queue calls, by the number of the extension on which they work."""

    name: Name | None = None
    """The agent's name; none: the extension's name."""
    language: Language = "en"
    """The language of prompts to the agent."""


class QueueMember(Strict):
    """An agent's place in a queue."""

    agent: PhoneNumber
    """The agent's number."""
    kind: Choice[MemberKind] = MemberKind.DYNAMIC
    """`static`: always logged in; `dynamic`: logs in and out."""
    skill_level: Annotated[int, Field(ge=1, le=99)] = 1
    """1 is the highest; counts where the queue is `skill_based`."""


class Queue(Strict):
    """A queue, by its number, which never changes."""

    name: Name
    """What people call it."""
    members: Annotated[Several[QueueMember], Field(max_length=1000)] = ()
    """Its agents. The order is the order of the static ones."""
    strategy: Choice[Strategy] = Strategy.LEAST_RECENT
    """Who is rung: `ring_all` everybody at once; `least_recent` who was rung longest ago;
    `fewest_answered` who answered the fewest calls; `random`; `round_robin` the next one after the
    last; `linear` the first free one in order."""
    skill_based: bool = False
    """Ring the highest skill level that has somebody free; `strategy` decides within the level."""
    weight: Annotated[int, Field(ge=1, le=999)] = 1
    """An agent of several queues gets the call of the heaviest queue first."""
    accelerate_s: Annotated[int, Field(ge=10, le=1800)] | None = None
    """A waiting call's weight grows by 1 per this many seconds; none: it does not grow."""
    max_wait_s: Annotated[float, Field(ge=0, le=86_400), MILLISECOND_EXACT] = 0.0
    """After this long in the queue a call goes to `failure`; 0: never."""
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 0
    """With this many waiting, the next call goes to `failure`; 0: no limit."""
    failure: Destination = "hang_up"
    """Where calls go that cannot wait or wait no longer."""
    ring_timeout_s: Annotated[float, Field(ge=0.05, le=300), MILLISECOND_EXACT] = 20.0
    """How long an agent's phone rings before the next one is tried."""
    retry_interval_s: Annotated[float, Field(ge=0, le=600), MILLISECOND_EXACT] = 5.0
    """The pause before the next agent is rung after one did not answer."""
    wrapup_s: Annotated[float, Field(ge=0, le=7200), MILLISECOND_EXACT] = 0.0
    """After a call of this queue an agent is left alone for so long."""
    agent_prompt: Media | None = None
    """Played to the agent alone on answer, before the caller is connected."""
    ring_in_use: bool = False
    """Also ring agents who are on a call."""
    autopause_after: Annotated[int, Field(ge=0, le=100)] = 0
    """Pause an agent who missed this many calls in a row; 0: never. Ignored with `ring_all`."""
    answered_elsewhere: bool = True
    """Phones that rang in vain do not show a missed call."""
    alert_info: HeaderText | None = None
    """The Alert-Info header sent to agents' phones, which picks their ring tone."""
    waiting_sound: WaitingSound = MusicSound(music="default")
    """What waiting callers hear: `ringing`, or music of a class."""
    language: Language = "en"
    """The language of prompts to callers."""


class InboundRoute(Strict):
    """Where calls from outside go, by the number they dialled. The first route that fits wins."""

    pattern: DialPattern
    """The dialled numbers: digits, X (0-9), Z (1-9), N (2-9), at the end . (more) or ! (maybe more)."""
    trunk: Identifier | None = None
    """Only calls from this trunk; none: from any."""
    destination: Destination
    """Where they go."""


class OutboundRoute(Strict):
    """How calls reach the outside, by the number dialled. The first that fits and is allowed wins."""

    pattern: DialPattern
    """The dialled numbers, as in inbound routes."""
    trunk: Identifier
    """The trunk that they leave by."""
    strip: Annotated[int, Field(ge=0, le=20)] = 0
    """So many digits are taken off the front."""
    prepend: Prefix = ""
    """Then these digits are put in front."""
    ring_timeout_s: Annotated[float, Field(ge=1, le=300), MILLISECOND_EXACT] = 60.0
    """How long the other side may ring."""
    caller_number: CallerNumber | None = None
    """The number shown to the other side; none: the caller's own."""


class FeatureCodes(Strict):
    """What agents dial, each followed by a queue's number."""

    login_toggle: FeatureCode = "*7"
    """Log in, or out again."""
    pause_toggle: FeatureCode = "*07"
    """Pause, or resume; with a reason: also * and the reason's code."""


class Database(Strict):
    """Where the records are kept."""

    url: DatabaseUrl | None = None
    """`postgresql://USER@HOST/DATABASE`; none: a SQLite file in `data_directory`."""
    password: SecretReference | None = None
    """The password for PostgreSQL."""


class Settings(Strict):
    """Options for the whole centre."""

    shared_wrapup: bool = False
    """Wrap-up after a call of one queue keeps away the calls of all the agent's queues."""
    initial_state: Choice[InitialState] = InitialState.LOGGED_OUT
    """What an agent who is newly added to a queue starts as (members from before do not change)."""
    feature_codes: FeatureCodes = FeatureCodes()
    """What agents dial."""
    failed_offer_pause_s: Annotated[float, Field(ge=0.2, le=600), MILLISECOND_EXACT] = 5.0
    """A phone that refused, was busy or could not be reached is left alone for so long. The minimum
    keeps a phone that says "busy" at once from being rung without end."""
    max_calls: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    """Calls in the system; one more is refused with "congestion". It is fewer where `rtp` has not the
    ports for so many calls and a call to every extension."""
    unknown_number_prompts: Annotated[Several[Media], Field(min_length=1, max_length=20)] = (
        "sound:pbx-invalid",
    )
    """Played to somebody who dialled a number that leads nowhere."""
    sip: Sip = Sip()
    """Where Asterisk listens for SIP."""
    rtp: Rtp = Rtp()
    """The ports for voice."""
    music: Mapping[Identifier, AbsolutePath] = Field(default={"default": "/usr/share/asterisk/moh"})
    """Music on hold: the class's name, and the directory of its files on the Asterisk machine."""
    database: Database = Database()
    """Where the records are kept."""
    control_socket: bool = False
    """Whether `usher ctl` works on this machine: through a Unix socket in `data_directory`, which only
    the user who runs Usher can open."""
    data_directory: LocalPath = "/var/lib/usher"
    """For the engine's journal and outbox (and SQLite); relative: from the configuration's directory."""
    secrets_directory: LocalPath = "/etc/usher/secrets"
    """Where `{file: PATH}` secrets are; relative: from the configuration's directory."""


class Configuration(Strict):
    """Everything. Sections may be spread over any number of files in one directory."""

    nodes: Mapping[Identifier, Node] = Field(default_factory=dict)
    """The Asterisks, by name."""
    trunks: Mapping[Identifier, Trunk] = Field(default_factory=dict)
    """Lines to the outside, by name."""
    extensions: Mapping[PhoneNumber, Extension] = Field(default_factory=dict)
    """Phones in the house, by number."""
    agents: Mapping[PhoneNumber, Agent] = Field(default_factory=dict)
    """Who takes queue calls, by the number of their extension."""
    queues: Mapping[PhoneNumber, Queue] = Field(default_factory=dict)
    """Queues, by number."""
    inbound_routes: Mapping[Identifier, InboundRoute] = Field(default_factory=dict)
    """Where calls from outside go, by the route's name; the first that fits wins."""
    outbound_routes: Mapping[Identifier, OutboundRoute] = Field(default_factory=dict)
    """How calls reach the outside, by the route's name; the first that fits wins."""
    pause_reasons: Annotated[Mapping[ReasonCode, Name], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Reasons for a pause: the code that is dialled, and what it means; at most 20."""
    settings: Settings = Settings()
    """What concerns all of it."""

    _places: Places = PrivateAttr(default_factory=Places)

    @property
    def places(self) -> Places:
        """Where each value was written."""
        return self._places

    def remember(self, places: Places) -> None:
        """Keeps where things were written; the loader does this once."""
        self._places = places
