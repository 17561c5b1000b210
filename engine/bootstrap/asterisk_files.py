"""What Asterisk's own files need to know of our configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from engine.adapters.render import (
    AsteriskView,
    Listener,
    MusicClass,
    Phone,
    Rendered,
    RenderRefused,
    RtpRange,
    Sip,
    Site,
    Trunk,
    render,
)
from engine.adapters.render import Secrets as AsteriskSecrets
from engine.app import ports
from engine.config import Configuration, Secrets, models
from engine.core.ids import NodeId

HTTP_PORT: Final = 8088
ANY_HOST: Final = "0.0.0.0"  # noqa: S104 - written into a file for an administrator who chose it.
LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Target:
    """Where Asterisk's files go: `directory`, or with several nodes `directory/<node>`.

    `directories` is Asterisk's own `[directories]` section.
    """

    directory: Path
    directories: Mapping[str, str] = field(default_factory=dict)

    def of(self, node: str, nodes: int) -> Path:
        """Returns the directory of a node."""
        return self.directory if nodes == 1 else self.directory / node


def render_all(
    configuration: Configuration, secrets: Secrets, target: Target
) -> dict[NodeId, Rendered]:
    """Writes the files of every node.

    Raises:
        RenderFailed: a value cannot stand in such a file, or the files cannot be written.
    """
    written = {}
    for name in configuration.nodes:
        site = Site(
            secrets=secrets_of(configuration, secrets, name),
            directories=target.directories,
        )
        try:
            written[NodeId(name)] = render(
                view_of(configuration, name),
                target.of(name, len(configuration.nodes)),
                site,
            )
        except RenderRefused as error:
            raise ports.RenderFailed(f"node {name}: {error}") from error
        except OSError as error:
            raise ports.RenderFailed(
                f"node {name}: {error.filename}: {error.strerror or error}"
            ) from error
    return written


def view_of(configuration: Configuration, name: str) -> AsteriskView:
    """Returns one node's view of the configuration."""
    node = configuration.nodes[name]
    settings = configuration.settings
    sip, rtp = node.sip or settings.sip, node.rtp or settings.rtp
    web = urlsplit(node.ari.url)
    return AsteriskView(
        ari=_listener(web.hostname or LOOPBACK, web.port or HTTP_PORT, node.ari.username),
        ami=_listener(node.ami.host, node.ami.port, node.ami.username),
        sip=Sip(port=sip.port, bind_host=sip.bind),
        rtp=RtpRange(rtp.port_first, rtp.port_last),
        phones=tuple(_phone(*each) for each in configuration.extensions.items()),
        trunks=tuple(_trunk(*each) for each in configuration.trunks.items()),
        music_classes=tuple(MusicClass(*each) for each in settings.music.items()),
        system_name=name,
    )


def _listener(host: str, port: int, user: str) -> Listener:
    """Listens where the engine will connect to: on that address, or, for a name, on all."""
    if host == "localhost":
        host = LOOPBACK
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        host, loopback = ANY_HOST, False
    permit = (f"{LOOPBACK}/32",) if loopback else ("0.0.0.0/0",)
    return Listener(port=port, user=user, bind_host=host, permit=permit)


def _phone(number: str, extension: models.Extension) -> Phone:
    return Phone(
        number=number,
        name=extension.name,
        codecs=tuple(extension.codecs),
        language=extension.language,
    )


def _trunk(name: str, trunk: models.Trunk) -> Trunk:
    return Trunk(
        name=name,
        host=trunk.host,
        port=trunk.port,
        match=tuple(trunk.match),
        username=trunk.username,
        register=trunk.registration,
        codecs=tuple(trunk.codecs),
    )


def secrets_of(configuration: Configuration, secrets: Secrets, name: str) -> AsteriskSecrets:
    """Returns the passwords that one node's files contain."""
    node = configuration.nodes[name]
    return AsteriskSecrets(
        ari=secrets.of(node.ari.password).reveal(),
        ami=secrets.of(node.ami.password).reveal(),
        phones={
            number: secrets.of(extension.password).reveal()
            for number, extension in configuration.extensions.items()
        },
        trunks={
            trunk_name: secrets.of(trunk.password).reveal()
            for trunk_name, trunk in configuration.trunks.items()
            if trunk.password is not None
        },
    )
