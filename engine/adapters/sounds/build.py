"""A language's catalogue of texts into a directory of sounds; only what changed is made anew."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from engine.adapters.sounds.synthesis import Synthesiser

_MADE_OF: Final = "usher/made-of.json"
"""Within a language: of what each sound was made, by name."""
_VERSION: Final = "1"
"""Goes up when the tidying of sounds changes, so that all are made anew."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did, as names of sounds."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


def build(
    texts: Mapping[str, str],
    language: str,
    out: Path,
    synthesiser: Synthesiser,
    said: Callable[[int, int], None] = lambda _done, _of: None,
) -> Built:
    """Makes `out/<language>/<name>.wav` of each text that has no such file of the same text yet.

    What was made is kept when a later one fails, and sounds that somebody else put there are not
    touched, unless they have a name of the catalogue.

    Args:
        texts: by name of the sound.
        language: as Asterisk calls it.
        out: Asterisk's directory of sounds.
        synthesiser: speaks.
        said: is told now and then how many of how many are done.

    Raises:
        SoundsFailed: a text could not be spoken.
        OSError: a file could not be written.
    """
    folder = out / language
    record = folder / _MADE_OF
    before = _read(record)
    now: dict[str, str] = {}
    made, kept = [], []
    try:
        for done, (name, text) in enumerate(sorted(texts.items())):
            said(done, len(texts))
            file = folder / f"{name}.wav"
            key = _key(text, language, synthesiser.command)
            if before.get(name) == key and file.exists():
                kept.append(name)
            else:
                write_whole(file, synthesiser.speak(text, language))
                made.append(name)
            now[name] = key
    finally:
        _write(record, before | now)
    removed = sorted(before.keys() - now.keys())
    for name in removed:
        (folder / f"{name}.wav").unlink(missing_ok=True)
    _write(record, now)
    return Built(tuple(made), tuple(kept), tuple(removed))


def missing_sounds(names: Mapping[str, str] | frozenset[str], folders: list[Path]) -> list[str]:
    """Returns which names have a file, of whatever format, in none of these folders of a language."""
    there = {
        file.relative_to(folder).with_suffix("").as_posix()
        for folder in folders
        for file in folder.rglob("*.*")
    }
    return sorted(name for name in names if name not in there)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file in one step, for all to read: whoever plays the old one hears it to its end."""
    for folder in reversed([each for each in path.parents if not each.exists()]):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # Whatever the umask is: Asterisk is another user than the engine.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _key(text: str, language: str, command: str) -> str:
    parts = f"{_VERSION}\0{text}\0{language}\0{command}"
    return sha256(parts.encode()).hexdigest()[:16]


def _read(record: Path) -> dict[str, str]:
    """Returns of what the sounds there were made; nothing, where nobody can tell."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: key for name, key in found.items() if isinstance(key, str) and _is_inside(name)}


def _is_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in Path(name).parts


def _write(record: Path, made_of: Mapping[str, str]) -> None:
    text = json.dumps(made_of, indent=1, sort_keys=True) + "\n"
    write_whole(record, text.encode())
