"""Which languages Asterisk has the sounds of: what it lacks is spoken in English instead.

Sentences are made by a language's grammar, from many sounds. One that is missing there would leave a
hole or an English word in the sentence, so such a language is not spoken at all. A sound that is
played by itself and that Asterisk ships is taken in English, one by one, by Asterisk itself.
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
_OWN: Final = "usher/"
"""Sounds that Asterisk ships in no language."""
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
    warnings: list[str] = []
    for language in sorted(wanted):
        base = language.partition("_")[0]
        if base in TEXTS:
            folders = [sounds_directory / each for each in dict.fromkeys((language, base))]
            missing = missing_sounds(speech.names(base) | TEXTS[base].keys(), folders)
            if any(name in speech.names(base) or name.startswith(_OWN) for name in missing):
                lacking[language] = missing
            if missing:
                how = f"{INSTEAD} is spoken" if language in lacking else f"they are {INSTEAD}"
                warnings.append(_warning(language, missing, how, sounds_directory))
    if not lacking:
        return policy, tuple(warnings)

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
    return policy, tuple(warnings)


def _warning(language: str, missing: list[str], how: str, sounds_directory: Path) -> str:
    shown = ", ".join(missing[:_SHOWN]) + (" ..." if len(missing) > _SHOWN else "")
    base = language.partition("_")[0]
    return (
        f"settings.sounds_directory - warning: {len(missing)} sounds of {language} are not there"
        f" ({shown}): {how} instead; make them: usher sounds build --language {base}"
        f" --out {sounds_directory}"
    )
