"""`usher run`: the engine as a process, from its configuration to its exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.adapters.files import ConfigWatcher
from engine.app.reload import Reload
from engine.bootstrap.asterisk_files import Target
from engine.bootstrap.build import Built, build
from engine.bootstrap.source import ConfigDirectory, FilesOfAsterisk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run. `watch`: reload when a file changes, not only on SIGHUP."""

    config: Path
    watch: bool = True
    target: Target | None = None


def run(options: RunOptions, environ: Mapping[str, str]) -> int:
    """Runs an engine until SIGTERM or SIGINT; returns the exit code.

    Raises:
        ConfigError: the configuration has errors.
        StateInUse: another engine works on the data directory.
        SchemaMismatch: the database was made by another version of Usher.
        OSError: the data directory cannot be used.
    """
    source = ConfigDirectory(options.config, environ)
    configuration, secrets, warnings = source.first()
    for warning in warnings:
        log.warning("configuration: %s", warning)
    built = build(configuration, secrets)
    try:
        return asyncio.run(_live(built, source, options))
    finally:
        built.close()


async def _live(built: Built, source: ConfigDirectory, options: RunOptions) -> int:
    engine = built.engine
    loop = asyncio.get_running_loop()
    reload = Reload(
        source,
        engine.apply,
        FilesOfAsterisk(options.target) if options.target is not None else None,
        engine.reloaders(),
        built.file_thread,
    )
    engine.add_side_task("reload", lambda: reload.run(source.in_force()))
    if options.watch:
        watcher = ConfigWatcher(options.config)
        engine.add_side_task("watch configuration", lambda: reload.watch(watcher))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop, signal.Signals(number).name)
    loop.add_signal_handler(signal.SIGHUP, reload.ask)
    return await engine.run()
