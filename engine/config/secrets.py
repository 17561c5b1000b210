"""Secrets: fetched from where the configuration says they are, and kept from being shown.

A secret comes from an environment variable or from a file inside `settings.secrets_directory`
that only its owner may read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import randbelow, token_urlsafe
from typing import Final, Never

from typing_extensions import override

from engine.config.forms import SecretFromEnvironment, SecretFromFile, SecretReference
from engine.config.models import Configuration
from engine.config.places import ConfigError, KeyPath, Problem, in_order
from engine.config.voicemail import PIN_WORDS

SECRET_BYTES_MAX: Final = 4096
_MADE_UP_BYTES: Final = 24
_MADE_UP_DIGITS: Final = 6
_OURS: Final = frozenset({"nodes", "extensions", "voicemail_groups"})
_PIN: Final = re.compile(r"[0-9]{4,20}")


class Secret:
    """A text that does not show itself in logs, tracebacks, `print`, copies or pickles."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keeps the text."""
        self._text = text

    def reveal(self) -> str:
        """Returns the text; call it only where the secret is used."""
        return self._text

    @override
    def __repr__(self) -> str:
        return "Secret(***)"

    @override
    def __str__(self) -> str:
        return "***"

    @override
    def __format__(self, format_spec: str) -> str:
        return "***"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    @override
    def __hash__(self) -> int:
        return hash(self._text)

    @override
    def __reduce__(self) -> Never:
        message = "a secret is not written anywhere"
        raise TypeError(message)


class SecretUnavailable(Exception):
    """A secret cannot be fetched; the message says why and what to do, never the secret."""


class Secrets:
    """All secrets of a configuration, by their reference."""

    def __init__(self, found: Mapping[SecretReference, Secret]) -> None:
        """Keeps the secrets."""
        self._found = dict(found)

    def of(self, reference: SecretReference) -> Secret:
        """Returns the secret; any reference in the configuration it was made from is there."""
        return self._found[reference]


def resolve_secrets(configuration: Configuration, environ: Mapping[str, str]) -> Secrets:
    """Fetches all secrets that a configuration refers to.

    Args:
        configuration: as loaded.
        environ: the environment variables, usually `os.environ`.

    Raises:
        ConfigError: some cannot be fetched; one problem for each place that refers to them.
    """
    found: dict[SecretReference, Secret] = {}
    problems: list[Problem] = []
    directory = Path(configuration.settings.secrets_directory)
    for path, reference in references(configuration):
        try:
            secret = fetch(reference, directory, environ)
            if path[-1] == "pin":
                _require_pin(secret)
            elif path[0] != "settings":
                _require_fit_for_asterisk(secret)
            found[reference] = secret
        except SecretUnavailable as error:
            problems.append(configuration.places.problem(path, str(error)))
    if problems:
        raise ConfigError(in_order(problems))
    return Secrets(found)


def references(configuration: Configuration) -> Iterator[tuple[KeyPath, SecretReference]]:
    """Yields every secret that is referred to, and where."""
    for name, node in configuration.nodes.items():
        yield ("nodes", name, "ari", "password"), node.ari.password
        yield ("nodes", name, "ami", "password"), node.ami.password
    for name, trunk in configuration.trunks.items():
        if trunk.password is not None:
            yield ("trunks", name, "password"), trunk.password
    for number, extension in configuration.extensions.items():
        yield ("extensions", number, "password"), extension.password
        if extension.voicemail is not None:
            yield ("extensions", number, "voicemail", "pin"), extension.voicemail.pin
    for name, group in configuration.voicemail_groups.items():
        yield ("voicemail_groups", name, "pin"), group.pin
    if configuration.settings.database.password is not None:
        yield ("settings", "database", "password"), configuration.settings.database.password


def create_missing(configuration: Configuration) -> tuple[Path, ...]:
    """Makes up what is ours to choose: passwords of nodes and extensions, PINs of voicemail, in files.

    Files that are there stay as they are; trunks' and the database's passwords are others' to give.

    Returns:
        The files that were written, each with mode 600.
    """
    directory = Path(configuration.settings.secrets_directory)
    written: list[Path] = []
    for path, reference in references(configuration):
        if not isinstance(reference, SecretFromFile) or path[0] not in _OURS:
            continue
        file = directory / reference.file
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            made_up = _made_up_pin() if path[-1] == "pin" else token_urlsafe(_MADE_UP_BYTES)
            stream.write(made_up + "\n")
        written.append(file)
    return tuple(written)


def fetch(reference: SecretReference, directory: Path, environ: Mapping[str, str]) -> Secret:
    """Fetches one secret.

    Raises:
        SecretUnavailable: it is not there, is empty, or others may read it.
    """
    match reference:
        case SecretFromEnvironment(env=name):
            if name not in environ:
                raise SecretUnavailable(f"the environment variable {name} is not set")
            return _secret(environ[name], f"the environment variable {name}")
        case SecretFromFile(file=file):
            path = directory / file
            return _secret(_private_text(path), str(path))


def _private_text(path: Path) -> str:
    try:
        # Not blocking: a pipe of that name must not keep the engine from starting.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SecretUnavailable(f"{path} is not a file")
            if status.st_mode & 0o077:
                mode = stat.S_IMODE(status.st_mode)
                raise SecretUnavailable(
                    f"{path} may be read by others (mode {mode:04o}): run chmod 600 {path}"
                )
            data = file.read(SECRET_BYTES_MAX + 1)
    except FileNotFoundError:
        raise SecretUnavailable(
            f"{path} does not exist: write the secret there, with mode 600"
        ) from None
    except OSError as error:
        raise SecretUnavailable(f"{path} cannot be read: {error.strerror or error}") from None
    if len(data) > SECRET_BYTES_MAX:
        raise SecretUnavailable(f"{path} has more than {SECRET_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretUnavailable(f"{path} is not UTF-8 text") from None


def _made_up_pin() -> str:
    return "".join(str(randbelow(10)) for _ in range(_MADE_UP_DIGITS))


def _require_pin(secret: Secret) -> None:
    if not _PIN.fullmatch(secret.reveal()):
        raise SecretUnavailable(f"{PIN_WORDS}; this one is not")


def _require_fit_for_asterisk(secret: Secret) -> None:
    """Refuses what Asterisk's configuration files cannot hold unchanged."""
    if any(not "!" <= character <= "~" or character == "\\" for character in secret.reveal()):
        raise SecretUnavailable(
            "passwords for Asterisk are printable ASCII without blanks and backslashes; this one"
            " is not"
        )


def _secret(text: str, where: str) -> Secret:
    """Takes the text without the line end that editors put after it."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretUnavailable(f"{where} is empty")
    if any(character < " " or character == "\x7f" for character in text):
        raise SecretUnavailable(f"{where} has more than one line, or a control character")
    return Secret(text)
