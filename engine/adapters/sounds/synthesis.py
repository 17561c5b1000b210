"""Text to speech by a command of the admin's choice."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from engine.adapters.sounds.audio import NotAudio, read_wav, tidy, write_wav
from engine.core.speech.texts import SPEECH_COMMAND

TIMEOUT_S: Final = 60.0
"""How long one text may take."""

VOICES: Final = {"zh": "cmn-latn-pinyin"}
"""What espeak-ng calls a language, where that differs from what Asterisk calls it.

Its plain voice `cmn` reads the tones of 1.51 as English numbers (issue 1236 of espeak-ng: "hao two"),
`cmn-latn-pinyin` does not.
"""

_WORDS_SHOWN: Final = 300


class SoundsFailed(Exception):
    """A sound could not be made; the message says what to do."""


class Synthesiser:
    """Makes speech of texts.

    Args:
        command: a command line. In it `{text}` is replaced by the text, `{file}` by the WAV file to
            write, `{voice}` and `{language}` by the language, as espeak-ng and as Asterisk call it.
            Without `{text}` the command reads the text from its input, without `{file}` it writes
            the WAV file to its output. No shell is involved.

    Raises:
        SoundsFailed: that is no command line, or there is no such command.
    """

    def __init__(self, command: str = SPEECH_COMMAND) -> None:
        """Looks for the command; runs nothing."""
        self.command = command
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise SoundsFailed(f"not a command line ({error}): {command}") from None
        if not self._words:
            raise SoundsFailed("the command for speech is empty: give one, such as espeak-ng")
        if shutil.which(self._words[0]) is None:
            advice = "install espeak-ng" if self._words[0] == "espeak-ng" else "install it"
            raise SoundsFailed(
                f"there is no command {self._words[0]}: {advice}, or name another with --command"
            )

    def speak(self, text: str, language: str) -> bytes:
        """Returns a WAV file (8000 Hz, one channel, 16 bits) in which a text is spoken.

        Raises:
            SoundsFailed: the command failed, or what it made is no speech.
        """
        with tempfile.TemporaryDirectory(prefix="usher-sounds-") as folder:
            file = Path(folder) / "speech.wav"
            values = {
                "{text}": text,
                "{file}": str(file),
                "{voice}": VOICES.get(language.partition("_")[0], language.replace("_", "-")),
                "{language}": language,
            }
            given = None if "{text}" in self._words else text.encode()
            words = [values.get(word, word) for word in self._words]
            made = self._run(words, given)
            if "{file}" in self._words:
                made = file.read_bytes() if file.exists() else b""
        if not made:
            raise SoundsFailed(f"{self._words[0]} made no sound of: {text}")
        try:
            return write_wav(tidy(*read_wav(made)))
        except NotAudio as error:
            raise SoundsFailed(f"what {self._words[0]} made of {text!r} is {error}") from None

    def _run(self, words: list[str], given: bytes | None) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - the admin's own command
                words, input=given or b"", capture_output=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise SoundsFailed(f"{words[0]} took longer than {TIMEOUT_S:g} s") from None
        except OSError as error:
            raise SoundsFailed(f"{words[0]} cannot be run: {error.strerror or error}") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()[-_WORDS_SHOWN:]
            said = " ".join(said.split()) or "it did not say why"
            raise SoundsFailed(f"{words[0]} ended with code {done.returncode}: {said}")
        return done.stdout
