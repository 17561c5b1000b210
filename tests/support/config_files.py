"""A small valid configuration in one file, and ways to change it."""

from __future__ import annotations

from pathlib import Path

from engine.config import Configuration, check, load

SAMPLE = Path(__file__).resolve().parents[2] / "config"

BASE = """\
nodes:
  main:
    ari: {url: "http://127.0.0.1:8088", username: usher, password: {env: ARI}}
    ami: {username: usher, password: {env: AMI}}
trunks:
  carrier: {host: sip.example.net}
extensions:
  "1001": {name: Ann, password: {env: ANN}}
  "1002": {name: Ben, password: {env: BEN}}
agents:
  "1001": {}
  "1002": {name: Benjamin}
queues:
  "6400":
    name: Sales
    members:
      - {agent: "1001"}
      - {agent: "1002"}
outbound_routes:
  national: {pattern: "0X.", trunk: carrier}
"""


def write(directory: Path, text: str, name: str = "a.yaml") -> Path:
    """Writes one file and returns its directory."""
    (directory / name).write_text(text, encoding="utf-8")
    return directory


def lines_of(directory: Path) -> list[str]:
    """Returns all problems as they are printed, with file names instead of paths."""
    return [str(problem).replace(f"{directory}/", "") for problem in check(directory)]


def changed(text: str, old: str, new: str) -> str:
    """Returns the text with the one occurrence of `old` replaced."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def loaded(directory: Path, text: str) -> Configuration:
    """Writes one file and loads it."""
    return load(write(directory, text))
