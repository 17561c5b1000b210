"""Asterisk's own files for every node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.adapters.render import (
    Rendered,
    RenderRefused,
    Site,
    render,
    secrets_of,
    view_of,
)
from engine.adapters.sounds import SoundsFailed, Synthesiser
from engine.adapters.sounds.install import install
from engine.app.ports import RenderFailed
from engine.config import Configuration, Secrets
from engine.core.ids import NodeId


@dataclass(frozen=True, slots=True)
class Target:
    """Where Asterisk's files go: `directory`, or with several nodes `directory/<node>`.

    `directories` is Asterisk's own `[directories]` section. `listen` and `permit` are where ARI and
    AMI listen and from where AMI may be used, if that does not follow from the configuration.
    """

    directory: Path
    directories: Mapping[str, str] = field(default_factory=dict)
    listen: str | None = None
    permit: tuple[str, ...] = ()

    def of(self, node: str, nodes: int) -> Path:
        """Returns the directory of a node."""
        return self.directory if nodes == 1 else self.directory / node


def render_all(
    configuration: Configuration, secrets: Secrets, target: Target
) -> dict[NodeId, Rendered]:
    """Writes the files of every node, after the prompts that they speak of.

    Raises:
        RenderFailed: a value cannot stand in such a file, the files cannot be written, or a prompt
            cannot be made.
    """
    _install_prompts(configuration)
    written = {}
    for name in configuration.nodes:
        site = Site(
            secrets=secrets_of(configuration, name, secrets), directories=target.directories
        )
        try:
            view = view_of(configuration, name, listen=target.listen, permit=target.permit)
            written[NodeId(name)] = render(view, target.of(name, len(configuration.nodes)), site)
        except RenderRefused as error:
            raise RenderFailed(f"node {name}: {error}") from error
        except OSError as error:
            raise RenderFailed(
                f"node {name}: {error.filename}: {error.strerror or error}"
            ) from error
    return written


def _install_prompts(configuration: Configuration) -> None:
    settings = configuration.settings
    if not configuration.recorded:
        return
    try:
        install(
            configuration.recorded.values(),
            lambda: Synthesiser(settings.speech_command),
        )
    except SoundsFailed as error:
        raise RenderFailed(str(error)) from error
    except OSError as error:
        raise RenderFailed(
            f"prompts: {error.filename}: {error.strerror or error}; settings.prompts_directory must"
            " be a directory in which the engine can write"
        ) from error
