"""The configuration's files: which there are, their text, and one digest over them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.config.places import Place, Problem

FILE_BYTES_MAX: Final = 4 * 1024 * 1024
FILES_MAX: Final = 500
SUFFIXES: Final = frozenset({".yaml", ".yml"})

_ODD: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)"
)
_OTHER_BOMS: Final = {
    b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was on disk at one moment."""

    path: Path
    data: bytes


@dataclass(frozen=True, slots=True)
class Sources:
    """All files of a configuration, read at one moment, by name; and what was wrong with reading."""

    directory: Path
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]

    def digest(self) -> str:
        """Returns a text that changes when a file's name or content does."""
        total = hashlib.sha256()
        for each in self.files:
            for part in (each.path.name.encode("utf-8", "surrogateescape"), each.data):
                total.update(len(part).to_bytes(8))
                total.update(part)
        for problem in self.problems:
            total.update(str(problem).encode("utf-8", "surrogateescape"))
        return total.hexdigest()


def read_sources(directory: Path) -> Sources:
    """Reads all `*.yaml` and `*.yml` files of a directory, not hidden ones, not those below it."""
    files: list[SourceFile] = []
    problems: list[Problem] = []
    try:
        paths = sorted(path for path in directory.iterdir() if _is_meant(path))
    except FileNotFoundError:
        return _without(directory, "there is no such directory; name the configuration's")
    except NotADirectoryError:
        return _without(directory, "is no directory: give the directory, not a file in it")
    except OSError as error:
        return _without(directory, f"cannot be read: {error.strerror or error}")
    whole = Place(directory, 0)
    if not paths:
        problems.append(Problem(whole, "", "no *.yaml file in this directory"))
    if len(paths) > FILES_MAX:
        problems.append(Problem(whole, "", f"more than {FILES_MAX} files: join some of them"))
        paths = []
    for path in paths:
        data = _read(path)
        if isinstance(data, Problem):
            problems.append(data)
        else:
            files.append(SourceFile(path, data))
    return Sources(directory, tuple(files), tuple(problems))


def text_of(source: SourceFile) -> str | Problem:
    """Returns a file's text, or why it is not readable as text."""
    path, data = source.path, source.data
    for mark, name in _OTHER_BOMS.items():
        if data.startswith(mark):
            return Problem(Place(path, 1), "", f"encoded in {name}: save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Problem(Place(path, line), "", "a character that is not UTF-8: save it as UTF-8")
    odd = _ODD.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        code = f"U+{ord(odd[0]):04X}"
        return Problem(Place(path, line), "", f"a control character ({code}): remove it")
    if not text.strip():
        return Problem(Place(path, 1), "", "the file is empty: write something or remove it")
    return text


def _is_meant(path: Path) -> bool:
    return path.suffix in SUFFIXES and not path.name.startswith(".")


def _read(path: Path) -> bytes | Problem:
    try:
        if not path.is_file():
            missing = "a link to nothing" if path.is_symlink() and not path.exists() else "no file"
            return Problem(Place(path, 1), "", f"cannot be read: {missing}")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        return Problem(Place(path, 1), "", f"cannot be read: {error.strerror or error}")
    if len(data) > FILE_BYTES_MAX:
        return Problem(
            Place(path, 1), "", f"more than {FILE_BYTES_MAX} bytes: split it into several files"
        )
    return data


def _without(directory: Path, why: str) -> Sources:
    """Returns that there are no files, and why."""
    return Sources(directory, (), (Problem(Place(directory, 0), "", why),))
