"""Rules: voicemail boxes are whose they say, and call flows lead into a dialplan that is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.config.places import KeyPath, Problem
from engine.config.rules.subject import Subject
from engine.config.words import did_you_mean

OURS: Final = "usher-"
"""Contexts of these names are written by `usher render`."""

_SECTION = re.compile(r"\s*\[([^\]]+)\]")
_EXTENSION = re.compile(r"\s*exten\s*=>?\s*([^,;]+?)\s*,\s*1\s*(?:\([^)]*\))?\s*,")
_ELSEWHERE = re.compile(r"\s*(?:include|switch|lswitch|eswitch)\s*=>?")
_OTHER_FILE = re.compile(r"\s*#(?:try)?(?:include|exec)\b")
_TEXT_MAX: Final = 4_000_000


def voicemail_groups(subject: Subject) -> Iterator[Problem]:
    """A group's members have extensions; its number is its own."""
    taken: dict[str, str] = {}
    for name, group in subject.configuration.voicemail_groups.items():
        path: KeyPath = ("voicemail_groups", name)
        for index, member in enumerate(group.members):
            yield from subject.absent("extensions", member, (*path, "members", index), "extension")
        for section, what in (("extensions", "an extension's"), ("queues", "a queue's")):
            if group.number in (subject.written.names(section) or ()):
                where = subject.written.line_of((section, group.number))
                yield subject.places.problem(
                    (*path, "number"), f"the number is already {what}, in {where}"
                )
        first = taken.setdefault(group.number, name)
        if first != name:
            yield subject.places.problem(
                (*path, "number"), f"the number is already that of voicemail group {first}"
            )


@dataclass(slots=True)
class _Dialplan:
    """What is known of a file of dialplan."""

    contexts: dict[str, set[str]] = field(default_factory=dict)
    """The extensions of each context, as far as they are written out."""
    open: set[str] = field(default_factory=set)
    """Contexts that have more than that: patterns, or other contexts."""
    whole: bool = True
    """Nothing is included from elsewhere."""


def call_flows(subject: Subject) -> Iterator[Problem]:
    """What a call flow names is in its file, as far as can be told."""
    known: dict[str, _Dialplan] = {}
    unread = False
    for name, flow in subject.configuration.call_flows.items():
        # A limit that is misspelt or out of its range is a problem of its own.
        without = flow.limit_s is None and subject.intact(("call_flows", name))
        if without and "too_long" in flow.model_fields_set:
            yield subject.places.warning(
                ("call_flows", name, "too_long"), "has no effect without limit_s"
            )
        if flow.file is None or flow.file in known:
            continue
        path: KeyPath = ("call_flows", name, "file")
        try:
            known[flow.file] = dialplan = _read(Path(flow.file))
        except (OSError, ValueError) as error:
            unread = True
            why = getattr(error, "strerror", None) or error
            yield subject.places.warning(
                path, f"{flow.file} cannot be read here ({why}), so nobody knows what is in it"
            )
            continue
        ours = sorted(each for each in dialplan.contexts if each.startswith(OURS))
        if ours:
            yield subject.places.problem(
                path, f"has the context {ours[0]}: names that begin with {OURS} are Usher's own"
            )
    knowing = bool(known) and not unread and all(each.whole for each in known.values())
    everything = _merged(known.values())
    for name, flow in subject.configuration.call_flows.items():
        if flow.file is not None and flow.file not in known:
            continue
        place: KeyPath = ("call_flows", name)
        if flow.context not in everything.contexts:
            if knowing:
                guess = did_you_mean(flow.context, everything.contexts)
                where = flow.file or "any of the call flows' files"
                yield subject.places.problem(
                    (*place, "context"), f"there is no [{flow.context}] in {where}{guess}"
                )
            else:
                yield subject.places.warning(
                    (*place, "context"), "nobody knows whether Asterisk has it: name its file"
                )
        elif flow.context not in everything.open:
            extensions = everything.contexts[flow.context]
            if flow.extension not in extensions and knowing:
                yield subject.places.problem(
                    (*place, "extension"),
                    f"[{flow.context}] has no extension {flow.extension} with a priority 1",
                )


def _merged(dialplans: Iterable[_Dialplan]) -> _Dialplan:
    made = _Dialplan()
    for each in dialplans:
        for context, extensions in each.contexts.items():
            made.contexts.setdefault(context, set()).update(extensions)
        made.open |= each.open
    return made


def _read(path: Path) -> _Dialplan:
    if not path.is_file():
        raise FileNotFoundError(2, "there is no such file")
    if path.stat().st_size > _TEXT_MAX:
        raise ValueError(f"it has more than {_TEXT_MAX} bytes")
    made = _Dialplan()
    context = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if section := _SECTION.match(line):
            context = section[1]
            made.contexts.setdefault(context, set())
            if line[section.end() :].lstrip().startswith("("):  # A template, or made from one.
                made.open.add(context)
        elif _OTHER_FILE.match(line):
            made.whole = False
        elif _ELSEWHERE.match(line):
            made.open.add(context)
        elif extension := _EXTENSION.match(line):
            number = extension[1].partition("/")[0].strip()
            if number.startswith("_"):
                made.open.add(context)
            else:
                made.contexts.setdefault(context, set()).add(number)
    return made
