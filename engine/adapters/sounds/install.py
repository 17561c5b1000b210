"""The prompts of a configuration to where Asterisk finds them, under names of their content."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

from engine.adapters.sounds.build import write_whole
from engine.adapters.sounds.synthesis import SoundsFailed, Synthesiser
from engine.config.recorded import Recorded, Rendition


def install(prompts: Iterable[Recorded], synthesiser: Callable[[], Synthesiser]) -> list[Path]:
    """Lays each prompt where Asterisk finds it; what is there already stays as it is.

    A rendition goes to `<directory>/<language>/<file>.<suffix>`; what is played in all other languages
    to `<directory>/<file>.<suffix>`, where Asterisk looks next. Former versions stay: a call may still play one.

    Args:
        prompts: as they were when the configuration was read.
        synthesiser: makes what speaks; asked only where there is something to speak.

    Returns:
        The files that were written.

    Raises:
        SoundsFailed: a text could not be spoken, or a file is another than when it was read.
        OSError: a file could not be read or written.
    """
    written = []
    for prompt in prompts:
        directory = Path(prompt.directory)
        for rendition in prompt.renditions:
            if rendition.language:
                written += _lay(rendition, prompt, directory / rendition.language, synthesiser)
        written += _lay(prompt.usual, prompt, directory, synthesiser)
    return written


def _lay(
    rendition: Rendition, prompt: Recorded, directory: Path, synthesiser: Callable[[], Synthesiser]
) -> list[Path]:
    content = rendition.content
    if isinstance(content, str):
        target = directory / f"{prompt.file}.wav"
        if target.exists():
            return []
        try:
            data = synthesiser().speak(content, rendition.language)
        except SoundsFailed as error:
            raise SoundsFailed(
                f"prompts.{prompt.name}.text.{rendition.language} - {error}"
            ) from None
    else:
        target = directory / f"{prompt.file}.{content.suffix}"
        if target.exists():
            return []
        data = Path(content.path).read_bytes()
        if sha256(data).hexdigest() != content.digest:
            raise SoundsFailed(f"{content.path} was changed while it was read: try again")
    write_whole(target, data)
    return [target]
