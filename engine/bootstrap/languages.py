"""Which languages Asterisk has the sounds of: what it lacks is spoken in English instead.

Sentences are made by a language's grammar, from many sounds. One that is missing would leave a hole
in its sentence, or (where the language is not there at all) silence; so a language is spoken whole,
or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.adapters.sounds import missing_sounds
from engine.config import Configuration, to_policy
from engine.core import speech
from engine.core.policy import Policy
from engine.core.speech.texts import TEXTS

INSTEAD: Final = "en"
_SHOWN: Final = 3


def policy_of(configuration: Configuration) -> tuple[Policy, tuple[str, ...]]:
    """Returns what the core is to know, in languages that Asterisk has the sounds of; and warnings."""
    directory = Path(configuration.settings.sounds_directory)
    return in_spoken_languages(to_policy(configuration), directory)


def in_spoken_languages(policy: Policy, sounds_directory: Path) -> tuple[Policy, tuple[str, ...]]:
    """Returns the policy with English for languages whose sounds are not all there, and warnings.

    Languages that the house has no grammar of are left to Asterisk, which takes English, sound by
    sound, where it has no such file.

    Args:
        policy: as configured.
        sounds_directory: `settings.sounds_directory`.
    """
    wanted = {
        *(queue.language for queue in policy.queues),
        *(extension.language for extension in policy.extensions),
        *(agent.language for agent in policy.agents),
    }
    lacking: dict[str, list[str]] = {}
    for language in sorted(wanted):
        base = language.partition("_")[0]
        if base in TEXTS:
            folders = [sounds_directory / each for each in dict.fromkeys((language, base))]
            if missing := missing_sounds(speech.names(base) | TEXTS[base].keys(), folders):
                lacking[language] = missing
    if not lacking:
        return policy, ()

    def spoken(language: str) -> str:
        return INSTEAD if language in lacking else language

    policy = replace(
        policy,
        queues=tuple(replace(each, language=spoken(each.language)) for each in policy.queues),
        extensions=tuple(
            replace(each, language=spoken(each.language)) for each in policy.extensions
        ),
        agents=tuple(replace(each, language=spoken(each.language)) for each in policy.agents),
    )
    return policy, tuple(
        _warning(language, missing, sounds_directory) for language, missing in lacking.items()
    )


def _warning(language: str, missing: list[str], sounds_directory: Path) -> str:
    shown = ", ".join(missing[:_SHOWN]) + (" ..." if len(missing) > _SHOWN else "")
    base = language.partition("_")[0]
    return (
        f"settings.sounds_directory - warning: {len(missing)} sounds of {language} are not there"
        f" ({shown}): {INSTEAD} is spoken instead; make them: usher sounds build --language {base}"
        f" --out {sounds_directory}"
    )
