"""What became of the section `prompts`: what is to be played of each, by language, and its name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeVar

from engine.config.forms import PromptSound
from engine.config.places import KeyPath
from engine.config.prompts import Prompt
from engine.config.soundfiles import SoundFile, Unplayable, inspect
from engine.config.values import Strict

T = TypeVar("T")

_NAMED: Final = re.compile(r"prompt:([a-z][a-z0-9_-]{0,39})")
_USUAL: Final = "en"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A prompt in one language ("": in any): a file, or a text to be spoken."""

    language: str
    content: SoundFile | str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A prompt and all its renditions.

    The digest is part of its name in Asterisk, so that a changed prompt is another sound, and who
    hears the old one hears it to its end.
    """

    name: str
    digest: str
    renditions: tuple[Rendition, ...]
    directory: str

    @property
    def file(self) -> str:
        """The name of its files, without suffix."""
        return f"{self.name}-{self.digest}"

    @property
    def path(self) -> str:
        """What Asterisk is told to play.

        It looks for the language in the last folder: for /a/b in zh it takes /a/zh/b, else /a/b.
        """
        return f"{self.directory}/{self.file}"

    def path_in(self, language: str) -> str:
        """Returns the path of what is played in a language, for who does not look for languages."""
        spoken = self.spoken_in(language)
        return f"{self.directory}/{spoken}/{self.file}" if spoken else self.path

    @property
    def usual(self) -> Rendition:
        """What is played in languages that it has no rendition of."""
        by_language = {each.language: each for each in self.renditions}
        return by_language.get("") or by_language.get(_USUAL) or self.renditions[0]

    def spoken_in(self, language: str) -> str:
        """Returns in which of its languages it is played to who hears this one; "": the usual."""
        has = {each.language for each in self.renditions}
        base = language.partition("_")[0]
        return next((each for each in (language, base) if each in has), "")

    def music_class(self, language: str) -> str:
        """Returns the class of music on hold that plays it over and over."""
        return f"prompt.{self.name}.{self.spoken_in(language) or 'any'}"


def recorded(
    prompts: Mapping[str, Prompt], speech_command: str, directory: str
) -> dict[str, Recorded]:
    """Returns the prompts that can be played; those with an unplayable file are left out."""
    made = {}
    for name, prompt in prompts.items():
        try:
            renditions = [Rendition(key, inspect(path)) for key, path in files_of(prompt)]
        except Unplayable:
            continue
        renditions += [Rendition(language, text) for language, text in prompt.text.items()]
        if renditions:
            digest = _digest(renditions, speech_command)
            made[name] = Recorded(name, digest, tuple(renditions), directory.rstrip("/"))
    return made


def digest_of_files(prompts: Mapping[str, Prompt]) -> str:
    """Returns a text that changes when a file of a prompt does; "" where there are no files."""
    total = sha256()
    paths = sorted({path for prompt in prompts.values() for _, path in files_of(prompt)})
    for path in paths:
        try:
            said = inspect(path).digest
        except Unplayable as error:
            said = str(error)
        total.update(f"{len(path)}:{path}{len(said)}:{said}".encode())
    return total.hexdigest() if paths else ""


def files_of(prompt: Prompt) -> Iterator[tuple[str, str]]:
    """Yields a prompt's files with their languages ("" for that of all languages)."""
    if prompt.file is not None:
        yield "", prompt.file
    yield from prompt.files.items()


def prompts_named(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yields every place in a model where a prompt is named, and its name."""
    if isinstance(value, PromptSound):
        yield (*path, "prompt"), value.prompt
    elif isinstance(value, Strict):
        for key in type(value).model_fields:
            yield from prompts_named(getattr(value, key), (*path, key))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from prompts_named(each, (*path, key))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from prompts_named(each, (*path, index))
    elif isinstance(value, str) and (found := _NAMED.fullmatch(value)):
        yield path, found[1]


def resolved(value: T, prompts: Mapping[str, Recorded]) -> T:
    """Returns a policy in which Asterisk's names of sounds stand instead of `prompt:NAME`."""
    made: Any = _resolved(value, prompts)
    return made  # type: ignore[no-any-return]  # It has the shape of what was given.


def _resolved(value: Any, prompts: Mapping[str, Recorded]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        found = _NAMED.fullmatch(value)
        there = prompts.get(found[1]) if found else None
        return value if there is None else f"sound:{there.path}"
    if isinstance(value, tuple) and type(value) is tuple:
        made = tuple(_resolved(each, prompts) for each in value)
        return value if made == value else made
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for each in dataclasses.fields(value):
            before = getattr(value, each.name)
            after = _resolved(before, prompts)
            if after is not before:
                changed[each.name] = after
        return dataclasses.replace(value, **changed) if changed else value
    return value


def _digest(renditions: list[Rendition], speech_command: str) -> str:
    total = sha256()
    for each in renditions:
        content = each.content
        if isinstance(content, str):
            parts = ("text", each.language, content, speech_command)
        else:
            parts = ("file", each.language, content.suffix, content.digest)
        for part in parts:
            total.update(f"{len(part)}:{part}".encode())
    return total.hexdigest()[:12]
