"""Hot reload, as pure functions: has a directory changed, and what is different now?

Who calls them when (SIGHUP, a file watch) is the app room's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.config.files import read_sources
from engine.config.loader import Examined, examine
from engine.config.models import Configuration
from engine.config.values import Strict

RENDERED_FILES: Final = (
    "pjsip.conf",
    "rtp.conf",
    "musiconhold.conf",
    "ari.conf",
    "http.conf",
    "manager.conf",
    "asterisk.conf",
    "extensions.conf",
)
"""Files of Asterisk that are rendered from a configuration."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Names in one section, in the order in which they are written (removed: were written)."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tells whether there is any difference."""
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different between two configurations.

    Attributes:
        sections: the sections that differ (never `settings`), with what differs in them.
        order: sections in which nothing else but the order changed (it counts for routes).
        settings: keys of `settings` that differ.
        render: files of Asterisk that have to be rendered anew and reloaded.
        restart: paths whose change only takes effect when Usher is started anew.
    """

    sections: Mapping[str, Difference]
    order: tuple[str, ...]
    settings: tuple[str, ...]
    render: tuple[str, ...]
    restart: tuple[str, ...]

    def of(self, section: str) -> Difference:
        """Returns what differs in a section, maybe nothing."""
        return self.sections.get(section, Difference())

    def __bool__(self) -> bool:
        """Tells whether anything is different."""
        return bool(self.sections or self.order or self.settings)


@dataclass(frozen=True, slots=True)
class Reading:
    """A directory that changed: its digest for the next time, and what came of reading it."""

    digest: str
    examined: Examined


def read_if_changed(directory: Path, last_digest: str | None) -> Reading | None:
    """Reads a directory; returns None if its files say what they said at `last_digest`.

    A directory with mistakes is a `Reading` too, whose `examined.configuration` is None: the old
    configuration stays, the problems are told once, and not again until a file changes.
    """
    sources = read_sources(directory)
    digest = sources.digest()
    return None if digest == last_digest else Reading(digest, examine(sources))


def diff(old: Configuration, new: Configuration) -> Changes:
    """Returns what is different in `new`."""
    sections: dict[str, Difference] = {}
    order: list[str] = []
    for section in Configuration.model_fields:
        if section == "settings":
            continue
        before, after = getattr(old, section), getattr(new, section)
        difference = _difference(before, after)
        if difference:
            sections[section] = difference
        elif list(before) != list(after):
            order.append(section)
    settings = _changed_keys(old.settings, new.settings)
    return Changes(
        sections=sections,
        order=tuple(order),
        settings=settings,
        render=_to_render({*sections, *order}, set(settings)),
        restart=_to_restart(set(sections), set(settings)),
    )


def _difference(old: Mapping[str, object], new: Mapping[str, object]) -> Difference:
    return Difference(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name, each in new.items() if name in old and old[name] != each),
    )


def _changed_keys(old: Strict, new: Strict) -> tuple[str, ...]:
    return tuple(key for key in type(new).model_fields if getattr(old, key) != getattr(new, key))


def _to_render(sections: set[str], settings: set[str]) -> tuple[str, ...]:
    """Says which files depend on what changed, rather one too many than one too few."""
    stale: set[str] = set()
    if "nodes" in sections:
        return RENDERED_FILES
    if sections & {"trunks", "extensions"}:
        stale |= {"pjsip.conf", "extensions.conf"}
    if "sip" in settings:
        stale.add("pjsip.conf")
    if "rtp" in settings:
        stale.add("rtp.conf")
    if "music" in settings:
        stale.add("musiconhold.conf")
    return tuple(name for name in RENDERED_FILES if name in stale)


def _to_restart(sections: set[str], settings: set[str]) -> tuple[str, ...]:
    """Connections, listening sockets and open files are made once."""
    restart = [section for section in ("nodes",) if section in sections]
    restart += [
        f"settings.{key}" for key in ("sip", "rtp", "database", "data_directory") if key in settings
    ]
    return tuple(restart)
