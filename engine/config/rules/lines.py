"""Rules: trunks, nodes, ports and the database are usable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.config.places import KeyPath, Problem
from engine.config.rules.subject import Subject
from engine.config.sip import Transport
from engine.core import ids

_OWN_PREFIXES: Final = (
    ids.LEG_PREFIX,
    ids.BRIDGE_PREFIX,
    ids.PLAYBACK_PREFIX,
    ids.OWN_PREFIX,
    ids.SPY_PREFIX,
    ids.RECORDER_PREFIX,
    ids.MONITOR_BRIDGE_PREFIX,
)
_TAKEN_NAMES: Final = frozenset({"anonymous", "global", "system"})
"""Names that mean something of their own in pjsip.conf (`anonymous` would let anybody in)."""


def trunks(subject: Subject) -> Iterator[Problem]:
    """User and password come together; registering needs a user; a source is one trunk's."""
    sources: dict[str, str] = {}
    for name, trunk in subject.configuration.trunks.items():
        path = ("trunks", name)
        if name in _TAKEN_NAMES or name.startswith("transport-"):
            yield subject.places.problem(
                path, "this name has a meaning of its own in Asterisk: choose another"
            )
        if trunk.transport is Transport.TLS:
            yield subject.places.problem(
                (*path, "transport"), "tls is not supported yet: use tcp or udp"
            )
        has_user = subject.written.has((*path, "username"))
        has_password = subject.written.has((*path, "password"))
        if has_user and not has_password:
            yield subject.places.problem(
                (*path, "username"), "a username needs a password beside it"
            )
        if has_password and not has_user:
            yield subject.places.problem(
                (*path, "password"), "a password needs a username beside it"
            )
        if trunk.registration and not has_user:
            yield subject.places.problem(
                (*path, "registration"), "registering needs username and password"
            )
        for source in trunk.match or (trunk.host,):
            first = sources.setdefault(source, name)
            if first != name:
                key = "match" if trunk.match else "host"
                yield subject.places.warning(
                    (*path, key),
                    f"calls from {source} come from trunk {first} too: only one of the two gets them",
                )


def nodes(subject: Subject) -> Iterator[Problem]:
    """There is a node; node names cannot be confused with Usher's own ids; each is one Asterisk."""
    names = subject.written.names("nodes")
    if subject.complete and names is not None and not names:
        yield subject.places.problem(("nodes",), "no node: write at least one Asterisk here")
    urls: dict[str, str] = {}
    for name, node in subject.configuration.nodes.items():
        path = ("nodes", name)
        for prefix in _OWN_PREFIXES:
            if f"{name}-".startswith(prefix):
                yield subject.places.problem(
                    path,
                    f"a node's name stands in front of its channels' ids, and {prefix} is Usher's"
                    " own there: choose another",
                )
        first = urls.setdefault(node.ari.url, name)
        if first != name:
            yield subject.places.problem(
                (*path, "ari", "url"), f"is the address of node {first} already"
            )


def ports(subject: Subject) -> Iterator[Problem]:
    """The ports for voice are a range, and SIP's port is not among them."""
    settings = subject.configuration.settings
    ranges: list[tuple[KeyPath, KeyPath]] = [(("settings", "rtp"), ("settings", "sip"))]
    pairs = [(settings.rtp, settings.sip)]
    for name, node in subject.configuration.nodes.items():
        if node.rtp is not None or node.sip is not None:
            path = ("nodes", name)
            ranges.append(((*path, "rtp"), (*path, "sip")))
            pairs.append((node.rtp or settings.rtp, node.sip or settings.sip))
    for (rtp_path, sip_path), (rtp, sip) in zip(ranges, pairs, strict=True):
        if not subject.intact(rtp_path) or not subject.intact(sip_path):
            continue
        if rtp.port_last <= rtp.port_first:
            yield subject.places.problem(
                (*rtp_path, "port_last"), f"must be more than port_first, {rtp.port_first}"
            )
        elif rtp.port_first <= sip.port <= rtp.port_last:
            yield subject.places.problem(
                (*sip_path, "port"),
                f"{sip.port} is among the ports for voice, {rtp.port_first} to {rtp.port_last}",
            )


def music(subject: Subject) -> Iterator[Problem]:
    """No class has the name of musiconhold.conf's own section."""
    if "general" in subject.configuration.settings.music:
        yield subject.places.problem(
            ("settings", "music", "general"),
            "this name has a meaning of its own in Asterisk: choose another",
        )


def database(subject: Subject) -> Iterator[Problem]:
    """A password goes with PostgreSQL and a user."""
    kept = subject.configuration.settings.database
    if kept.password is None or not subject.intact(("settings", "database")):
        return
    path = ("settings", "database", "password")
    if kept.url is None or not kept.url.startswith("postgresql://"):
        yield subject.places.problem(path, "only PostgreSQL has a password: set url, or remove it")
    elif "@" not in kept.url:
        yield subject.places.problem(
            ("settings", "database", "url"),
            "a password needs a user: postgresql://USER@HOST/DATABASE",
        )
