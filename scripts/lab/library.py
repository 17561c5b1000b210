"""The data directory of a private Asterisk: the package's, with languages of our own as well."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

LIBRARY = "/usr/share/asterisk"
"""Where the package's data are, inside of Asterisk's root."""


def furnish(data: Path, tree: Path, made: Path) -> None:
    """Makes a data directory: links to the package's entries, and the languages that were made.

    Args:
        data: the directory; may be there already.
        tree: Asterisk's root file system.
        made: languages that `scripts/setup --sounds` made; may not be there.
    """
    sounds = data / "sounds"
    sounds.mkdir(parents=True, exist_ok=True)
    own = {language.name for language in made.iterdir()} if made.exists() else set()
    for shipped, here, left_out in (
        (LIBRARY, data, {"sounds"}),
        (f"{LIBRARY}/sounds", sounds, own),
    ):
        package = tree / shipped.removeprefix("/")
        for entry in package.iterdir() if package.is_dir() else ():
            if entry.name not in left_out and not (here / entry.name).is_symlink():
                (here / entry.name).symlink_to(f"{shipped}/{entry.name}")
    for language in own:
        shutil.copytree(made / language, sounds / language, copy_function=link, dirs_exist_ok=True)


def link(source: str, target: str) -> None:
    """Links a file: such files are replaced, never written to. On another disk it is copied."""
    with contextlib.suppress(FileExistsError):
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:
            shutil.copy2(source, target)
