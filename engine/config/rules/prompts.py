"""Rules: prompts can be played, in the languages that are spoken, and those that are named exist."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator

from engine.config.places import Problem
from engine.config.recorded import files_of, prompts_named
from engine.config.rules.subject import Subject
from engine.config.soundfiles import Unplayable, inspect


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
    """A prompt that is missing in a language that is spoken is worth a warning: another is played."""
    configuration = subject.configuration
    spoken: dict[str, str] = {}
    for number, queue in configuration.queues.items():
        spoken.setdefault(queue.language.partition("_")[0], f"queue {number}")
    for name, prompt in configuration.prompts.items():
        has = [*prompt.files, *prompt.text]
        if prompt.file is not None or not has or not subject.intact(("prompts", name)):
            continue
        bases = {language.partition("_")[0] for language in has}
        instead = "en" if "en" in has else has[0]
        for language, who in spoken.items():
            if language not in bases:
                yield subject.places.warning(
                    ("prompts", name),
                    f"is not there in {language}, the language of {who}: {instead} is played instead",
                )


def named(subject: Subject) -> Iterator[Problem]:
    """The prompts that are played somewhere are there."""
    for path, name in prompts_named(subject.configuration):
        if path[0] != "prompts":
            yield from subject.absent("prompts", name, path, "prompt")
