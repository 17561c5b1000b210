"""`usher run`: the engine as a process, from its configuration to its exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.adapters.db import schema
from engine.adapters.files import ConfigWatcher
from engine.app.ports import StoreUnavailable
from engine.app.reload import Reload
from engine.bootstrap.asterisk_files import Target
from engine.bootstrap.build import Built, build, database_url
from engine.bootstrap.source import ConfigDirectory, FilesOfAsterisk
from engine.config import Configuration, Secrets

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
    prepare_database(configuration, secrets)
    built = build(configuration, secrets)
    try:
        return asyncio.run(_live(built, source, options))
    finally:
        built.close()


def prepare_database(configuration: Configuration, secrets: Secrets) -> None:
    """Makes sure that the tables are those of this version.

    SQLite's file is made or upgraded without asking, as it is nobody else's. A PostgreSQL that is
    away does not keep the engine from starting: facts wait on disk.
    """
    url = database_url(configuration, secrets)
    try:
        if url.startswith("sqlite:"):
            Path(configuration.settings.data_directory).mkdir(parents=True, exist_ok=True)
            schema.upgrade(url)
        else:
            schema.require(url)
    except StoreUnavailable as error:
        log.warning("starting without the database: %s", error)


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
    engine.add_side_task("reload", reload.run)
    if options.watch:
        watcher = ConfigWatcher(options.config)
        engine.add_side_task("watch configuration", lambda: reload.watch(watcher))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop, signal.Signals(number).name)
    loop.add_signal_handler(signal.SIGHUP, reload.ask)
    return await engine.run()
