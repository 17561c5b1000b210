"""The sample configuration as a running centre: same meaning, but ports and directories of its own."""

from __future__ import annotations

import copy
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from engine.config import load
from scripts.lab.live import LiveCentre
from scripts.lab.phones.compat import override
from scripts.lab.show.belongings import Belongings, NotToBeCopied

PASSWORD: Final = "password"  # noqa: S105 - the key
PIN: Final = "pin"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOWHERE: Final = "127.0.0.1:9"
"""Where trunks lead that the demo does not play: nobody listens on the discard port."""
GENERATED: Final = (
    "# Made by the demo from {source}: ports, directories and passwords are its own, all hours are\n"
    "# open, holidays are left out, files are named with their whole paths, and what Asterisk itself\n"
    "# reads (call flows, music) is copied to where the demo's Asterisk sees it.\n\n"
)

SETTINGS: Final = "settings-of-the-demo.yaml"

Sections = dict[str, Any]


class UnsuitableConfig(Exception):
    """The demo cannot run this configuration; the message says why."""


class DemoCentre(LiveCentre):
    """A centre on a copy of a configuration directory.

    What is not about this machine is taken over untouched, comments and all. Nodes, ports,
    directories and the far ends of trunks are this run's; every password is made up anew. No trunk
    of the copy leads to a real carrier and no database is anybody else's. The files of call flows and
    the directories of music are copied as well: Asterisk opens them, and sees nothing of the original.
    Its opening hours are always: the demo is also watched at night.
    """

    def __init__(self, run_dir: Path, source: Path) -> None:
        """Reads the configuration; starts nothing.

        Raises:
            ConfigError: it has mistakes.
            UnsuitableConfig: it has no trunk or extension, or not exactly one node.
        """
        self.source = source
        self.configuration = load(source)
        counts = {
            "node": len(self.configuration.nodes),
            "trunk": len(self.configuration.trunks),
            "extension": len(self.configuration.extensions),
        }
        if counts["node"] != 1:
            raise UnsuitableConfig(f"{source}: the demo plays one node, here are {counts['node']}")
        for what, count in counts.items():
            if count == 0:
                raise UnsuitableConfig(f"{source}: the demo needs at least one {what}")
        self._files: dict[Path, Sections] = {
            path: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            for path in sorted(source.iterdir())
            if path.suffix in {".yaml", ".yml"}
        }
        super().__init__(run_dir, {}, keep_messages=False)
        self._belongings = Belongings(self.asterisk.run_dir, self.asterisk.tree)

    @override
    def write_config(self, sections: Mapping[str, Any] | None = None) -> None:
        """Writes the copy, file by file.

        Raises:
            UnsuitableConfig: something that it names cannot be copied.
        """
        assert sections is None
        try:
            self._write_copy()
        except NotToBeCopied as error:
            raise UnsuitableConfig(f"{self.source}: {error}") from None

    def _write_copy(self) -> None:
        self.config.mkdir(exist_ok=True)
        settings: Sections = {}
        for path, content in self._files.items():
            settings |= content.get("settings") or {}
            changed = self._adapted(content)
            if changed == content:
                shutil.copyfile(path, self.config / path.name)
            elif changed:
                _write(self.config / path.name, f"{self.source.name}/{path.name}", changed)
        own = {"settings": self._settings(settings)}
        _write(self.config / SETTINGS, f"the settings in {self.source.name}/", own)

    def _adapted(self, content: Sections) -> Sections:
        changed = copy.deepcopy(content)
        changed.pop("settings", None)
        if "nodes" in changed:
            changed["nodes"] = {name: self._node() for name in changed["nodes"]}
        for schedule in (changed.get("hours") or {}).values():
            schedule["weekly"] = {day: ["00:00-24:00"] for day in DAYS}
            schedule.pop("holidays", None)
        for prompt in (changed.get("prompts") or {}).values():
            self._keep_in_place(prompt, "file")
            for language in prompt.get("files") or {}:
                self._keep_in_place(prompt["files"], language)
        for flow in (changed.get("call_flows") or {}).values():
            self._keep_in_place(flow, "file")
            if flow.get("file") is not None:
                flow["file"] = str(self._belongings.flow(Path(flow["file"])))
        for name, trunk in (changed.get("trunks") or {}).items():
            changed["trunks"][name] = self._trunk(trunk, played=name == self.trunk)
        self._make_passwords(changed)
        return changed

    def _keep_in_place(self, entry: Sections, key: str) -> None:
        """Names a file with its whole path: the copy has the YAML alone."""
        if entry.get(key) is not None:
            entry[key] = os.path.normpath(self.source.absolute() / entry[key])

    @property
    def queues_file(self) -> Path:
        """Where queues stand in the copy: what to change to see something."""
        names = [path.name for path, content in self._files.items() if content.get("queues")]
        return self.config / names[0] if names else self.config

    @property
    def trunk(self) -> str:
        """The trunk from which the demo's customers call: the first."""
        return next(iter(self.configuration.trunks))

    def _node(self) -> Sections:
        ports = self.asterisk.ports
        return {
            "ari": {
                "url": f"http://127.0.0.1:{ports.http}",
                "username": "usher",
                PASSWORD: {"file": "ari"},
            },
            "ami": {"port": ports.ami, "username": "usher", PASSWORD: {"file": "ami"}},
        }

    def _settings(self, settings: Mapping[str, Any]) -> Sections:
        ports = self.asterisk.ports
        music = {
            name: str(self._belongings.music(name, Path(directory)))
            for name, directory in (settings.get("music") or {}).items()
        }
        return {
            **settings,
            **({"music": music} if music else {}),
            "sip": {
                **(settings.get("sip") or {}),
                "bind": "127.0.0.1",
                "port": ports.sip,
            },
            "rtp": {"port_first": ports.rtp_first, "port_last": ports.rtp_last},
            "recordings": {
                **(settings.get("recordings") or {}),
                "directory": str(self.asterisk.spool),
            },
            "sounds_directory": str(self.asterisk.sounds),
            "prompts_directory": str(self.asterisk.run_dir / "prompts"),
            "database": {},
            "data_directory": str(self.data),
            "secrets_directory": str(self.run_dir / "secrets"),
        }

    def _trunk(self, trunk: Mapping[str, Any], *, played: bool) -> Sections:
        kept = {name: trunk[name] for name in ("codecs",) if name in trunk}
        host, _, port = NOWHERE.partition(":")
        if played:
            host, port = self.outside.host, str(self.outside.port)
        return {"host": host, "port": int(port), "match": [f"{host}:{port}"], **kept}

    def _make_passwords(self, node: Any) -> None:  # noqa: ANN401 - YAML
        """Gives every `password: {file: ...}` (or env) of the tree a file with a fresh one; pins too."""
        if isinstance(node, list):
            for each in node:
                self._make_passwords(each)
        if not isinstance(node, dict):
            return
        for name, value in node.items():
            if name in {PASSWORD, PIN}:
                file = _file_of(value)
                node[name] = {"file": file}
                fresh = secrets.token_urlsafe(18) if name == PASSWORD else _fresh_pin()
                self._make_secret(self.run_dir / "secrets" / file, fresh)
            else:
                self._make_passwords(value)

    def _make_secret(self, path: Path, fresh: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(fresh)

    def password_file(self, number: str) -> Path:
        """Returns where an extension's SIP password stands."""
        return (
            self.run_dir
            / "secrets"
            / _file_of(self.configuration.extensions[number].password.model_dump())
        )

    @override
    def password(self, number: str) -> str:
        """Returns an extension's SIP password."""
        return self.password_file(number).read_text(encoding="utf-8")

    # Names, for people.

    def name_of(self, number: str) -> str:
        """Returns how the configuration calls an agent or extension."""
        agent = self.configuration.agents.get(number)
        if agent is not None and agent.name is not None:
            return agent.name
        extension = self.configuration.extensions.get(number)
        return number if extension is None else extension.name

    def queue_name(self, number: str) -> str:
        """Returns how the configuration calls a queue."""
        queue = self.configuration.queues.get(number)
        return number if queue is None else queue.name


def _fresh_pin() -> str:
    return f"{secrets.randbelow(10**6):06}"


def _file_of(reference: Mapping[str, str]) -> str:
    """Returns the file for a password that `{file: PATH}` or `{env: NAME}` refers to."""
    return reference.get("file") or f"from-environment/{reference['env']}"


def _write(path: Path, source: str, content: Sections) -> None:
    text = GENERATED.format(source=source) + yaml.safe_dump(content, sort_keys=False)
    path.write_text(text, encoding="utf-8")
