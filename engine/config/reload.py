"""Hot reload, as pure functions: has a directory changed, and does it take a restart?

Who calls them when (SIGHUP, a file watch) is the app room's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.config.files import read_sources
from engine.config.loader import Examined, examine
from engine.config.models import Configuration

_READ_ONCE: Final = ("sip", "rtp", "recordings", "control_socket", "database", "data_directory")
"""Settings of listening sockets and of open files, which are made once. (`recordings`: Asterisk reads
its directories at its start, and the engine must look where Asterisk writes.)"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A directory that changed: its digest for the next time, and what came of reading it."""

    digest: str
    examined: Examined


def read_if_changed(directory: Path, last_digest: str | None) -> Reading | None:
    """Reads a directory; returns None if nothing has changed.

    That is if its files, and those of prompts, are what they were at `last_digest`.

    A directory with mistakes is a `Reading` too, whose `examined.configuration` is None: the old
    configuration stays, the problems are told once, and not again until a file changes.
    """
    sources = read_sources(directory)
    examined = examine(sources)
    digest = f"{sources.digest()}{examined.prompts}"
    return None if digest == last_digest else Reading(digest, examined)


def needs_restart(old: Configuration, new: Configuration) -> tuple[str, ...]:
    """Returns the paths whose change in `new` only takes effect when Usher is started anew."""
    restart = [] if dict(old.nodes) == dict(new.nodes) else ["nodes"]
    restart += [
        f"settings.{key}"
        for key in _READ_ONCE
        if getattr(old.settings, key) != getattr(new.settings, key)
    ]
    return tuple(restart)
