"""The Asterisks, how SIP and voice reach them, and the lines to the outside."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from engine.config.forms import SecretReference
from engine.config.values import (
    Choice,
    Host,
    IpAddress,
    IpNetwork,
    Port,
    Several,
    Strict,
    TrunkSource,
    UserName,
    WebAddress,
)


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
