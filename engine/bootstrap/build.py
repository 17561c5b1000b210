"""Makes an engine from a configuration."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

from engine.adapters.ami import AmiPresence
from engine.adapters.ari import AriTelephony
from engine.adapters.clock import SystemClock
from engine.adapters.control import SOCKET_NAME, ControlDoor
from engine.adapters.db import SqlFactStore, schema
from engine.adapters.files import FileJournal, FileOutbox, FileSavedState, StateDirectory
from engine.app.engine import Engine, Parts
from engine.app.lamps import Lamps
from engine.app.ports import Core, StoreUnavailable
from engine.app.restore import restore
from engine.app.services import Services
from engine.app.thread import DaemonThread
from engine.bootstrap.brain import RoutingBrain, new_epoch
from engine.bootstrap.languages import policy_of
from engine.bootstrap.recordings import keep_recordings
from engine.config import Configuration, Secrets, to_schedules
from engine.core.ids import NodeId

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S: Final = 0.0005
"""How long the database's thread may keep the interpreter from a call (Python's default: 5 ms)."""


SQLITE_NAME: Final = "usher.db"


@dataclass(frozen=True, slots=True)
class Built:
    """An engine, what can be asked of it, and what is closed when it has ended."""

    engine: Engine
    services: Services
    directory: StateDirectory
    store_thread: DaemonThread
    file_thread: DaemonThread
    recordings_thread: DaemonThread

    def close(self) -> None:
        """Ends the threads, lets other engines at the state directory."""
        self.store_thread.end()
        self.file_thread.end()
        self.recordings_thread.end()
        self.directory.unlock()


def build(configuration: Configuration, secrets: Secrets) -> Built:
    """Restores the core, opens the files, introduces the adapters; connects to nothing yet.

    Call it in the loop's thread, before or in the loop.

    Raises:
        StateInUse: another engine works on the data directory.
        OSError: the data directory cannot be used.
        BadDatabaseUrl: the database's URL makes no sense.
        SchemaMismatch: the database's tables are another version's; the message says what to do.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    directory = StateDirectory(Path(configuration.settings.data_directory))
    directory.lock()
    database = database_url(configuration, _revealed(configuration, secrets))
    _prepare_database(database)
    outbox = FileOutbox(directory)
    saved = FileSavedState(directory)
    now_ms = SystemClock().now_ms()
    restored = restore(
        saved, outbox, RoutingBrain(), now_ms=now_ms, new_epoch=lambda: new_epoch(now_ms)
    )
    for note in saved.notes:
        log.warning("saved state: %s", note)
    if restored.problem is not None:
        log.critical("saved state: %s", restored.problem, extra={"alarm": "state_damaged"})
    core = restored.core
    log.info("history %s: %d inputs replayed", core.epoch, restored.replayed)
    journal = FileJournal(directory, inputs=restored.inputs, facts_safe=lambda: outbox.is_safe)
    if restored.replayed and restored.problem is None:
        journal.go_on(core, restored.replayed)
    else:
        journal.rotate(core)()
    store_thread = DaemonThread("usher-store")
    file_thread = DaemonThread("usher-files")
    clock = SystemClock(floor_ms=core.now_ms)
    engine = Engine(
        Parts(
            core=core,
            clock=clock,
            journal=journal,
            outbox=outbox,
            store=SqlFactStore(database),
            store_thread=store_thread,
            file_thread=file_thread,
            offload=file_thread.submit,
            wall_ms=clock.wall_ms,
        ),
        policy_of(configuration)[0],
        to_schedules(configuration),
    )
    for thread in (store_thread, file_thread):
        engine.add_side_task(f"thread {thread.name}", thread.watch)
    boards = []
    for name, node in configuration.nodes.items():
        node_id = NodeId(name)
        telephony = AriTelephony(
            node=node_id,
            url=node.ari.url,
            user=node.ari.username,
            secret=secrets.of(node.ari.password).reveal(),
            post=engine.post,
        )
        boards.append(telephony.lamps)
        engine.add_node(
            node_id,
            telephony,
            AmiPresence(
                node_id,
                node.ami.host,
                node.ami.port,
                node.ami.username,
                secrets.of(node.ami.password).reveal(),
                engine.post,
            ),
        )
    lamps = Lamps(lambda: core.state, boards)
    engine.subscribe(lamps.take)
    engine.on_policy(lamps.redo)
    services = make_services(engine, core)
    if configuration.settings.control_socket:
        door = ControlDoor(directory.path / SOCKET_NAME, services, file_thread)
        engine.add_side_task("control socket", door.run)
    recordings_thread = keep_recordings(engine, configuration, clock, core.state)
    return Built(engine, services, directory, store_thread, file_thread, recordings_thread)


def make_services(engine: Engine, core: Core) -> Services:
    """Introduces the services to an engine that was made with this core."""
    services = Services(engine.request, lambda: core.state, lambda: uuid4().hex)
    engine.subscribe(services.take)
    return services


def _prepare_database(url: str) -> None:
    """Makes sure that the tables are those of this version.

    SQLite's file is made or upgraded without asking, as it is nobody else's. A PostgreSQL that is
    away does not keep the engine from starting: facts wait on disk.
    """
    try:
        if url.startswith("sqlite:"):
            schema.upgrade(url)
        else:
            schema.require(url)
    except StoreUnavailable as error:
        log.warning("starting without the database: %s", error)


def database_url(configuration: Configuration, password: str | None) -> str:
    """Returns the database's URL with its password, or that of the default SQLite file."""
    database = configuration.settings.database
    if database.url is None:
        path = Path(configuration.settings.data_directory).absolute() / SQLITE_NAME
        return f"sqlite:///{path}"
    if password is None:
        return database.url
    url = urlsplit(database.url)
    user, _, host = url.netloc.rpartition("@")
    return urlunsplit(url._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def _revealed(configuration: Configuration, secrets: Secrets) -> str | None:
    reference = configuration.settings.database.password
    return None if reference is None else secrets.of(reference).reveal()
