"""Rules: prompts can be played, in the languages that are spoken, and those that are named exist."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping
from typing import Final

from engine.config.menus import Menu
from engine.config.models import Configuration
from engine.config.people import Agent, Extension
from engine.config.places import KeyPath, Problem, path_text
from engine.config.queue import Queue
from engine.config.recorded import files_of, prompts_named
from engine.config.rules.subject import Subject
from engine.config.soundfiles import Unplayable, inspect
from engine.config.words import did_you_mean
from engine.core import speech

_OFTEN_MEANT: Final = {"cn": "zh", "ch": "zh", "chi": "zh", "uk": "en", "us": "en", "gb": "en"}
"""Countries, and another list's codes, that are taken for languages."""


def shapes(subject: Subject) -> Iterator[Problem]:
    """A prompt says what is played, once for each language."""
    for name, prompt in subject.configuration.prompts.items():
        path = ("prompts", name)
        if not subject.intact(path):
            continue
        if prompt.file is None and not prompt.files and not prompt.text:
            yield subject.places.problem(
                path, "says not what is played: write file:, files: or text:"
            )
        for language in prompt.text:
            if language in prompt.files:
                yield subject.places.problem(
                    (*path, "text", language), f"files has {language} already: remove one of them"
                )


def files(subject: Subject) -> Iterator[Problem]:
    """Each file is there, and Asterisk can play it."""
    for name, prompt in subject.configuration.prompts.items():
        for language, file in files_of(prompt):
            try:
                inspect(file)
            except Unplayable as error:
                where = ("files", language) if language else ("file",)
                yield subject.places.problem(("prompts", name, *where), str(error))


def texts(subject: Subject) -> Iterator[Problem]:
    """There is something that speaks."""
    command = subject.configuration.settings.speech_command
    try:
        words = shlex.split(command)
    except ValueError as error:
        why = f"no command line: {str(error).lower()}"
        yield subject.places.problem(("settings", "speech_command"), why)
        return
    if words and shutil.which(words[0]) is not None:
        return
    for name, prompt in subject.configuration.prompts.items():
        for language in prompt.text:
            yield subject.places.problem(
                ("prompts", name, "text", language),
                f"there is no command {words[0] if words else ''} to speak it: install it, name"
                " another in settings.speech_command, or record a file",
            )


def languages(subject: Subject) -> Iterator[Problem]:
    """A prompt that is missing in a language in which it is played is worth a warning."""
    played: dict[tuple[str, str], KeyPath] = {}
    for language, path, name in _played(subject.configuration):
        played.setdefault((name, language.partition("_")[0]), path)
    for (name, language), path in played.items():
        prompt = subject.configuration.prompts.get(name)
        if prompt is None or prompt.file is not None or not subject.intact(("prompts", name)):
            continue
        has = [*prompt.files, *prompt.text]
        if has and language not in {each.partition("_")[0] for each in has}:
            instead = "en" if "en" in has else has[0]
            yield subject.places.warning(
                ("prompts", name),
                f"is not there in {language}, in which {path_text(path)} plays it: {instead} is"
                " played instead",
            )


def _played(configuration: Configuration) -> Iterator[tuple[str, KeyPath, str]]:
    """Yields where prompts are played of which the language is known: language, place, prompt.

    Whoever hears a menu without a language, or a destination's sound outside of queues, may come from
    anywhere.
    """
    for number, queue in configuration.queues.items():
        for path, name in prompts_named(queue, ("queues", number)):
            yield queue.language, path, name
        if queue.hours is None or not queue.hours.play_holiday_prompt:
            continue
        schedule = configuration.hours.get(queue.hours.schedule)
        for path, name in prompts_named(schedule, ("hours", queue.hours.schedule)):
            yield queue.language, path, name
    for key, menu in configuration.menus.items():
        if menu.language is not None:
            for path, name in prompts_named(menu, ("menus", key)):
                yield menu.language, path, name


def known_languages(subject: Subject) -> Iterator[Problem]:
    """A language that the house has no grammar of is rarely what was meant."""
    configuration = subject.configuration
    sections: tuple[tuple[str, Mapping[str, Queue | Menu | Extension | Agent]], ...] = (
        ("queues", configuration.queues),
        ("menus", configuration.menus),
        ("extensions", configuration.extensions),
        ("agents", configuration.agents),
    )
    for section, entries in sections:
        for key, entry in entries.items():
            language = entry.language
            if language is None or language.partition("_")[0] in speech.LANGUAGES:
                continue
            base = language.partition("_")[0]
            guess = _OFTEN_MEANT.get(base)
            yield subject.places.warning(
                (section, key, "language"),
                f"Usher speaks {' and '.join(speech.LANGUAGES)}; {language} is spoken with English"
                " grammar, and in English where Asterisk has no such sounds"
                + (f", did you mean {guess}?" if guess else did_you_mean(base, speech.LANGUAGES)),
            )


def named(subject: Subject) -> Iterator[Problem]:
    """The prompts that are played somewhere are there."""
    for path, name in prompts_named(subject.configuration):
        if path[0] != "prompts":
            yield from subject.absent("prompts", name, path, "prompt")
