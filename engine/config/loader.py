"""A directory of YAML files to a `Configuration`, or to everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.config.compose import compose
from engine.config.files import Sources, read_sources, text_of
from engine.config.join import join
from engine.config.lookup import Places
from engine.config.models import Configuration
from engine.config.places import ConfigError, Problem, errors_of, in_order
from engine.config.recorded import digest_of_files, recorded
from engine.config.rules import Subject, crosscheck
from engine.config.tree import Table
from engine.config.validate import validate


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of reading a directory.

    Attributes:
        configuration: None if there is an error among the problems.
        problems: errors and warnings, by file and line.
        prompts: a digest of the prompts' files.
    """

    configuration: Configuration | None
    problems: tuple[Problem, ...]
    prompts: str = ""


def examine(sources: Sources) -> Examined:
    """Makes a configuration from files that were read, or finds all that is wrong with them."""
    problems = list(sources.problems)
    documents: list[Table] = []
    for source in sources.files:
        text = text_of(source)
        if isinstance(text, Problem):
            problems.append(text)
            continue
        document, found = compose(source.path, text)
        problems += found
        if document is not None:
            documents.append(document)
    # What an unreadable file says is unknown, so nothing can be said to be missing.
    complete = not sources.problems and len(documents) == len(sources.files)
    written, found = join(sources.directory, documents)
    problems += found
    configuration, root, found = validate(written, sources.directory)
    problems += found
    problems += crosscheck(Subject(configuration, Places(root), Places(written), complete))
    prompts_digest = digest_of_files(configuration.prompts)
    if errors_of(problems):
        return Examined(None, tuple(in_order(problems)), prompts_digest)
    settings = configuration.settings
    prompts = recorded(configuration.prompts, settings.speech_command, settings.prompts_directory)
    configuration.remember(Places(root), prompts)
    return Examined(configuration, tuple(in_order(problems)), prompts_digest)


def check(directory: Path) -> list[Problem]:
    """Returns all errors and warnings of the configuration in a directory, by file and line."""
    return list(examine(read_sources(directory)).problems)


def load(directory: Path) -> Configuration:
    """Reads the configuration in a directory. Warnings are left to `check`.

    Raises:
        ConfigError: it has errors; the exception carries them and the warnings.
    """
    examined = examine(read_sources(directory))
    if examined.configuration is None:
        raise ConfigError(examined.problems)
    return examined.configuration
