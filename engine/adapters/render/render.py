"""Templates and a view in, files out: only those whose content changed, each written whole."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.adapters.render.modules import (
    AMI_EVENTS,
    APP_QUEUE_MODULES,
    CODEC_MODULES,
    MODULES,
    RELOADS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.adapters.render.view import AsteriskView, Site

FOLDERS: Final = ("asterisk-conf", "dialplan")
_SUFFIX: Final = ".j2"
_NAME: Final = re.compile(r"[A-Za-z0-9_.+*@-]+(/[A-Za-z0-9_.+*@-]+)*")
_DIALLED: Final = re.compile(r"(?:[0-9*#X]|\[[0-9]+\])+")
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+=~-]+@[A-Za-z0-9.-]+")
_PATH: Final = re.compile(r"/[^\x00-\x1f\x7f;\"<>]+")
_PIN: Final = re.compile(r"[0-9]{4,20}")
_SECRET: Final = re.compile(r"[!-\[\]-~]+")
# Readable by the directory's group, so that Asterisk may have a user of its own; never by others.
_FILE_MODE: Final = 0o640


class RenderRefused(ValueError):
    """A value cannot stand in a file of Asterisk's without meaning something else there."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What changed.

    Attributes:
        changed: Files that were written.
        reload: Modules that Asterisk must reload to see them, in order, each once.
        restart: Whether something changed that Asterisk reads at start only.
    """

    changed: tuple[Path, ...]
    reload: tuple[str, ...]
    restart: bool


def render(view: AsteriskView, target: Path, site: Site) -> Rendered:
    """Writes Asterisk's configuration directory.

    All files are rendered before the first is written, so a refusal changes nothing. Files are
    for their owner and, to read, their group (which may be Asterisk's), because some hold passwords.

    Args:
        view: What to write.
        target: Asterisk's configuration directory; made if it does not exist.
        site: Where Asterisk lives, and its passwords.

    Raises:
        RenderRefused: a name, text or password would break out of its place; the message names
            the file. Passwords are never part of a message.
        jinja2.UndefinedError: a template asks for what the view does not have.
        KeyError: a phone or trunk has no password in `site.secrets`.
    """
    _require_secrets(view, site)
    values = _values(view, site)
    environment = _environment(site.templates)
    texts = {}
    for name in _template_names(environment):
        output = Path(name).name.removesuffix(_SUFFIX)
        try:
            texts[output] = environment.get_template(name).render(values)
        except RenderRefused as refusal:
            raise RenderRefused(f"{output}: {refusal}") from None
    target.mkdir(mode=0o750, parents=True, exist_ok=True)
    changed = tuple(target / name for name, text in texts.items() if _write(target / name, text))
    reload = dict.fromkeys(module for path in changed for module in RELOADS.get(path.name, ()))
    restart = any(path.name not in RELOADS for path in changed)
    return Rendered(changed, tuple(reload), restart)


def _require_secrets(view: AsteriskView, site: Site) -> None:
    for phone in view.phones:
        if phone.number not in site.secrets.phones:
            raise KeyError(f"no password for phone {phone.number}")
    for trunk in view.trunks:
        if trunk.username is not None and trunk.name not in site.secrets.trunks:
            raise KeyError(f"no password for trunk {trunk.name}")
    for box in view.voicemail.boxes:
        if box.number not in site.secrets.pins:
            raise KeyError(f"no PIN for voicemail box {box.number}")


def _values(view: AsteriskView, site: Site) -> dict[str, object]:
    spoken = [phone.codecs for phone in view.phones] + [trunk.codecs for trunk in view.trunks]
    codecs = dict.fromkeys(codec for codecs in spoken for codec in codecs)
    modules = (
        *MODULES,
        *(module for codec in codecs for module in CODEC_MODULES.get(codec, ())),
        *(APP_QUEUE_MODULES if site.with_app_queue else ()),
        *site.extra_modules,
    )
    return {
        "ami": view.ami,
        "ami_events": AMI_EVENTS,
        "ari": view.ari,
        "directories": _directories(view, site),
        "flow_files": view.flow_files,
        "lamps": view.lamps,
        "modules": tuple(dict.fromkeys(modules)),
        "music_classes": view.music_classes,
        "phones": view.phones,
        "rtp": view.rtp,
        "secrets": site.secrets,
        "sip": view.sip,
        "stasis": view.stasis,
        "system_name": view.system_name,
        "trunks": view.trunks,
        "voicemail": view.voicemail,
    }


def _directories(view: AsteriskView, site: Site) -> Mapping[str, str]:
    wanted = {} if view.spool_directory is None else {"astspooldir": view.spool_directory}
    return wanted | dict(site.directories)


def _environment(templates: Path) -> Environment:
    # Not HTML: every value that a template writes goes through _plain instead of through escaping.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        finalize=_plain,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "name": _name,
        "names": _names,
        "display": _display,
        "field": _field,
        "key": _key,
        "mail": _mail,
        "mails": _mails,
        "path": _path,
        "pin": _pin,
        "secret": _secret,
        "text": _text,
    }
    return environment


def _template_names(environment: Environment) -> list[str]:
    return [
        name
        for name in environment.list_templates(extensions=[_SUFFIX.removeprefix(".")])
        if Path(name).parts[0] in FOLDERS
    ]


def _plain(value: object) -> object:
    """Last stop of every value: one line, no comment sign, no start of an expression."""
    if not isinstance(value, str):
        return value
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        raise RenderRefused("a value contains a control character")
    return re.sub(r"(?<!\\);", r"\\;", value)


def _name(value: object) -> str:
    """Section names, numbers, users, paths: nothing that means something to Asterisk's parsers."""
    text = str(value)
    if not _NAME.fullmatch(text.removeprefix("/")):
        raise RenderRefused(f"not a name: {text!r}")
    return text


def _key(value: str) -> str:
    """A pattern of digits, * and #; with the sign in front that makes one of it, where it is needed."""
    if not _DIALLED.fullmatch(value):
        raise RenderRefused(f"cannot be dialled: {value!r}")
    return f"_{value}" if "X" in value or "[" in value else value


def _names(values: Iterable[object], separator: str = ",") -> str:
    return separator.join(_name(value) for value in values)


def _display(value: str) -> str:
    """A person's name inside the quotes of a caller id: what would end the quotes is left out."""
    return re.sub(r'[\x00-\x1f\x7f"\\<>;]', "", value).strip()


def _secret(value: str) -> str:
    """A password as it is; refused if Asterisk would read another one."""
    if not _SECRET.fullmatch(value):
        raise RenderRefused("a password is empty, or has a space, backslash or non-ASCII sign")
    return value


def _field(value: str) -> str:
    """A person's name between commas."""
    return _display(value).replace(",", " ")


def _text(value: str) -> str:
    """A name where Asterisk would put in variables and functions."""
    return _display(value).replace("$", "")


def _mail(value: str) -> str:
    if not _MAIL.fullmatch(value):
        raise RenderRefused("not an e-mail address")
    return value


def _mails(values: Iterable[str]) -> str:
    return "|".join(_mail(value) for value in values)


def _path(value: str) -> str:
    """A file's absolute path between quotes."""
    if not _PATH.fullmatch(value):
        raise RenderRefused(f"not an absolute path without quotes and semicolons: {value!r}")
    return value


def _pin(value: str) -> str:
    if not _PIN.fullmatch(value):
        raise RenderRefused("a PIN is not 4 to 20 digits")
    return value


def _write(path: Path, text: str) -> bool:
    """Replaces a file in one step; returns whether its content or its mode had to change."""
    try:
        same = (
            path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o777 == _FILE_MODE
        )
    except FileNotFoundError:
        same = False
    if same:
        return False
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(_FILE_MODE)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True
