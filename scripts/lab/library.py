"""The data directory of a private Asterisk: the package's, with a place for sounds of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

LIBRARY = "/usr/share/asterisk"
"""Where the package's data are, inside of Asterisk's root."""


def furnish(data: Path, tree: Path, made: Path) -> None:
    """Makes a data directory, of links to the package's entries, but with sounds/custom of its own.

    Args:
        data: the directory; may be there already.
        tree: Asterisk's root file system.
        made: languages that `scripts/setup --sounds` made; may not be there.
    """
    custom = data / "sounds/custom"
    custom.mkdir(parents=True, exist_ok=True)
    for shipped, here, own in (
        (LIBRARY, data, "sounds"),
        (f"{LIBRARY}/sounds", data / "sounds", "custom"),
    ):
        for entry in (tree / shipped.removeprefix("/")).iterdir():
            if entry.name != own and not (here / entry.name).is_symlink():
                (here / entry.name).symlink_to(f"{shipped}/{entry.name}")
    if made.exists():
        for language in made.iterdir():
            target = custom / language.name
            shutil.copytree(language, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    """Links a file: such files are replaced, never written to. On another disk it is copied."""
    with contextlib.suppress(FileExistsError):
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:
            shutil.copy2(source, target)
