"""A whole call centre on this machine: Asterisk, the engine as a process of its own, phones, callers.

    async with LiveCentre(run_dir, plan(queues={"6400": {"name": "Sales", "members": [...]}})) as live:
        ann = await live.phone("1001")
        ann.auto_answer()
        call = await live.caller.dial("6400", from_number="0301234567")
        await call.answered
        call.hang_up()
        await live.facts.until("calls", lambda rows: rows and rows[0]["ended_at_ms"])

For tests, the demo and benchmarks; never imported by the engine. What is started is stopped, and
dies with the process that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import yaml

from scripts.lab.asterisk import AsteriskServer
from scripts.lab.fact_tables import FactTables, Rows
from scripts.lab.journal import Input, JournalReader
from scripts.lab.phones import Caller, Phone, SipEndpoint
from scripts.lab.proxy import TcpProxy
from scripts.lab.waiting import look_until

ROOT: Final = Path(__file__).resolve().parents[2]
NODE: Final = "lab"
TRUNK: Final = "carrier"
READY_S: Final = 60.0
PIN: Final = "4711"
"""Of every voicemail box."""


def plan(**sections: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    """Returns configuration sections with what every laboratory needs filled in.

    Without `extensions` there are 1001 to 1009; without `agents` all extensions are agents; a queue
    can be dialled from the trunk by its own number, unless `inbound_routes` says otherwise.
    """
    numbers = [str(number) for number in range(1001, 1010)]
    extensions = sections.setdefault("extensions", {number: {} for number in numbers})
    for number, extension in extensions.items():
        extension.setdefault("name", f"Phone {number}")
        extension.setdefault("password", {"file": f"extension-{number}"})
        extension.setdefault("codecs", ["ulaw", "alaw"])
    sections.setdefault("agents", {number: {} for number in extensions})
    routes = {
        f"to-{number}": {"pattern": number, "destination": {"queue": number}}
        for number in sections.get("queues", {})
    }
    sections.setdefault("inbound_routes", routes)
    sections.setdefault("pause_reasons", {"01": "Lunch", "02": "Break", "03": "Wrap up"})
    return sections


class LiveCentre:
    """One running centre.

    Args:
        run_dir: everything goes there; short-lived.
        sections: the configuration but for nodes, trunk, ports and directories (see `plan`).
        database_url: a PostgreSQL; SQLite by default.
        rtp_ports: how many ports for voice Asterisk has.
        prefix: put in front of the engine's command, for example a profiler.
        ari_proxy: stands between the engine and Asterisk's web server; its target is set here. The
            engine then leaves Asterisk's files alone.

    Attributes:
        asterisk: the server. engine: its process, None while it does not run.
        caller: the far end of the trunk, from where customers call. phones_at: the phones' socket.
    """

    def __init__(
        self,
        run_dir: Path,
        sections: Mapping[str, Any],
        *,
        database_url: str | None = None,
        rtp_ports: int = 600,
        prefix: Sequence[str] = (),
        keep_messages: bool = True,
        ari_proxy: TcpProxy | None = None,
    ) -> None:
        """Starts nothing."""
        self.run_dir = run_dir
        self.config = run_dir / "config"
        self.data = run_dir / "data"
        self.log_path = run_dir / "engine.log"
        self.sections = dict(sections)
        self.database_url = database_url
        self.asterisk = AsteriskServer(run_dir / "asterisk", rtp_ports=rtp_ports)
        self.engine: asyncio.subprocess.Process | None = None
        self.phones_at = SipEndpoint(keep_messages=keep_messages)
        self.outside = SipEndpoint(keep_messages=keep_messages)
        self.extra_files: dict[str, str] = {}
        """Text to add to Asterisk's rendered files, by name, before it starts."""
        self.facts = FactTables(database_url or self.data / "usher.db")
        self.journal = JournalReader(self.data)
        self.phones: dict[str, Phone] = {}
        self.ari_proxy = ari_proxy
        self._prefix = list(prefix)
        self._exits = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Starts Asterisk, then the engine, and returns when both talk to each other."""
        try:
            await self._exits.enter_async_context(self.phones_at)
            await self._exits.enter_async_context(self.outside)
            await self._configure()
            await self.asterisk.start()
            self._exits.push_async_callback(self.asterisk.stop)
            self._exits.push_async_callback(self.stop_engine)
            await self.start_engine()
        except BaseException:
            await self._exits.aclose()
            raise
        self.caller = Caller(self.outside, "customer", server=self.sip)
        return self

    async def _configure(self) -> None:
        """Writes what Asterisk and engine read, and makes the tables if the database is not our own."""
        # Asterisk listens at its own port, whatever the engine is told afterwards.
        proxy, self.ari_proxy = self.ari_proxy, None
        self.write_config()
        await self.render()
        if proxy is not None:
            proxy.target = self.asterisk.ports.http
            self.ari_proxy = proxy
            self.write_config()
        if self.database_url is not None:
            await self.usher("db", "upgrade", str(self.config))

    async def __aexit__(self, *_: object) -> None:
        """Stops all of it."""
        await self._exits.aclose()

    @property
    def sip(self) -> tuple[str, int]:
        """Where Asterisk listens for SIP."""
        return ("127.0.0.1", self.asterisk.ports.sip)

    # Configuration.

    def write_config(self, sections: Mapping[str, Any] | None = None) -> None:
        """Writes the configuration, whole; a running engine notices by itself."""
        if sections is not None:
            self.sections = dict(sections)
        self.config.mkdir(exist_ok=True)
        whole = self._completed(self.sections)
        self._make_secrets(whole)
        scratch = self.run_dir / "centre.yaml.new"
        scratch.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
        scratch.replace(self.config / "centre.yaml")

    def _completed(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        ports = self.asterisk.ports
        ari_port = ports.http if self.ari_proxy is None else self.ari_proxy.port
        database: dict[str, Any] = {}
        if self.database_url is not None:
            database = {"url": self.database_url}
        wanted = sections.get("settings", {})
        settings = {
            "rtp": {"port_first": ports.rtp_first, "port_last": ports.rtp_last},
            "data_directory": str(self.data),
            "secrets_directory": str(self.run_dir / "secrets"),
            "database": database,
            "recordings": {"directory": str(self.asterisk.spool)},
            "sounds_directory": str(self.asterisk.sounds),
            "prompts_directory": str(self.asterisk.run_dir / "prompts"),
            **wanted,
            "sip": {"port": ports.sip, **wanted.get("sip", {})},
        }
        node = {
            "ari": {
                "url": f"http://127.0.0.1:{ari_port}",
                "username": "usher",
                "password": {"file": "ari"},
            },
            "ami": {"port": ports.ami, "username": "usher", "password": {"file": "ami"}},
        }
        address, port = self.outside.host, self.outside.port
        trunk = {
            "host": address,
            "port": port,
            "match": [f"{address}:{port}"],
            "codecs": ["ulaw", "alaw"],
        }
        return {
            **sections,
            "settings": settings,
            "nodes": {NODE: node},
            "trunks": {TRUNK: trunk, **sections.get("trunks", {})},
        }

    def _make_secrets(self, whole: Mapping[str, Any]) -> None:
        folder = self.run_dir / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        names = ["ari", "ami", *(each["password"]["file"] for each in whole["extensions"].values())]
        made = {name: secrets.token_urlsafe(18) for name in names}
        boxes = [each.get("voicemail") for each in whole["extensions"].values()]
        boxes += whole.get("voicemail_groups", {}).values()
        made.update({box["pin"]["file"]: PIN for box in boxes if box})
        for name, secret in made.items():
            path = folder / name
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(secret, encoding="utf-8")

    async def apply(self, sections: Mapping[str, Any], *, timeout_s: float = READY_S) -> None:
        """Writes another configuration and waits until the running engine has applied it."""
        begin = self.log_size()
        self.write_config(sections)
        await self.engine_says("configuration applied", since=begin, timeout_s=timeout_s)

    def password(self, number: str) -> str:
        """Returns an extension's SIP password."""
        return (self.run_dir / "secrets" / f"extension-{number}").read_text(encoding="utf-8")

    async def render(self) -> None:
        """Writes Asterisk's files."""
        await self.usher("render", str(self.config), "--to", str(self.asterisk.etc), *self._where())
        for name, text in self.extra_files.items():
            with (self.asterisk.etc / name).open("a", encoding="utf-8") as file:
                file.write(text)

    def _where(self) -> list[str]:
        directories = self.asterisk.directories().items()
        return [word for name, path in directories for word in ("--directory", f"{name}={path}")]

    # The engine.

    async def usher(self, *arguments: str) -> str:
        """Runs one `usher` command to its end; returns what it printed.

        Raises:
            RuntimeError: it failed; the message has its words.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "engine", *arguments),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"usher {arguments[0]}: {process.returncode}\n{err.decode()}")
        return out.decode()

    async def report(self, kind: str, *arguments: str) -> Rows:
        """Returns what `usher report KIND --json` says."""
        printed = await self.usher("report", kind, str(self.config), "--json", *arguments)
        rows: Rows = json.loads(printed)["rows"]
        return rows

    async def start_engine(self) -> None:
        """Starts the engine and waits until it has met Asterisk and its phones."""
        assert self.engine is None
        with self.log_path.open("ab") as log:
            begin = log.tell()
            self.engine = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", *self._prefix),
                *(sys.executable, "-m", "engine", "run", str(self.config)),
                *self._rendering(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self.engine_says("telephony connected", since=begin)
        await self.engine_says("watching the phones", since=begin)

    def _rendering(self) -> list[str]:
        """Lets the engine write Asterisk's files again on reload, unless it would get them wrong.

        That is so where something was added to them, or where it reaches Asterisk through a proxy.
        """
        if self.extra_files or self.ari_proxy is not None:
            return []
        return ["--asterisk-conf", str(self.asterisk.etc), *self._where()]

    async def engine_says(self, words: str, *, since: int = 0, timeout_s: float = READY_S) -> str:
        """Waits until the engine's log has a line with these words after byte `since`."""

        def look() -> str | None:
            for line in self.engine_log(since).splitlines():
                if words in line:
                    return line
            if self.engine is not None and self.engine.returncode is not None:
                raise RuntimeError(f"the engine ended\n{self.engine_log(since)[-3000:]}")
            return None

        what = f"the engine to log {words!r}"
        line = await look_until(look, what, timeout_s, seen=self.engine_log)
        assert line is not None
        return line

    def engine_log(self, since: int = 0) -> str:
        """Returns the engine's log from byte `since` on."""
        with self.log_path.open("rb") as log:
            log.seek(since)
            return log.read().decode("utf-8", "replace")

    def log_size(self) -> int:
        """Returns where the log ends now, for `since`."""
        return self.log_path.stat().st_size

    async def stop_engine(self) -> int:
        """Stops the engine in order; returns its exit code (0 if it did not run)."""
        if self.engine is None:
            return 0
        engine, self.engine = self.engine, None
        with contextlib.suppress(ProcessLookupError):
            engine.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await engine.wait()

    async def kill_engine(self) -> None:
        """Kill -9."""
        assert self.engine is not None
        engine, self.engine = self.engine, None
        engine.kill()
        await engine.wait()

    def engine_cpu_ms(self) -> int:
        """Returns the processor time, user and system, that the engine has used."""
        assert self.engine is not None
        stat = Path(f"/proc/{self.engine.pid}/stat").read_text(encoding="utf-8")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")

    def engine_memory_bytes(self) -> int:
        """Returns the engine's resident memory."""
        assert self.engine is not None
        pages = Path(f"/proc/{self.engine.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    async def heard(
        self, kind: str, *, since: int = 0, timeout_s: float = 30.0, **fields: object
    ) -> Input:
        """Waits until the engine has taken in an input of this kind with these fields.

        `since` leaves out that many inputs, for example `len(live.journal.inputs())` of before.
        """

        def look() -> Input | None:
            for happened in self.journal.inputs()[since:]:
                same = all(happened.get(name) == value for name, value in fields.items())
                if happened["t"] == kind and same:
                    return happened
            return None

        found = await look_until(
            look,
            f"the engine to hear {kind} {fields}",
            timeout_s,
            seen=lambda: self.journal.inputs()[since:][-60:],
        )
        assert found is not None
        return found

    async def until_reachable(
        self, number: str, *, reachable: bool = True, timeout_s: float = 30.0
    ) -> None:
        """Waits until the engine believes that a phone is there (or is not)."""
        what = f"the engine to believe that {number} is{'' if reachable else ' not'} there"
        await look_until(lambda: self._believes(number) is reachable, what, timeout_s)

    def _believes(self, number: str) -> bool:
        for happened in reversed(self.journal.inputs()):
            if happened["t"] == "PhoneReachable" and happened["endpoint"] == number:
                return bool(happened["reachable"])
        return False

    # Phones.

    def carrier(self, *, media: str = "none") -> Phone:
        """Returns the far end of the trunk as a phone: it takes calls to any number outside."""
        if "*" not in self.phones:
            self.phones["*"] = Phone(self.outside, "*", server=self.sip, media=media)
        self.phones["*"].media = media
        return self.phones["*"]

    async def phone(self, number: str, *, media: str = "none", register: bool = True) -> Phone:
        """Returns the extension's phone, registered; a running engine knows of it then."""
        phone = Phone(
            self.phones_at,
            number,
            server=self.sip,
            password=self.password(number),
            media=media,
        )
        self.phones[number] = phone
        if register:
            await phone.register()
            if self.engine is not None:
                await self.until_reachable(number)
        return phone
