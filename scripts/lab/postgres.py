"""A private PostgreSQL for tests and demonstrations: own directory, own socket, own end.

    with PostgresServer() as server:
        engine = create_engine(server.url("usher"))

or, for a command that reads USHER_TEST_POSTGRES_URL:

    python -m scripts.lab.postgres -- pytest tests/db

It listens on a UNIX socket only, in a directory that only its own user (and root) may enter, so no
password is needed and no port is taken. Nothing is synced to the disk: the data is worth nothing.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
SUPERUSER = "usher"
URL_VARIABLE = "USHER_TEST_POSTGRES_URL"

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class PostgresUnavailable(Exception):
    """PostgreSQL's programs are not on this machine; the message says what to do."""


class PostgresFailed(Exception):
    """PostgreSQL did not start; the message ends with its last words."""


class PostgresServer:
    """One PostgreSQL cluster in a temporary directory, made at `start`, removed at `stop`."""

    def __init__(self) -> None:
        """Starts nothing.

        Raises:
            PostgresUnavailable: its programs are not on this machine.
        """
        self._programs = _find_programs()
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the cluster and returns when it takes connections.

        Raises:
            PostgresFailed: it does not come up.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="usher-pg-"))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends PostgreSQL (connections are cut) and removes its directory. Harmless when repeated."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def pause(self) -> None:
        """Ends PostgreSQL but keeps the data: the database is down. `resume` brings it back."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(STOP_TIMEOUT_S)
        self._process = None

    def resume(self) -> None:
        """Starts PostgreSQL on the data that `pause` kept.

        Raises:
            PostgresFailed: it does not come up.
        """
        self._run()

    def url(self, database: str = "postgres") -> str:
        """Returns SQLAlchemy's URL (psycopg 3) of a database; it need not exist."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self._folder}"

    def create_database(self, name: str) -> str:
        """Makes an empty database and returns its URL."""
        self._command("createdb", "-h", str(self._folder), "-U", SUPERUSER, name)
        return self.url(name)

    def __enter__(self) -> Self:
        """Starts it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it."""
        self.stop()

    def _start(self) -> None:
        assert self._folder is not None
        self._folder.chmod(0o700)
        if os.geteuid() == 0:
            owner = _unprivileged()
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        self._command(
            *("initdb", "-D", str(self._folder / "data"), "-U", SUPERUSER, "-A", "trust"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        )
        self._run()

    def _run(self) -> None:
        assert self._folder is not None
        options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    # When this process dies, so does PostgreSQL (by its own fast shutdown).
                    *("setpriv", "--pdeathsig", "INT", *_as_unprivileged()),
                    *(str(self._programs / "postgres"), "-D", str(self._folder / "data")),
                    *("-k", str(self._folder), *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        self._until_ready()

    def _until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_S  # noqa: TID251 (no engine code)
        probe = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        while subprocess.run(probe, check=False, cwd="/").returncode != 0:
            late = time.monotonic() > deadline  # noqa: TID251
            if late or self._process.poll() is not None:
                assert self._folder is not None
                words = (self._folder / "log").read_text(errors="replace")[-2000:]
                raise PostgresFailed(f"PostgreSQL did not start:\n{words}")
            threading.Event().wait(0.02)

    def _command(self, program: str, *arguments: str) -> None:
        prefix = _as_unprivileged()
        done = subprocess.run(
            [*(("setpriv", *prefix) if prefix else ()), str(self._programs / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
        )
        if done.returncode != 0:
            raise PostgresFailed(f"{program}: {done.stderr.strip()}")


def _as_unprivileged() -> tuple[str, ...]:
    """Options of setpriv that leave root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return ()
    owner = _unprivileged()
    return (f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups")


def _unprivileged() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _find_programs() -> Path:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(
        versions, key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0), default=None
    )
    if newest is None:
        raise PostgresUnavailable("no PostgreSQL on this machine; run scripts/setup --postgres")
    return newest.parent


def main(arguments: list[str]) -> int:
    """Runs a command with a private PostgreSQL, whose URL is in USHER_TEST_POSTGRES_URL."""
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    with PostgresServer() as server:
        environment = os.environ | {URL_VARIABLE: server.create_database("usher_test")}
        return subprocess.run(arguments, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
