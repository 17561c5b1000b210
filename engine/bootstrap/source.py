"""The configuration's directory as the office's port, for hot reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.adapters.render import RELOADED
from engine.app import ports
from engine.bootstrap.asterisk_files import Target, render_all
from engine.bootstrap.languages import policy_of
from engine.config import (
    ConfigError,
    Configuration,
    Secrets,
    needs_restart,
    read_if_changed,
    resolve_secrets,
    to_schedules,
    warnings_of,
)


class ConfigDirectory:
    """Implements the ports `ConfigSource` and (with a target) `Renderer`.

    Args:
        path: the directory of YAML files.
        environ: for secrets.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        """Reads nothing yet."""
        self._path = path
        self._environ = environ
        self._digest: str | None = None
        self._in_force: Configuration | None = None
        self._first: tuple[Configuration, Secrets] | None = None

    def first(self) -> tuple[Configuration, Secrets, tuple[str, ...]]:
        """Returns the configuration to start with, its secrets and its warnings.

        Raises:
            ConfigError: there are errors.
        """
        reading = read_if_changed(self._path, None)
        assert reading is not None
        examined = reading.examined
        if examined.configuration is None:
            raise ConfigError(examined.problems)
        secrets = resolve_secrets(examined.configuration, self._environ)
        self._digest = reading.digest
        self._in_force = examined.configuration
        self._first = (examined.configuration, secrets)
        _, silent = policy_of(examined.configuration)
        return examined.configuration, secrets, (*map(str, examined.problems), *silent)

    def in_force(self) -> ports.Candidate:
        """Returns what `first` read."""
        assert self._first is not None
        configuration, secrets = self._first
        return ports.Candidate(
            (),
            policy_of(configuration)[0],
            (),
            (configuration, secrets),
            schedules=to_schedules(configuration),
        )

    def read(self, *, again: bool = False) -> ports.Candidate | None:
        """Reads the files; None if they say what they said the last time, unless `again`."""
        reading = read_if_changed(self._path, None if again else self._digest)
        if reading is None:
            return None
        changed = reading.digest != self._digest
        self._digest = reading.digest
        examined = reading.examined
        problems = tuple(map(str, examined.problems))
        warnings = frozenset(map(str, warnings_of(examined.problems)))
        if examined.configuration is None:
            return ports.Candidate(problems, changed=changed, warnings=warnings)
        try:
            secrets = resolve_secrets(examined.configuration, self._environ)
        except ConfigError as error:
            self._digest = None  # A secret may be mended without touching these files.
            problems = (*problems, *map(str, error.problems))
            return ports.Candidate(problems, changed=changed, warnings=warnings)
        restart: tuple[str, ...] = ()
        if self._in_force is not None:
            restart = (
                *needs_restart(self._in_force, examined.configuration),
                *self._rotated(examined.configuration, secrets),
            )
        policy, silent = policy_of(examined.configuration)
        return ports.Candidate(
            (*problems, *silent),
            policy,
            restart,
            (examined.configuration, secrets),
            changed,
            to_schedules(examined.configuration),
        )

    def _rotated(self, configuration: Configuration, secrets: Secrets) -> list[str]:
        """Returns the passwords that Usher itself logs in with, and that are others by now."""
        assert self._first is not None
        began_with, used = self._first
        return [
            f"nodes.{name}.{key}.password"
            for name, node in configuration.nodes.items()
            if name in began_with.nodes
            for key, now, then in (
                ("ari", node.ari, began_with.nodes[name].ari),
                ("ami", node.ami, began_with.nodes[name].ami),
            )
            if now.password == then.password and secrets.of(now.password) != used.of(then.password)
        ]

    def accept(self, candidate: ports.Candidate) -> None:
        """Compares with this one from now on."""
        self._in_force, _ = _configuration_of(candidate)


class FilesOfAsterisk:
    """Implements the port `Renderer`."""

    def __init__(self, target: Target) -> None:
        """Writes nothing yet."""
        self._target = target

    def render(
        self, candidate: ports.Candidate, *, everything: bool = False
    ) -> Sequence[ports.Rendered]:
        """Writes the files that differ. Raises `RenderFailed`."""
        configuration, secrets = _configuration_of(candidate)
        return [
            ports.Rendered(node, RELOADED if everything else rendered.reload, rendered.restart)
            for node, rendered in render_all(configuration, secrets, self._target).items()
            if rendered.changed or everything
        ]


def _configuration_of(candidate: ports.Candidate) -> tuple[Configuration, Secrets]:
    assert isinstance(candidate.token, tuple)
    configuration, secrets = candidate.token
    assert isinstance(configuration, Configuration)
    assert isinstance(secrets, Secrets)
    return configuration, secrets
