"""From the configuration's models to what the templates see."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from engine.adapters.render.lamps import lamps_of
from engine.adapters.render.render import RenderRefused
from engine.adapters.render.view import (
    LOOPBACK,
    AsteriskView,
    Listener,
    MusicClass,
    Phone,
    RtpRange,
    Secrets,
    Sip,
    Stasis,
    Trunk,
)
from engine.adapters.render.voicemail import lit_by, pins_of, voicemail_of
from engine.config import models, people
from engine.config import sip as lines
from engine.config.forms import PromptSound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.config.secrets import Secrets as FetchedSecrets

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_USUAL_MUSIC: Final = "default"


def view_of(
    configuration: models.Configuration,
    node: str,
    *,
    listen: str | None = None,
    permit: tuple[str, ...] = (),
) -> AsteriskView:
    """Returns what one node's Asterisk is to be configured as.

    Args:
        configuration: as loaded.
        node: which of `configuration.nodes`.
        listen: the address on which ARI and AMI listen; None: the one at which the configuration
            says they are reached (the loopback address, if that is this machine).
        permit: networks from which AMI may be used, besides this machine.

    Raises:
        KeyError: there is no such node.
        RenderRefused: the node is reached by a name, and `listen` does not say which address that
            is; or a trunk asks for something that is not supported yet.
    """
    here = configuration.nodes[node]
    settings = configuration.settings
    sip = here.sip or settings.sip
    rtp = here.rtp or settings.rtp
    ari = urlsplit(here.ari.url)
    permitted = (f"{LOOPBACK}/32", *permit)
    music = _favourite(settings.music)
    return AsteriskView(
        system_name=node,
        ari=Listener(
            port=ari.port or _DEFAULT_PORTS[ari.scheme],
            user=here.ari.username,
            bind_host=listen or _address(ari.hostname or "", f"nodes.{node}.ari.url"),
            permit=permitted,
        ),
        ami=Listener(
            port=here.ami.port,
            user=here.ami.username,
            bind_host=listen or _address(here.ami.host, f"nodes.{node}.ami.host"),
            permit=permitted,
        ),
        sip=Sip(
            port=sip.port,
            bind_host=sip.bind,
            external_address=sip.external_address,
            local_networks=sip.local_networks,
            qualify_s=sip.qualify_s,
        ),
        rtp=RtpRange(rtp.port_first, rtp.port_last),
        phones=tuple(
            _phone(number, extension, music, lit_by(configuration, number))
            for number, extension in configuration.extensions.items()
        ),
        trunks=tuple(_trunk(name, trunk) for name, trunk in configuration.trunks.items()),
        music_classes=(
            *(MusicClass(name, path) for name, path in settings.music.items()),
            *_looped(configuration),
        ),
        stasis=Stasis(keep_music=music),
        voicemail=voicemail_of(configuration),
        flow_files=tuple(
            dict.fromkeys(
                each.file for each in configuration.call_flows.values() if each.file is not None
            )
        ),
        lamps=lamps_of(configuration),
        spool_directory=settings.recordings.directory,
    )


def secrets_of(configuration: models.Configuration, node: str, secrets: FetchedSecrets) -> Secrets:
    """Returns the passwords that stand in one node's files.

    Raises:
        KeyError: there is no such node, or `secrets` is of another configuration.
    """
    here = configuration.nodes[node]
    return Secrets(
        ari=secrets.of(here.ari.password).reveal(),
        ami=secrets.of(here.ami.password).reveal(),
        phones={
            number: secrets.of(extension.password).reveal()
            for number, extension in configuration.extensions.items()
        },
        trunks={
            name: secrets.of(trunk.password).reveal()
            for name, trunk in configuration.trunks.items()
            if trunk.password is not None
        },
        pins={box: secrets.of(pin).reveal() for box, pin in pins_of(configuration)},
    )


def _looped(configuration: models.Configuration) -> list[MusicClass]:
    """Prompts that are waiting sounds: one class for each of the languages they are wanted in."""
    classes = {}
    for queue in configuration.queues.values():
        if isinstance(queue.waiting_sound, PromptSound):
            prompt = configuration.recorded[queue.waiting_sound.prompt]
            name = prompt.music_class(queue.language)
            classes[name] = MusicClass(name, entry=prompt.path_in(queue.language))
    return list(classes.values())


def _phone(
    number: str, extension: people.Extension, hold_music: str, mailboxes: tuple[str, ...]
) -> Phone:
    return Phone(
        number=number,
        name=extension.name,
        codecs=_codecs(extension.codecs),
        language=extension.language,
        hold_music=hold_music,
        max_contacts=extension.max_contacts,
        mailboxes=mailboxes,
        transfers=extension.transfers,
    )


def _trunk(name: str, trunk: lines.Trunk) -> Trunk:
    if trunk.transport is lines.Transport.TLS:
        raise RenderRefused(f"trunks.{name}.transport - tls is not supported yet: use tcp or udp")
    return Trunk(
        name=name,
        host=trunk.host,
        port=trunk.port,
        transport=trunk.transport.value,
        match=trunk.match or _where_it_calls_from(trunk),
        username=trunk.username,
        register=trunk.registration,
        codecs=_codecs(trunk.codecs),
    )


def _where_it_calls_from(trunk: lines.Trunk) -> tuple[str, ...]:
    # On this machine everybody has the same address, phones too: there the port is part of who it is.
    # Elsewhere the port is not asked for, because carriers send from any.
    return (f"{trunk.host}:{trunk.port}",) if _is_loopback(trunk.host) else (trunk.host,)


def _codecs(codecs: tuple[lines.Codec, ...]) -> tuple[str, ...]:
    return tuple(codec.value for codec in codecs)


def _favourite(music: Mapping[str, str]) -> str:
    """Returns the class for whoever has no class of their own."""
    return _USUAL_MUSIC if _USUAL_MUSIC in music else next(iter(music), _USUAL_MUSIC)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(host: str, place: str) -> str:
    if host == "localhost":
        return LOOPBACK
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise RenderRefused(
            f"{place} - {host} is a name: say on which address Asterisk is to listen"
        ) from None
