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

from scripts.lab.live import LiveCentre
from scripts.lab.phones.compat import override

PASSWORD: Final = "password"
NOWHERE: Final = "127.0.0.1:9"
"""Where trunks lead that the demo does not play: nobody listens on the discard port."""
GENERATED: Final = "# Made by the demo from {source}: ports, directories and passwords are its own.\n\n"

Sections = dict[str, Any]


class UnsuitableConfig(Exception):
    """The demo cannot run this configuration; the message says why."""


class DemoCentre(LiveCentre):
    """A centre on a copy of a configuration directory.

    What is not about this machine is taken over untouched, comments and all. Nodes, ports,
    directories and the far ends of trunks are this run's; every password is made up anew. No trunk
    of the copy leads to a real carrier and no database is anybody else's.
    """

    def __init__(self, run_dir: Path, source: Path) -> None:
        """Reads the configuration; starts nothing.

        Raises:
            UnsuitableConfig: it has no node or no trunk, or more than one node.
            OSError: it cannot be read.
            yaml.YAMLError: it is no YAML.
        """
        self.source = source
        self._files = {
            path: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            for path in sorted(source.glob("*.y*ml"))
        }
        sections: Sections = {}
        for content in self._files.values():
            for name, entries in content.items():
                sections[name] = {**sections.get(name, {}), **entries}
        for name, least, most in (("nodes", 1, 1), ("trunks", 1, 100), ("extensions", 1, 10_000)):
            if not least <= len(sections.get(name) or {}) <= most:
                raise UnsuitableConfig(
                    f"{source}: the demo needs {'exactly one of' if most == 1 else 'some'} {name}"
                )
        super().__init__(run_dir, sections, keep_messages=False)

    @override
    def write_config(self, sections: Mapping[str, Any] | None = None) -> None:
        """Writes the copy, file by file."""
        assert sections is None
        self.config.mkdir(exist_ok=True)
        self.sections["settings"] = self._settings(self.sections.get("settings") or {})
        placed = "settings" in {name for content in self._files.values() for name in content}
        for path, content in self._files.items():
            target = self.config / path.name
            changed = self._adapted(content)
            if changed == content:
                shutil.copyfile(path, target)
                continue
            target.write_text(_dump(path, changed), encoding="utf-8")
        if not placed:
            own = {"settings": self.sections["settings"]}
            (self.config / "demo-settings.yaml").write_text(_dump(self.source / "*", own), "utf-8")

    def _adapted(self, content: Sections) -> Sections:
        changed = copy.deepcopy(content)
        if "nodes" in changed:
            changed["nodes"] = {name: self._node() for name in changed["nodes"]}
        if "settings" in changed:
            changed["settings"] = self.sections["settings"]
        for name, trunk in (changed.get("trunks") or {}).items():
            changed["trunks"][name] = self._trunk(trunk, played=name == self.trunk)
        self._make_passwords(changed)
        return changed

    @property
    def trunk(self) -> str:
        """The trunk from which the demo's customers call: the first."""
        return next(iter(self.sections["trunks"]))

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
        return {
            **settings,
            "sip": {
                **(settings.get("sip") or {}),
                "bind": "127.0.0.1",
                "port": ports.sip,
            },
            "rtp": {"port_first": ports.rtp_first, "port_last": ports.rtp_last},
            "database": {},
            "data_directory": str(self.data),
            "secrets_directory": str(self.run_dir / "secrets"),
        }

    def _trunk(self, trunk: Mapping[str, Any], *, played: bool) -> Sections:
        kept = {name: trunk[name] for name in ("codecs", "max_channels") if name in trunk}
        host, _, port = NOWHERE.partition(":")
        if played:
            host, port = self.outside.host, str(self.outside.port)
        return {"host": host, "port": int(port), "match": [f"{host}:{port}"], **kept}

    def _make_passwords(self, node: Any) -> None:  # noqa: ANN401 - YAML
        """Gives every `password: {file: ...}` (or env) of the tree a file with a fresh password."""
        if isinstance(node, list):
            for each in node:
                self._make_passwords(each)
        if not isinstance(node, dict):
            return
        for name, value in node.items():
            if name != PASSWORD:
                self._make_passwords(value)
                continue
            file = str(value.get("file") or f"from-environment-{value.get('env')}")
            if "file" not in value:
                node[name] = {"file": file}
            self._make_password(file)

    def _make_password(self, name: str) -> None:
        folder = self.run_dir / "secrets"
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise UnsuitableConfig(f"password file {name!r} is outside the secrets directory")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(18))

    def password_file(self, number: str) -> Path:
        """Returns where an extension's SIP password stands."""
        entry = self.sections["extensions"][number][PASSWORD]
        name = entry.get("file") or f"from-environment-{entry.get('env')}"
        return self.run_dir / "secrets" / str(name)

    @override
    def password(self, number: str) -> str:
        """Returns an extension's SIP password."""
        return self.password_file(number).read_text(encoding="utf-8")

    # Names, for people.

    def name_of(self, number: str) -> str:
        """Returns how the configuration calls an agent or extension."""
        for section in ("agents", "extensions"):
            entry = (self.sections.get(section) or {}).get(number) or {}
            if "name" in entry:
                return str(entry["name"])
        return number

    def queue_name(self, number: str) -> str:
        """Returns how the configuration calls a queue."""
        entry = (self.sections.get("queues") or {}).get(number) or {}
        return str(entry.get("name", number))

    @property
    def queues(self) -> dict[str, Any]:
        """The queues as configured, by number."""
        return dict(self.sections.get("queues") or {})

    @property
    def agents(self) -> dict[str, Any]:
        """The agents as configured, by number."""
        return dict(self.sections.get("agents") or {})


def _dump(source: Path, content: Sections) -> str:
    return GENERATED.format(source=f"{source.parent.name}/{source.name}") + yaml.safe_dump(content, sort_keys=False)

